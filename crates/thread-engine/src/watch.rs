//! A watch: a callback that is told the progress of a search.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

/// A callback that is called after the first execution and then every 256 executions or 100 ms, with the number of
/// executions since the last call. It may ask the search to stop.
#[derive(Clone, Default)]
pub struct Watch(Option<Arc<dyn Fn(u64) -> ControlFlow<()> + Send + Sync>>);

impl Watch {
    /// A watch that calls `tell`. If `tell` breaks, the search is asked to stop.
    pub fn new(tell: impl Fn(u64) -> ControlFlow<()> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(tell)))
    }

    /// Reports this many more executions.
    pub(crate) fn tell(&self, more: u64) -> ControlFlow<()> {
        self.0.as_ref().map_or(ControlFlow::Continue(()), |tell| tell(more))
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Watch({})", if self.0.is_some() { "on" } else { "off" })
    }
}
