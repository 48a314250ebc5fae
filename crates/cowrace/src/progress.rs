//! A line on a terminal that says how far a long run has come.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use cowrace_explore::{self as explore, Observer};
use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::Interrupt;

/// Runs shorter than this need no line.
const QUIET: Duration = Duration::from_secs(1);

/// The line. It stays away unless standard error is a terminal and the run is long. Clones are the same line.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    started: Instant,
    executions: Arc<AtomicU64>,
    interrupt: Interrupt,
}

impl Progress {
    /// A line for so many searches, which `interrupt` stops.
    pub(crate) fn new(searches: usize, interrupt: Interrupt) -> Self {
        let bar = ProgressBar::with_draw_target(Some(searches as u64), ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{pos}/{len} searches, {msg} executions, {elapsed}") {
            bar.set_style(style);
        }
        Self { bar, started: Instant::now(), executions: Arc::default(), interrupt }
    }

    /// Notes that a search has ended.
    pub(crate) fn done(&self) {
        self.bar.inc(1);
    }

    /// Prints with the line out of the way.
    pub(crate) fn aside<R>(&self, print: impl FnOnce() -> R) -> R {
        self.bar.suspend(print)
    }

    /// Takes the line away.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn tell(&self, more: u64) {
        let executions = self.executions.fetch_add(more, Ordering::Relaxed) + more;
        if self.started.elapsed() < QUIET {
            return;
        }
        if self.bar.is_hidden() {
            // Hidden still if standard error is no terminal.
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.set_message(HumanCount(executions).to_string());
    }
}

/// Watches one search, of one engine or of several, for the line, and stops it where that is asked for.
#[derive(Debug)]
pub(crate) struct Watch<'p> {
    progress: &'p Progress,
    told: u64,
    stopped: Arc<AtomicBool>,
}

impl<'p> Watch<'p> {
    pub(crate) fn new(progress: &'p Progress) -> Self {
        Self { progress, told: 0, stopped: Arc::default() }
    }

    /// Whether what is left of the search must not be done. Ask only where something is left.
    pub(crate) fn stops(&self) -> bool {
        stops(&self.progress.interrupt, &self.stopped).is_break()
    }

    /// Whether the search was stopped before its end.
    pub(crate) fn has_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Watches a search of another engine.
    pub(crate) fn other(&self) -> cowrace_threads::Watch {
        let (progress, stopped) = (self.progress.clone(), Arc::clone(&self.stopped));
        cowrace_threads::Watch::new(move |more| {
            progress.tell(more);
            stops(&progress.interrupt, &stopped)
        })
    }
}

impl Observer for Watch<'_> {
    fn progress(&mut self, now: &explore::Progress) -> ControlFlow<()> {
        self.progress.tell(now.executions - self.told);
        self.told = now.executions;
        stops(&self.progress.interrupt, &self.stopped)
    }
}

/// Breaks if that is asked for, and keeps in mind that it did.
fn stops(interrupt: &Interrupt, stopped: &AtomicBool) -> ControlFlow<()> {
    if interrupt.asked() {
        stopped.store(true, Ordering::Relaxed);
        return ControlFlow::Break(());
    }
    ControlFlow::Continue(())
}
