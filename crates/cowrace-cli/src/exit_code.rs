//! Exit codes from reports.

use cowrace_report::{Exit, Report, Verdict};

/// The exit code that one report asks for. What is not judged asks for none.
#[must_use]
pub fn exit(report: &Report) -> Exit {
    if report.disagreement.is_some() {
        return Exit::Disagree;
    }
    if report.as_expected != Some(false) {
        return Exit::Ok;
    }
    let harmless = [Verdict::Holds.name(), Verdict::Vacuous.name(), Verdict::NotApplicable.name()];
    let by_file = report.expected.as_deref().is_some_and(|e| !harmless.contains(&e));
    let by_base = report.base.as_ref().is_some_and(|base| base.verdict == Verdict::Violated);
    let violation_was_due = by_file || by_base;
    match report.verdict {
        Verdict::Violated if !violation_was_due => Exit::Unexpected,
        Verdict::NotApplicable if !violation_was_due => Exit::Bounded,
        Verdict::Violated | Verdict::Holds | Verdict::NotApplicable => Exit::Gone,
        Verdict::Vacuous => Exit::Vacuous,
        Verdict::Bounded | Verdict::Inconclusive => Exit::Bounded,
    }
}

/// The exit code of several reports together: 14, then 10, 11, 13, 12.
#[must_use]
pub fn worst(reports: &[Report]) -> Exit {
    let codes: Vec<Exit> = reports.iter().map(exit).collect();
    let order = [Exit::Disagree, Exit::Unexpected, Exit::Gone, Exit::Vacuous, Exit::Bounded];
    order.into_iter().find(|e| codes.contains(e)).unwrap_or(Exit::Ok)
}
