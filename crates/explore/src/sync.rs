//! What the threads of a search are made of, and what they share: the protocol is generic over it. In the product these
//! are the primitives of the standard library and a queue of crossbeam; in a test those of a scheduler that decides which
//! thread goes on at each of them. So the protocol that ships is the one that is tested.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;

use crossbeam_deque::{Injector, Steal};

/// The primitives.
pub trait Primitives: 'static {
    /// A value that one thread at a time looks at, and whose changes others wait for.
    type Monitor<T: Send>: Monitor<T>;
    /// A number that all threads change.
    type Number: Number;
    /// What lies ready for any thread, first in, first out.
    type Queue<T: Send>: Queue<T>;

    /// Calls `lead` with what starts a thread that does `work`. All of them have ended when it returns.
    fn scope<R>(work: &(impl Fn() + Sync), lead: impl FnOnce(&dyn Fn()) -> R) -> R;
}

/// A value that one thread at a time looks at, and whose changes others wait for.
pub trait Monitor<T>: Send + Sync {
    /// With this value.
    fn new(value: T) -> Self;

    /// Looks at the value, or changes it.
    fn with<R>(&self, look: impl FnOnce(&mut T) -> R) -> R;

    /// Waits while that is so. It is looked at again after each [`wake`](Self::wake).
    fn wait_while(&self, is_so: impl FnMut(&mut T) -> bool);

    /// Wakes all threads that wait.
    fn wake(&self);
}

/// A number that all threads change. Nothing is told by it but the number itself: a thread that reads it must not
/// conclude that it sees what another did before.
pub trait Number: Send + Sync {
    /// With this value.
    fn new(value: u64) -> Self;

    /// What it is.
    fn get(&self) -> u64;

    /// Sets it.
    fn set(&self, value: u64);

    /// Adds to it, or subtracts from it.
    fn add(&self, value: i64);
}

/// What lies ready for any thread, first in, first out.
pub trait Queue<T>: Send + Sync {
    /// Nothing.
    fn new() -> Self;

    /// Puts something in.
    fn push(&self, value: T);

    /// Takes the first out, if there is anything.
    fn pop(&self) -> Option<T>;

    /// Whether there is nothing.
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
