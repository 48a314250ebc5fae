//! How what is found of a scenario changes from era to era, and by what.

use serde::{Deserialize, Serialize};

use crate::{Found, Toggle};

/// What becomes of a scenario from era to era.
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
    /// What is found under the first of them.
    #[serde(flatten)]
    pub first: Found,
    /// Every change, in order.
    pub changes: Vec<Switch>,
    /// If it is violated at the end: what does not close it.
    pub insufficient: Vec<Alone>,
}

/// Something else is found under an era than under the one before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Switch {
    /// The era before.
    pub from: String,
    /// The era.
    pub to: String,
    /// What is found under it.
    #[serde(flatten)]
    pub found: Found,
    /// The smallest sets of toggles that make the change: each of them, applied to the era before, leads to what is
    /// found now. Toggles as one types them. `None` if that is not known, because a search was ended early.
    pub sets: Option<Vec<Vec<Toggle>>>,
    /// If this closes a violation: what did not, up to here.
    pub insufficient: Vec<Alone>,
}

/// A toggle that came while a scenario was violated, that changes something its search asks for, and with which, alone,
/// it is violated still.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Alone {
    /// The era that it was applied to.
    pub era: String,
    /// The toggle as one types it.
    pub toggle: Toggle,
}
