//! Somebody who wants to know how far a search has come.

use std::fmt;
use std::sync::Arc;

/// Executions between two calls.
const OFTEN: u64 = 256;

/// Called now and then with the number of executions since the last call.
#[derive(Clone, Default)]
pub struct Watch(Option<Arc<dyn Fn(u64) + Send + Sync>>);

impl Watch {
    /// A watch that calls `tell`.
    pub fn new(tell: impl Fn(u64) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(tell)))
    }

    /// Tells of the execution with this number, from 1, if it is time.
    pub(crate) fn ended(&self, execution: u64) {
        if let Some(tell) = self.0.as_ref().filter(|_| execution.is_multiple_of(OFTEN)) {
            tell(OFTEN);
        }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Watch({})", if self.0.is_some() { "on" } else { "off" })
    }
}
