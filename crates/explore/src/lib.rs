//! The native engine: exhaustive search and replay.
mod bench;
mod describe;
mod explorer;
mod guide;
mod history;
mod interpreter;
mod races;
mod replay;
mod search;
mod sleep;
mod tidy;
mod underflow;
mod windows;

pub use explorer::{Execution, Explorer, Limits, Observer, Outcome, Progress};
pub use guide::{Directive, GuideError, Until, guide};
pub use replay::{ReplayError, replay};
pub use tidy::tidy;
