//! The outcomes of executions so far, and whether they are enough.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::peer::{Collect, End, Goal, Run, Task, Words};
use crate::threads::{Threads, World};

/// Shared with the executions of a checker that runs threads. These are the standard library's atomics, so no
/// checker sees them.
pub(crate) struct Tally {
    goal: Goal,
    deadline: Instant,
    late: AtomicBool,
    executions: AtomicU64,
    lost: AtomicBool,
    outcomes: Option<Mutex<HashSet<Words>>>,
}

impl Tally {
    pub(crate) fn new(task: Task, collect: Collect) -> Self {
        Self {
            goal: task.goal,
            deadline: Instant::now() + task.limit,
            late: AtomicBool::new(false),
            executions: AtomicU64::new(0),
            lost: AtomicBool::new(false),
            outcomes: (collect == Collect::Yes).then(Mutex::default),
        }
    }

    /// Notes the end of an execution.
    pub(crate) fn count<T: Threads>(&self, world: &World<T>) {
        self.executions.fetch_add(1, Relaxed);
        if world.lost() {
            self.lost.store(true, Relaxed);
        }
        if let Some(outcomes) = &self.outcomes {
            let words = world.words();
            outcomes.lock().unwrap_or_else(PoisonError::into_inner).insert(words);
        }
    }

    /// Whether there should be no more executions.
    pub(crate) fn enough(&self) -> bool {
        let late = Instant::now() >= self.deadline;
        if late {
            self.late.store(true, Relaxed);
        }
        late || (self.goal == Goal::First && self.lost.load(Relaxed))
    }

    /// The result of the run, which ends as `end` unless a lost write or the limit has ended it.
    pub(crate) fn run(&self, end: End) -> Run {
        let lost = self.lost.load(Relaxed);
        let end = match self.goal {
            Goal::First if lost => End::Found,
            _ if self.late.load(Relaxed) => End::Limit,
            _ => end,
        };
        let outcomes = self.outcomes.as_ref();
        let outcomes = outcomes.map(|o| o.lock().unwrap_or_else(PoisonError::into_inner).clone());
        Run { count: self.executions.load(Relaxed), end, lost: Some(lost), outcomes }
    }
}
