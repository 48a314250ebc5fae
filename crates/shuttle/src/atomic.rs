//! shuttle's atomics and threads, which implement the traits of `cowrace-thread-engine`.

use std::sync::Arc;

use cowrace_machine::Prim;
use cowrace_thread_engine::{Change, Lock, Threads, Word};
use shuttle::rand::{RngCore as _, thread_rng};
use shuttle::sync::atomic::{AtomicU64, Ordering::SeqCst};
use shuttle::thread::Thread;

use crate::control::Control;

/// shuttle's side of one execution.
#[derive(Debug)]
pub(crate) struct Host {
    control: Arc<Control>,
    picks: bool,
    handles: std::sync::Mutex<Vec<Thread>>,
}

impl Host {
    /// `picks` tells whether shuttle picks numbers.
    pub(crate) fn new(control: Arc<Control>, picks: bool) -> Self {
        Self { control, picks, handles: std::sync::Mutex::default() }
    }

    /// Registers a thread; threads are registered in the order of their actors.
    pub(crate) fn register(&self, thread: Thread) {
        if let Ok(mut handles) = self.handles.lock() {
            handles.push(thread);
        }
    }
}

/// A word that actors share.
#[derive(Debug)]
pub(crate) struct Atomic(AtomicU64);

impl Word for Atomic {
    fn change(&self, change: Change, _: Prim) -> u64 {
        match change {
            Change::Load | Change::Read => self.0.load(SeqCst),
            Change::Store(new) | Change::Swap(new) => self.0.swap(new, SeqCst),
            Change::Add(value) | Change::Count(value) => self.0.fetch_add(value, SeqCst),
            Change::Enter => self.0.fetch_add(1, SeqCst),
            Change::Leave => self.0.fetch_sub(1, SeqCst),
            Change::And(keep) => self.0.fetch_and(keep, SeqCst),
            Change::Or(set) => self.0.fetch_or(set, SeqCst),
            Change::CmpXchg(old, new) => {
                self.0.compare_exchange(old, new, SeqCst, SeqCst).unwrap_or_else(|found| found)
            }
        }
    }
}

/// A word that is only used as a lock.
#[derive(Debug)]
pub(crate) struct Mutex(shuttle::sync::Mutex<()>);

impl Lock for Mutex {
    type Guard<'l> = shuttle::sync::LockResult<shuttle::sync::MutexGuard<'l, ()>>;

    fn lock(&self) -> Self::Guard<'_> {
        self.0.lock()
    }
}

impl Threads for Host {
    type Word = Atomic;
    type Lock = Mutex;

    fn word(&self, value: u64) -> Atomic {
        Atomic(AtomicU64::new(value))
    }

    fn lock(&self) -> Mutex {
        Mutex(shuttle::sync::Mutex::new(()))
    }

    fn fence(&self, _: Prim) {}

    fn depends(&self) {}

    fn hold(&self) {
        self.control.hold(true);
    }

    fn release(&self) {
        self.control.hold(false);
    }

    fn block(&self) {
        shuttle::thread::park();
    }

    fn wake(&self, actor: u8) {
        let handle = self.handles.lock().ok().map(|handles| handles[actor as usize].clone());
        if let Some(handle) = handle {
            handle.unpark();
        }
    }

    fn pick(&self, n: u32) -> Option<u32> {
        self.picks.then(|| {
            self.control.pick();
            (thread_rng().next_u64() % u64::from(n.max(1))) as u32
        })
    }
}
