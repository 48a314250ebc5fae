//! What the threads of a search share: its settings, its progress, and the work that is on offer.

use std::sync::Arc;
use std::time::Instant;

use cowrace_machine::{Addr, Limits, Memory, Program};
use cowrace_report::Stop;

use crate::execution::effects::Showings;
use crate::search::subtree::Subtree;
use crate::search::summaries::Summaries;
use crate::search::watch::Watch;
use crate::sync::{Monitor, Number, Primitives, Queue};
use crate::threads::Threads;

/// After how many visits of states several are made at once. Much is new in the first ones, so each is made with what the
/// one before has shown.
const ALONE: u64 = 65_536;

/// Whether a search merges states.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Merging {
    /// As far as it is expected to be worthwhile.
    #[default]
    Auto,
    /// Never: every trace is explored.
    Never,
    /// As soon as possible, and to the end.
    Always,
}

/// The settings of a search.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) limits: Limits,
    /// Whether to continue after a finding.
    pub(crate) exhaustive: bool,
    /// Whether it is enough to show every memory in which executions end.
    pub(crate) ends_only: bool,
    /// Whether to estimate how many executions there are.
    pub(crate) estimates: bool,
    /// How many preemptions an execution may have.
    pub(crate) preemptions: Option<u32>,
    /// Whether to collect what executions show.
    pub(crate) coverage: bool,
    pub(crate) merging: Merging,
    /// Whether states are searched without looking ahead.
    pub(crate) is_blind: bool,
    /// After how many visits of states several are made at once.
    pub(crate) alone: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            exhaustive: false,
            ends_only: false,
            estimates: true,
            preemptions: None,
            coverage: false,
            merging: Merging::Auto,
            is_blind: false,
            alone: ALONE,
        }
    }
}

/// The state that all threads of a search watch.
struct Board {
    /// Counts what threads may wait for: work on offer, work done, a reason to stop, the end.
    changes: u64,
    stop: Option<Stop>,
    /// Threads that search subtrees are to wait.
    is_held: bool,
    /// There is nothing more to do.
    over: bool,
}

/// What the threads of a search share.
pub(crate) struct Shared<'s, P: Primitives> {
    pub(crate) program: &'s Program,
    /// The program's memory, with the assumptions about counts.
    pub(crate) memory: Memory,
    /// The counts that are known to get near zero, and the orders that make a difference; `None` if all are assumed to.
    pub(crate) near: Option<Vec<Addr>>,
    pub(crate) settings: Settings,
    pub(crate) threads: &'s Threads,
    pub(crate) started: Instant,
    /// The number of executions that all threads have made, including work that will not be taken over: for reports
    /// only.
    pub(crate) executions: P::Number,
    pub(crate) requests: P::Number,
    /// The number of executions that were made before the search was resumed.
    pub(crate) earlier: P::Number,
    pub(crate) summaries: Summaries<P>,
    /// What executions have shown about calls.
    pub(crate) showings: Showings<P>,
    pub(crate) watch: &'s dyn Watch,
    /// Subtrees that no thread has begun.
    work: P::Queue<Arc<Subtree<P>>>,
    /// The number of threads that help, and how many of them are idle.
    pub(crate) helping: P::Number,
    idle: P::Number,
    board: P::Monitor<Board>,
    /// Whether there is a reason to stop, and whether threads that search subtrees are to wait, cheap to read.
    is_stopped: P::Number,
    is_held: P::Number,
}

impl<'s, P: Primitives> Shared<'s, P> {
    /// The shared state for a memory with its assumptions about counts, and for the counts that are known to get near
    /// zero.
    pub(crate) fn new(
        program: &'s Program,
        settings: Settings,
        near: Option<&[Addr]>,
        threads: &'s Threads,
        watch: &'s dyn Watch,
    ) -> Self {
        let mut memory = program.memory.clone();
        if let Some(near) = near {
            memory.assume_far_from_zero(near.to_vec());
        }
        Self {
            program,
            memory,
            near: near.map(<[Addr]>::to_vec),
            settings,
            threads,
            started: Instant::now(),
            executions: P::Number::new(0),
            requests: P::Number::new(0),
            earlier: P::Number::new(0),
            summaries: Summaries::default(),
            showings: Showings::default(),
            watch,
            work: P::Queue::new(),
            helping: P::Number::new(0),
            idle: P::Number::new(0),
            board: P::Monitor::new(Board { changes: 0, stop: None, is_held: false, over: false }),
            is_stopped: P::Number::new(0),
            is_held: P::Number::new(0),
        }
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

    /// The reason why every thread is to stop, if there is one.
    pub(crate) fn stopped(&self) -> Option<Stop> {
        if self.is_stopped.get() == 0 { None } else { self.board.with(|board| board.stop.clone()) }
    }

    /// There is nothing more to do, and what threads are doing for the search is not wanted any more.
    pub(crate) fn end(&self) {
        self.stop(Stop::Interrupted);
        self.change(|board| board.over = true);
    }

    /// The number of changes so far, for [`wait`](Self::wait); `None` when there is nothing more to do.
    pub(crate) fn changes(&self) -> Option<u64> {
        self.board.with(|board| (!board.over).then_some(board.changes))
    }

    /// Whether a thread waits for work and none is on offer.
    pub(crate) fn wants_work(&self) -> bool {
        self.idle.get() > 0 && self.work.is_empty()
    }

    /// Lets threads that search subtrees wait. Returns how many there are, so that others can take their place.
    pub(crate) fn hold(&self) -> u64 {
        self.set_held(true);
        self.helping.get()
    }

    /// Lets threads that search subtrees go on.
    pub(crate) fn go_on(&self) {
        self.set_held(false);
    }

    fn set_held(&self, is_held: bool) {
        self.is_held.set(u64::from(is_held));
        self.change(|board| board.is_held = is_held);
    }

    /// Waits as long as threads that search subtrees are to wait.
    pub(crate) fn wait_while_held(&self) {
        if self.is_held.get() != 0 {
            self.board.wait_while(|board| board.is_held && board.stop.is_none());
        }
    }

    /// Offers a subtree to idle threads.
    pub(crate) fn offer(&self, subtree: Arc<Subtree<P>>) {
        self.work.push(subtree);
        self.tell();
    }

    /// Takes a subtree, which the caller then has to search.
    pub(crate) fn steal(&self) -> Option<Arc<Subtree<P>>> {
        std::iter::from_fn(|| self.work.pop()).find(|subtree| subtree.claim())
    }

    /// Tells waiting threads that a subtree is on offer or done.
    pub(crate) fn tell(&self) {
        self.change(|_| ());
    }

    /// Waits until there have been more than `changes` changes, and counts as idle meanwhile. A thread reads the number
    /// of changes before it looks for work, so that it cannot miss one.
    pub(crate) fn wait(&self, changes: u64) {
        self.idle.add(1);
        self.board.wait_while(|board| board.changes == changes);
        self.idle.add(-1);
    }
}
