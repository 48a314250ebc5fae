//! `cowrace check --resume`: one search that can be stopped and resumed.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::Exit;
use cowrace_explore::{self as explore, ShardError, Threads};
use cowrace_hunt::campaign::Shard;
use cowrace_mm::World;
use cowrace_report::{Report, Stop, Verdict};
use indicatif::HumanCount;

use crate::args::{CheckArgs, CheckFormat, EngineName};
use crate::checkpoint_file::CheckpointFile;
use crate::interrupt::Extent;
use crate::part_file::{Parts, SearchPart};
use crate::progress::{Progress, Watch};
use crate::{Failure, Interrupt, Out, exit_code, input};
use cowrace_check::Bounds;
use cowrace_check::ResultCache;
use cowrace_check::checkpoint::{self, Checkpoint};
use cowrace_check::kernel;
use cowrace_check::side_findings::{Keeper, Noted};
use cowrace_check::{Exploration, Explored, Task};

use super::printing::{json_line, text_of_one};

/// Resumes the search from the checkpoint in `file`, if there is one, and takes over what is known of parts of what it has
/// left. Writes a checkpoint now and then and when the search is stopped, and removes the file when the search is
/// finished. If the options say so, only a part of what is left is searched instead, and the file stays as it is.
///
/// # Errors
///
/// If there is more than one search to do, or if the file is in use or belongs to another search.
pub(crate) fn run(
    args: &CheckArgs,
    (file, parts): (&Path, Option<&Parts>),
    out: &mut Out<'_>,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    if args.engine.engine != EngineName::Explore
        || args.engine.preemptions.is_some()
        || args.against.is_some()
        || args.coverage
    {
        return Err(Failure::usage(
            "`--resume` is for a whole search by explore: leave out --engine, --preemptions, --against and --coverage",
        ));
    }
    let is_json = match args.format {
        CheckFormat::Text => false,
        CheckFormat::Json => true,
        CheckFormat::Junit | CheckFormat::Sarif | CheckFormat::Github | CheckFormat::Html => {
            return Err(Failure::usage("`--resume` prints `--format text` or `--format json`"));
        }
    };
    let selection = kernel::select(&args.search.era, &args.search.toggles.toggles())?;
    let loaded = input::checked(input::files(&args.paths)?)?;
    crate::batch::print_notes(&selection.notes);
    let variants: Vec<_> = loaded.iter().flat_map(|l| l.variants().map(move |v| (l, v))).collect();
    let ([(loaded, (variant, specification))], [era]) = (variants.as_slice(), selection.eras.as_slice())
    else {
        return Err(Failure::usage(format!(
            "`--resume` is for one search, but there are {}: name one scenario without variants and one \
             `--era`",
            variants.len() * selection.eras.len()
        )));
    };
    let arch = args.search.toggles.arch;
    let task = Task { scenario: &loaded.scenario, variant, era, arch, specification: Some(specification) };
    let file = CheckpointFile::take(file)?;
    let from = file.read(task.fingerprint(), &checkpoint::question(variant.world()))?;
    let nowhere = || {
        Failure::usage(format!(
            "{} is not there: a search is split where it was stopped; run it without --shard first, with a limit such as \
             `--max-time 60`",
            file.path().display()
        ))
    };
    if args.part.shard.is_some() {
        return search_part(args, (&task, from.as_ref().ok_or_else(nowhere)?), out, interrupt);
    }
    let parts = parts.map(|parts| parts.shards(from.as_ref().ok_or_else(nowhere)?)).transpose()?;
    // Fails at the start, not when there is something to lose.
    file.probe()?;
    let jobs = args.search.how_far.jobs.map_or_else(crate::batch::cores, usize::from);
    let threads = Threads::new(jobs - 1);
    let progress = Progress::new(1, interrupt.clone());
    let bounds = Bounds::new(args.search.limits(), interrupt);
    specification.heed(&bounds);
    let mut watch = Watch::new(&progress);
    let how = Exploration {
        limits: args.search.limits(),
        threads: Some(&threads),
        resumable: true,
        from: from.as_ref(),
        parts: parts.as_ref(),
        ..Exploration::default()
    };
    let every = Duration::from_secs(args.checkpoint_every);
    let (world, last) = (variant.world(), Instant::now());
    let mut keeper = Periodic { file: &file, world, every, last, failed: None };
    let Explored { mut report, left, .. } = task.explored_keeping(how, &mut watch, Some(&mut keeper));
    if !args.report_only {
        let how =
            Exploration { limits: args.search.limits(), threads: Some(&threads), ..Exploration::default() };
        task.judge_by_base(&mut report, how, &mut ResultCache::default(), &mut watch);
    }
    if matches!(report.verdict, Verdict::Holds | Verdict::Vacuous) {
        report.as_drawn = Some(task.as_drawn());
    }
    progress.finish();
    let spent = Duration::from_secs_f64(report.seconds);
    let failed = keeper.failed.take();
    if is_json {
        out.text(&json_line(&report)?)?;
    } else {
        out.text(&text_of_one(
            task,
            loaded,
            &report,
            (args.draw.into(), out.paint()),
            &bounds.again(spent),
        )?)?;
    }
    // A checkpoint that could not be written before may succeed now.
    match &left {
        Some(left) => {
            file.write(left)?;
            if !is_json {
                out.line(&how_to_go_on(&file, left, &report))?;
            }
        }
        None if report.stopped.is_some() => failed.map_or(Ok(()), Err)?,
        None => file.remove()?,
    }
    let is_called_off = watch.has_stopped() || report.stopped == Some(Stop::Interrupted);
    let extent = Extent { finished: usize::from(!is_called_off), all: 1 };
    Ok(extent.announce(exit_code::exit(&report)))
}

/// Searches a part of what the checkpoint has left, and writes what came of it. Nothing is written if a limit ends that.
fn search_part(
    args: &CheckArgs,
    (task, from): (&Task<'_>, &Checkpoint),
    out: &mut Out<'_>,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let Some(part) = SearchPart::of(&args.part, from)? else { return Ok(Exit::Ok) };
    let (limits, progress) = (args.search.limits(), Progress::new(1, interrupt.clone()));
    let bounds = Bounds::new(limits, interrupt);
    task.specification.into_iter().for_each(|specification| specification.heed(&bounds));
    let Shard { nth, of } = part.shard;
    let all = from.search.shards().len();
    let searched = task.search_shards(from, (nth, of), limits, &mut Watch::new(&progress));
    progress.finish();
    match searched {
        Ok(results) => {
            let (shards, executions) = (results.len(), results.executions());
            part.write(results)?;
            if args.format == CheckFormat::Text {
                out.line(&searched_shards((shards, all), executions))?;
            }
            Ok(Exit::Ok)
        }
        Err(ShardError::Stopped(stop)) => {
            let why = match stop {
                Stop::Interrupted => "its search was interrupted",
                _ => "a limit ended its search: set a higher one, or make more parts",
            };
            Err(Failure::incomplete(format!("the part is not written, because {why}")))
        }
        Err(error) => Err(Failure::tool(error.to_string())),
    }
}

/// What a part was.
fn searched_shards((shards, all): (usize, usize), executions: u64) -> String {
    format!("{shards} of the {all} subtrees that are left: {} executions", HumanCount(executions))
}

/// Writes checkpoints now and then.
struct Periodic<'f> {
    file: &'f CheckpointFile,
    world: &'f World,
    /// The interval, which bounds the loss if the process is killed.
    every: Duration,
    last: Instant,
    failed: Option<Failure>,
}

impl Keeper for Periodic<'_> {
    fn is_due(&mut self) -> bool {
        self.last.elapsed() >= self.every
    }

    fn keep(&mut self, search: explore::Checkpoint, noted: Noted) {
        self.failed = self.file.write(&Checkpoint::of(self.world, search, noted)).err();
        // A large checkpoint takes time to write, and the search must make progress in between.
        self.last = Instant::now();
    }
}

/// Unfinished work of threads is not kept, so the file may have fewer executions than were made.
fn how_to_go_on(file: &CheckpointFile, left: &Checkpoint, report: &Report) -> String {
    let kept = match left.search.effort().executions {
        1 => "1 execution is kept".to_owned(),
        kept => format!("{} executions are kept", HumanCount(kept)),
    };
    let more = if report.stopped == Some(Stop::Executions) { " and a higher limit" } else { "" };
    let file = file.path().display();
    let states = report.states.filter(|_| report.states_given_up.is_none());
    let again = states.map(searched_again).unwrap_or_default();
    format!("  {kept}; to go on, run the same command again with --resume {file}{more}{again}")
}

/// States are not kept.
fn searched_again(states: u64) -> String {
    let states = match states {
        1 => "1 state is".to_owned(),
        states => format!("{} states are", HumanCount(states)),
    };
    format!(
        "\n  {states} not kept but searched again: let the next run be longer than this one, or it hardly gets further with them"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_told_to_be_searched_again() {
        let rest = "not kept but searched again: let the next run be longer than this one, or it hardly gets further with them";
        assert_eq!(searched_again(45_000), format!("\n  45,000 states are {rest}"));
        assert_eq!(searched_again(1), format!("\n  1 state is {rest}"));
    }
}
