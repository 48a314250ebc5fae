//! Many searches: every scenario, in every variant, under every era.

use std::io::{self, Write as _};
use std::num::NonZero;

use cowrace_mm::Era;

use crate::check::Task;
use crate::cli::SearchArgs;
use crate::eras::Selection;
use crate::input::Loaded;
use crate::progress::{Progress, Watch};
use crate::{Failure, Out, jobs};

/// Scenarios and the eras to search them under.
#[derive(Debug)]
pub(crate) struct Batch<'a> {
    pub(crate) loaded: &'a [Loaded],
    pub(crate) eras: &'a [Era],
    pub(crate) args: &'a SearchArgs,
}

impl Batch<'_> {
    /// Does `search` for everything, and gives what it comes to in order. What `tell` says of it is printed
    /// as soon as everything before it is.
    pub(crate) fn run<R: Send>(
        &self,
        out: &mut Out<'_>,
        search: impl Fn(&Task<'_>, &mut Watch<'_>) -> R + Sync,
        tell: impl Fn(Task<'_>, &Loaded, &R) -> Result<String, Failure> + Sync,
    ) -> Result<Vec<R>, Failure> {
        let work = self.work();
        let threads = self.args.jobs.map_or_else(cores, usize::from);
        let progress = Progress::new(work.len());
        let mut results = Vec::new();
        let one = |(task, loaded): &(Task<'_>, &Loaded)| {
            let result = search(task, &mut Watch::new(&progress));
            progress.done();
            let text = tell(*task, loaded, &result)?;
            Ok((result, text))
        };
        let done = jobs::ordered(&work, threads, one, |(result, text)| {
            results.push(result);
            progress.aside(|| out.text(&text))
        });
        progress.finish();
        done.map(|()| results)
    }

    fn work(&self) -> Vec<(Task<'_>, &Loaded)> {
        let mut work = Vec::new();
        for each in self.loaded {
            let scenario = &each.scenario;
            for variant in scenario.variants() {
                let task = |era| Task { scenario, variant, era, arch: self.args.toggles.arch };
                work.extend(self.eras.iter().map(|era| (task(era), each)));
            }
        }
        work
    }
}

/// Prints on standard error which eras are left out.
pub(crate) fn tell_notes(selection: &Selection) {
    for note in &selection.notes {
        // Nobody is left to tell if standard error is gone.
        let _ = writeln!(io::stderr(), "{note}");
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}
