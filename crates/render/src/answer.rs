//! A report in a few lines: the verdict, and remarks about it.

use cowrace_report::{Report, Verdict};

use crate::report::counted;
use crate::{as_drawn, coverage, figures, ineffective, line};

/// A report in a few lines. For a scenario that holds, `with_figures` adds the size of the search.
#[must_use]
pub fn answer(report: &Report, with_figures: bool) -> String {
    let figures = figures(report).filter(|_| with_figures && report.verdict == Verdict::Holds);
    let seen = report.coverage.as_ref().map(coverage).unwrap_or_default();
    let drawn = report.as_drawn.as_ref().map(as_drawn);
    let undone: Vec<String> = report.ineffective.iter().map(ineffective).collect();
    let bound = report.preemptions.map(bound);
    let lines =
        report.detail.iter().chain(&bound).chain(&drawn).chain(&undone).chain(&figures).map(String::as_str);
    let below = lines.chain(seen.lines()).map(|line| format!("  {line}").trim_end().to_owned() + "\n");
    format!("{}\n{}", line(report), below.collect::<String>())
}

/// What an unfinished search has explored all the same.
fn bound(preemptions: u32) -> String {
    format!("every execution with at most {} was explored", counted(preemptions.into(), "preemption"))
}
