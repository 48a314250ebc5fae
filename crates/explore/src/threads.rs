//! Threads that searches share.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Threads that searches may use beside those that run them: a search that is over gives back what it has used, and any
/// search that is still running takes it.
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
