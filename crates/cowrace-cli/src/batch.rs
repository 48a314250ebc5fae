//! Many searches: every scenario, in every variant, under every era.

use std::io::{self, Write as _};
use std::num::NonZero;

use cowrace_explore::{Limits, Threads};
use cowrace_mm::Era;
use std::fmt::Display;

use crate::args::SearchArgs;
use crate::cache_dir::{CacheDir, Slot};
use crate::input::Loaded;
use crate::interrupt::Extent;
use crate::progress::{Progress, Watch};
use crate::{Failure, Interrupt, Out, jobs};
use cowrace_check::{Bounds, ResultCache, Task};

/// Scenarios and the eras to search them under.
#[derive(Debug)]
pub(crate) struct Batch<'a> {
    pub(crate) loaded: &'a [Loaded],
    pub(crate) eras: &'a [Era],
    pub(crate) args: &'a SearchArgs,
    /// Whether eras may share searches. The eras of a scenario are then searched by one thread.
    pub(crate) shares: bool,
    pub(crate) interrupt: &'a Interrupt,
}

/// What the searches of a scenario under all eras have in common.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    pub(crate) results: ResultCache,
    pub(crate) slot: Slot,
}

/// The results of searches.
#[derive(Debug)]
pub(crate) struct Searched<R> {
    /// In order; those that were not begun are missing.
    pub(crate) results: Vec<R>,
    pub(crate) extent: Extent,
}

impl Batch<'_> {
    /// The directory with results of earlier runs, if there is one.
    ///
    /// # Errors
    ///
    /// If it cannot be made.
    pub(crate) fn cache(&self) -> Result<Option<CacheDir>, Failure> {
        self.args.cache.as_deref().map(CacheDir::open).transpose()
    }

    /// Runs `search` for everything, and returns the results in order. The text that `tell` makes of a result is
    /// printed as soon as all earlier ones are. Searches that one thread does because they may be shared have a
    /// common state.
    pub(crate) fn run<S: Default, R: Send>(
        &self,
        out: &mut Out<'_>,
        search: impl Fn((&Task<'_>, &str), &mut Watch<'_>, &Threads, &mut S) -> R + Sync,
        tell: impl Fn(Task<'_>, &Loaded, &R) -> Result<String, Failure> + Sync,
    ) -> Result<Searched<R>, Failure> {
        let work = self.work();
        let groups: Vec<_> = work.chunks(self.group()).collect();
        let workers = self.workers(work.len());
        // A thread without a search to begin helps the running searches.
        let spare = Threads::new(self.jobs() - workers);
        let progress = Progress::new(work.len(), self.interrupt.clone());
        let specification =
            self.loaded.iter().flat_map(Loaded::variants).map(|(_, specification)| specification);
        let bounds = Bounds::new(self.limits(), self.interrupt);
        specification.for_each(|specification| specification.heed(&bounds));
        let (mut results, mut finished) = (Vec::new(), 0);
        let one = |state: &mut S, (task, loaded): &(Task<'_>, &Loaded)| {
            let mut watch = Watch::new(&progress);
            let result = search((task, &loaded.source.text), &mut watch, &spare, state);
            progress.done();
            let text = tell(*task, loaded, &result)?;
            Ok((result, text, watch.has_stopped()))
        };
        let stop = || self.interrupt.asked();
        let done = jobs::ordered(
            &groups,
            workers,
            stop,
            one,
            || spare.give(),
            |(result, text, stopped)| {
                results.push(result);
                finished += usize::from(!stopped);
                progress.aside(|| out.text(&text))
            },
        );
        progress.finish();
        done.map(|()| Searched { results, extent: Extent { finished, all: work.len() } })
    }

    /// Tells results that are known, in order.
    ///
    /// # Errors
    ///
    /// If the output cannot be written.
    pub(crate) fn again<R>(
        &self,
        out: &mut Out<'_>,
        results: Vec<R>,
        tell: impl Fn(Task<'_>, &Loaded, &R) -> Result<String, Failure>,
    ) -> Result<Searched<R>, Failure> {
        for ((task, loaded), result) in self.work().into_iter().zip(&results) {
            out.text(&tell(task, loaded, result)?)?;
        }
        let all = results.len();
        Ok(Searched { results, extent: Extent { finished: all, all } })
    }

    /// The limits of each search: those that run at once share the memory.
    pub(crate) fn limits(&self) -> Limits {
        let variants: usize = self.loaded.iter().map(|each| each.variants().count()).sum();
        let workers = self.workers(variants * self.eras.len());
        let at_once = NonZero::new(workers as u64).unwrap_or(NonZero::<u64>::MIN);
        Limits { at_once, ..self.args.limits() }
    }

    fn jobs(&self) -> usize {
        self.args.how_far.jobs.map_or_else(cores, usize::from)
    }

    /// How many searches one thread makes, one after the other: if eras may share searches, all eras of a scenario.
    fn group(&self) -> usize {
        if self.shares { self.eras.len().max(1) } else { 1 }
    }

    /// How many threads make so many searches.
    pub(crate) fn workers(&self, searches: usize) -> usize {
        self.jobs().clamp(1, searches.div_ceil(self.group()).max(1))
    }

    /// What is searched, in order: all eras of a scenario in one variant come one after the other.
    pub(crate) fn work(&self) -> Vec<(Task<'_>, &Loaded)> {
        let mut work = Vec::new();
        for each in self.loaded {
            let scenario = &each.scenario;
            for (variant, specification) in each.variants() {
                let (arch, specification) = (self.args.toggles.arch, Some(specification));
                let task = |era| Task { scenario, variant, era, arch, specification };
                work.extend(self.eras.iter().map(|era| (task(era), each)));
            }
        }
        work
    }
}

/// Prints notes about the eras on standard error.
pub(crate) fn print_notes(notes: &[impl Display]) {
    for note in notes {
        // An error means that standard error is closed, and is ignored.
        let _ = writeln!(io::stderr(), "note: {note}");
    }
}

pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use cowrace_check::kernel;

    use super::*;
    use crate::args::{CheckArgs, Command};
    use crate::{Cli, input};

    fn at_once(args: &[&str]) -> u64 {
        let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");
        let files = ["lost", "tiny"].map(|name| format!("{fixtures}/{name}.race"));
        let common = ["cowrace", "check", "--max-memory", "1G", &files[0], &files[1]];
        let cli = Cli::try_parse_from(common.iter().chain(args)).expect("it parses");
        let Command::Check(CheckArgs { search, engine, paths, .. }) = &cli.command else { panic!("{cli:?}") };
        let loaded = input::checked(input::files(paths).expect("they are there")).expect("they are sound");
        let eras = kernel::select(&search.era, &search.toggles.toggles()).expect("it is there").eras;
        let (shares, interrupt) = (engine.shares(), &Interrupt::default());
        let limits = Batch { loaded: &loaded, eras: &eras, args: search, shares, interrupt }.limits();
        assert_eq!(limits.memory, Some(1 << 30));
        limits.at_once.get()
    }

    #[test]
    fn as_many_searches_share_the_memory_as_run_at_once() {
        assert_eq!(at_once(&["--jobs", "1"]), 1);
        // The eras of a scenario are one thread's, unless other engines are asked.
        assert_eq!(at_once(&["--jobs", "8", "--era", "v6.1", "--era", "v6.12"]), 2);
        assert_eq!(at_once(&["--jobs", "8", "--era", "v6.1", "--era", "v6.12", "--engine", "all"]), 4);
        assert_eq!(at_once(&["--jobs", "3", "--era", "v6.1", "--era", "v6.12", "--engine", "all"]), 3);
    }
}
