//! The output for reports: lines, diagrams, tables, JSON.

use cowrace_check::{Bounds, Task};
use cowrace_compare::against::Against;
use cowrace_explain::Counterexample;
use cowrace_explain::command::Replay;
use cowrace_explain::diagram::Drawing;
use cowrace_mm::Era;
use cowrace_render::{Comment, Paint, answer, json, line, painted, summary, table};
use cowrace_report::Report;
use serde::Serialize;

use crate::Failure;
use crate::input::Loaded;

/// The rows that differ, as a table, and how many cells are broken, mended or changed otherwise.
pub(super) fn compared(base: &str, against: &Against, columns: Option<usize>, paint: Paint) -> String {
    let Against { rows, broken, mended, otherwise, unknown } = against;
    let unknown = if *unknown > 0 { format!(", {unknown} NOT KNOWN") } else { String::new() };
    if rows.is_empty() {
        return format!("against {base}: no difference\n");
    }
    format!(
        "{}\nagainst {base}: {broken} broken, {mended} mended, {otherwise} otherwise different{unknown}\n",
        table(rows, columns, paint)
    )
}

/// A report, or any other value, as a line of JSON.
pub(super) fn json_line(told: &impl Serialize) -> Result<String, Failure> {
    Ok(json(told).map_err(|error| Failure::tool(error.to_string()))? + "\n")
}

/// What is printed for runs that are as expected.
#[derive(Clone, Copy, Debug)]
pub(super) struct Verbosity {
    /// A line for each: a table would be a single row or column.
    lines: bool,
    /// The diagram of a violation.
    diagrams: bool,
    /// The size of the search, if there is only one.
    figures: bool,
    /// A line for what is not judged.
    unjudged: bool,
    /// The style of diagrams.
    drawing: Drawing,
    paint: Paint,
}

impl Verbosity {
    pub(super) fn of(
        (drawing, paint): (Drawing, Paint),
        loaded: &[Loaded],
        eras: &[Era],
        compares: bool,
    ) -> Self {
        let (file, era) = (loaded.len() == 1, eras.len() == 1);
        let lines = (file || era) && !compares;
        let variants: usize = loaded.iter().map(|each| each.scenario.variants().len()).sum();
        let figures = variants == 1 && era && !compares;
        Self { lines, diagrams: file && era, figures, unjudged: !compares, drawing, paint }
    }

    fn shows(self, report: &Report) -> bool {
        match report.as_expected {
            Some(true) => self.lines || report.coverage.is_some(),
            Some(false) => true,
            None => self.lines || self.unjudged,
        }
    }
}

/// The text for one run by all engines: for second opinions, only what differs from the report of explore.
pub(super) fn text_of_all(
    task: Task<'_>,
    loaded: &Loaded,
    reports: &[Report],
    verbosity: Verbosity,
    bounds: &Bounds,
) -> Result<String, Failure> {
    let Some((first, others)) = reports.split_first() else { return Ok(String::new()) };
    let RunText { mut text, commented } = text_of_run(task, loaded, first, verbosity, bounds)?;
    let mut say = |said: &str| text.push_str(&if commented { comment(said) } else { format!("{said}\n") });
    for report in others {
        if verbosity.lines || report.disagreement.is_some() {
            say(&painted(report, if commented { Paint::Plain } else { verbosity.paint }));
            if let Some(detail) = report.detail.as_ref().filter(|_| report.detail != first.detail) {
                say(&format!("  {detail}"));
            }
        }
        if let Some(disagreement) = &report.disagreement {
            say(&format!("{} DISAGREES: {disagreement}", report.engine));
        }
    }
    Ok(text)
}

/// The text for one run.
#[derive(Debug, Default)]
struct RunText {
    text: String,
    /// It is a diagram or stands next to one, so that the text after it must be comments.
    commented: bool,
}

/// A line that stands below a diagram.
fn comment(line: &str) -> String {
    Comment::Check(line).lines().join("\n") + "\n"
}

/// Whether the file states another outcome. If it states none, a line is enough.
fn contradicts(report: &Report) -> bool {
    report.as_expected == Some(false) && report.expected.is_some()
}

/// The text for one run. Below a diagram it consists of comments, so that the whole can be pasted into a
/// file.
fn text_of_run(
    task: Task<'_>,
    loaded: &Loaded,
    report: &Report,
    verbosity: Verbosity,
    bounds: &Bounds,
) -> Result<RunText, Failure> {
    if !verbosity.shows(report) {
        return Ok(RunText::default());
    }
    if let (Some(schedule), Some(class)) = (&report.schedule, report.class)
        && (contradicts(report) || verbosity.diagrams)
    {
        let counterexample = Counterexample::within(task, class, schedule, bounds)?;
        let mut diagram = counterexample.picture(task, verbosity.drawing);
        diagram.comments.extend(Comment::Check(&line(report)).lines());
        if let Some(command) = Replay::of(task, &counterexample.schedule) {
            diagram.comments.extend(Comment::Replay(&command.of_file(&loaded.source.path)).lines());
        }
        return Ok(RunText { text: format!("{diagram}\n"), commented: true });
    }
    let several = verbosity.diagrams && loaded.scenario.variants().len() > 1;
    let text = answer(report, verbosity.figures, if several { Paint::Plain } else { verbosity.paint });
    if several {
        // Next to the diagrams of other variants everything must be a comment.
        return Ok(RunText { text: text.lines().map(comment).collect(), commented: true });
    }
    Ok(RunText { text, commented: false })
}

/// The text for a run that a CI system shows by itself: with the diagram if it failed.
pub(super) fn text_for_gate(
    task: Task<'_>,
    loaded: &Loaded,
    report: &Report,
    drawing: Drawing,
    bounds: &Bounds,
) -> Result<String, Failure> {
    let diagrams = report.as_expected == Some(false);
    let paint = Paint::Plain;
    let verbosity = Verbosity { lines: true, diagrams, figures: false, unjudged: true, drawing, paint };
    Ok(text_of_run(task, loaded, report, verbosity, bounds)?.text)
}

/// The text for a single run.
pub(super) fn text_of_one(
    task: Task<'_>,
    loaded: &Loaded,
    report: &Report,
    (drawing, paint): (Drawing, Paint),
    bounds: &Bounds,
) -> Result<String, Failure> {
    let verbosity = Verbosity { lines: true, diagrams: true, figures: true, unjudged: true, drawing, paint };
    Ok(text_of_run(task, loaded, report, verbosity, bounds)?.text
        + &conclusion(std::slice::from_ref(report), verbosity, None))
}

/// The table and the summary. A table of one row would repeat the lines.
pub(super) fn conclusion(reports: &[Report], verbosity: Verbosity, columns: Option<usize>) -> String {
    if verbosity.diagrams && reports.iter().any(|r| r.schedule.is_some()) {
        return comment(&summary(reports));
    }
    let below_lines = reports.iter().any(|r| verbosity.shows(r));
    let row = |report: &Report| (report.scenario.clone(), report.variant.clone());
    let one_row = reports.windows(2).all(|pair| row(&pair[0]) == row(&pair[1]));
    let undrawn =
        reports.iter().any(|r| r.schedule.is_some() && r.as_expected != Some(true) && !contradicts(r));
    let hint = if undrawn { "name one file and one --era to get the diagram of a violation\n" } else { "" };
    let gap = if below_lines { "\n" } else { "" };
    let table =
        if one_row { String::new() } else { format!("{gap}{}\n", table(reports, columns, verbosity.paint)) };
    format!("{table}{hint}{}\n", summary(reports))
}
