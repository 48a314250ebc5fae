//! The model under [shuttle](https://docs.rs/shuttle): random and PCT schedules for what is too large to
//! exhaust, shuttle's exhaustive search for what is tiny, and replay.
//!
//! Each actor is one of shuttle's threads, each word that actors share one of its atomics;
//! `cowrace-thread-engine` does the rest. Memory is sequentially consistent: shuttle knows no other.
//!
//! shuttle's schedulers see which threads could run and nothing else. Some of those decisions mean nothing here:
//! that threads start, that one request touches several words, that the main thread waits. A
//! [`Scheduler`](::shuttle::scheduler::Scheduler) around shuttle's makes these itself and hands on the rest, so that
//! shuttle decides exactly who takes the next step.
//!
//! Schedules that find nothing prove nothing: an [`Opinion`](cowrace_thread_engine::Opinion) is complete only if
//! [`Search::Exhaustive`] has come to its end, which shuttle's own limits would not tell apart from having been
//! stopped; so they are not used.

mod atomic;
mod control;
mod driver;
mod follow;
mod present;
mod scheduler;

pub use driver::{Search, Shuttle, prepare};
