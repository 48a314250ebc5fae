//! What the threads of a search have in common: its limits, how far it is, and what there is to do.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use cowrace_machine::{Addr, Limits, Memory, Program};
use cowrace_report::Stop;

use crate::checkpoint::Checkpoint;
use crate::execution::effects::Showings;
use crate::explorer::{Execution, Observer, Progress};
use crate::search::barriers::Summaries;
use crate::search::subtree::Subtree;
use crate::sync::{Monitor, Number, Primitives, Queue};

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

    /// See [`Observer::stops`].
    fn stops(&self) -> bool;

    /// See [`Observer::wants_checkpoint`].
    fn wants_checkpoint(&self) -> bool;

    /// See [`Observer::checkpoint`].
    fn checkpoint(&self, checkpoint: Checkpoint);
}

impl Watch for Mutex<&mut (dyn Observer + Send)> {
    fn execution(&self, execution: &Execution<'_>) {
        self.lock().unwrap_or_else(PoisonError::into_inner).execution(execution);
    }

    fn progress(&self, progress: &Progress) -> ControlFlow<()> {
        self.lock().unwrap_or_else(PoisonError::into_inner).progress(progress)
    }

    fn stops(&self) -> bool {
        self.lock().unwrap_or_else(PoisonError::into_inner).stops()
    }

    fn wants_checkpoint(&self) -> bool {
        self.lock().unwrap_or_else(PoisonError::into_inner).wants_checkpoint()
    }

    fn checkpoint(&self, checkpoint: Checkpoint) {
        self.lock().unwrap_or_else(PoisonError::into_inner).checkpoint(checkpoint);
    }
}

/// What all threads of a search look at.
struct Board {
    /// Counts what somebody may wait for: work on offer, work done, a reason to stop, the end.
    changes: u64,
    stop: Option<Stop>,
    /// There is nothing more to do.
    over: bool,
}

/// What the threads of a search have in common.
pub(crate) struct Shared<'s, P: Primitives> {
    pub(crate) program: &'s Program,
    /// The program's memory, with what is assumed of counts.
    pub(crate) memory: Memory,
    /// The counts that are known to come near zero, and the orders that make a difference; `None` if all are taken to.
    pub(crate) near: Option<Vec<Addr>>,
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
    /// What all threads have made, those included whose work will not be taken over: for reports only.
    pub(crate) executions: P::Number,
    pub(crate) events: P::Number,
    /// As many executions as were made before the search was resumed.
    pub(crate) earlier: P::Number,
    pub(crate) summaries: Summaries<P>,
    /// What executions have shown of calls.
    pub(crate) showings: Showings<P>,
    /// Who watches the search.
    pub(crate) watch: &'s dyn Watch,
    /// Subtrees that nobody has begun.
    work: P::Queue<Arc<Subtree<P>>>,
    /// How many threads have nothing to do.
    idle: P::Number,
    board: P::Monitor<Board>,
    /// Whether there is a reason to stop, to be looked at often.
    is_stopped: P::Number,
}

impl<'s, P: Primitives> Shared<'s, P> {
    pub(crate) fn new(
        (program, memory): (&'s Program, Memory),
        (limits, exhaustive, preemptions, coverage): (Limits, bool, Option<u32>, bool),
        threads: &'s Threads,
        watch: &'s dyn Watch,
    ) -> Self {
        Self {
            program,
            memory,
            near: None,
            limits,
            exhaustive,
            ends_only: false,
            preemptions,
            coverage,
            threads,
            started: Instant::now(),
            executions: P::Number::new(0),
            events: P::Number::new(0),
            earlier: P::Number::new(0),
            summaries: Summaries::default(),
            showings: Showings::default(),
            watch,
            work: P::Queue::new(),
            idle: P::Number::new(0),
            board: P::Monitor::new(Board { changes: 0, stop: None, over: false }),
            is_stopped: P::Number::new(0),
        }
    }

    pub(crate) fn ends_only(self, ends_only: bool) -> Self {
        Self { ends_only, ..self }
    }

    pub(crate) fn near(self, near: Option<Vec<Addr>>) -> Self {
        Self { near, ..self }
    }

    fn change(&self, change: impl FnOnce(&mut Board)) {
        self.board.with(|board| {
            change(board);
            board.changes += 1;
        });
        self.board.wake();
    }

    /// Asks every thread to stop. The first reason counts.
    pub(crate) fn stop(&self, why: Stop) {
        self.change(|board| {
            board.stop.get_or_insert(why);
        });
        self.is_stopped.set(1);
    }

    /// Why every thread is to stop, if it is.
    pub(crate) fn stopped(&self) -> Option<Stop> {
        if self.is_stopped.get() == 0 { None } else { self.board.with(|board| board.stop.clone()) }
    }

    /// There is nothing more to do.
    pub(crate) fn end(&self) {
        self.change(|board| board.over = true);
    }

    /// How many changes there have been, for [`wait`](Self::wait); none when there is nothing more to do.
    pub(crate) fn changes(&self) -> Option<u64> {
        self.board.with(|board| (!board.over).then_some(board.changes))
    }

    /// Whether a thread waits for work and none lies ready.
    pub(crate) fn wants_work(&self) -> bool {
        self.idle.get() > 0 && self.work.is_empty()
    }

    /// Offers a subtree to whoever has nothing to do.
    pub(crate) fn offer(&self, subtree: Arc<Subtree<P>>) {
        self.work.push(subtree);
        self.tell();
    }

    /// A subtree that the caller is now the one to search.
    pub(crate) fn steal(&self) -> Option<Arc<Subtree<P>>> {
        std::iter::from_fn(|| self.work.pop()).find(|subtree| subtree.claim())
    }

    /// Tells those who wait that a subtree is on offer, or done.
    pub(crate) fn tell(&self) {
        self.change(|_| ());
    }

    /// Waits until there have been more changes than these, and counts as idle meanwhile. Who looks for something
    /// counts the changes before, so that none can be missed.
    pub(crate) fn wait(&self, changes: u64) {
        self.idle.add(1);
        self.board.wait_while(|board| board.changes == changes);
        self.idle.add(-1);
    }
}
