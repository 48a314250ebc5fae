//! Engines, which answer tasks.

mod explore;
#[cfg(feature = "loom")]
mod loom;
#[cfg(any(feature = "loom", feature = "shuttle"))]
mod second;
#[cfg(feature = "shuttle")]
mod shuttle;

use std::fmt::Debug;

use cowrace_explore::Observer;
use cowrace_report::Report;

use crate::outcomes::Outcomes;
use crate::task::Task;

pub use explore::Explore;
#[cfg(feature = "loom")]
pub use loom::Loom;
#[cfg(feature = "shuttle")]
pub use shuttle::{Shuttle, follow};

/// An engine, which answers a task.
pub trait Engine: Debug + Send + Sync {
    /// The name on the command line and in reports.
    fn name(&self) -> &'static str;

    /// The name of its memory model.
    fn memory(&self) -> &'static str;

    /// Answers the task. If outcomes are wanted, it goes on after a bad execution, and collects the outcomes of all
    /// executions.
    fn answer(&self, task: &Task<'_>, wants_outcomes: bool, watch: &mut dyn Watch) -> Answer;
}

/// The answer of an engine.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The report. It has a disagreement if the engine's bad execution is not bad when it is replayed.
    pub report: Report,
    /// The outcomes of the executions that it has seen; `None` if it could not answer.
    pub outcomes: Option<Outcomes>,
}

/// Watches the progress of an engine, and may stop it.
pub trait Watch: Observer + Send {
    /// The same for an engine that runs threads.
    fn threads(&self) -> cowrace_thread_engine::Watch {
        cowrace_thread_engine::Watch::default()
    }
}

impl Watch for () {}
