//! `cowrace matrix`: the result of every scenario under every era, whatever the files expect.

use crate::Exit;
use cowrace_explore::Threads;
use cowrace_render::{costs, costs_markdown, counts, markdown, matrix, why, why_markdown};
use cowrace_report::{Course, Report, Verdict};

use crate::args::{MatrixArgs, MatrixFormat};
use crate::batch::{self, Batch};
use crate::input::{self, Loaded};
use crate::progress::Watch;
use crate::{Failure, Interrupt, Out};
use cowrace_check::Bounds;
use cowrace_check::Selection;
use cowrace_check::kernel;
use cowrace_check::{Exploration, Task};
use cowrace_compare::timeline::{Courses, Row, from_bases, in_order, titles};

use super::pages;
use super::printing::json_line;

/// Carries out the command.
///
/// # Errors
///
/// If a scenario or an era cannot be had, or the output cannot be written.
pub(crate) fn run(args: &MatrixArgs, out: &mut Out<'_>, interrupt: &Interrupt) -> Result<Exit, Failure> {
    let mut selection = kernel::select(&args.search.era, &args.search.toggles.toggles())?;
    let courses = args.why.then(|| courses(args, &mut selection)).transpose()?;
    // Without a path, only the built-in scenarios are searched.
    let mut sources = if args.paths.is_empty() { Vec::new() } else { input::files(&args.paths)? };
    if args.real_kernels {
        sources.extend(input::real_kernels()?);
    }
    let loaded = input::checked(sources)?;
    batch::print_notes(&selection.notes);
    let batch = Batch { loaded: &loaded, eras: &selection.eras, args: &args.search, shares: true, interrupt };
    let how = Exploration { limits: batch.limits(), costs: args.costs, ..Exploration::default() };
    let tell = |_: Task<'_>, _: &Loaded, (report, courses): &(Report, Vec<Course>)| match args.format {
        MatrixFormat::Json => {
            let courses = courses.iter().map(json_line);
            std::iter::once(json_line(report)).chain(courses).collect()
        }
        MatrixFormat::Text | MatrixFormat::Markdown | MatrixFormat::Html => Ok(String::new()),
    };
    let search = |task: &Task<'_>, watch: &mut Watch<'_>, threads: &Threads, row: &mut Row| {
        let how = how.with(threads);
        let report = row.explore(task, how, watch);
        let courses = courses.as_ref().map(|courses| row.why(task, how, watch, &selection.eras, courses));
        (report, courses.unwrap_or_default())
    };
    let searched = batch.run(out, search, tell)?;
    let (reports, changes): (Vec<Report>, Vec<_>) = searched.results.into_iter().unzip();
    let changes = changes.concat();
    match args.format {
        MatrixFormat::Text => {
            let costs = if args.costs { costs(&reports, out.columns()) + "\n" } else { String::new() };
            let why = if changes.is_empty() { String::new() } else { why(&changes, &titles()) + "\n" };
            out.text(&format!("{}\n{costs}{why}{}\n", matrix(&reports, out.columns()), counts(&reports)))?;
        }
        MatrixFormat::Markdown => {
            let costs = if args.costs { format!("\n{}", costs_markdown(&reports)) } else { String::new() };
            out.text(&(markdown(&reports) + &costs + &why_markdown(&changes, &titles())))?;
        }
        MatrixFormat::Html => {
            let mut page = pages::page("cowrace matrix");
            let bounds = Bounds::new(how.limits, interrupt);
            pages::explain_all(&mut page, &batch, reports.iter(), |_| true, &bounds)?;
            page.reports(&reports, None);
            if args.costs {
                page.text("Page copies and faults", &costs(&reports, None));
            }
            if !changes.is_empty() {
                page.text("Why results change", &why(&changes, &titles()));
            }
            out.text(&page.html())?;
        }
        MatrixFormat::Json => {}
    }
    let is_counted = |report: &Report| report.costs.is_some_and(|costs| costs.needed.is_some());
    // A scenario that does not apply to a kernel has no costs there.
    let has_costs = |report: &Report| is_counted(report) || report.verdict == Verdict::NotApplicable;
    let is_answered = |report: &Report| is_answered(report) && (has_costs(report) || !args.costs);
    let exit = if reports.iter().all(is_answered) { Exit::Ok } else { Exit::Bounded };
    Ok(searched.extent.announce(exit))
}

/// The eras that are compared.
fn courses(args: &MatrixArgs, selection: &mut Selection) -> Result<Courses, Failure> {
    if args.search.era.is_empty() {
        return Ok(from_bases(selection));
    }
    if selection.eras.len() < 2 {
        let words = match args.search.era.len() {
            1 => "--why compares eras: name two or more with --era, or none for all of them",
            _ => "--why compares eras, and these are all the same: name different ones with --era",
        };
        return Err(Failure::usage(words));
    }
    Ok(in_order(selection))
}

const fn is_answered(report: &Report) -> bool {
    !matches!(report.verdict, Verdict::Bounded | Verdict::Inconclusive)
}
