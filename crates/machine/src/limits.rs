//! The limits of a search.

use std::num::NonZero;
use std::time::Duration;

/// What may end a search early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The number of executions, including those that an engine discards because it has already seen everything that
    /// follows.
    pub executions: Option<u64>,
    /// Wall time.
    pub time: Option<Duration>,
    /// Resident memory of the whole process, in bytes, including whatever the process does besides the search. It is
    /// checked only now and then, so somewhat more may be used. If [`resident_memory`](crate::resident_memory) is
    /// unknown, there is no limit.
    pub memory: Option<u64>,
    /// How many searches of the process run at once and share that memory. What each remembers may take its share.
    pub at_once: NonZero<u64>,
    /// The number of requests of one execution; a model that loops for ever would exceed it.
    pub steps: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { executions: None, time: None, memory: None, at_once: NonZero::<u64>::MIN, steps: 5000 }
    }
}
