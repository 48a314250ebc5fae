//! How far a search may go.

use std::time::Duration;

/// What may end a search early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Executions; those that an engine throws away for having seen all that follows are included.
    pub executions: Option<u64>,
    /// Wall time.
    pub time: Option<Duration>,
    /// Requests of one execution: what a model that runs in circles would exceed.
    pub steps: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { executions: None, time: None, steps: 5000 }
    }
}
