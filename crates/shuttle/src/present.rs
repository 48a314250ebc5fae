//! The current execution, as schedulers see it.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use cowrace_thread_engine::Execution;

use crate::atomic::Host;

/// The execution that is running; `None` before the first and after the last.
#[derive(Debug, Default)]
pub(crate) struct Present(Mutex<Weak<Execution<Host>>>);

impl Present {
    /// Sets the execution that begins.
    pub(crate) fn begin(&self, execution: &Arc<Execution<Host>>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(execution);
    }

    fn get(&self) -> Option<Arc<Execution<Host>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).upgrade()
    }

    /// The number of answered requests of each actor.
    pub(crate) fn answered(&self) -> Vec<usize> {
        self.get().map(|execution| execution.answered()).unwrap_or_default()
    }

    /// Whether an actor sleeps.
    pub(crate) fn sleeps(&self, actor: usize) -> bool {
        self.get().is_some_and(|execution| execution.sleeps(actor))
    }
}
