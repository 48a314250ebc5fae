//! Pages for browsers: violations explained, and what the pages of several commands have in common.

use std::collections::HashSet;
use std::env;
use std::path::Path;

use cowrace_check::{Bounds, Task};
use cowrace_explain::command::{self, quoted};
use cowrace_explain::{Counterexample, Drawing, walkthrough};
use cowrace_render::page::{Explained, Page};
use cowrace_render::{Walkthrough, with_variant};
use cowrace_report::{Report, Verdict};

use crate::batch::Batch;
use crate::part_file::Parts;
use crate::progress::Progress;
use crate::{Failure, jobs};

use super::gate::spent;

/// An empty page, with the command line of this process.
pub(super) fn page(title: impl Into<String>) -> Page {
    page_of(title, &env::args().skip(1).collect::<Vec<_>>())
}

/// An empty page, with the command line whose results it has: if they are put together of parts, that of the whole.
pub(super) fn page_of_all(title: impl Into<String>, parts: Option<&Parts>) -> Page {
    let Some(parts) = parts else { return page(title) };
    let format = ["--format", "html"].map(str::to_owned);
    page_of(title, &[parts.whole_command(), format.to_vec()].concat())
}

fn page_of(title: impl Into<String>, arguments: &[String]) -> Page {
    let arguments: Vec<_> = arguments.iter().map(|argument| quoted(argument)).collect();
    Page::new(title, format!("cowrace {}", arguments.join(" ")))
}

/// The violation that a search has found, explained; `None` if it has found none. `path` is the file of the scenario.
///
/// # Errors
///
/// If the schedule does not replay.
pub(super) fn explained(
    task: Task<'_>,
    path: &Path,
    report: &Report,
    bounds: &Bounds,
) -> Result<Option<Explained>, Failure> {
    let (Some(class), Some(schedule)) = (report.class, &report.schedule) else { return Ok(None) };
    let counterexample = Counterexample::within(task, class, schedule, bounds)?;
    let part = counterexample.task(task);
    let walkthrough = walkthrough(part, &counterexample.trace, Drawing::default(), bounds);
    Ok(Some(of(task, path, walkthrough, counterexample.not_needed.clone())))
}

/// An explanation for a page.
pub(super) fn of(
    task: Task<'_>,
    path: &Path,
    walkthrough: Walkthrough,
    not_needed: Vec<String>,
) -> Explained {
    Explained {
        scenario: with_variant(task.scenario.name(), task.variant.name()),
        kernel: task.era.label(),
        headline: task.scenario.title().unwrap_or_default().to_owned(),
        walkthrough,
        not_needed,
        command: command::explain(task, path).unwrap_or_default(),
    }
}

/// Explains violations of a batch in a page: those that are wanted. `reports` are its results, in its order; those that were
/// not begun are missing.
///
/// # Errors
///
/// If a schedule does not replay.
pub(super) fn explain_all<'r>(
    page: &mut Page,
    batch: &Batch<'_>,
    reports: impl Iterator<Item = &'r Report>,
    wanted: impl Fn(&Report) -> bool,
    bounds: &Bounds,
) -> Result<(), Failure> {
    let work = batch.work();
    let is_wanted = |report: &Report| report.verdict == Verdict::Violated && wanted(report);
    let all: Vec<_> = work.iter().zip(reports).filter(|(_, report)| is_wanted(report)).collect();
    // What several kernels share is explained once.
    let cell = |report: &'r Report| (&report.scenario, &report.variant, &report.era);
    let cells: HashSet<_> = all.iter().map(|(_, report)| cell(report)).collect();
    let is_shared = |report: &'r Report| {
        report.same_as.as_ref().is_some_and(|of| cells.contains(&(&report.scenario, &report.variant, of)))
    };
    let (shared, own): (Vec<_>, Vec<_>) = all.iter().partition(|(_, report)| is_shared(report));
    let progress = Progress::new(own.len(), batch.interrupt.clone());
    let groups: Vec<_> = own.chunks(1).collect();
    let done = jobs::ordered(
        &groups,
        batch.workers(own.len()),
        || batch.interrupt.asked(),
        |(): &mut (), ((task, loaded), report)| {
            let explained = explained(*task, &loaded.source.path, report, &bounds.again(spent(Some(report))));
            progress.done();
            explained
        },
        || (),
        |explained| {
            explained.into_iter().for_each(|explained| drop(page.explain(explained)));
            Ok(())
        },
    );
    progress.finish();
    done?;
    for ((task, loaded), report) in shared {
        let scenario = with_variant(task.scenario.name(), task.variant.name());
        let command = command::explain(*task, &loaded.source.path).unwrap_or_default();
        let of = report.same_as.as_deref().unwrap_or_default();
        page.shared(&scenario, &report.era, of, &command);
    }
    Ok(())
}
