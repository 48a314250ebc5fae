//! Searches that several eras have in common.

use cowrace_explore::{Coverage, Observer};
use cowrace_mm::{Era, RuleReads};
use cowrace_report::{Found, Report, Schedule, Verdict};
use tracing::info;

use crate::exploration::{Exploration, Explored};
use crate::task::Task;

/// What searches of one scenario, in one variant, came to, each with what it asked of its era. The architecture and
/// the way to search must be the same for all.
#[derive(Debug, Default)]
pub struct ResultCache {
    searched: Vec<Searched>,
}

#[derive(Debug)]
struct Searched {
    rule_reads: Vec<RuleReads>,
    report: Report,
    through: Option<Coverage>,
}

impl Searched {
    fn is_that_of(&self, era: &Era) -> bool {
        self.rule_reads.iter().all(|rule_reads| rule_reads.agrees(era))
    }
}

impl ResultCache {
    /// Searches, unless an era was searched from which this one differs in nothing that was asked.
    pub fn explore(
        &mut self,
        task: &Task<'_>,
        how: Exploration<'_>,
        observer: &mut (dyn Observer + Send),
    ) -> Report {
        // What a kernel does not have is no matter of rules.
        if let Some(report) = task.not_applicable("explore", "sc") {
            return report;
        }
        if let Some(searched) = self.search_of(task.era) {
            let (kernel, of) = (task.era.label(), &searched.report.era);
            info!(
                scenario = task.scenario.name(),
                variant = task.variant.name(),
                kernel,
                of,
                "the result is shared: no rule differs that the search has asked for"
            );
            return same(task, &searched.report);
        }
        let Explored { report, rule_reads, through, .. } = task.explored(how, observer);
        // How far a search comes that is cut short may depend on a clock.
        let is_over = report.complete || report.verdict == Verdict::Violated;
        if is_over && (report.costs.is_some() || !how.costs) {
            self.searched.push(Searched { rule_reads, report: report.clone(), through });
        }
        report
    }

    /// What is found under an era, if it is known without a search.
    pub fn known(&self, era: &Era) -> Option<Found> {
        self.search_of(era).map(|searched| Found::from(&searched.report))
    }

    /// Whether an era has its search in common with one that was searched, so far as is known.
    pub fn has_in_common(&self, searched: &Era, other: &Era) -> bool {
        self.search_of(searched).is_some_and(|search| search.is_that_of(other))
    }

    /// What the search of an era went through, if it was searched, came to its end, and that was asked for.
    pub fn through(&self, era: &Era) -> Option<&Coverage> {
        self.search_of(era)?.through.as_ref()
    }

    fn search_of(&self, era: &Era) -> Option<&Searched> {
        self.searched.iter().find(|searched| searched.is_that_of(era))
    }
}

/// The report of a search as one of another era.
fn same(task: &Task<'_>, report: &Report) -> Report {
    // A schedule is of one era, even if others have the same.
    let own = |schedule: &Schedule| Schedule { fingerprint: task.fingerprint(), ..schedule.clone() };
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
