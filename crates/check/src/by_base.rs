//! Judging a kernel of one's own by the kernel that it departs from.

use cowrace_explore::{Observer, Purpose};
use cowrace_report::{Base, Report, Verdict};

use crate::exploration::Exploration;
use crate::result_cache::ResultCache;
use crate::task::Task;

impl Task<'_> {
    /// Judges a report of which the file says nothing by what is found under the kernel that the era departs from.
    /// What holds is as good as can be; everything else must be what is found there, so that kernel is searched. What
    /// toggles leave as it was they have not broken; but what the file does not expect of a preset it does not expect
    /// of the releases and versions that stand on it either.
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
