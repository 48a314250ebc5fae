//! A pool of threads that searches share.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Threads that searches may use in addition to those that run them: a search that is over gives back the threads that
/// it has used, and any search that is still running may take them.
#[derive(Debug)]
pub struct Threads(AtomicUsize);

impl Threads {
    /// A pool of this many threads.
    #[must_use]
    pub const fn new(threads: usize) -> Self {
        Self(AtomicUsize::new(threads))
    }

    /// Adds a thread that is no longer needed elsewhere.
    pub fn give(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes a thread from the pool; returns whether there was one.
    #[must_use]
    pub fn take(&self) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |free| free.checked_sub(1)).is_ok()
    }
}
