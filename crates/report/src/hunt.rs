//! What a hunt over generated scenarios finds.

use serde::{Deserialize, Serialize};

use crate::{Class, Costs, Detail};

/// The scenarios of so many calls, all of which have been decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Level {
    /// The kernel, with toggles.
    pub era: String,
    /// How many calls the scenarios have.
    pub calls: u64,
    /// How many columns run side by side in them at most.
    pub columns: u64,
    /// How many scenarios there are. What follows a violated or blocked one is not counted.
    pub scenarios: u64,
    /// Those of which some execution is not allowed.
    pub violated: u64,
    /// With a base kernel, others that are violated under one of the kernels; they are not told, and not continued.
    pub elsewhere: u64,
    /// If costs are looked for, those that cost more than under the base.
    pub costlier: u64,
    /// Those in which a call may wait for ever, as it may by the specification.
    pub blocked: u64,
    /// Those that a limit left undecided.
    pub bounded: u64,
    /// How often a last part was run: once for all scenarios whose calls before lead to the same.
    pub tries: u64,
    /// How many states all of these scenarios lead to that were not known; 0 for the last level, whose scenarios are not
    /// continued.
    pub states: u64,
    /// The time that the level took.
    pub seconds: f64,
}

/// Violated scenarios that cannot do without any of their calls, and that have the same damage and the same kinds of calls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Family {
    /// The kernel, with toggles.
    pub era: String,
    /// The damage.
    pub class: Class,
    /// The kinds of the calls, each once.
    pub kinds: Vec<String>,
    /// How many scenarios it has.
    pub scenarios: u64,
    /// The first of them, in the language.
    pub scenario: String,
    /// What is wrong with it.
    pub finding: Option<Detail>,
    /// The same in words.
    pub detail: Option<String>,
    /// The file that it was written to, if any.
    pub file: Option<String>,
}

/// The smallest scenario that tells two kernels from each other, if there is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Witnessed {
    /// The kernel with the part.
    pub with: String,
    /// The kernel without it.
    pub without: String,
    /// The largest number of calls of which all scenarios were tried.
    pub decided: u64,
    /// Whether that is as many as were asked for.
    pub complete: bool,
    /// Whether the model takes the same steps for both kernels, so that no scenario can tell them from each other.
    pub same: bool,
    /// Scenarios that a limit left undecided.
    pub bounded: u64,
    /// The scenario.
    pub witness: Option<Told>,
    /// Scenarios that the hunt takes for witnesses and that `cowrace check` does not: a defect of the tool.
    pub unconfirmed: u64,
}

/// A scenario that is violated under one kernel, and holds under another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Told {
    /// The scenario, in the language.
    pub scenario: String,
    /// How many calls it has.
    pub calls: u64,
    /// The kernel under which it is violated.
    pub violated: String,
    /// The kernel under which it holds.
    pub holds: String,
    /// The damage.
    pub class: Option<Class>,
    /// What is wrong.
    pub finding: Option<Detail>,
    /// The same in words.
    pub detail: Option<String>,
}

/// Scenarios with the same kinds of calls that cost more than they need, and more than under the base.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Costlier {
    /// The kernel, with toggles.
    pub era: String,
    /// The base, with toggles.
    pub base: String,
    /// The kinds of the calls, each once.
    pub kinds: Vec<String>,
    /// How many scenarios it has that cannot do without any of their calls.
    pub scenarios: u64,
    /// The smallest of them, in the language.
    pub scenario: String,
    /// What it costs, and what the specification needs.
    pub costs: Costs,
    /// What it costs under the base.
    pub under_base: Costs,
}

/// The end of a hunt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Hunted {
    /// The kernel, with toggles.
    pub era: String,
    /// The largest number of calls of which all scenarios have been decided.
    pub decided: u64,
    /// Whether that is as many as were asked for.
    pub complete: bool,
    /// How many families were found.
    pub families: u64,
    /// Scenarios that the hunt takes for violated and that `cowrace check` does not: a defect of the tool.
    pub unconfirmed: u64,
}
