//! One execution, as `replay` reports it.

use serde::{Deserialize, Serialize};

use crate::schedule::text;
use crate::{Class, Schedule, Trace};

/// The verdict on one execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Reached {
    /// It is bad.
    Violated,
    /// It cannot be replayed, or it is not known whether it is bad.
    Inconclusive,
    /// Nothing is wrong with it.
    Clean,
}

/// One execution. It is not a report: one execution proves nothing about the others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Replayed {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the variant of the scenario, if it has any.
    pub variant: Option<String>,
    /// Name of the era, with toggles.
    pub era: String,
    /// The memory model.
    pub memory: String,
    /// The architecture.
    pub arch: String,
    /// The allowed actions of the environment.
    pub environment: Vec<String>,
    /// What chose the execution: `as written` or `by schedule`.
    pub way: String,
    /// The conclusion.
    pub verdict: Reached,
    /// The damage, if violated.
    pub class: Option<Class>,
    /// The damage, if violated, in a sentence; the reason, if inconclusive.
    pub detail: Option<String>,
    /// The expectation of the scenario's file, such as `lost-read`; `None` if the file states none.
    pub expected: Option<String>,
    /// Whether the result is as expected; `None` if it is not judged.
    pub as_expected: Option<bool>,
    /// The schedule of the execution; `None` if there is none.
    #[serde(with = "text")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub schedule: Option<Schedule>,
    /// Whether shuttle has the same result; `None` if it was not run.
    pub shuttle_agrees: Option<bool>,
    /// The execution; `None` if there is none.
    pub trace: Option<Trace>,
}
