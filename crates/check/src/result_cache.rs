//! Searches that several eras share.

use cowrace_explore::{Coverage, Observer};
use cowrace_mm::{Era, RuleReads};
use cowrace_report::{Found, Report, Schedule, Verdict};
use tracing::info;

use crate::exploration::{Exploration, Explored};
use crate::task::Task;

/// The results of searches of one scenario in one variant, each with the rules of its era that it has read. The
/// architecture and the options of the search must be the same for all.
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
    /// Searches, unless an era was searched that does not differ from this one in any rule that was read.
    pub fn explore(
        &mut self,
        task: &Task<'_>,
        how: Exploration<'_>,
        observer: &mut (dyn Observer + Send),
    ) -> Report {
        // Whether a kernel has a call does not depend on rules.
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
                "the result is shared: no rule that the search has read differs"
            );
            return same(task, &searched.report);
        }
        let Explored { report, rule_reads, through, .. } = task.explored(how, observer);
        // How far a search gets before a limit ends it may depend on a clock.
        let is_over = report.complete || report.verdict == Verdict::Violated;
        if is_over && (report.costs.is_some() || !how.costs) {
            self.searched.push(Searched { rule_reads, report: report.clone(), through });
        }
        report
    }

    /// The result under an era, if it is known without a search.
    pub fn known(&self, era: &Era) -> Option<Found> {
        self.search_of(era).map(|searched| Found::from(&searched.report))
    }

    /// Whether an era is known to share its search with one that was searched.
    pub fn has_in_common(&self, searched: &Era, other: &Era) -> bool {
        self.search_of(searched).is_some_and(|search| search.is_that_of(other))
    }

    /// The coverage of the search of an era, if it was searched, the search is complete, and coverage was
    /// requested.
    pub fn through(&self, era: &Era) -> Option<&Coverage> {
        self.search_of(era)?.through.as_ref()
    }

    fn search_of(&self, era: &Era) -> Option<&Searched> {
        self.searched.iter().find(|searched| searched.is_that_of(era))
    }
}

/// The report of a search as the report of another era.
fn same(task: &Task<'_>, report: &Report) -> Report {
    // A schedule belongs to one era, even if other eras have the same.
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
