//! Reports: one object for each scenario, era and engine.

use serde::{Deserialize, Serialize};

use crate::schedule::text;
use crate::{AsDrawn, Class, Costs, Coverage, Detail, Ineffective, Limit, Schedule, Verdict};

/// What ended a search early.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Stop {
    /// The limit on executions.
    Executions,
    /// The limit on time.
    Time,
    /// The limit on memory.
    Memory,
    /// One execution was longer than the engine allows.
    Steps,
    /// Somebody asked for it.
    Interrupted,
}

/// What is found under the kernel that an era departs from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Base {
    /// That kernel.
    pub era: String,
    /// The conclusion there.
    pub verdict: Verdict,
    /// The damage there, if violated.
    pub class: Option<Class>,
}

/// The result of checking one scenario under one era with one engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Report {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the variant of the scenario, if it has any.
    pub variant: Option<String>,
    /// Name of the era, with toggles, as `v5.12 --without 57efa1fe5957`.
    pub era: String,
    /// The engine that answered.
    pub engine: String,
    /// The memory model.
    pub memory: String,
    /// The architecture.
    pub arch: String,
    /// What the environment was allowed to do.
    pub environment: Vec<String>,
    /// The kinds of files that direct I/O goes to.
    #[serde(default)]
    pub direct_io: Vec<String>,
    /// The conclusion.
    pub verdict: Verdict,
    /// The damage, if violated.
    pub class: Option<Class>,
    /// What was seen, if violated, in a sentence; why, if inconclusive or vacuous.
    pub detail: Option<String>,
    /// What was seen, if violated, as data.
    #[serde(default)]
    pub finding: Option<Detail>,
    /// Whether every interleaving was covered.
    pub complete: bool,
    /// What ended the search early, if anything.
    pub stopped: Option<Stop>,
    /// Executions explored to their end.
    pub executions: u64,
    /// Executions that the whole search is expected to have; `None` if it came to its end, or nothing can be
    /// said.
    pub estimate: Option<f64>,
    /// The factor within which that is right in at least eight of ten cases; `None` if that is not known.
    #[serde(default)]
    pub estimate_within: Option<f64>,
    /// Requests executed; what executions begin with in common counts once. `None` if the engine does not count
    /// them.
    pub requests: Option<u64>,
    /// Requests of the longest execution; `None` if the engine does not count them.
    pub depth: Option<u32>,
    /// How many different final outcomes they had, if they were collected.
    pub outcomes: Option<u64>,
    /// Wall time.
    pub seconds: f64,
    /// The era whose search this is, too: the eras differ in nothing that it depends on, so it was not done again.
    /// `None` if the search was done for this era.
    #[serde(default)]
    pub same_as: Option<String>,
    /// What the scenario's file expects, as `lost-read`; `None` if it says nothing.
    pub expected: Option<String>,
    /// Whether the result is as expected; `None` if it is reported without being judged.
    pub as_expected: Option<bool>,
    /// What is found under the kernel that the era departs from, if the report is judged by that and it had to be known:
    /// what holds is as good as can be.
    #[serde(default)]
    pub base: Option<Base>,
    /// Whether the rows can happen as they are drawn, if that was looked at: where a single file is checked and
    /// nothing bad is found.
    #[serde(default)]
    pub as_drawn: Option<AsDrawn>,
    /// Calls that do not do what they are for in any execution, if every interleaving was explored and none is bad.
    #[serde(default)]
    pub ineffective: Vec<Ineffective>,
    /// Limits of the model that some execution has reached, if every interleaving was explored.
    #[serde(default)]
    pub limits: Vec<Limit>,
    /// How many outcomes of explore's the engine has not seen, if the two were compared: that takes an explore
    /// that has come to its end.
    pub beyond: Option<u64>,
    /// What the engine has seen and explore has not, or a bad execution of its that is none when it is replayed.
    pub disagreement: Option<String>,
    /// What the engine was told, as `pct, depth 3, seed 0`; `None` if there is nothing to tell it.
    pub settings: Option<String>,
    /// The schedule of the bad interleaving.
    #[serde(with = "text")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub schedule: Option<Schedule>,
    /// What the scenario costs under the era. `None` if nobody asked, or if a limit ended the search for it.
    #[serde(default)]
    pub costs: Option<Costs>,
    /// What the search went through, if that was asked for and it found nothing in all interleavings. Its fields
    /// stand beside the others, or not at all.
    #[serde(flatten)]
    pub coverage: Option<Coverage>,
}
