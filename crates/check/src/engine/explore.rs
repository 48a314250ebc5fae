//! The project's own engine: the exhaustive search under sequential consistency.

use super::{Answer, Engine, Watch};
use crate::exploration::Exploration;
use crate::outcomes::{Collect, Outcomes};
use crate::task::Task;

/// The exhaustive search.
#[derive(Clone, Copy, Debug, Default)]
pub struct Explore<'t>(pub Exploration<'t>);

impl Explore<'_> {
    /// The name on the command line and in reports.
    pub const NAME: &'static str = "explore";
    /// The name of its memory model.
    pub const MEMORY: &'static str = "sc";
}

impl Engine for Explore<'_> {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn memory(&self) -> &'static str {
        Self::MEMORY
    }

    fn answer(&self, task: &Task<'_>, wants_outcomes: bool, watch: &mut dyn Watch) -> Answer {
        if !wants_outcomes {
            return Answer { report: task.explore(self.0, watch), outcomes: None };
        }
        let mut collect = Collect { outcomes: Outcomes::default(), observer: watch };
        let how = Exploration { exhaustive: true, ..self.0 };
        let mut report = task.explore(how, &mut collect);
        report.outcomes = Some(collect.outcomes.len() as u64);
        Answer { report, outcomes: Some(collect.outcomes) }
    }
}
