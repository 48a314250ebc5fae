//! What is wrong with an execution.

use cowrace_report::{Finding, Schedule};

/// A finding, and where it shows.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// After how many events it shows.
    pub(crate) events: usize,
    pub(crate) finding: Finding,
    /// What leads there, if that is not the execution itself but an equivalent one.
    pub(crate) schedule: Option<Schedule>,
}
