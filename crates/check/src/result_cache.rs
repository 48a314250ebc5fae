//! Searches that several eras share.

use cowrace_explore::{Coverage, Observer};
use cowrace_mm::era::Answers;
use cowrace_mm::{Era, RuleReads, place};
use cowrace_report::{Found, Report, Schedule, Verdict};
use tracing::info;

use crate::exploration::{Exploration, Explored};
use crate::stored::{Lines, Stored};
use crate::task::Task;

/// The results of searches of one scenario in one variant, each with the rules of its era that it has read. The
/// architecture and the options of the search must be the same for all.
#[derive(Debug, Default)]
pub struct ResultCache {
    searched: Vec<Searched>,
    /// Searches of earlier runs.
    stored: Vec<Stored>,
}

#[derive(Debug)]
struct Searched {
    read: Vec<Answers>,
    report: Report,
    lines: Option<Lines>,
}

/// Whether a search that has read rules is that of an era.
fn is_that_of(read: &[Answers], era: &Era) -> bool {
    read.iter().all(|answers| answers.agrees(era))
}

impl AsMut<Self> for ResultCache {
    fn as_mut(&mut self) -> &mut Self {
        self
    }
}

impl ResultCache {
    /// Adds searches of earlier runs, which had the same question.
    pub fn add_stored(&mut self, stored: Vec<Stored>) {
        self.stored.extend(stored);
    }

    /// The searches that earlier runs have not stored and that came to their ends.
    pub fn to_store(&self) -> impl Iterator<Item = Stored> + '_ {
        let new = self.searched.iter().filter(|searched| !searched.report.stored);
        new.map(|Searched { read, report, lines }| Stored {
            read: read.clone(),
            report: report.clone(),
            lines: lines.clone(),
        })
    }

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
            let same_as = Some(searched.report.era.clone());
            return Report { same_as, seconds: 0.0, stored: false, ..same(task, &searched.report) };
        }
        if let Some(Stored { read, report, lines }) =
            self.stored.iter().find(|stored| is_that_of(&stored.read, task.era))
        {
            let report = Report { stored: true, ..same(task, report) };
            self.searched.push(Searched { read: read.clone(), report: report.clone(), lines: lines.clone() });
            return report;
        }
        let Explored { report, rule_reads, through, .. } = task.explored(how, observer);
        // How far a search gets before a limit ends it may depend on a clock.
        let is_over = report.complete || report.verdict == Verdict::Violated;
        if is_over && (report.costs.is_some() || !how.costs) {
            let read = rule_reads.iter().map(RuleReads::answers).collect();
            let lines = through.as_ref().map(lines);
            self.searched.push(Searched { read, report: report.clone(), lines });
        }
        report
    }

    /// The result under an era, if it is known without a search.
    pub fn known(&self, era: &Era) -> Option<Found> {
        self.search_of(era).map(|searched| Found::from(&searched.report))
    }

    /// Whether an era is known to share its search with one that was searched.
    pub fn has_in_common(&self, searched: &Era, other: &Era) -> bool {
        self.search_of(searched).is_some_and(|search| is_that_of(&search.read, other))
    }

    /// The lines that the search of an era has reached, if it was searched, the search is complete, and coverage was
    /// requested.
    pub fn lines(&self, era: &Era) -> Option<&Lines> {
        self.search_of(era)?.lines.as_ref()
    }

    fn search_of(&self, era: &Era) -> Option<&Searched> {
        self.searched.iter().find(|searched| is_that_of(&searched.read, era))
    }
}

/// The lines that a search has reached.
fn lines(through: &Coverage) -> Lines {
    through.sites().iter().filter_map(|site| place(site)).collect()
}

/// The report of a search as the report of another era.
fn same(task: &Task<'_>, report: &Report) -> Report {
    // A schedule belongs to one era, even if other eras have the same.
    let own = |schedule: &Schedule| Schedule { fingerprint: task.fingerprint(), ..schedule.clone() };
    let bare = task.report(&report.engine, &report.memory);
    Report {
        era: bare.era,
        made_of: bare.made_of,
        environment: bare.environment,
        expected: bare.expected,
        as_expected: task.as_expected(report.verdict, report.class),
        schedule: report.schedule.as_ref().map(own),
        ..report.clone()
    }
}
