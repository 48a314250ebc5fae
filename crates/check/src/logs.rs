//! Logs questions and answers.

use cowrace_report::Report;
use tracing::{Span, info, info_span};

use crate::task::Task;

impl Task<'_> {
    /// The span of an engine's work on the question.
    pub(crate) fn span(&self, engine: &'static str) -> Span {
        info_span!(
            "check",
            scenario = self.scenario.name(),
            variant = self.variant.name(),
            kernel = %self.era.label(),
            engine,
        )
    }
}

/// Logs that an engine has answered.
pub(crate) fn answered(report: &Report) {
    let Report { verdict, class, executions, seconds, .. } = report;
    info!(%verdict, class = class.map(|class| class.name()), executions, seconds, "answered");
}
