//! What a complete search went through.

use serde::{Deserialize, Serialize};

/// What a search went through that covered every interleaving and found nothing: what the scenario has tried, and
/// what it has not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Coverage {
    /// Every two calls of different actors.
    pub orders: Vec<Pair>,
    /// Lines that were never reached of functions of the model that were entered. `None` if the model was changed since
    /// its lines were listed.
    pub unreached: Option<Vec<Unreached>>,
    /// How many functions of the model were entered. `None` if the model was changed since its lines were listed.
    pub functions: Option<Functions>,
}

/// Two calls of different actors, and how they met: some step of one conflicts with some step of the other, so
/// that their order can matter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Pair {
    /// One call; the earlier one if there is one order only.
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
    /// As it stands in the cell.
    pub call: String,
}

/// In which orders conflicting steps of two calls were seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// In some execution a step of the first before one of the second, and in some the other way round.
    Both,
    /// Steps of the first before steps of the second, in all executions.
    One,
    /// No step of one ever conflicted with one of the other.
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

/// How many functions of the model were entered: made a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Functions {
    /// Those that were.
    pub entered: u32,
    /// All that make requests.
    pub all: u32,
}
