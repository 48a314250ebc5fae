//! What differs between two kernels.

use serde::{Deserialize, Serialize};

use crate::cell::{Change, Found};
use crate::{Costs, Toggle, Unreached};

/// A scenario that differs between two kernels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Difference {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the variant of the scenario, if it has any.
    pub variant: Option<String>,
    /// The architecture.
    pub arch: String,
    /// The kernel before.
    pub from: String,
    /// The kernel after.
    pub to: String,
    /// What became of it.
    pub change: Change,
    /// Under the kernel before.
    pub before: Side,
    /// Under the kernel after.
    pub after: Side,
    /// The smallest sets of toggles that make the change, each as one types them behind the kernel before. `None` if
    /// nothing else is found, or if they are not known.
    pub sets: Option<Vec<Vec<Toggle>>>,
}

/// One side of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Side {
    /// What is found.
    #[serde(flatten)]
    pub found: Found,
    /// What it costs; `None` if a limit ended a search.
    pub costs: Option<Costs>,
}

/// The lines of the model that only the rules of the kernel after lead to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NewLines {
    /// The kernel before.
    pub from: String,
    /// The kernel after.
    pub to: String,
    /// The toggles between the two.
    pub toggles: Vec<Toggle>,
    /// How many such lines there are. `None` if the model was changed since its lines were listed.
    pub lines: Option<u32>,
    /// Those that no search came to. `None` if some search came to no end, or the lines are not known.
    pub unreached: Option<Vec<Unreached>>,
}
