//! The outcome of a search.

use std::collections::BTreeSet;

use cowrace_report::{Finding, Schedule, Shown, Stop};

use crate::checkpoint::Checkpoint;
use crate::execution::coverage::Coverage;

/// An estimate of the size of a search, made before its end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The expected number of executions of the whole search, if it explores every one. If it merges states, it may end
    /// much earlier.
    pub executions: f64,
    /// The factor within which the estimate is right in at least eight of ten cases: 2.0 means between half and twice
    /// as many. Measured on many searches; it gets smaller the longer a search runs.
    pub within: f64,
}

/// The result of a search.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The first bad execution, if any.
    pub finding: Option<(Finding, Schedule)>,
    /// Whether every interleaving has been covered.
    pub complete: bool,
    /// What ended the search early; a finding does not count.
    pub stopped: Option<Stop>,
    /// The number of executions explored to their end.
    pub executions: u64,
    /// The number of states visited, if the search merged states; else 0.
    pub states: u64,
    /// The memory in bytes that states took, with all that was learned about actors meanwhile.
    pub state_bytes: u64,
    /// The memory in bytes that states could take, if they were given up because it was not enough. What they had shown
    /// by then does not count.
    pub states_given_up: Option<u64>,
    /// Whether a search of states has given the answer. `events` and `depth` are then those of the executions that were
    /// explored before, and say nothing of the whole search.
    pub is_answered_by_states: bool,
    /// The largest bound on preemptions within which every execution is known to have been explored, if there is one
    /// and the search was not completed.
    pub bound: Option<u32>,
    /// The number of random schedules tried in addition; they prove nothing, but may have led to the finding.
    pub samples: u64,
    /// The number of requests executed.
    pub events: u64,
    /// The length of the longest execution, in requests.
    pub depth: u32,
    /// The checkpoint from which to resume, if something ended the search early.
    pub checkpoint: Option<Box<Checkpoint>>,
    /// How many executions the whole search would have had; `None` if it was completed, or nothing can be said.
    pub estimate: Option<Estimate>,
    /// For each window of the program, whether some execution has opened it.
    pub opened: Vec<bool>,
    /// For each window and each of its points, whether some execution has reached it. If a window is not open because a
    /// point is never reached, it names a step that the program does not take.
    pub reached: Vec<Vec<bool>>,
    /// The coverage, if it was asked for and the search was completed. How far a search gets before it is stopped
    /// depends on the number of threads, so a stopped search has no coverage.
    pub coverage: Option<Coverage>,
    /// What executions have shown about calls and about limits of the model; empty if the search was not completed.
    pub shown: BTreeSet<Shown>,
}
