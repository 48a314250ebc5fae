//! The native engine: exhaustive search and replay.
mod bench;
mod describe;
mod explorer;
mod history;
mod interpreter;
mod races;
mod replay;
mod search;
mod sleep;
mod windows;

pub use explorer::{Execution, Explorer, Limits, Observer, Outcome, Progress};
pub use replay::{ReplayError, replay};
