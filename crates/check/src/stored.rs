//! Results that are stored between runs: what they are found by, and what is stored.

use std::collections::BTreeSet;

use cowrace_mm::era::Answers;
use cowrace_report::Report;
use serde::{Deserialize, Serialize};

use crate::exploration::Exploration;
use crate::task::Task;

/// The version, and a fingerprint of all sources that decide a result.
pub const BUILD: &str = concat!(env!("CARGO_PKG_VERSION"), " ", env!("COWRACE_SOURCES"));

/// Lines of the model, by file.
pub type Lines = BTreeSet<(String, u32)>;

/// A search that came to its end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stored {
    /// The rules that it has read, in each of its parts: it is the search of every kernel that gives the same answers.
    pub read: Vec<Answers>,
    /// Its report.
    pub report: Report,
    /// The lines of the model that it has reached, if it has a coverage.
    pub lines: Option<Lines>,
}

/// Everything but the kernel that decides the result of a search.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// The [`BUILD`].
    build: String,
    /// The scenario, in the language.
    scenario: String,
    variant: Option<String>,
    arch: String,
    memory: String,
    environment: Vec<String>,
    max_executions: Option<u64>,
    /// The limit on time, in nanoseconds.
    max_time: Option<u128>,
    max_memory: Option<u64>,
    exhaustive: bool,
    coverage: bool,
    costs: bool,
}

impl Question {
    /// The question of a search; `None` if its result is not stored. With a bound on preemptions, searches without one are made as
    /// well, to judge the others, and must not be taken for them.
    #[must_use]
    pub fn of(task: &Task<'_>, text: &str, how: &Exploration<'_>) -> Option<Self> {
        let Exploration { limits, exhaustive, preemptions, coverage, costs, resumable, from, .. } = *how;
        (!resumable && from.is_none() && preemptions.is_none()).then(|| Self {
            build: BUILD.to_owned(),
            scenario: text.to_owned(),
            variant: task.variant.name().map(str::to_owned),
            arch: task.arch.name().to_owned(),
            memory: "sc".to_owned(),
            environment: task.environment(),
            max_executions: limits.executions,
            max_time: limits.time.map(|time| time.as_nanos()),
            max_memory: limits.memory,
            exhaustive,
            coverage,
            costs,
        })
    }

    /// Whether a search answers it whatever the machine: one that was to go on after violations may have been ended by a
    /// clock behind the first.
    #[must_use]
    pub const fn is_answered_by(&self, search: &Stored) -> bool {
        search.report.complete || !self.exhaustive
    }
}
