//! The result of an engine.

use std::collections::BTreeMap;

use cowrace_machine::Memory;
use cowrace_report::{Class, Finding, Schedule, Stop};

/// The outcome of one execution.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It ended and is sound: the words of memory that are not zero, by index.
    Sound(Vec<(usize, u64)>),
    /// It is bad.
    Bad(Class),
}

impl Outcome {
    /// The outcome of an execution that ended with this memory.
    #[must_use]
    pub fn of(memory: &Memory, finding: Option<&Finding>) -> Self {
        match finding {
            Some(finding) => Self::Bad(finding.class),
            None => Self::Sound(memory.nonzero().collect()),
        }
    }
}

/// The result of an engine for a program.
#[derive(Clone, Debug, Default)]
pub struct Opinion {
    /// The first bad execution, if any. Its turns are in the order in which they happened, and its detail is short:
    /// replay has all of it.
    pub finding: Option<(Finding, Schedule)>,
    /// Whether the engine claims to have seen everything that it can see.
    pub complete: bool,
    /// What ended the search early; a finding does not count.
    pub stopped: Option<Stop>,
    /// Why the engine could not answer, if it could not.
    pub reason: Option<String>,
    /// The number of executions.
    pub executions: u64,
    /// The outcomes of the executions, each with the turns of the first execution that has it.
    pub outcomes: BTreeMap<Outcome, Schedule>,
}

impl Opinion {
    /// Joins an earlier opinion with this one.
    pub(crate) fn append(&mut self, later: Self) {
        self.finding = self.finding.take().or(later.finding);
        self.complete = later.complete;
        self.stopped = later.stopped;
        self.reason = later.reason;
        self.executions += later.executions;
        for (outcome, schedule) in later.outcomes {
            self.outcomes.entry(outcome).or_insert(schedule);
        }
    }
}
