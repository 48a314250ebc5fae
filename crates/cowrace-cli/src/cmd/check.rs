//! `cowrace check`: every scenario under every era.

use crate::Exit;
use cowrace_check::{Bounds, Exploration, ResultCache, Task, kernel};
use cowrace_compare::against::Against;
use cowrace_explore::Threads;
use cowrace_render::{Paint, line};
use cowrace_report::{Report, Verdict};

use crate::args::{CheckArgs, CheckFormat};
use crate::baseline::Baseline;
use crate::batch::{self, Batch, Shared};
use crate::cache_dir;
use crate::engines::Engines;
use crate::input::{self, Loaded};
use crate::part_file::{self, Part, Parts};
use crate::progress::Watch;
use crate::{Failure, Interrupt, Out, exit_code};

use super::gate::{self, Gate, spent};
use super::pages;
use super::printing::{Verbosity, compared, conclusion, json_line, text_of_all};
use super::resume;

/// Carries out the command. Nothing is searched if there are results of all of its parts.
///
/// # Errors
///
/// If a scenario or an era cannot be had, the parts are not those of this command, or the output cannot be written.
pub(crate) fn run(
    args: &CheckArgs,
    parts: Option<&Parts>,
    out: &mut Out<'_>,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    if let Some(file) = &args.resume {
        return resume::run(args, (file, parts), out, interrupt);
    }
    part_file::is_possible(&args.part, &args.paths)?;
    let mut selection = kernel::select(&args.search.era, &args.search.toggles.toggles())?;
    let base = args.against.as_deref().map(|name| kernel::named(name, &mut selection.notes)).transpose()?;
    if let Some(base) = &base {
        selection.eras.retain(|era| era != base);
        selection.eras.insert(0, base.clone());
        kernel::are_distinct(&selection.eras)?;
    }
    let loaded = input::checked(input::files(&args.paths)?)?;
    batch::print_notes(&selection.notes);
    let (shares, eras) = (args.engine.shares(), &selection.eras);
    let is_single = loaded.len() == 1;
    let baseline = args.baseline.as_deref().map(|path| Baseline::read(path, args.bless, eras)).transpose()?;
    let known = baseline.as_ref().map(Baseline::text);
    let options = (&args.engine, args.coverage, base.is_some(), args.report_only, known);
    let options = format!("check {options:?} {}", args.search.toggles.arch);
    let (part, known) =
        Part::of((&args.part, parts), loaded, (eras, args.search.limits(), options), &args.paths)?;
    let loaded = &part.loaded;
    let batch = Batch { loaded, eras, args: &args.search, shares, interrupt };
    let limits = batch.limits();
    let engines = Engines::of(&args.engine, args.coverage, args.search.toggles.arch, limits)?;
    let verbose = Verbosity::of((args.draw.into(), out.paint()), loaded, &selection.eras, base.is_some());
    let bounds = Bounds::new(limits, interrupt);
    let tell = |task: Task<'_>, loaded: &Loaded, reports: &Vec<Report>| match args.format {
        CheckFormat::Text => {
            text_of_all(task, loaded, reports, verbose, &bounds.again(spent(reports.first())))
        }
        CheckFormat::Json => reports.iter().map(json_line).collect(),
        // These are made of all results.
        CheckFormat::Junit | CheckFormat::Sarif | CheckFormat::Github | CheckFormat::Html => {
            Ok(String::new())
        }
    };
    // A comparison was requested, and says itself what broke.
    let judges = !args.report_only && base.is_none();
    let (mut reports, mut seconds) = (Vec::new(), Vec::new());
    let cache = batch.cache()?;
    if cache.is_some() && !shares {
        return Err(Failure::usage("`--cache` is for explore: leave it out, or leave out `--engine`"));
    }
    let search =
        |(task, text): (&Task<'_>, &str), watch: &mut Watch<'_>, threads: &Threads, shared: &mut Shared| {
            let Shared { results, slot } = shared;
            let explore = |results: &mut ResultCache| engines.run(task, watch, threads, results);
            let mut reports =
                cache_dir::with(cache.as_ref(), (task, text), &engines.how(), (slot, results), explore);
            let Some(first) = reports.first_mut() else { return reports };
            if judges {
                let how = Exploration { limits, ..Exploration::default() };
                task.judge_by_base(first, how.with(threads), results, watch);
            }
            if is_single && matches!(first.verdict, Verdict::Holds | Verdict::Vacuous) {
                first.as_drawn = Some(task.as_drawn());
            }
            if let Some(baseline) = &baseline {
                reports.iter_mut().for_each(|report| baseline.note(report));
            }
            reports
        };
    let searched = match known {
        Some(known) => batch.again(out, known, tell)?,
        None => batch.run(out, search, tell)?,
    };
    part.write(&searched, Clone::clone)?;
    if let Some(gate) = Gate::of(args.format) {
        let drawing = args.draw.into();
        out.text(&gate.text(drawing, &batch, &searched, &bounds)?)?;
    }
    let mut page = (args.format == CheckFormat::Html).then(|| pages::page_of_all("cowrace check", parts));
    if let Some(page) = &mut page {
        let reports = searched.results.iter().filter_map(|all| all.first());
        pages::explain_all(page, &batch, reports, |_| true, &bounds)?;
    }
    for mut all in searched.results {
        seconds.extend(all.drain(1..));
        reports.append(&mut all);
    }
    let against = base.map(|base| (base.label(), Against::new(&base.label(), &reports)));
    if args.format == CheckFormat::Text {
        let columns = out.columns();
        match &against {
            Some((base, against)) => out.text(&compared(base, against, columns, out.paint()))?,
            None => out.text(&conclusion(&reports, verbose, columns))?,
        }
    }
    let all = [reports.as_slice(), seconds.as_slice()].concat();
    if let Some(mut page) = page {
        page.reports(&reports, judges.then_some(exit_code::status));
        if let Some((base, against)) = &against {
            page.text(&format!("Against {base}"), &compared(base, against, None, Paint::Plain));
        }
        if engines.compare() {
            page.text("Engines", &cowrace_render::engines(&all));
        }
        let covered = |report: &Report| {
            let coverage = report.coverage.as_ref()?;
            Some(format!("{}\n{}", line(report), cowrace_render::coverage(coverage)))
        };
        page.text("Coverage", &reports.iter().filter_map(covered).collect::<Vec<_>>().join("\n"));
        out.text(&page.html())?;
    }
    if args.format == CheckFormat::Text && engines.compare() {
        out.text(&format!("\n{}", cowrace_render::engines(&all)))?;
    }
    let mut exit = exit_code::worst(&all);
    if let Some(baseline) = baseline {
        let kind = (args.bless, args.part.shard.is_some());
        exit = gate::conclude(baseline, kind, &all, &searched.extent, exit)?;
    }
    Ok(searched.extent.announce(match against {
        Some((_, against)) if exit == Exit::Ok && against.broken > 0 => Exit::Unexpected,
        Some((_, against)) if exit == Exit::Ok && against.unknown > 0 => Exit::Bounded,
        _ => exit,
    }))
}
