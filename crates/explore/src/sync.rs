//! The threads and the synchronization primitives of a search, over which the protocol is generic. In the product these
//! are the primitives of the standard library and a queue of crossbeam; in a test, those of a scheduler that decides at
//! each of them which thread continues. So the protocol that ships is the one that is tested.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;

use crossbeam_deque::{Injector, Steal};

/// The primitives.
pub trait Primitives: 'static {
    /// A value that one thread at a time accesses, and whose changes others wait for.
    type Monitor<T: Send>: Monitor<T>;
    /// A number that all threads change.
    type Number: Number;
    /// A queue of items for any thread, first in, first out.
    type Queue<T: Send>: Queue<T>;

    /// Calls `lead` with a function that starts a thread that runs `work`. All threads have ended when it returns.
    fn scope<R>(work: &(impl Fn() + Sync), lead: impl FnOnce(&dyn Fn()) -> R) -> R;
}

/// A value that one thread at a time accesses, and whose changes others wait for.
pub trait Monitor<T>: Send + Sync {
    /// Creates it with this value.
    fn new(value: T) -> Self;

    /// Reads the value, or changes it.
    fn with<R>(&self, look: impl FnOnce(&mut T) -> R) -> R;

    /// Waits while the condition holds. It is evaluated again after each [`wake`](Self::wake).
    fn wait_while(&self, is_so: impl FnMut(&mut T) -> bool);

    /// Wakes all threads that wait.
    fn wake(&self);
}

/// A number that all threads change. It communicates nothing but the number itself: a thread that reads it must not
/// conclude that it sees what another thread did before.
pub trait Number: Send + Sync {
    /// Creates it with this value.
    fn new(value: u64) -> Self;

    /// The number.
    fn get(&self) -> u64;

    /// Sets it.
    fn set(&self, value: u64);

    /// Adds to it, or subtracts from it.
    fn add(&self, value: i64);
}

/// A queue of items for any thread, first in, first out.
pub trait Queue<T>: Send + Sync {
    /// Creates an empty queue.
    fn new() -> Self;

    /// Adds an item.
    fn push(&self, value: T);

    /// Removes the first item, if there is one, and returns it.
    fn pop(&self) -> Option<T>;

    /// Whether the queue is empty.
    fn is_empty(&self) -> bool;
}

/// Threads of the operating system.
#[derive(Debug)]
pub enum Native {}

impl Primitives for Native {
    type Monitor<T: Send> = (Mutex<T>, Condvar);
    type Number = AtomicU64;
    type Queue<T: Send> = Injector<T>;

    fn scope<R>(work: &(impl Fn() + Sync), lead: impl FnOnce(&dyn Fn()) -> R) -> R {
        thread::scope(|scope| lead(&|| drop(scope.spawn(work))))
    }
}

impl<T: Send> Monitor<T> for (Mutex<T>, Condvar) {
    fn new(value: T) -> Self {
        (Mutex::new(value), Condvar::new())
    }

    fn with<R>(&self, look: impl FnOnce(&mut T) -> R) -> R {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn wait_while(&self, is_so: impl FnMut(&mut T) -> bool) {
        let guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.1.wait_while(guard, is_so));
    }

    fn wake(&self) {
        self.1.notify_all();
    }
}

impl Number for AtomicU64 {
    fn new(value: u64) -> Self {
        Self::new(value)
    }

    fn get(&self) -> u64 {
        self.load(Ordering::Relaxed)
    }

    fn set(&self, value: u64) {
        self.store(value, Ordering::Relaxed);
    }

    fn add(&self, value: i64) {
        self.fetch_add(value.cast_unsigned(), Ordering::Relaxed);
    }
}

impl<T: Send> Queue<T> for Injector<T> {
    fn new() -> Self {
        Self::new()
    }

    fn push(&self, value: T) {
        self.push(value);
    }

    fn pop(&self) -> Option<T> {
        loop {
            match self.steal() {
                Steal::Success(value) => return Some(value),
                Steal::Retry => {}
                Steal::Empty => return None,
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.is_empty()
    }
}
