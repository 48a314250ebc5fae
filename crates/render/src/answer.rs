//! A report in a few lines: the verdict, and remarks about it.

use cowrace_report::{Report, Verdict};

use crate::report::{counted, mebibytes};
use crate::{Paint, as_drawn, coverage, figures, ineffective, painted};

/// A report in a few lines. For a scenario that holds, `with_figures` adds the size of the search.
#[must_use]
pub fn answer(report: &Report, with_figures: bool, paint: Paint) -> String {
    let figures = figures(report).filter(|_| with_figures && report.verdict == Verdict::Holds);
    let seen = report.coverage.as_ref().map(coverage).unwrap_or_default();
    let drawn = report.as_drawn.as_ref().map(as_drawn);
    let undone: Vec<String> = report.ineffective.iter().map(ineffective).collect();
    let bound = report.preemptions.map(bound);
    let given_up = given_up(report);
    let lines = report.detail.iter().chain(&bound).chain(&given_up);
    let lines = lines.chain(&drawn).chain(&undone).chain(&figures).map(String::as_str);
    let below = lines.chain(seen.lines()).map(|line| format!("  {line}").trim_end().to_owned() + "\n");
    format!("{}\n{}", painted(report, paint), below.collect::<String>())
}

/// What an unfinished search has explored all the same.
fn bound(preemptions: u32) -> String {
    format!("every execution with at most {} was explored", counted(preemptions.into(), "preemption"))
}

/// That states needed more memory than there was for them, and what to type to give them more.
fn given_up(report: &Report) -> Option<String> {
    let (room, took) = (mebibytes(report.states_given_up?), mebibytes(report.state_bytes?));
    Some(format!(
        "states were given up when they took {took} and could take {room}: with a --max-memory of more than twice that for \
         each search that runs at once, they may end the search sooner"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::report;

    #[test]
    fn states_that_were_given_up_are_told_with_what_to_type() {
        let given_up = Report {
            states: Some(7),
            state_bytes: Some((2 << 30) + (1 << 20)),
            states_given_up: Some(2 << 30),
            ..report("x", "v5.9", None, Some(true))
        };
        let told = answer(&given_up, false, Paint::Plain);
        assert!(told.contains("1,234 executions, 7 states given up  complete"), "{told}");
        assert!(
            told.contains(
                "\n  states were given up when they took 2,049.0 MiB and could take 2,048.0 MiB: with a --max-memory of \
                 more than twice that for each search that runs at once, they may end the search sooner\n"
            ),
            "{told}"
        );
        let kept = Report { states_given_up: None, ..given_up };
        assert!(!answer(&kept, false, Paint::Plain).contains("given up"));
    }
}
