//! An observer that several threads share.

use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

use crate::checkpoint::Checkpoint;
use crate::observer::{Execution, Observer, Progress};

/// An observer for several threads.
pub(crate) trait Watch: Sync {
    /// See [`Observer::execution`].
    fn execution(&self, execution: &Execution<'_>);

    /// See [`Observer::progress`].
    fn progress(&self, progress: &Progress) -> ControlFlow<()>;

    /// See [`Observer::stops`].
    fn stops(&self) -> bool;

    /// See [`Observer::wants_checkpoint`].
    fn wants_checkpoint(&self) -> bool;

    /// See [`Observer::checkpoint`].
    fn checkpoint(&self, checkpoint: Checkpoint);
}

impl Watch for Mutex<&mut (dyn Observer + Send)> {
    fn execution(&self, execution: &Execution<'_>) {
        self.lock().unwrap_or_else(PoisonError::into_inner).execution(execution);
    }

    fn progress(&self, progress: &Progress) -> ControlFlow<()> {
        self.lock().unwrap_or_else(PoisonError::into_inner).progress(progress)
    }

    fn stops(&self) -> bool {
        self.lock().unwrap_or_else(PoisonError::into_inner).stops()
    }

    fn wants_checkpoint(&self) -> bool {
        self.lock().unwrap_or_else(PoisonError::into_inner).wants_checkpoint()
    }

    fn checkpoint(&self, checkpoint: Checkpoint) {
        self.lock().unwrap_or_else(PoisonError::into_inner).checkpoint(checkpoint);
    }
}
