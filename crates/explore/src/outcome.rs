//! What comes of a search.

use std::collections::BTreeSet;

use cowrace_report::{Finding, Schedule, Shown, Stop};

use crate::checkpoint::Checkpoint;
use crate::execution::coverage::Coverage;

/// How large a search is, as far as can be told before its end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Executions of the whole search, expected.
    pub executions: f64,
    /// The factor within which that is right in at least eight of ten cases: 2.0 means between half and twice as
    /// many. Measured on many searches; the longer a search goes on, the smaller it is.
    pub within: f64,
}

/// The result of a search.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The first bad execution, if any.
    pub finding: Option<(Finding, Schedule)>,
    /// Whether every interleaving was covered.
    pub complete: bool,
    /// What ended the search early; a finding does not count as that.
    pub stopped: Option<Stop>,
    /// Executions explored to their end.
    pub executions: u64,
    /// Random schedules tried beside; they prove nothing, but may have led to the finding.
    pub samples: u64,
    /// Requests executed.
    pub events: u64,
    /// The longest execution.
    pub depth: u32,
    /// Where to go on, if something ended it early.
    pub checkpoint: Option<Box<Checkpoint>>,
    /// How many executions the whole search would have had; `None` if it came to its end, or nothing can be
    /// said.
    pub estimate: Option<Estimate>,
    /// For each window of the program, whether some execution opened it.
    pub opened: Vec<bool>,
    /// For each window, whether each of its points occurred in some execution. A window that is not open
    /// because a point never occurs is about steps that the program does not take.
    pub occurred: Vec<bool>,
    /// What executions have shown, if that was asked for and the search came to its end. How far a search has come
    /// that ends early depends on the number of threads, so it tells nothing.
    pub coverage: Option<Coverage>,
    /// What executions have shown of calls and of limits of the model, if the search came to its end; nothing of one that
    /// did not.
    pub shown: BTreeSet<Shown>,
}
