//! loom's atomics and threads, which implement the traits of `cowrace-thread-engine`.

use cowrace_machine::{Arch, Ordering, Prim};
use cowrace_thread_engine::{Change, Lock, Threads, Word};
use loom::sync::atomic::{AtomicU64, Ordering as C11, fence};
use loom::thread::Thread;

use crate::Memory;

/// The state that all atomics and threads of an execution share.
#[derive(Debug)]
pub(crate) struct Host {
    memory: Memory,
    handles: std::sync::Mutex<Vec<Thread>>,
}

/// A word that actors share.
#[derive(Debug)]
pub(crate) struct Atomic {
    atomic: AtomicU64,
    memory: Memory,
}

impl Host {
    pub(crate) fn new(memory: Memory) -> Self {
        Self { memory, handles: std::sync::Mutex::default() }
    }

    /// Registers a thread; threads are registered in the order of their actors.
    pub(crate) fn register(&self, thread: Thread) {
        if let Ok(mut handles) = self.handles.lock() {
            handles.push(thread);
        }
    }
}

/// Fences around an access, and its own ordering.
struct Strength {
    before: Option<C11>,
    access: C11,
    after: Option<C11>,
}

fn strength(prim: Prim, arch: Arch) -> Strength {
    let (before, access, after) = match prim.ordering(arch) {
        // x86 reorders only a store with a later load.
        Ordering::Relaxed if arch == Arch::X86 => (None, C11::AcqRel, None),
        Ordering::Relaxed => (None, C11::Relaxed, None),
        Ordering::Acquire => (None, C11::Acquire, None),
        Ordering::Release => (None, C11::Release, None),
        Ordering::Full => (Some(C11::SeqCst), C11::Relaxed, Some(C11::SeqCst)),
        Ordering::ReadBarrier => (None, C11::Relaxed, Some(C11::Acquire)),
        Ordering::WriteBarrier => (Some(C11::Release), C11::Relaxed, None),
    };
    Strength { before, access, after }
}

impl Atomic {
    /// Always the newest value.
    fn modify(&self, change: Change, order: C11) -> u64 {
        let atomic = &self.atomic;
        match change {
            Change::Load | Change::Read => self.newest(order),
            Change::Store(new) | Change::Swap(new) => atomic.swap(new, order),
            Change::Add(value) | Change::Count(value) => atomic.fetch_add(value, order),
            Change::Enter => atomic.fetch_add(1, order),
            Change::Leave => atomic.fetch_sub(1, order),
            Change::And(keep) => atomic.fetch_and(keep, order),
            Change::Or(set) => atomic.fetch_or(set, order),
            Change::CmpXchg(old, new) => self.exchange(old, new, order),
        }
    }

    fn exchange(&self, old: u64, new: u64, order: C11) -> u64 {
        // A failed exchange stores nothing, so it releases nothing.
        let failure = match order {
            C11::Release => C11::Relaxed,
            C11::AcqRel => C11::Acquire,
            other => other,
        };
        self.atomic.compare_exchange(old, new, order, failure).unwrap_or_else(|found| found)
    }

    /// Reads like a read-modify-write, and stores nothing: this is an exchange that fails, since no word of a model has
    /// all bits set. Adding 0 would be a store, which may come after racing stores of other threads.
    fn newest(&self, order: C11) -> u64 {
        self.exchange(u64::MAX, u64::MAX, order)
    }
}

impl Word for Atomic {
    fn change(&self, change: Change, prim: Prim) -> u64 {
        let Memory::C11(arch) = self.memory else {
            return self.modify(change, C11::AcqRel);
        };
        let Strength { before, access, after } = strength(prim, arch);
        before.into_iter().for_each(fence);
        let old = match change {
            Change::Load => self.atomic.load(match access {
                C11::AcqRel => C11::Acquire,
                C11::Release => C11::Relaxed,
                other => other,
            }),
            Change::Store(new) => {
                let order = match access {
                    C11::AcqRel => C11::Release,
                    C11::Acquire => C11::Relaxed,
                    other => other,
                };
                self.atomic.store(new, order);
                0
            }
            other => self.modify(other, access),
        };
        after.into_iter().for_each(fence);
        old
    }
}

/// A word that is only used as a lock.
#[derive(Debug)]
pub(crate) struct Mutex(loom::sync::Mutex<()>);

impl Lock for Mutex {
    type Guard<'l> = loom::sync::LockResult<loom::sync::MutexGuard<'l, ()>>;

    fn lock(&self) -> Self::Guard<'_> {
        self.0.lock()
    }
}

impl Threads for Host {
    type Word = Atomic;
    type Lock = Mutex;

    fn word(&self, value: u64) -> Atomic {
        Atomic { atomic: AtomicU64::new(value), memory: self.memory }
    }

    fn lock(&self) -> Mutex {
        Mutex(loom::sync::Mutex::new(()))
    }

    fn fence(&self, prim: Prim) {
        if let Memory::C11(arch) = self.memory {
            match prim.ordering(arch) {
                Ordering::Relaxed => {}
                Ordering::Acquire | Ordering::ReadBarrier => fence(C11::Acquire),
                Ordering::Release | Ordering::WriteBarrier => fence(C11::Release),
                Ordering::Full => fence(C11::SeqCst),
            }
        }
    }

    fn depends(&self) {
        if let Memory::C11(_) = self.memory {
            fence(C11::Acquire);
        }
    }

    fn hold(&self) {
        loom::stop_exploring();
    }

    fn release(&self) {
        loom::explore();
    }

    fn block(&self) {
        loom::thread::park();
    }

    fn wake(&self, actor: u8) {
        if let Ok(handles) = self.handles.lock() {
            handles[actor as usize].unpark();
        }
    }

    fn pick(&self, _: u32) -> Option<u32> {
        None
    }
}
