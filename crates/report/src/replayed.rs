//! One execution, as `replay` tells it.

use serde::{Deserialize, Serialize};

use crate::schedule::text;
use crate::{Class, Schedule, Trace};

/// What one execution comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Reached {
    /// It is bad.
    Violated,
    /// It cannot be followed, or it cannot be said whether it is bad.
    Inconclusive,
    /// Nothing is wrong with it.
    Clean,
}

/// One execution. It is no report: one execution proves nothing about the others.
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
    /// What the environment was allowed to do.
    pub environment: Vec<String>,
    /// What chose the execution: `as written` or `by schedule`.
    pub way: String,
    /// The conclusion.
    pub verdict: Reached,
    /// The damage, if violated.
    pub class: Option<Class>,
    /// What was seen, if violated, in a sentence; why, if inconclusive.
    pub detail: Option<String>,
    /// What the scenario's file expects, as `lost-read`; `None` if it says nothing.
    pub expected: Option<String>,
    /// Whether the result is as expected; `None` if it is not judged.
    pub as_expected: Option<bool>,
    /// The schedule of the execution; `None` if there is none.
    #[serde(with = "text")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub schedule: Option<Schedule>,
    /// Whether shuttle comes to the same; `None` if it was not asked.
    pub shuttle_agrees: Option<bool>,
    /// The execution; `None` if there is none.
    pub trace: Option<Trace>,
}
