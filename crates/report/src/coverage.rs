//! The coverage of a complete search.

use serde::{Deserialize, Serialize};

/// The coverage of a search that explored every interleaving and found nothing: what the scenario exercises, and
/// what it does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Coverage {
    /// Every two calls of different actors.
    pub orders: Vec<Pair>,
    /// Lines that were never reached in functions of the model that were entered. `None` if the model was changed
    /// since its lines were listed.
    pub unreached: Option<Vec<Unreached>>,
    /// How many functions of the model were entered. `None` if the model was changed since its lines were listed.
    pub functions: Option<Functions>,
}

/// Two calls of different actors, and the orders in which they were seen. A step of one call may conflict with a
/// step of the other, so that their order can matter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Pair {
    /// One call; the earlier one if only one order was seen.
    pub first: Called,
    /// The other.
    pub second: Called,
    /// The orders that were seen.
    pub seen: Order,
}

/// A call of the scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Called {
    /// The name of the actor's column.
    pub actor: String,
    /// The text of its cell.
    pub call: String,
}

/// The orders in which conflicting steps of two calls were seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// In some executions a step of the first came before a step of the second, and in others the other way round.
    Both,
    /// Steps of the first came before steps of the second in all executions.
    One,
    /// No step of one call ever conflicted with a step of the other.
    Never,
}

/// Lines of a function of the model that were never reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Unreached {
    /// The kernel function that it follows, or its own name.
    pub function: String,
    /// Its file, from the root of the repository.
    pub file: String,
    /// The lines.
    pub lines: Vec<u32>,
}

/// How many functions of the model were entered, that is, made a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Functions {
    /// The functions that were entered.
    pub entered: u32,
    /// All functions that make requests.
    pub all: u32,
}
