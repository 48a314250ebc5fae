//! Searches that several eras have in common.

use cowrace_explore::Observer;
use cowrace_mm::Consulted;
use cowrace_trace::{Report, Schedule, Verdict};

use crate::check::{Exploration, Explored, Task};

/// What searches of one scenario, in one variant, came to, each with what it asked of its era. The architecture and
/// the way to search must be the same for all.
#[derive(Debug, Default)]
pub(crate) struct Sharing {
    searched: Vec<(Vec<Consulted>, Report)>,
}

impl Sharing {
    /// Searches, unless an era was searched from which this one differs in nothing that was asked.
    pub(crate) fn explore(
        &mut self,
        task: &Task<'_>,
        how: Exploration<'_>,
        observer: &mut (dyn Observer + Send),
    ) -> Report {
        let agrees = |consulted: &[Consulted]| consulted.iter().all(|consulted| consulted.agrees(task.era));
        if let Some((_, report)) = self.searched.iter().find(|(consulted, _)| agrees(consulted)) {
            return same(task, report);
        }
        let Explored { report, consulted, .. } = task.explored(how, observer);
        // How far a search comes that is cut short may depend on a clock.
        let is_over = report.complete || report.verdict == Verdict::Violated;
        if is_over && (report.costs.is_some() || !how.costs) {
            self.searched.push((consulted, report.clone()));
        }
        report
    }
}

/// The report of a search as one of another era.
fn same(task: &Task<'_>, report: &Report) -> Report {
    // A schedule is of one era, even if others have the same.
    let own = |schedule: &Schedule| Schedule { fingerprint: task.program().fingerprint, ..schedule.clone() };
    let bare = task.report(&report.engine, &report.memory);
    Report {
        era: bare.era,
        environment: bare.environment,
        expected: bare.expected,
        as_expected: task.as_expected(report.verdict, report.class),
        seconds: 0.0,
        same_as: Some(report.era.clone()),
        schedule: report.schedule.as_ref().map(own),
        ..report.clone()
    }
}
