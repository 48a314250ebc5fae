//! `cowrace matrix`: what the model says of every scenario under every era, whatever files expect.

use cowrace_explore::Threads;
use cowrace_render::{costs, costs_markdown, counts, markdown, matrix};
use cowrace_trace::{Exit, Report, Verdict};

use crate::batch::{self, Batch};
use crate::check::{Exploration, Task};
use crate::cli::{MatrixArgs, MatrixFormat};
use crate::input::{self, Loaded};
use crate::progress::Watch;
use crate::sharing::Sharing;
use crate::{Failure, Interrupt, Out, eras};

use super::check::json_line;

/// Carries out the command.
///
/// # Errors
///
/// If a scenario or an era cannot be had, or the output cannot be written.
pub(crate) fn run(args: &MatrixArgs, out: &mut Out<'_>, interrupt: &Interrupt) -> Result<Exit, Failure> {
    let selection = eras::select(&args.search.era, &args.search.toggles.toggles())?;
    // Without a path there is nothing to search but what is built in.
    let mut sources = if args.paths.is_empty() { Vec::new() } else { input::files(&args.paths)? };
    if args.real_kernels {
        sources.extend(input::real_kernels()?);
    }
    let loaded = input::checked(sources)?;
    batch::tell_notes(&selection);
    let batch = Batch { loaded: &loaded, eras: &selection.eras, args: &args.search, shares: true, interrupt };
    let how = Exploration { limits: args.search.limits(), costs: args.costs, ..Exploration::default() };
    let tell = |_: Task<'_>, _: &Loaded, report: &Report| match args.format {
        MatrixFormat::Json => json_line(report),
        MatrixFormat::Text | MatrixFormat::Markdown => Ok(String::new()),
    };
    let search = |task: &Task<'_>, watch: &mut Watch<'_>, threads: &Threads, sharing: &mut Sharing| {
        sharing.explore(task, how.with(threads), watch)
    };
    let searched = batch.run(out, search, tell)?;
    let reports = searched.results;
    match args.format {
        MatrixFormat::Text => {
            let costs = if args.costs { costs(&reports) + "\n" } else { String::new() };
            out.text(&format!("{}\n{costs}{}\n", matrix(&reports), counts(&reports)))?;
        }
        MatrixFormat::Markdown => {
            let costs = if args.costs { format!("\n{}", costs_markdown(&reports)) } else { String::new() };
            out.text(&(markdown(&reports) + &costs))?;
        }
        MatrixFormat::Json => {}
    }
    let is_counted = |report: &Report| report.costs.is_some_and(|costs| costs.needed.is_some());
    let is_answered = |report: &Report| is_answered(report) && (is_counted(report) || !args.costs);
    let exit = if reports.iter().all(is_answered) { Exit::Ok } else { Exit::Bounded };
    Ok(searched.extent.tell(exit))
}

const fn is_answered(report: &Report) -> bool {
    !matches!(report.verdict, Verdict::Bounded | Verdict::Inconclusive)
}
