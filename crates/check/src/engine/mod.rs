//! Engines: what answers the question of a task.

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

/// What answers the question of a task.
pub trait Engine: Debug + Send + Sync {
    /// The name on the command line and in reports.
    fn name(&self) -> &'static str;

    /// The name of its memory model.
    fn memory(&self) -> &'static str;

    /// Answers. If outcomes are wanted, it goes on after a bad execution, and collects what executions end in.
    fn answer(&self, task: &Task<'_>, wants_outcomes: bool, watch: &mut dyn Watch) -> Answer;
}

/// What an engine has to say.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The report. It disagrees if the engine's bad execution is none when it is replayed.
    pub report: Report,
    /// What the executions that it has seen end in; `None` if it could not answer.
    pub outcomes: Option<Outcomes>,
}

/// Watches how far an engine is, and may stop it.
pub trait Watch: Observer + Send {
    /// The same for an engine that runs threads.
    fn threads(&self) -> cowrace_thread_engine::Watch {
        cowrace_thread_engine::Watch::default()
    }
}

impl Watch for () {}
