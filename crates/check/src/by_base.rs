//! Judges a custom kernel by its base kernel.

use cowrace_explore::{Observer, Purpose};
use cowrace_report::{Base, Report, Verdict};

use crate::exploration::Exploration;
use crate::result_cache::ResultCache;
use crate::task::Task;

impl Task<'_> {
    /// Judges a report that the file states no outcome for by the result under the base kernel of the era. A
    /// scenario that holds is always as expected. Any other result must be that of the base kernel, which is
    /// therefore searched: toggles that change nothing have broken nothing. But a violation that the file does not
    /// expect of a preset is not expected of the releases and versions that are based on it either.
    pub fn judge_by_base(
        &self,
        report: &mut Report,
        how: Exploration<'_>,
        results: &mut ResultCache,
        observer: &mut (dyn Observer + Send),
    ) {
        if self.expectation().is_some() || report.as_expected.is_some() {
            return;
        }
        let Some(era) = self.era.base() else { return };
        let base = Task { era: &era, ..*self };
        report.as_expected = Some(match report.verdict {
            Verdict::Holds => true,
            Verdict::Violated | Verdict::Vacuous | Verdict::NotApplicable => {
                observer.anew(Purpose::Base);
                let found = results.explore(&base, how, observer);
                let is_same = (found.verdict, found.class) == (report.verdict, report.class);
                let is_due = base.as_expected(found.verdict, found.class) != Some(false);
                if is_same && !is_due && self.era.toggles().is_empty() {
                    report.as_expected = Some(false);
                    return;
                }
                report.base = Some(Base { era: era.label(), verdict: found.verdict, class: found.class });
                is_same
            }
            Verdict::Bounded | Verdict::Inconclusive => false,
        });
    }
}
