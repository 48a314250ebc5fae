//! Flags by which the threads and the scheduler communicate.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

/// Flags of a search and of its current execution.
#[derive(Debug, Default)]
pub(crate) struct Control {
    held: AtomicBool,
    /// The main thread has started all others and waits for them.
    started: AtomicBool,
    /// All actors have finished.
    finished: AtomicBool,
    /// Whether shuttle's scheduler has reported that there is nothing left.
    ran_out: AtomicBool,
    /// Whether shuttle has picked a number for the model, in any execution.
    picked: AtomicBool,
}

impl Control {
    /// Sets whether the running thread must continue.
    pub(crate) fn hold(&self, held: bool) {
        self.held.store(held, SeqCst);
    }

    pub(crate) fn held(&self) -> bool {
        self.held.load(SeqCst)
    }

    /// Notes that the main thread has started all others.
    pub(crate) fn start(&self) {
        self.started.store(true, SeqCst);
    }

    pub(crate) fn has_started(&self) -> bool {
        self.started.load(SeqCst)
    }

    /// Notes that the last actor has finished.
    pub(crate) fn finish(&self) {
        self.finished.store(true, SeqCst);
    }

    pub(crate) fn has_finished(&self) -> bool {
        self.finished.load(SeqCst)
    }

    /// Notes that shuttle picks a number.
    pub(crate) fn pick(&self) {
        self.picked.store(true, SeqCst);
    }

    pub(crate) fn has_picked(&self) -> bool {
        self.picked.load(SeqCst)
    }

    pub(crate) fn set_ran_out(&self, ran_out: bool) {
        self.ran_out.store(ran_out, SeqCst);
    }

    pub(crate) fn ran_out(&self) -> bool {
        self.ran_out.load(SeqCst)
    }

    /// Resets the flags for a new execution.
    pub(crate) fn reset(&self) {
        self.held.store(false, SeqCst);
        self.started.store(false, SeqCst);
        self.finished.store(false, SeqCst);
    }
}
