//! The progress line of a long run on a terminal.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use cowrace_explore::{self as explore, Estimate, Observer, Purpose};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::Interrupt;
use crate::status::Status;

/// Runs shorter than this need no line.
const QUIET: Duration = Duration::from_secs(1);

/// A run with this much time left is known to be long, and gets its line at once.
const LONG: Duration = Duration::from_secs(5);

/// The line. It is shown only if standard error is a terminal and the run is long. Clones share the line.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    searches: usize,
    done: Arc<AtomicUsize>,
    executions: Arc<AtomicU64>,
    /// The number of states of the search that reported last.
    states: Arc<AtomicU64>,
    /// Whether that search has given its states up.
    has_given_up_states: Arc<AtomicBool>,
    /// The number of them that were made before a search was resumed.
    earlier: Arc<AtomicU64>,
    stage: Arc<Mutex<Stage>>,
    interrupt: Interrupt,
}

/// What the line counts: all searches, or, with a single one, each search that is made for it.
#[derive(Clone, Copy, Debug)]
struct Stage {
    /// What the search is for, if it is not the first.
    purpose: Option<Purpose>,
    began: Instant,
}

impl Progress {
    /// A line for this many searches, which `interrupt` stops.
    pub(crate) fn new(searches: usize, interrupt: Interrupt) -> Self {
        interrupt.arm();
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{wide_msg}") {
            bar.set_style(style);
        }
        let stage = Arc::new(Mutex::new(Stage { purpose: None, began: Instant::now() }));
        let (executions, earlier) = (Arc::default(), Arc::default());
        Self {
            bar,
            searches,
            done: Arc::default(),
            executions,
            states: Arc::default(),
            has_given_up_states: Arc::default(),
            earlier,
            stage,
            interrupt,
        }
    }

    /// Notes that a search has ended.
    pub(crate) fn done(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
        self.update(0, None);
    }

    /// Prints with the line out of the way.
    pub(crate) fn aside<R>(&self, print: impl FnOnce() -> R) -> R {
        self.bar.suspend(print)
    }

    /// Removes the line.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    /// Notes that another search begins after one that has reported this many executions.
    fn again(&self, purpose: Purpose, told: u64) {
        if self.searches == 1 {
            self.executions.store(0, Ordering::Relaxed);
            self.earlier.store(0, Ordering::Relaxed);
            self.states.store(0, Ordering::Relaxed);
            self.has_given_up_states.store(false, Ordering::Relaxed);
            let stage = Stage { purpose: Some(purpose), began: Instant::now() };
            *self.stage.lock().unwrap_or_else(PoisonError::into_inner) = stage;
        } else if purpose == Purpose::Anew {
            // They are made again.
            self.executions.fetch_sub(told, Ordering::Relaxed);
        }
    }

    /// Notes executions of a search, and the estimate of their number.
    fn update(&self, more: u64, estimate: Option<Estimate>) {
        let executions = self.executions.fetch_add(more, Ordering::Relaxed) + more;
        let Stage { purpose, began } = *self.stage.lock().unwrap_or_else(PoisonError::into_inner);
        let elapsed = began.elapsed();
        let (done, all) = (self.done.load(Ordering::Relaxed), self.searches);
        let earlier = self.earlier.load(Ordering::Relaxed);
        let states = self.states.load(Ordering::Relaxed);
        let has_given_up_states = all == 1 && self.has_given_up_states.load(Ordering::Relaxed);
        let status = Status {
            done,
            all,
            executions,
            states,
            has_given_up_states,
            earlier,
            elapsed,
            estimate,
            purpose,
        };
        if elapsed < QUIET && self.bar.is_hidden() && status.left().is_none_or(|left| left < LONG) {
            return;
        }
        if self.bar.is_hidden() {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        // Still hidden if standard error is not a terminal.
        if !self.bar.is_hidden() {
            self.bar.set_message(status.line());
        }
    }
}

/// Watches one search, of one engine or of several, for the line, and stops it when an interrupt is
/// requested.
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

    /// Whether the search was stopped before its end.
    pub(crate) fn has_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }
}

impl Observer for Watch<'_> {
    fn anew(&mut self, purpose: Purpose) {
        self.progress.again(purpose, self.told);
        self.told = 0;
    }

    fn progress(&mut self, now: &explore::Progress) -> ControlFlow<()> {
        // Earlier executions are done, but were not made in this time.
        self.progress.earlier.fetch_max(now.earlier, Ordering::Relaxed);
        self.progress.states.store(now.states, Ordering::Relaxed);
        self.progress.has_given_up_states.store(now.has_given_up_states, Ordering::Relaxed);
        self.progress.update(now.executions.saturating_sub(self.told), now.estimate);
        self.told = now.executions;
        stops(&self.progress.interrupt, &self.stopped)
    }

    fn stops(&mut self) -> bool {
        stops(&self.progress.interrupt, &self.stopped).is_break()
    }
}

impl cowrace_check::Watch for Watch<'_> {
    fn threads(&self) -> cowrace_thread_engine::Watch {
        let (progress, stopped) = (self.progress.clone(), Arc::clone(&self.stopped));
        cowrace_thread_engine::Watch::new(move |more| {
            progress.update(more, None);
            stops(&progress.interrupt, &stopped)
        })
    }
}

/// Breaks if an interrupt is requested, and notes that it did.
fn stops(interrupt: &Interrupt, stopped: &AtomicBool) -> ControlFlow<()> {
    if interrupt.asked() {
        stopped.store(true, Ordering::Relaxed);
        return ControlFlow::Break(());
    }
    ControlFlow::Continue(())
}
