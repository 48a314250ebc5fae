//! What the engines that run threads have in common.
//!
//! `explore` moves actors itself. loom and shuttle do not: they run threads, and decide at each
//! access of their own atomics who goes on. So here each actor of a [`Program`](cowrace_machine::Program)
//! is put into a thread ([`Execution::act`]) that polls it, carries out its requests on atomics that
//! the engine provides ([`Word`]), and answers. An engine is a [`Threads`]: how to make an atomic, how
//! to block and wake a thread, how to keep others from running while one request touches several words.
//!
//! # Which words are atomics
//!
//! An access of an engine's atomic costs a scheduling decision. Words that one actor alone uses,
//! words that nobody writes and counters that nobody reads need none, and those are most. Which they are is
//! learned from the executions: a [`Study`] begins with no atomics at all, notes who does what with which
//! word, and starts anew as soon as an execution shares a word that was not an atomic. A word that is nothing
//! but a lock, taken and released and never tried, is one of the engine's locks. In the last round no execution
//! does, so nothing was left out. What an allocation writes into an object that was never alive before
//! does not count: nobody else can know its name.
//!
//! # Waiting
//!
//! A request that waits (a lock, a condition, a barrier, another actor's end) tries, and if it fails its
//! thread sleeps until somebody writes the word. Nothing spins. A failed attempt is a real access, which
//! engines that look for races between accesses need in order to see that the other order was possible.
//! If everybody sleeps, that is a deadlock, found here and not by the engine.
//!
//! # Choices
//!
//! No thread engine has a choice primitive that fits. So choices are made outside: a [`Plan`] says what
//! each actor picks the first time, the second time and so on, and the whole search is repeated for
//! every plan that any execution asks for.
//!
//! # What comes out
//!
//! An [`Opinion`]: whether something bad was seen, with the turns that led to it in the order in which they
//! happened, which replays like any schedule; whether the search was complete; and the set of [`Outcome`]s.

mod execution;
mod opinion;
mod perform;
mod plan;
mod quiet;
mod sharing;
mod study;
mod watch;
mod word;

pub use cowrace_machine::Limits;
pub use execution::Execution;
pub use opinion::{Opinion, Outcome};
pub use plan::Plan;
pub use quiet::{hush, quietly};
pub use study::Study;
pub use watch::Watch;
pub use word::{Change, Lock, Threads, Word};
