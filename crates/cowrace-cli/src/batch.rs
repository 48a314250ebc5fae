//! Many searches: every scenario, in every variant, under every era.

use std::io::{self, Write as _};
use std::num::NonZero;

use cowrace_explore::Threads;
use cowrace_mm::Era;
use std::fmt::Display;

use crate::args::SearchArgs;
use crate::input::Loaded;
use crate::interrupt::Extent;
use crate::progress::{Progress, Watch};
use crate::{Failure, Interrupt, Out, jobs};
use cowrace_check::Bounds;
use cowrace_check::Task;

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

/// The results of searches.
#[derive(Debug)]
pub(crate) struct Searched<R> {
    /// In order; those that were not begun are missing.
    pub(crate) results: Vec<R>,
    pub(crate) extent: Extent,
}

impl Batch<'_> {
    /// Runs `search` for everything, and returns the results in order. The text that `tell` makes of a result is
    /// printed as soon as all earlier ones are. Searches that one thread does because they may be shared have a
    /// common state.
    pub(crate) fn run<S: Default, R: Send>(
        &self,
        out: &mut Out<'_>,
        search: impl Fn(&Task<'_>, &mut Watch<'_>, &Threads, &mut S) -> R + Sync,
        tell: impl Fn(Task<'_>, &Loaded, &R) -> Result<String, Failure> + Sync,
    ) -> Result<Searched<R>, Failure> {
        let work = self.work();
        let all = self.args.how_far.jobs.map_or_else(cores, usize::from);
        let size = if self.shares { self.eras.len().max(1) } else { 1 };
        let groups: Vec<_> = work.chunks(size).collect();
        let workers = all.clamp(1, groups.len().max(1));
        // A thread without a search to begin helps the running searches.
        let spare = Threads::new(all - workers);
        let progress = Progress::new(work.len(), self.interrupt.clone());
        let specification =
            self.loaded.iter().flat_map(Loaded::variants).map(|(_, specification)| specification);
        let bounds = Bounds::new(self.args.limits(), self.interrupt);
        specification.for_each(|specification| specification.heed(&bounds));
        let (mut results, mut finished) = (Vec::new(), 0);
        let one = |state: &mut S, (task, loaded): &(Task<'_>, &Loaded)| {
            let mut watch = Watch::new(&progress);
            let result = search(task, &mut watch, &spare, state);
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

    /// All eras of a scenario in one variant come one after the other.
    fn work(&self) -> Vec<(Task<'_>, &Loaded)> {
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
