//! Results for CI systems, and the baseline that a check is judged by.

use std::io::{self, Write as _};
use std::time::Duration;

use cowrace_check::Bounds;
use cowrace_explain::diagram::Drawing;
use cowrace_render::gate::{Case, Status, annotations, gone, junit, other_kernel, sarif, unused};
use cowrace_render::summary;
use cowrace_report::Report;

use super::printing::text_for_gate;
use crate::args::CheckFormat;
use crate::baseline::{Baseline, Unused};
use crate::batch::{Batch, Searched};
use crate::interrupt::Extent;
use crate::{Exit, Failure, exit_code};

/// A format for CI systems.
#[derive(Clone, Copy, Debug)]
pub(super) enum Gate {
    Junit,
    Sarif,
    Github,
}

/// A run, and all that is said of it.
struct Run<'r> {
    report: &'r Report,
    path: String,
    line: usize,
    text: String,
}

/// How long the search took, which counts for the limit on time.
pub(super) fn spent(report: Option<&Report>) -> Duration {
    Duration::from_secs_f64(report.map_or(0.0, |report| report.seconds))
}

impl Gate {
    /// The format for CI systems that this is, if it is one.
    pub(super) const fn of(format: CheckFormat) -> Option<Self> {
        match format {
            CheckFormat::Text | CheckFormat::Json | CheckFormat::Html => None,
            CheckFormat::Junit => Some(Self::Junit),
            CheckFormat::Sarif => Some(Self::Sarif),
            CheckFormat::Github => Some(Self::Github),
        }
    }

    /// The results of a batch.
    ///
    /// # Errors
    ///
    /// If a schedule of a search does not replay.
    pub(super) fn text(
        self,
        drawing: Drawing,
        batch: &Batch<'_>,
        Searched { results, extent }: &Searched<Vec<Report>>,
        bounds: &Bounds,
    ) -> Result<String, Failure> {
        let mut runs = Vec::new();
        for ((task, loaded), reports) in batch.work().into_iter().zip(results) {
            let at = loaded.scenario.expected_at(task.arch, task.era, task.variant).start;
            for report in reports {
                let text = text_for_gate(task, loaded, report, drawing, &bounds.again(spent(Some(report))))?;
                // CI systems compare paths with those of the repository.
                let path = &loaded.source.path;
                let path = path.strip_prefix(".").unwrap_or(path).display().to_string();
                let line = 1 + loaded.source.text[..at].matches('\n').count();
                runs.push(Run { report, path, line, text });
            }
        }
        let cases: Vec<Case<'_>> = runs.iter().map(Run::case).collect();
        Ok(match self {
            Self::Junit => junit(&cases, extent.line().as_deref()),
            Self::Sarif => sarif(&cases, env!("CARGO_PKG_VERSION"), extent.line().is_none()),
            Self::Github => {
                let reports: Vec<Report> = results.concat();
                format!("{}{}\n", annotations(&cases), summary(&reports))
            }
        })
    }
}

impl<'r> Run<'r> {
    fn case(&'r self) -> Case<'r> {
        let Self { report, path, line, text } = self;
        let status = exit_code::status(report);
        let fails_as = match status {
            Status::Gone => status,
            _ => exit_code::status_without_baseline(report),
        };
        Case { report, status, fails_as, path, line: *line, text }
    }
}

/// Tells which failures that the baseline names are gone and which are of other runs, or writes it anew. `is_part` says that
/// other runs are made elsewhere. Returns the exit code.
///
/// # Errors
///
/// If it cannot be written.
pub(super) fn conclude(
    baseline: Baseline,
    (bless, is_part): (bool, bool),
    reports: &[Report],
    extent: &Extent,
    exit: Exit,
) -> Result<Exit, Failure> {
    let path = baseline.path().display().to_string();
    // An error means that standard error is closed, and is ignored.
    let say = |line: String| drop(writeln!(io::stderr(), "{path}: {line}"));
    let is_whole = extent.finished == extent.all;
    if is_whole && !is_part {
        let Unused { runs, other_kernels, of } = baseline.unused(reports);
        other_kernels.iter().for_each(|(run, made_of)| say(other_kernel(run, made_of)));
        unused(&runs, of).into_iter().for_each(say);
    }
    if !bless {
        reports.iter().filter_map(gone).for_each(say);
        return Ok(exit);
    }
    if !is_whole {
        say("it is as it was: not every search has finished".to_owned());
        return Ok(exit);
    }
    let incomplete = baseline.bless(reports)?;
    if incomplete > 0 {
        say(format!("fill in `reason` and `owner` where they are empty: {incomplete} times"));
    }
    Ok(Exit::Ok)
}
