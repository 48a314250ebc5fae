//! What the threads of a search have in common: its limits, how far it is, and what there is to do.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use cowrace_machine::{Limits, Memory, Program};
use cowrace_trace::Stop;
use crossbeam_deque::{Injector, Steal};

use crate::barriers::Arrivals;
use crate::explorer::{Execution, Observer, Progress};
use crate::subtree::Subtree;

/// How long to wait for work before looking again.
const NAP: Duration = Duration::from_micros(500);

/// Threads that searches may use beside those that run them: whoever has none to spare any more gives them
/// back, and any search that is still running takes them.
#[derive(Debug)]
pub struct Threads(AtomicUsize);

impl Threads {
    /// So many threads.
    #[must_use]
    pub const fn new(threads: usize) -> Self {
        Self(AtomicUsize::new(threads))
    }

    /// Adds a thread that is not needed elsewhere any more.
    pub fn give(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes a thread, if there is one.
    #[must_use]
    pub fn take(&self) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |free| free.checked_sub(1)).is_ok()
    }
}

/// An observer for several threads.
pub(crate) trait Watch: Sync {
    /// See [`Observer::execution`].
    fn execution(&self, execution: &Execution<'_>);

    /// See [`Observer::progress`].
    fn progress(&self, progress: &Progress) -> ControlFlow<()>;
}

impl Watch for Mutex<&mut (dyn Observer + Send)> {
    fn execution(&self, execution: &Execution<'_>) {
        self.lock().unwrap_or_else(PoisonError::into_inner).execution(execution);
    }

    fn progress(&self, progress: &Progress) -> ControlFlow<()> {
        self.lock().unwrap_or_else(PoisonError::into_inner).progress(progress)
    }
}

/// What the threads of a search have in common.
pub(crate) struct Shared<'s> {
    pub(crate) program: &'s Program,
    /// The program's memory, with what is assumed of counts.
    pub(crate) memory: Memory,
    pub(crate) limits: Limits,
    /// Whether to go on after a finding.
    pub(crate) exhaustive: bool,
    /// Whether it is enough to show every memory in which executions end.
    pub(crate) ends_only: bool,
    pub(crate) preemptions: Option<u32>,
    /// Whether to collect what executions show.
    pub(crate) coverage: bool,
    pub(crate) threads: &'s Threads,
    pub(crate) started: Instant,
    pub(crate) executions: AtomicU64,
    /// As many of them as were made before the search was resumed.
    pub(crate) earlier: AtomicU64,
    pub(crate) events: AtomicU64,
    pub(crate) arrivals: Arrivals,
    /// How many searches there are.
    searches: AtomicU32,
    /// Who watches the search.
    pub(crate) watch: &'s dyn Watch,
    /// Subtrees that nobody has begun.
    work: Injector<Arc<Subtree>>,
    /// How many threads have nothing to do.
    idle: AtomicUsize,
    stop: OnceLock<Stop>,
    over: AtomicBool,
    changed: (Mutex<()>, Condvar),
}

impl<'s> Shared<'s> {
    pub(crate) fn new(
        (program, memory): (&'s Program, Memory),
        (limits, exhaustive, preemptions, coverage): (Limits, bool, Option<u32>, bool),
        threads: &'s Threads,
        watch: &'s dyn Watch,
    ) -> Self {
        Self {
            program,
            memory,
            limits,
            exhaustive,
            ends_only: false,
            preemptions,
            coverage,
            threads,
            started: Instant::now(),
            executions: AtomicU64::new(0),
            earlier: AtomicU64::new(0),
            events: AtomicU64::new(0),
            arrivals: Arrivals::default(),
            searches: AtomicU32::new(0),
            watch,
            work: Injector::new(),
            idle: AtomicUsize::new(0),
            stop: OnceLock::new(),
            over: AtomicBool::new(false),
            changed: (Mutex::new(()), Condvar::new()),
        }
    }

    pub(crate) fn ends_only(self, ends_only: bool) -> Self {
        Self { ends_only, ..self }
    }

    /// A name for a search that no other has.
    pub(crate) fn name(&self) -> u32 {
        self.searches.fetch_add(1, Ordering::Relaxed)
    }

    /// Asks every thread to stop. The first reason counts.
    pub(crate) fn stop(&self, why: Stop) {
        drop(self.stop.set(why));
        self.wake();
    }

    /// Why every thread is to stop, if it is.
    pub(crate) fn stopped(&self) -> Option<Stop> {
        self.stop.get().cloned()
    }

    /// There is nothing more to do.
    pub(crate) fn end(&self) {
        self.over.store(true, Ordering::Release);
        self.wake();
    }

    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    /// Whether a thread waits for work and none lies ready.
    pub(crate) fn wants_work(&self) -> bool {
        self.idle.load(Ordering::Relaxed) > 0 && self.work.is_empty()
    }

    /// Offers a subtree to whoever has nothing to do.
    pub(crate) fn offer(&self, subtree: Arc<Subtree>) {
        self.work.push(subtree);
        self.wake();
    }

    /// A subtree that the caller is now the one to search.
    pub(crate) fn steal(&self) -> Option<Arc<Subtree>> {
        loop {
            match self.work.steal() {
                Steal::Success(subtree) if subtree.claim() => return Some(subtree),
                Steal::Success(_) | Steal::Retry => {}
                Steal::Empty => return None,
            }
        }
    }

    /// Tells those who wait that something has changed.
    pub(crate) fn wake(&self) {
        self.changed.1.notify_all();
    }

    /// Waits until something may have changed, and counts as idle meanwhile.
    pub(crate) fn nap(&self) {
        self.idle.fetch_add(1, Ordering::Relaxed);
        let guard = self.changed.0.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.changed.1.wait_timeout(guard, NAP));
        self.idle.fetch_sub(1, Ordering::Relaxed);
    }
}
