//! The differences between two kernels.

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
    /// The earlier kernel.
    pub from: String,
    /// The later kernel.
    pub to: String,
    /// How the result changed.
    pub change: Change,
    /// Under the earlier kernel.
    pub before: Side,
    /// Under the later kernel.
    pub after: Side,
    /// The smallest sets of toggles that cause the change, each to be applied to the earlier kernel. `None` if the
    /// result is the same, or if they are not known.
    pub sets: Option<Vec<Vec<Toggle>>>,
}

/// One side of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Side {
    /// The result.
    #[serde(flatten)]
    pub found: Found,
    /// The costs; `None` if a limit ended a search.
    pub costs: Option<Costs>,
}

/// The lines of the model that can be reached only under the rules of the later kernel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NewLines {
    /// The earlier kernel.
    pub from: String,
    /// The later kernel.
    pub to: String,
    /// The toggles between the two.
    pub toggles: Vec<Toggle>,
    /// How many such lines there are. `None` if the model was changed since its lines were listed.
    pub lines: Option<u32>,
    /// Those that no search reached. `None` if some search did not finish, or if the lines are not known.
    pub unreached: Option<Vec<Unreached>>,
}
