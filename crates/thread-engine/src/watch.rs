//! Somebody who wants to know how far a search has come.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Called now and then, after the first execution and then every 256 executions or 100 ms, with the number of
/// executions since the last call; may ask the search to stop.
#[derive(Clone, Default)]
pub struct Watch(Option<Arc<dyn Fn(u64) -> ControlFlow<()> + Send + Sync>>);

impl Watch {
    /// A watch that calls `tell`. To break is to ask the search to stop.
    pub fn new(tell: impl Fn(u64) -> ControlFlow<()> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(tell)))
    }

    /// Tells of so many more executions.
    pub(crate) fn tell(&self, more: u64) -> ControlFlow<()> {
        self.0.as_ref().map_or(ControlFlow::Continue(()), |tell| tell(more))
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Watch({})", if self.0.is_some() { "on" } else { "off" })
    }
}
