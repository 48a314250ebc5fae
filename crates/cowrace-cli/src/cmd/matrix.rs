//! `cowrace matrix`: the result of every scenario under every era, whatever the files expect.

use crate::Exit;
use cowrace_explore::Threads;
use cowrace_render::{costs, costs_markdown, counts, markdown, matrix, why, why_markdown};
use cowrace_report::{Course, Report, Verdict};

use crate::args::{MatrixArgs, MatrixFormat};
use crate::batch::{self, Batch};
use crate::cache_dir::{self, Slot};
use crate::input::{self, Loaded};
use crate::part_file::{self, Part, Parts};
use crate::progress::Watch;
use crate::{Failure, Interrupt, Out};
use cowrace_check::Bounds;
use cowrace_check::Selection;
use cowrace_check::kernel;
use cowrace_check::{Exploration, Task};
use cowrace_compare::timeline::{Courses, Row, from_bases, in_order, titles};

use super::pages;
use super::printing::json_line;

/// Carries out the command. Nothing is searched if there are results of all of its parts.
///
/// # Errors
///
/// If a scenario or an era cannot be had, the parts are not those of this command, or the output cannot be written.
pub(crate) fn run(
    args: &MatrixArgs,
    parts: Option<&Parts>,
    out: &mut Out<'_>,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    part_file::is_possible(&args.part, &args.paths)?;
    let mut selection = kernel::select(&args.search.era, &args.search.toggles.toggles())?;
    let courses = args.why.then(|| courses(args, &mut selection)).transpose()?;
    // Without a path, only the built-in scenarios are searched.
    let mut sources = if args.paths.is_empty() { Vec::new() } else { input::files(&args.paths)? };
    if args.real_kernels {
        sources.extend(input::real_kernels()?);
    }
    let loaded = input::checked(sources)?;
    batch::print_notes(&selection.notes);
    let options = format!("matrix {} {}", args.costs, args.search.toggles.arch);
    let asked = (selection.eras.as_slice(), args.search.limits(), options);
    let (part, known) = Part::of((&args.part, parts), loaded, asked, &args.paths)?;
    let batch =
        Batch { loaded: &part.loaded, eras: &selection.eras, args: &args.search, shares: true, interrupt };
    let how = Exploration { limits: batch.limits(), costs: args.costs, ..Exploration::default() };
    let tell = |_: Task<'_>, _: &Loaded, (report, courses): &(Report, Vec<Course>)| match args.format {
        MatrixFormat::Json => {
            let courses = courses.iter().map(json_line);
            std::iter::once(json_line(report)).chain(courses).collect()
        }
        MatrixFormat::Text | MatrixFormat::Markdown | MatrixFormat::Html => Ok(String::new()),
    };
    let cache = batch.cache()?;
    let search = |(task, text): (&Task<'_>, &str),
                  watch: &mut Watch<'_>,
                  threads: &Threads,
                  (row, slot): &mut (Row, Slot)| {
        let how = how.with(threads);
        let explore = |row: &mut Row| row.explore(task, how, watch);
        let report = cache_dir::with(cache.as_ref(), (task, text), &how, (slot, row), explore);
        let courses = courses.as_ref().map(|courses| row.why(task, how, watch, &selection.eras, courses));
        (report, courses.unwrap_or_default())
    };
    let searched = match known {
        Some(known) => {
            let first = |all: Vec<Report>| Some((all.into_iter().next()?, Vec::new()));
            batch.again(out, known.into_iter().filter_map(first).collect(), tell)?
        }
        None => batch.run(out, search, tell)?,
    };
    part.write(&searched, |(report, _)| vec![report.clone()])?;
    let (reports, changes): (Vec<Report>, Vec<_>) = searched.results.into_iter().unzip();
    let changes = changes.concat();
    match args.format {
        MatrixFormat::Text => {
            let costs = if args.costs { costs(&reports, out.columns()) + "\n" } else { String::new() };
            let why = if changes.is_empty() { String::new() } else { why(&changes, &titles()) + "\n" };
            out.text(&format!(
                "{}\n{costs}{why}{}\n",
                matrix(&reports, out.columns(), out.paint()),
                counts(&reports)
            ))?;
        }
        MatrixFormat::Markdown => {
            let costs = if args.costs { format!("\n{}", costs_markdown(&reports)) } else { String::new() };
            out.text(&(markdown(&reports) + &costs + &why_markdown(&changes, &titles())))?;
        }
        MatrixFormat::Html => {
            let mut page = pages::page_of_all("cowrace matrix", parts);
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
