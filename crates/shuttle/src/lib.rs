//! The model under [shuttle](https://docs.rs/shuttle): random and PCT schedules for programs that are too large for an
//! exhaustive search, shuttle's exhaustive search for tiny ones, and replay.
//!
//! Each actor is one of shuttle's threads, each word that actors share one of its atomics; `cowrace-thread-engine` does
//! the rest. Memory is sequentially consistent: shuttle has no other model.
//!
//! shuttle's schedulers see only which threads could run. Some of their decisions mean nothing to the model: threads
//! start, one request touches several words, the main thread waits. A [`Scheduler`](::shuttle::scheduler::Scheduler)
//! around shuttle's makes these decisions itself and passes on the rest, so that shuttle decides exactly which actor
//! takes the next step.
//!
//! Schedules that find nothing prove nothing: an [`Opinion`](cowrace_thread_engine::Opinion) is complete only if
//! [`Search::Exhaustive`] has run to its end. shuttle's own limits are not used, since they do not distinguish this
//! from having been stopped.

mod atomic;
mod control;
mod driver;
mod follow;
mod present;
mod scheduler;

pub use driver::{Search, Shuttle, prepare};
