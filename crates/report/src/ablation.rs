//! How results change when a part is taken out of a kernel.

use serde::{Deserialize, Serialize};

use crate::Toggle;
use crate::cell::{Change, Found};
use crate::hunt::Witnessed;

/// One commit or safeguard that is taken out of one kernel, and what that changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Ablation {
    /// The kernel that it was taken out of, with toggles.
    pub era: String,
    /// What it is.
    pub kind: Part,
    /// The toggle that takes it out, as on a command line: `--set wp_copy_flush=none`.
    pub toggle: Toggle,
    /// The title of a commit, or the purpose of a safeguard.
    pub about: String,
    /// The kernel's name of a safeguard; `None` for a commit.
    pub primitive: Option<String>,
    /// The kernel function that has it.
    pub function: Option<String>,
    /// The file of that function.
    pub file: Option<String>,
    /// An earlier part that is equivalent: without it, the rules are the same as without this one.
    pub same_as: Option<Toggle>,
    /// How many searches there are: one for each scenario and variant.
    pub searches: u64,
    /// How many of them depend on it: without it, their executions differ.
    pub read: u64,
    /// The conclusion.
    pub need: Need,
    /// Why it is unjustified.
    pub reason: Option<Reason>,
    /// The searches with another result, or with no answer.
    pub changes: Vec<Changed>,
    /// For a part that no scenario needs, the smallest generated scenario that does, if it was searched for.
    pub witness: Option<Witnessed>,
}

/// What was taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// A commit.
    Commit,
    /// A TLB flush.
    Flush,
    /// A recheck of something that may have changed.
    Recheck,
    /// A memory barrier.
    Barrier,
}

/// Whether scenarios need what was taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// Some scenario fails without it.
    Needed,
    /// No scenario fails, and all searches finished.
    Unjustified,
    /// No scenario was seen to fail, and some search did not finish.
    Bounded,
}

/// Why no scenario fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// No search depends on it.
    Unread,
    /// Searches depend on it, but have the same or a better result without it.
    Unfelt,
    /// It only matters under weak memory.
    Sequential,
    /// Without it the kernel's rules are the same, because other commits or toggles decide.
    Overruled,
}

/// A search with another result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Changed {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of its variant, if it has any.
    pub variant: Option<String>,
    /// How the result changes.
    pub change: Change,
    /// The result with everything in place.
    pub before: Found,
    /// The result now; `None` if there was no search, because of an interrupt.
    pub after: Option<Found>,
}
