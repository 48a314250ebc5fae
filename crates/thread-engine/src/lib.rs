//! The common part of the engines that run threads.
//!
//! `explore` moves actors itself. loom and shuttle do not: they run threads, and decide at each access of their own
//! atomics which thread continues. So here each actor of a [`Program`](cowrace_machine::Program) is put into a thread
//! ([`Execution::act`]) that polls it, carries out its requests on atomics that the engine provides ([`Word`]), and
//! answers. An engine is a [`Threads`]: how to make an atomic, how to block and wake a thread, how to keep others from
//! running while one request touches several words.
//!
//! # Which words are atomics
//!
//! An access of an engine's atomic costs a scheduling decision. Words that only one actor uses, words that are never
//! written and counters that are never read need none, and these are the majority. The engine learns from the
//! executions which words these are: a [`Study`] begins without atomics, notes the uses of each word by each actor, and
//! starts again as soon as an execution shares a word that is not an atomic. In the last round no execution does, so
//! nothing is left out. A word that is only used as a lock, taken and released and never tried, becomes one of the
//! engine's locks. The writes of an allocation to an object that was never alive before do not count: no other actor
//! can know its name.
//!
//! # Waiting
//!
//! A request that waits (for a lock, a condition, a barrier, another actor's end) makes an attempt, and if it fails its
//! thread sleeps until the word is written. Nothing spins. A failed attempt is a real access: engines that look for
//! races between accesses need it to see that the other order was possible. If all actors sleep, there is a deadlock,
//! which is found here and not by the engine.
//!
//! # Choices
//!
//! No thread engine has a suitable primitive for choices. So choices are made outside the engine: a [`Plan`] says what
//! each actor picks the first time, the second time and so on, and the whole search is repeated for every plan that any
//! execution requires.
//!
//! # Result
//!
//! An [`Opinion`]: the first finding, with the turns that led to it in the order in which they happened, which can be
//! replayed like any schedule; whether the search was complete; and the set of [`Outcome`]s.

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
