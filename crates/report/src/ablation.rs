//! What becomes of scenarios when something is taken out of a kernel.

use serde::{Deserialize, Serialize};

use crate::Toggle;
use crate::cell::{Change, Found};

/// One commit or safeguard taken out of one kernel, and what that changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Ablation {
    /// The kernel that it was taken out of, with toggles.
    pub era: String,
    /// What it is.
    pub kind: Part,
    /// What takes it out on a command line, as `--set wp_copy_flush=none`.
    pub toggle: Toggle,
    /// The title of a commit; what a safeguard is for.
    pub about: String,
    /// What the kernel calls a safeguard; `None` for a commit.
    pub primitive: Option<String>,
    /// The kernel function that has it.
    pub function: Option<String>,
    /// The file of that function.
    pub file: Option<String>,
    /// What else takes the same out: an earlier part without which the rules are those without this one.
    pub same_as: Option<Toggle>,
    /// How many searches there are: one for each scenario and variant.
    pub searches: u64,
    /// How many of them depend on it: without it they do not go through the same executions.
    pub read: u64,
    /// The conclusion.
    pub need: Need,
    /// Why it is unjustified.
    pub reason: Option<Reason>,
    /// The searches that come to something else, or to no answer.
    pub changes: Vec<Changed>,
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
    /// A second look at something that may have changed.
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
    /// None does, and all searches came to their end.
    Unjustified,
    /// None was seen to, and some search did not come to its end.
    Bounded,
}

/// Why no scenario fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// No search depends on it.
    Unread,
    /// Searches depend on it, and come to the same or to something better.
    Unfelt,
    /// It is against what only weak memory does.
    Sequential,
    /// Without it the kernel's rules are the same, because other commits or toggles decide.
    Overruled,
}

/// A search that comes to something else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Changed {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of its variant, if it has any.
    pub variant: Option<String>,
    /// In which way.
    pub change: Change,
    /// What it came to with everything in place.
    pub before: Found,
    /// What it comes to now; `None` if there was no search, because of an interrupt.
    pub after: Option<Found>,
}
