//! The native engine: exhaustive search under sequential consistency, and replay.
//!
//! ```
//! use cowrace_explore::{Explorer, replay};
//! use cowrace_machine::{Actor, Addr, Memory, Numbers, Obj, Prim, Program};
//! use cowrace_report::{Class, Finding};
//!
//! const COUNTER: Addr = Addr::new(Obj::boot(2), 0);
//! // Two actors increment a counter in two steps; one increment can get lost.
//! let actor = |name: &str| Actor::new(name, |cpu| Box::pin(async move {
//!     let seen = cpu.load(COUNTER, Prim::ReadOnce).await.bits;
//!     cpu.store(COUNTER, seen + 1, Prim::WriteOnce).await;
//! }));
//! let mut memory = Memory::new();
//! memory.create(COUNTER.obj());
//! let program = Program {
//!     memory,
//!     actors: vec![actor("a"), actor("b")],
//!     barriers: Vec::new(),
//!     forgetful: true,
//!     windows: Vec::new(),
//!     check: Box::new(|memory| (memory.get(COUNTER) != 2).then(|| Finding {
//!         class: Class::LostWrite,
//!         detail: "an increment is gone".into(),
//!     })),
//!     narrate: Box::new(Numbers),
//!     fingerprint: 0,
//! };
//! let outcome = Explorer::new(&program).run(&mut ());
//! let (finding, schedule) = outcome.finding.expect("the lost increment");
//! assert_eq!(finding.class, Class::LostWrite);
//! assert_eq!(replay(&program, &schedule)?.finding, Some(finding));
//! # Ok::<(), cowrace_explore::ReplayError>(())
//! ```
//!
//! # What is explored
//!
//! Two requests are **dependent** if they are of the same actor or if their footprints conflict: they touch the same
//! bits, unless both only read them or both only add to them. Independent requests commute, which the test `audit`
//! checks on the machine itself. So executions that differ only in the order of independent events end alike, show
//! every actor the same answers and have the same faults; they form one *trace*, and one execution of each trace is
//! enough. Nothing else is left out. **Happens-before** is the order that a trace prescribes; vector clocks keep it.
//!
//! The search is depth first, and optimal: it explores one execution of each trace and begins none in vain. It runs one
//! execution to its end and looks for **races**: conflicting events of two actors that nothing between them orders.
//! Reversing a race results in another trace, which must be reached from the state before the earlier event *e* by a
//! sequence: everything that follows *e* without happening after it, and then the later event. A move that has been
//! tried from that state **sleeps**, until a dependent event wakes it; if no sleeper can begin the sequence, it is
//! added to the **wakeup tree** of the state (Abdulla, Aronis, Jonsson and Sagonas, 2014 and 2017).
//!
//! Subtrees of the search are independent of each other where nothing sleeps. Idle threads are given such subtrees, and
//! the outcome is that of one thread. A stopped search can be resumed from its [`Checkpoint`], and the rest of it can
//! be split into shards for other machines. What follows a barrier of all actors is searched once for each state there,
//! and counts that stay away from zero commute.
//!
//! The book describes all of this, and argues why nothing is missed: `docs/design/search.md`.
//!
//! # States
//!
//! Where actors forget most of what they are told, there are far more traces than states. There another search takes
//! over, which merges executions that reach the same **state**: memory, and what each actor remembers. Its answer is
//! the same; [`Merging`] says whether it may: `docs/design/states.md`.
//!
//! # Waiting
//!
//! * Some requests are executed at once, as the only move to try: those that commute with whatever other actors may do,
//!   fences, choices, and joins and barriers that can be passed. A choice branches over its values.
//! * A lock is released before the next holder takes it, and that cannot be reversed; but which actor takes it first
//!   can. So for a request that waits (for a lock, for a condition) a conflicting event makes a race only if the
//!   request would be let through without that event and what happens after it, which is computed from the changes to
//!   the word that it waits for. The event that lets the request through stays in happens-before, but it does not hide
//!   the earlier acquisition with which the request really races. Trylocks do not wait, so they race with releases as
//!   with everything.
//! * A request that is still blocked when an execution ends is treated as if it were executed there.
//!
//! # What is judged
//!
//! Faults of memory, findings of actors, deadlock, and the program's check at the end: all of them are the same for
//! every execution of a trace, with one exception. Additions whose result is unused commute, and a count may go below
//! zero on the way in some orders and not in others. So each execution is checked for an order of its independent
//! events that takes a count below zero. (Reader counts of locks commute likewise; to release a lock that no actor
//! holds is a defect of the model, and is found in the orders that are explored.)
//!
//! Windows are judged by happens-before for the same reason: the order of two independent events has no meaning for a
//! trace.
//!
//! A limit that ends the search makes it incomplete, and the outcome says so. So does a finding, since the
//! search stops at the first one unless it is told to go on.
//!
//! # Coverage
//!
//! [`Coverage`] tells what a complete search has exercised: which calls conflicted in which order, and from which
//! source locations requests came. Events conflict in the same order in all executions of a trace, so the executions
//! that are left out would add nothing.
//!
//! # Cost
//!
//! The requests of an actor are remembered under the answers that it got, so that its future is run again only when the
//! answers are new. To go back, changes of memory are undone event by event. Nothing in the search formats text.
//!
//! # Witnesses
//!
//! [`replay`] follows a schedule with an interpreter that shares no code with the search, and records what happens.
//! [`follow`] follows the rows of a diagram instead. [`linearize`] finds the equivalent schedule with the fewest
//! context switches, and [`minimize`] the bad execution with the fewest. [`counterfactual`] finds a sound execution
//! that is as close as possible to a bad one.

mod alone;
mod checkpoint;
mod effort;
mod estimate;
mod execution;
mod explorer;
mod observer;
mod outcome;
mod random;
mod reduction;
mod search;
mod states;
#[doc(hidden)]
pub mod sync;
#[cfg(test)]
mod testing;
mod threads;
mod witness;

pub use alone::alone;
pub use checkpoint::Checkpoint;
pub use checkpoint::shard::{ShardError, ShardId, ShardResult};
pub use cowrace_machine::Limits;
pub use effort::Effort;
pub use execution::coverage::Coverage;
pub use explorer::Explorer;
pub use observer::{Execution, Observer, Progress, Purpose};
pub use outcome::{Estimate, Outcome};
pub use search::shared::Merging;
pub use threads::Threads;
pub use witness::counterfactual::{Counterfactual, counterfactual};
pub use witness::follow::{Directive, FollowError, Until, follow, follow_any};
pub use witness::linearize::linearize;
pub use witness::minimize::{Minimized, minimize};
pub use witness::replay::{ReplayError, replay};
