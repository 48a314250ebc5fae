//! What a baseline, a file of failures that are known, makes of a report.

use serde::{Deserialize, Serialize};

/// A failure that a baseline names, so that it does not fail the check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Known {
    /// Why it is not mended yet.
    pub reason: String,
    /// Who sees to it.
    pub owner: String,
}

/// What a baseline makes of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ByBaseline {
    /// What the run is to it.
    pub standing: Standing,
    /// The result that it names for the run, if it names the run: a class of damage, a verdict, or `disagreement`.
    pub named: Option<String>,
}

/// What a run is to a baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It does not fail, and is not named.
    Passed,
    /// It fails, and is not named.
    New,
    /// It fails as it is named.
    Known,
    /// It fails in another way than it is named.
    Changed,
    /// It is named, and does not fail any more.
    Gone,
    /// It is named, and does not tell whether it still fails: a limit ended it, or it is not judged.
    Open,
}

impl ByBaseline {
    /// The result that is named and that the run no longer has.
    #[must_use]
    pub fn gone(&self) -> Option<&str> {
        self.named.as_deref().filter(|_| matches!(self.standing, Standing::Changed | Standing::Gone))
    }
}
