//! The native engine: exhaustive search under sequential consistency, and replay.
//!
//! ```
//! use cowrace_explore::{Explorer, replay};
//! use cowrace_machine::{Actor, Addr, Memory, Narrate, Narration, Obj, Prim, Program};
//! use cowrace_trace::{Change, Class, Finding};
//!
//! # use std::collections::HashMap;
//! # struct Silent;
//! # impl Narrate for Silent {
//! #     fn event(&self, _: &Narration<'_>) -> (String, Vec<Change>) { (String::new(), Vec::new()) }
//! #     fn variables(&self, _: &Memory, _: &HashMap<Obj, usize>) -> Vec<(String, String)> { Vec::new() }
//! # }
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
//!         detail: "an increment is gone".to_owned(),
//!     })),
//!     narrate: Box::new(Silent),
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
//! Two requests are **dependent** if they are of the same actor or if their footprints conflict: they touch
//! the same bits, and not both only read them or both only add to them. What is independent commutes, which
//! the test `audit` checks on the machine itself. So executions that differ only in the order of independent
//! events end alike, show the same answers to everybody and the same faults; they form one *trace*, and one
//! execution of each trace is enough. That is all that is left out. **Happens-before** is the order that a
//! trace prescribes; vector clocks keep it.
//!
//! The search is depth first. It runs one execution to its end, and at each event looks back for **races**:
//! earlier events of other actors that conflict with it, with nothing between that orders the two. Turned
//! round, each race belongs to another trace, which must be reached from the state before the earlier event
//! *e*. Let *v* be all that follows *e* without happening after it, and then the later event. Whoever can be
//! first in *v* can start the reversed sequence; if none of these **initials** has been tried from there, will
//! be tried or sleeps, one of them is added to what will be tried (source sets; Abdulla, Aronis, Jonsson and
//! Sagonas, 2014). The rule that looks simpler, to add the later event's actor, loses traces: where that
//! actor sleeps nothing is added, although another initial is needed.
//!
//! **Sleep sets** see to it that no trace is explored twice. What has been tried from a state sleeps in its
//! later branches until a dependent event wakes it. Some executions, 1 to 6 in a hundred, turn out to be
//! asleep altogether and are thrown away; they are counted apart.
//!
//! # Waiting
//!
//! * Requests that commute with whatever others may do, fences, choices, and joins and barriers that can be
//!   passed, are executed at once and alone; a choice branches over its values.
//! * A lock is released before the next holder takes it, and that cannot be turned round; but who takes it
//!   first can. So for a request that waits (for a lock, for a condition) a conflicting event makes a race
//!   only if the request would be let through without that event and what happens after it, which is computed
//!   from the changes to the word that it waits for. The event that opens the way stays in happens-before, but
//!   it does not hide the earlier acquisition that the request really races with. Trylocks do not wait, so
//!   they race with releases as with everything.
//! * A request that is still not let through when an execution ends, or is thrown away, is looked at as if it
//!   were executed there. An execution that is thrown away may be the only one in which this request meets
//!   these events.
//!
//! # What is judged
//!
//! Faults of memory, findings of actors, deadlock, and the program's check at the end: all of them are the
//! same for every execution of a trace, but for one. Additions whose result is unused commute, and a count may
//! go below zero on the way in one order only. So each execution is asked whether any order of its independent
//! events does that. (Reader counts of locks commute likewise; to release one that nobody holds is a defect of
//! the model, and is found in the orders that are explored.)
//!
//! Windows are judged by happens-before for the same reason: whether one thing came before another that is
//! independent of it means nothing for a trace.
//!
//! A limit that ends the search makes it incomplete, and the outcome says so. So does a finding, since the
//! search stops at the first one unless it is told to go on.
//!
//! # Cost
//!
//! Futures cannot be cloned. To go back, memory is taken back event by event, and an actor that moved since is
//! left alone until it moves again; then a new future is fed the answers that the old one got. Nothing in the
//! search formats, and nothing allocates but the futures.
//!
//! # Replay
//!
//! [`replay`] follows a schedule with an interpreter that shares no code with the search, and writes down what
//! happens. [`guide`] follows the rows of a diagram instead. [`tidy`] finds an equivalent schedule that changes
//! from one actor to another as seldom as it can.

mod actors;
mod barriers;
mod describe;
mod ends;
mod estimate;
mod explorer;
mod guide;
mod history;
mod interpreter;
mod moves;
mod pause;
mod planning;
mod preemptions;
mod races;
mod replay;
mod resume;
mod reversal;
mod sample;
mod search;
mod shared;
mod sleep;
mod subtree;
#[cfg(test)]
mod testing;
mod tidy;
mod underflow;
mod wakeup;
mod windows;

pub use cowrace_machine::Limits;
pub use explorer::{Estimate, Execution, Explorer, Observer, Outcome, Progress};
pub use guide::{Directive, GuideError, Until, guide};
pub use replay::{ReplayError, replay};
pub use shared::Threads;
pub use tidy::tidy;
