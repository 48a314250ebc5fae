//! What is wrong with an execution.

use cowrace_report::{Finding, Schedule};

/// A finding, and the event that shows it.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// The number of events after which the finding shows.
    pub(crate) events: usize,
    pub(crate) finding: Finding,
    /// The schedule that leads to the finding, if it shows only in an equivalent execution.
    pub(crate) schedule: Option<Schedule>,
}
