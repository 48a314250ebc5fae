//! `cowrace check --resume`: one search that can be stopped and go on.

use std::path::{Path, PathBuf};
use std::{fs, io};

use cowrace_explore::Threads;
use cowrace_trace::frontier::Frontier;
use cowrace_trace::{Exit, Report, Stop};
use indicatif::HumanCount;

use crate::check::{Exploration, Explored, Task};
use crate::cli::{CheckArgs, EngineName, Format};
use crate::interrupt::Extent;
use crate::progress::{Progress, Watch};
use crate::{Failure, Interrupt, Out, eras, input, judge};

use super::check::{json_line, tell_one};

/// Searches on from where `file` says, if it is there; writes there where the search was stopped, and takes it away
/// if it was not.
///
/// # Errors
///
/// If there is more than one search to do, or the file is of another one.
pub(crate) fn run(
    args: &CheckArgs,
    file: &Path,
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
    let selection = eras::select(&args.search.era, &args.search.toggles.toggles())?;
    let loaded = input::checked(input::files(&args.paths)?)?;
    crate::batch::tell_notes(&selection.notes);
    let variants: Vec<_> = loaded.iter().flat_map(|l| l.variants().map(move |v| (l, v))).collect();
    let ([(loaded, (variant, promised))], [era]) = (variants.as_slice(), selection.eras.as_slice()) else {
        return Err(Failure::usage(format!(
            "`--resume` is for one search, and these are {}: name one scenario without variants and one `--era`",
            variants.len() * selection.eras.len()
        )));
    };
    let arch = args.search.toggles.arch;
    let task = Task { scenario: &loaded.scenario, variant, era, arch, promised: Some(promised) };
    let frontier = read(file, task.program().fingerprint)?;
    // Not only when there is something to lose.
    probe(file)?;
    let jobs = args.search.how_far.jobs.map_or_else(crate::batch::cores, usize::from);
    let threads = Threads::new(jobs - 1);
    let progress = Progress::new(1, interrupt.clone());
    task.promised.into_iter().for_each(|promised| promised.heed(interrupt));
    let mut watch = Watch::new(&progress);
    let how = Exploration {
        limits: args.search.limits(),
        threads: Some(&threads),
        resumable: true,
        frontier: frontier.as_ref(),
        ..Exploration::default()
    };
    let Explored { report, frontier: left, .. } = task.explored(how, &mut watch);
    progress.finish();
    match args.format {
        Format::Json => out.text(&json_line(&report)?)?,
        Format::Text => out.text(&tell_one(task, loaded, &report, args.draw.into())?)?,
    }
    match left {
        Some(left) => {
            write(file, &left)?;
            if args.format == Format::Text {
                out.line(&how_to_go_on(file, &left, &report))?;
            }
        }
        None => remove(file)?,
    }
    let extent = Extent { finished: usize::from(!watch.has_stopped()), all: 1 };
    Ok(extent.tell(judge::exit(&report)))
}

/// What threads had begun and not finished is not kept, so there may be less in the file than was made.
fn how_to_go_on(file: &Path, left: &Frontier, report: &Report) -> String {
    let kept = HumanCount(left.figures().0);
    let more = if report.stopped == Some(Stop::Executions) { " and a higher limit" } else { "" };
    let file = file.display();
    format!("  {kept} executions are kept; to go on: the same command again, with --resume {file}{more}")
}

fn read(file: &Path, fingerprint: u32) -> Result<Option<Frontier>, Failure> {
    let name = file.display();
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::usage(format!("{name} cannot be read: {error}"))),
    };
    let frontier: Frontier = serde_json::from_str(&text).map_err(|error| {
        let hint = "name another file, or remove it to begin anew";
        Failure::usage(format!("{name} is not a file of `--resume` ({error}); {hint}"))
    })?;
    if frontier.fingerprint != fingerprint {
        return Err(Failure::usage(format!(
            "{name} is of another search: of another scenario, era, architecture or version of cowrace; \
             name another file, or remove it to begin anew"
        )));
    }
    Ok(Some(frontier))
}

/// What is written goes here first, so that whatever happens one of both is whole.
fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".new");
    name.into()
}

/// Whether the file could be written.
fn probe(file: &Path) -> Result<(), Failure> {
    let beside = beside(file);
    let tried = fs::write(&beside, "").and_then(|()| fs::remove_file(&beside));
    tried.map_err(|error| Failure::usage(format!("{} cannot be written: {error}", file.display())))
}

fn write(file: &Path, frontier: &Frontier) -> Result<(), Failure> {
    let beside = beside(file);
    let text = serde_json::to_string(frontier).map_err(io::Error::from);
    let written = text.and_then(|text| fs::write(&beside, text)).and_then(|()| fs::rename(&beside, file));
    written.map_err(|error| Failure::tool(format!("{} cannot be written: {error}", file.display())))
}

fn remove(file: &Path) -> Result<(), Failure> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Failure::tool(format!("{} cannot be removed: {error}", file.display())))
        }
        _ => Ok(()),
    }
}
