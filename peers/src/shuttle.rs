//! shuttle: threads on its atomics, by depth-first search and by random priorities (PCT).

use std::sync::atomic::{AtomicU64 as Counter, Ordering::Relaxed};
use std::sync::{Arc, PoisonError};

use shuttle::scheduler::{DfsScheduler, PctScheduler, Schedule, Scheduler, Task as Thread, TaskId};
use shuttle::sync::Mutex;
use shuttle::sync::atomic::{AtomicU64, Ordering};
use shuttle::{Config, FailurePersistence, MaxSteps, Runner};

use crate::peer::{Collect, End, Ready, Run, Task};
use crate::tally::Tally;
use crate::threads::{Threads, execution};

/// Fewer priority changes do not find rare violations.
const PCT_DEPTH: usize = 3;

enum Shuttle {}

impl Threads for Shuttle {
    type Word = AtomicU64;
    type Lock = Mutex<()>;

    fn word(value: u64) -> AtomicU64 {
        AtomicU64::new(value)
    }
    fn lock() -> Mutex<()> {
        Mutex::new(())
    }
    fn load(word: &AtomicU64) -> u64 {
        word.load(Ordering::SeqCst)
    }
    fn store(word: &AtomicU64, value: u64) {
        word.store(value, Ordering::SeqCst);
    }
    fn add(word: &AtomicU64, value: u64) -> u64 {
        word.fetch_add(value, Ordering::SeqCst)
    }
    fn locked<R>(lock: &Mutex<()>, section: impl FnOnce() -> R) -> R {
        let _guard = lock.lock().unwrap_or_else(PoisonError::into_inner);
        section()
    }
    fn run(mut threads: Vec<Box<dyn FnOnce() + Send>>) {
        let own = threads.pop();
        let others: Vec<_> = threads.into_iter().map(shuttle::thread::spawn).collect();
        own.into_iter().for_each(|thread| thread());
        others.into_iter().for_each(|other| other.join().expect("a thread of the problem does not panic"));
    }
}

/// A scheduler that ends when enough has been seen. With shuttle's own bounds, a stopped search would look complete.
struct Until<S> {
    scheduler: S,
    tally: Arc<Tally>,
}

impl<S: Scheduler> Scheduler for Until<S> {
    fn new_execution(&mut self) -> Option<Schedule> {
        if self.tally.enough() { None } else { self.scheduler.new_execution() }
    }
    fn next_task(&mut self, ready: &[&Thread], now: Option<TaskId>, yielding: bool) -> Option<TaskId> {
        self.scheduler.next_task(ready, now, yielding)
    }
    fn next_u64(&mut self) -> u64 {
        self.scheduler.next_u64()
    }
}

pub(crate) fn depth_first(task: Task) -> Ready {
    Ready::library(move |collect| run(task, collect, DfsScheduler::new(None, false)))
}

/// Each run has another seed.
pub(crate) fn random_priorities(task: Task) -> Ready {
    let seed = Counter::new(0);
    Ready::library(move |collect| {
        let seed = seed.fetch_add(1, Relaxed);
        run(task, collect, PctScheduler::new_from_seed(seed, PCT_DEPTH, usize::MAX))
    })
}

fn run(task: Task, collect: Collect, scheduler: impl Scheduler + 'static) -> Run {
    let tally = Arc::new(Tally::new(task, collect));
    let mut config = Config::new();
    config.failure_persistence = FailurePersistence::None;
    config.max_steps = MaxSteps::None;
    config.max_time = None;
    config.silence_warnings = true;
    let of_executions = Arc::clone(&tally);
    let scheduler = Until { scheduler, tally: Arc::clone(&tally) };
    Runner::new(scheduler, config).run(move || of_executions.count(&*execution::<Shuttle>(task.variant)));
    tally.run(End::Complete)
}
