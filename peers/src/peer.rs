//! What a checker is asked and what it answers.

use std::collections::HashSet;
use std::time::Duration;

use cowrace_testkit::common_problem::{Rule, Variant};

/// How much of the answer is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goal {
    /// All of it: every interleaving, whether or not something is bad.
    Whole,
    /// The first execution in which a write is lost.
    First,
}

/// One question.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Task {
    pub(crate) variant: Variant,
    pub(crate) goal: Goal,
    /// When to give up.
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

/// All words but the locks at the end of an execution, in the order of `common_problem::words`.
pub(crate) type Words = Vec<u64>;

/// Why a checker has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// There is nothing more to explore.
    Complete,
    /// There is nothing more to explore within a bound of its own.
    Bounded,
    /// A lost write was found, and nothing more was asked.
    Found,
    /// Time was up.
    Limit,
}

/// What a checker said.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    /// Executions; states, of a checker that keeps them.
    pub(crate) count: u64,
    pub(crate) end: End,
    /// Whether a write was lost in some execution, where that is known.
    pub(crate) lost: Option<bool>,
    /// What executions came to, if it was collected.
    pub(crate) outcomes: Option<HashSet<Words>>,
}

/// Whether to collect outcomes. It takes time, so what is measured does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Collect {
    Yes,
    No,
}

/// Why there is no answer.
pub(crate) type Reason = String;

/// A checker with a question, all that can be done in advance done.
pub(crate) struct Ready {
    /// How long a compiler has worked in advance.
    pub(crate) build: Option<Duration>,
    pub(crate) run: Box<dyn Fn(Collect) -> Result<Run, Reason>>,
}

impl Ready {
    /// A checker that needs no preparation.
    pub(crate) fn library(run: impl Fn(Collect) -> Run + 'static) -> Self {
        Self { build: None, run: Box::new(move |collect| Ok(run(collect))) }
    }
}

/// What kind of checker it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Ours.
    Ours,
    /// Runs executions and keeps no states.
    Stateless,
    /// Keeps the states that it has seen.
    Stateful,
    /// Runs executions at random, so it is asked for the first violation only.
    Random,
}

/// A checker.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// Whether it is known that its outcomes differ from ours, as README.md says.
    pub(crate) known: bool,
    /// Whether it can be had here.
    pub(crate) available: fn() -> Result<(), Reason>,
    pub(crate) prepare: fn(Task) -> Result<Ready, Reason>,
}
