//! `cowrace diff`: what one kernel breaks, mends and costs compared with another.

use std::collections::HashSet;

use crate::Exit;
use cowrace_explore::Threads;
use cowrace_render::{counts, diff};
use cowrace_report::cell::Change;
use cowrace_report::difference::{Difference, Side};
use cowrace_report::{Report, Verdict};

use crate::args::{DiffArgs, PageFormat};
use crate::batch::{self, Batch};
use crate::cache_dir::Slot;
use crate::input::{self, Loaded};
use crate::progress::Watch;
use crate::{Failure, Interrupt, Out};
use cowrace_check::Bounds;
use cowrace_check::kernel;
use cowrace_check::stored::Lines;
use cowrace_check::{Exploration, Task};
use cowrace_compare::diff::{Compared, Pair, new_lines};

use super::pages;
use super::printing::json_line;

/// The searches of a scenario, and the places of the results of both kinds of them.
type Kept = (Pair, [Slot; 2]);

/// Carries out the command.
///
/// # Errors
///
/// If a scenario or an era cannot be had, or the output cannot be written.
pub(crate) fn run(args: &DiffArgs, out: &mut Out<'_>, interrupt: &Interrupt) -> Result<Exit, Failure> {
    let search = args.search();
    let mut notes = Vec::new();
    let from = kernel::named(&args.from, &mut notes)?;
    let to = kernel::toggled(&args.to, &args.toggles.toggles(), &mut notes)?;
    if from == to {
        return Err(Failure::usage(format!(
            "`{}` is compared with itself: name another kernel, or toggles for the second one, such as \
             --without COMMIT",
            from.label()
        )));
    }
    let loaded = input::checked(input::files(&args.paths)?)?;
    batch::print_notes(&notes);
    let both = [from, to];
    let batch = Batch { loaded: &loaded, eras: &both, args: &search, shares: true, interrupt };
    let how = Exploration { limits: batch.limits(), ..Exploration::default() };
    let cache = batch.cache()?;
    let compare =
        |task: (&Task<'_>, &str), watch: &mut Watch<'_>, threads: &Threads, (pair, slots): &mut Kept| {
            let questions = [Pair::whole(how), how];
            for ((slot, question), results) in slots.iter_mut().zip(&questions).zip(pair.results()) {
                slot.fill(cache.as_ref(), task, question, results);
            }
            let compared = pair.explore(task.0, how.with(threads), watch, both.each_ref());
            slots.iter_mut().zip(pair.results()).for_each(|(slot, results)| slot.keep(results));
            compared
        };
    let tell = |_: Task<'_>, _: &Loaded, (_, compared): &(Report, Option<Compared>)| match compared {
        Some(Compared { difference, .. }) if args.format == PageFormat::Json && differs(difference) => {
            json_line(difference)
        }
        _ => Ok(String::new()),
    };
    let searched = batch.run(out, compare, tell)?;
    let (mut reports, compared): (Vec<Report>, Vec<_>) = searched.results.into_iter().unzip();
    // What is said of two kernels does not depend on when it was searched.
    reports.iter_mut().for_each(|report| report.stored = false);
    let all_begun = compared.len() == searched.extent.all;
    let (differences, reached): (Vec<Difference>, Vec<Option<Lines>>) =
        compared.into_iter().flatten().map(|compared| (compared.difference, compared.reached)).unzip();
    let reached: Option<Vec<Lines>> = reached.into_iter().collect();
    let reached: Option<Lines> = reached.filter(|_| all_begun).map(|all| all.into_iter().flatten().collect());
    let [from, to] = &both;
    let lines = new_lines(from, to, reached.as_ref());
    match args.format {
        PageFormat::Text => out.text(&format!("{}{}\n", diff(&differences, &lines), counts(&reports)))?,
        PageFormat::Json => out.text(&json_line(&lines)?)?,
        PageFormat::Html => {
            let bounds = Bounds::new(how.limits, interrupt);
            let mut page = pages::page("cowrace diff");
            let changed = differences.iter().filter(|difference| difference.change != Change::None);
            let changed: HashSet<_> = changed.map(|of| (&of.scenario, &of.variant)).collect();
            let is_changed = |report: &Report| changed.contains(&(&report.scenario, &report.variant));
            pages::explain_all(&mut page, &batch, reports.iter(), is_changed, &bounds)?;
            page.differences(&differences, &lines);
            out.text(&page.html())?;
        }
    }
    // A scenario that does not apply to a kernel has no costs there.
    let is_whole = |side: &Side| side.costs.is_some() || side.found.verdict == Verdict::NotApplicable;
    let is_answered = |difference: &Difference| {
        difference.change != Change::NotKnown && is_whole(&difference.before) && is_whole(&difference.after)
    };
    let is_broken = |difference: &Difference| difference.change == Change::Broken;
    let are_lines_answered = lines.unreached.is_some() || lines.lines.is_none();
    let exit = match () {
        () if differences.iter().any(is_broken) => Exit::Unexpected,
        () if differences.iter().all(is_answered) && are_lines_answered => Exit::Ok,
        () => Exit::Bounded,
    };
    Ok(searched.extent.announce(exit))
}

/// Whether there is a difference to print.
fn differs(difference: &Difference) -> bool {
    difference.change != Change::None || difference.before.costs != difference.after.costs
}
