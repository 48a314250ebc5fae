//! How the result of a scenario changes from era to era, and by which commits.

use serde::{Deserialize, Serialize};

use crate::{Found, Toggle};

/// The results of a scenario from era to era.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Course {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the variant of the scenario, if it has any.
    pub variant: Option<String>,
    /// The architecture.
    pub arch: String,
    /// The eras, each compared with the one before.
    pub eras: Vec<String>,
    /// The result under the first of them.
    #[serde(flatten)]
    pub first: Found,
    /// Every change, in order.
    pub changes: Vec<Switch>,
    /// If it is violated at the end: the toggles that do not close it.
    pub insufficient: Vec<Alone>,
}

/// The result under an era differs from that under the previous one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Switch {
    /// The previous era.
    pub from: String,
    /// The era.
    pub to: String,
    /// The result under it.
    #[serde(flatten)]
    pub found: Found,
    /// The smallest sets of toggles that cause the change: each of them, applied to the previous era, leads to the
    /// new result. `None` if they are not known, because a search was ended early.
    pub sets: Option<Vec<Vec<Toggle>>>,
    /// If this closes a violation: the toggles before it that did not.
    pub insufficient: Vec<Alone>,
}

/// A toggle that came while a scenario was violated and that changes a rule that its search reads, but with which
/// alone the scenario is still violated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Alone {
    /// The era that it was applied to.
    pub era: String,
    /// The toggle.
    pub toggle: Toggle,
}
