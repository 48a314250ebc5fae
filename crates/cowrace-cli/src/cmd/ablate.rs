//! `cowrace ablate`: what scenarios need of a kernel.

use std::collections::HashSet;
use std::iter;

use crate::Exit;
use cowrace_explore::Threads;
use cowrace_hunt::campaign::Shape;
use cowrace_hunt::hunt::Quest;
use cowrace_hunt::outcome::Wanted;
use cowrace_mm::Era;
use cowrace_render::ablations;
use cowrace_report::Report;
use cowrace_report::ablation::{Ablation, Reason};
use cowrace_report::cell::Change;

use crate::args::{AblateArgs, FarArgs, PageFormat};
use crate::batch::{self, Batch, Shared};
use crate::cache_dir;
use crate::cmd::{hunt, pages, witness};
use crate::hunt_watch::HuntWatch;
use crate::input::{self, Loaded};
use crate::progress::Watch;
use crate::{Failure, Interrupt, Out};
use cowrace_check::Bounds;
use cowrace_check::ResultCache;
use cowrace_check::kernel;
use cowrace_check::{Exploration, Task};
use cowrace_compare::ablate::{Ablated, compare, parts};

/// Carries out the command.
///
/// # Errors
///
/// If a scenario or the era cannot be had, or the output cannot be written.
pub(crate) fn run(args: &AblateArgs, out: &mut Out<'_>, interrupt: &Interrupt) -> Result<Exit, Failure> {
    let era = one_era(args)?;
    let loaded = input::checked(input::files(&args.paths)?)?;
    let parts = parts(&era, args.search.toggles.arch);
    let all: Vec<Era> = iter::once(&era).chain(parts.iter().map(|part| &part.era)).cloned().collect();
    let batch = Batch { loaded: &loaded, eras: &all, args: &args.search, shares: true, interrupt };
    let how = Exploration { limits: batch.limits(), ..Exploration::default() };
    // Results are printed by part, and therefore only when all of them are known.
    let nothing = |_: Task<'_>, _: &Loaded, _: &Report| Ok(String::new());
    let cache = batch.cache()?;
    let search =
        |(task, text): (&Task<'_>, &str), watch: &mut Watch<'_>, threads: &Threads, shared: &mut Shared| {
            let Shared { results, slot } = shared;
            let explore = |results: &mut ResultCache| results.explore(task, how.with(threads), watch);
            cache_dir::with(cache.as_ref(), (task, text), &how, (slot, results), explore)
        };
    let searched = batch.run(out, search, nothing)?;
    let searches = searched.extent.all / all.len();
    let mut found = compare(&era, &parts, &searched.results, searches);
    if let Some(calls) = args.witness {
        add_witnesses((args, calls.into()), &era, interrupt, &parts, &mut found);
    }
    match args.format {
        PageFormat::Text => out.text(&ablations(&era.label(), &found, &searched.results))?,
        PageFormat::Json => found.iter().try_for_each(|ablation| out.line(&json(ablation)?))?,
        PageFormat::Html => {
            let bounds = Bounds::new(how.limits, interrupt);
            let mut page = pages::page("cowrace ablate");
            // What fails without a part: of what fails in any case there is nothing to say here.
            let kernels: Vec<String> = parts.iter().map(|part| part.era.label()).collect();
            let cells = found.iter().zip(&kernels).flat_map(|(part, kernel)| {
                part.changes.iter().map(|of| (of.scenario.clone(), of.variant.clone(), kernel.clone()))
            });
            let changed: HashSet<_> = cells.collect();
            let is_changed = |report: &Report| {
                changed.contains(&(report.scenario.clone(), report.variant.clone(), report.era.clone()))
            };
            pages::explain_all(&mut page, &batch, searched.results.iter(), is_changed, &bounds)?;
            page.ablations(&era.label(), found.iter().zip(&kernels), &searched.results);
            out.text(&page.html())?;
        }
    }
    let is_answered = |ablation: &Ablation| ablation.changes.iter().all(|c| c.change != Change::NotKnown);
    let witnesses = || found.iter().filter_map(|ablation| ablation.witness.as_ref());
    let exit = if witnesses().any(|witness| witness.unconfirmed > 0) {
        Exit::Disagree
    } else if found.iter().all(is_answered) && witnesses().all(|of| of.complete && of.bounded == 0) {
        Exit::Ok
    } else {
        Exit::Bounded
    };
    Ok(searched.extent.announce(exit))
}

/// Searches for scenarios that need the parts of a kernel which those of the corpus do not need.
fn add_witnesses(
    (args, calls): (&AblateArgs, usize),
    era: &Era,
    interrupt: &Interrupt,
    parts: &[Ablated],
    found: &mut [Ablation],
) {
    let (arch, FarArgs { limits, jobs }) = (args.search.toggles.arch, &args.search.how_far);
    for (part, ablation) in parts.iter().zip(found) {
        let may_be_felt = matches!(ablation.reason, Some(Reason::Unread | Reason::Unfelt));
        if !may_be_felt || ablation.same_as.is_some() || interrupt.asked() {
            continue;
        }
        let quest = Quest {
            beside: Some((part.era.clone(), Wanted::Difference)),
            ..hunt::quest(era.clone(), arch, Shape { calls, columns: 1 }, limits.limits())
        };
        let watch = HuntWatch::new(interrupt, limits.max_time);
        ablation.witness = Some(witness::search(quest, jobs.map_or_else(batch::cores, usize::from), &watch));
        watch.finish();
    }
}

/// The kernel to take apart.
fn one_era(args: &AblateArgs) -> Result<Era, Failure> {
    let mut eras = match args.search.era.len() {
        0 => Vec::new(),
        _ => {
            let selection = kernel::select(&args.search.era, &args.search.toggles.toggles())?;
            batch::print_notes(&selection.notes);
            selection.eras
        }
    };
    match eras.pop() {
        Some(era) if eras.is_empty() => Ok(era),
        Some(_) => {
            Err(Failure::usage("`ablate` takes one kernel apart: name only one, for example `--era v6.12`"))
        }
        None => Err(Failure::usage(
            "`ablate` takes one kernel apart: name it, for example `--era v6.12`\n  `cowrace eras` lists \
             the eras",
        )),
    }
}

fn json(ablation: &Ablation) -> Result<String, Failure> {
    serde_json::to_string(ablation).map_err(|error| Failure::tool(error.to_string()))
}
