//! The question for a checker, and its answer.

use std::collections::HashSet;
use std::time::Duration;

use cowrace_testkit::common_problem::{Rule, Variant};

/// How much of the answer is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goal {
    /// Every interleaving, whether or not there is a bad one.
    Whole,
    /// The first execution in which a write is lost.
    First,
}

/// One question.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Task {
    pub(crate) variant: Variant,
    pub(crate) goal: Goal,
    /// The time after which to give up.
    pub(crate) limit: Duration,
}

impl Task {
    /// Whether a write is lost in some execution.
    pub(crate) fn expects_loss(&self) -> bool {
        self.variant.rule == Rule::Count || !self.variant.seq
    }

    /// Whether lost writes must not end the search.
    pub(crate) fn goes_on(&self) -> bool {
        self.goal == Goal::Whole && self.expects_loss()
    }
}

/// All words except the locks at the end of an execution, in the order of `common_problem::words`.
pub(crate) type Words = Vec<u64>;

/// Why a checker has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// There is nothing more to explore.
    Complete,
    /// There is nothing more to explore within the checker's own bound.
    Bounded,
    /// A lost write was found, and nothing more was asked for.
    Found,
    /// Time was up.
    Limit,
}

/// The answer of a checker.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    /// The number of executions, or of states for a checker that keeps them.
    pub(crate) count: u64,
    pub(crate) end: End,
    /// Whether a write was lost in some execution, where that is known.
    pub(crate) lost: Option<bool>,
    /// The outcomes of executions, if they were collected.
    pub(crate) outcomes: Option<HashSet<Words>>,
}

/// Whether to collect outcomes. This takes time, so measured runs do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Collect {
    Yes,
    No,
}

/// Why there is no answer.
pub(crate) type Reason = String;

/// A checker that is prepared for a question.
pub(crate) struct Ready {
    /// The time that a compiler has taken in advance.
    pub(crate) build: Option<Duration>,
    pub(crate) run: Box<dyn Fn(Collect) -> Result<Run, Reason>>,
}

impl Ready {
    /// A checker that needs no preparation.
    pub(crate) fn library(run: impl Fn(Collect) -> Run + 'static) -> Self {
        Self { build: None, run: Box::new(move |collect| Ok(run(collect))) }
    }
}

/// The kind of a checker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Ours.
    Ours,
    /// Runs executions and keeps no states.
    Stateless,
    /// Keeps the states that it has seen.
    Stateful,
    /// Runs executions at random, so it is only asked for the first violation.
    Random,
}

/// A checker.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// Whether its outcomes are known to differ from ours; README.md explains how.
    pub(crate) known: bool,
    /// Whether it is available.
    pub(crate) available: fn() -> Result<(), Reason>,
    pub(crate) prepare: fn(Task) -> Result<Ready, Reason>,
}
