//! How far a search may go.

use std::time::Duration;

/// What may end a search early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Executions; those that an engine throws away for having seen all that follows are included.
    pub executions: Option<u64>,
    /// Wall time.
    pub time: Option<Duration>,
    /// Resident memory of the whole process, in bytes, whatever else it does beside the search. Looked at now and
    /// then, so somewhat more may be used. Where [`resident_memory`](crate::resident_memory) knows nothing, it
    /// ends nothing.
    pub memory: Option<u64>,
    /// Requests of one execution: what a model that runs in circles would exceed.
    pub steps: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { executions: None, time: None, memory: None, steps: 5000 }
    }
}
