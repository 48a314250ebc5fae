//! loom: threads on its atomics, in two forms.

use std::panic::resume_unwind;
use std::sync::{Arc, PoisonError};

use cowrace_thread_engine::quietly;
use loom::model::Builder;
use loom::sync::Mutex;
use loom::sync::atomic::{AtomicU64, Ordering};

use crate::peer::{Collect, End, Ready, Run, Task};
use crate::tally::Tally;
use crate::threads::{Threads, execution};

/// Loads and stores are used as they are. If a thread loads a word and stores it later, loom then forgets that earlier
/// loads of the word by other threads race with the store, and misses outcomes.
pub(crate) enum LoadsAndStores {}

/// Every access is a read-modify-write. loom then misses nothing, and memory is sequentially consistent.
pub(crate) enum ReadModifyWrite {}

impl Threads for LoadsAndStores {
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
        let others: Vec<_> = threads.into_iter().map(loom::thread::spawn).collect();
        own.into_iter().for_each(|thread| thread());
        others.into_iter().for_each(|other| other.join().expect("a thread of the problem does not panic"));
    }
}

impl Threads for ReadModifyWrite {
    type Word = AtomicU64;
    type Lock = Mutex<()>;

    fn word(value: u64) -> AtomicU64 {
        LoadsAndStores::word(value)
    }
    fn lock() -> Mutex<()> {
        LoadsAndStores::lock()
    }
    /// An exchange that fails, since no word has all bits set. Adding 0 would be a store.
    fn load(word: &AtomicU64) -> u64 {
        let newest = word.compare_exchange(u64::MAX, u64::MAX, Ordering::AcqRel, Ordering::Acquire);
        newest.unwrap_or_else(|found| found)
    }
    fn store(word: &AtomicU64, value: u64) {
        word.swap(value, Ordering::AcqRel);
    }
    fn add(word: &AtomicU64, value: u64) -> u64 {
        word.fetch_add(value, Ordering::AcqRel)
    }
    fn locked<R>(lock: &Mutex<()>, section: impl FnOnce() -> R) -> R {
        LoadsAndStores::locked(lock, section)
    }
    fn run(threads: Vec<Box<dyn FnOnce() + Send>>) {
        LoadsAndStores::run(threads);
    }
}

/// The payload with which the main thread unwinds when enough has been seen: loom has no other way to stop at a given
/// moment.
struct Enough;

pub(crate) fn prepare<T: Threads>(task: Task, preemptions: Option<usize>) -> Ready {
    Ready::library(move |collect| run::<T>(task, preemptions, collect))
}

fn run<T: Threads>(task: Task, preemptions: Option<usize>, collect: Collect) -> Run {
    let tally = Arc::new(Tally::new(task, collect));
    let of_executions = Arc::clone(&tally);
    let search = move || {
        let mut builder = Builder::new();
        builder.max_threads = loom::MAX_THREADS;
        builder.max_permutations = None;
        builder.max_duration = None;
        builder.preemption_bound = preemptions;
        builder.checkpoint_file = None;
        builder.checkpoint_interval = usize::MAX;
        builder.location = false;
        builder.log = false;
        builder.check(move || {
            of_executions.count(&*execution::<T>(task.variant));
            if of_executions.enough() {
                resume_unwind(Box::new(Enough));
            }
        });
    };
    // The remaining threads unwind as well, and shuttle's panic hook, which stays installed, would report that.
    if let Err((payload, _)) = quietly(search)
        && !payload.is::<Enough>()
    {
        resume_unwind(payload);
    }
    tally.run(if preemptions.is_some() { End::Bounded } else { End::Complete })
}
