//! Reports: one object for each scenario, era and engine.

use serde::{Deserialize, Serialize};

use crate::schedule::text;
use crate::{
    AsDrawn, ByBaseline, Class, Costs, Coverage, Detail, Ineffective, Known, Limit, Schedule, Verdict,
};

/// Why a search was ended early.
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
    /// An interrupt was requested.
    Interrupted,
}

/// The result under the base kernel of an era.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Base {
    /// The base kernel.
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
    /// Name of the era, with toggles, such as `v5.12 --without 57efa1fe5957`.
    pub era: String,
    /// What an era consists of that has a name of its own, from a file: a preset with toggles, such as `v5.12 --without
    /// 57efa1fe5957`. `None` if the name says it.
    #[serde(default)]
    pub made_of: Option<String>,
    /// The engine that answered.
    pub engine: String,
    /// The memory model.
    pub memory: String,
    /// The architecture.
    pub arch: String,
    /// The allowed actions of the environment.
    pub environment: Vec<String>,
    /// The kinds of files that direct I/O goes to.
    #[serde(default)]
    pub direct_io: Vec<String>,
    /// The conclusion.
    pub verdict: Verdict,
    /// The damage, if violated.
    pub class: Option<Class>,
    /// The damage, if violated, in a sentence; the reason, if inconclusive or vacuous.
    pub detail: Option<String>,
    /// The finding, if violated, as data.
    #[serde(default)]
    pub finding: Option<Detail>,
    /// Whether every interleaving was covered.
    pub complete: bool,
    /// Why the search was ended early, if it was.
    pub stopped: Option<Stop>,
    /// Executions explored to their end.
    pub executions: u64,
    /// The number of different states that were searched, if the search merged executions that reach the same state;
    /// `None` if it explored every execution.
    #[serde(default)]
    pub states: Option<u64>,
    /// The memory in bytes that the states took; `None` if there are none.
    #[serde(default)]
    pub state_bytes: Option<u64>,
    /// The memory in bytes that states could take, if they were given up because it was not enough; what is told was then
    /// found by exploring executions. `None` if they were not given up.
    #[serde(default)]
    pub states_given_up: Option<u64>,
    /// If the search did not finish: the largest number of preemptions such that every execution with at most so many
    /// was explored, and none is bad. A preemption stops an actor that could go on. `None` if there is no such number.
    #[serde(default)]
    pub preemptions: Option<u32>,
    /// The estimated number of executions of the whole search, if it explored every one. A search that merges states, and
    /// has not given them up, may end much earlier. `None` if the search finished, or if there is no estimate.
    pub estimate: Option<f64>,
    /// The factor within which the estimate is right in at least eight of ten cases; `None` if it is not
    /// known.
    #[serde(default)]
    pub estimate_within: Option<f64>,
    /// Requests executed; a common beginning of executions counts once. `None` if the engine does not count them, or if a
    /// search of states gave the answer.
    pub requests: Option<u64>,
    /// Requests of the longest execution; `None` if the engine does not count them, or if a search of states gave the
    /// answer: it does not follow executions to their ends.
    pub depth: Option<u32>,
    /// The number of different final outcomes, if they were collected.
    pub outcomes: Option<u64>,
    /// Wall time.
    pub seconds: f64,
    /// The other era whose search this is: the eras do not differ in any rule that the search reads, so it was not
    /// repeated. `None` if the search was done for this era.
    #[serde(default)]
    pub same_as: Option<String>,
    /// Whether the search was made by an earlier run, and its result was stored; `seconds` is what it took then.
    #[serde(default)]
    pub stored: bool,
    /// The expectation of the scenario's file, such as `lost-read`; `None` if the file states none.
    pub expected: Option<String>,
    /// Whether the result is as expected; `None` if it is reported without being judged.
    pub as_expected: Option<bool>,
    /// The result under the base kernel of the era, if the report is judged by it. It is not needed for a scenario
    /// that holds.
    #[serde(default)]
    pub base: Option<Base>,
    /// What the baseline says of it, if the result is not as expected and a baseline names it.
    #[serde(default)]
    pub known: Option<Known>,
    /// What the baseline makes of it, if there is one.
    #[serde(default)]
    pub baseline: Option<ByBaseline>,
    /// Whether the rows can happen as they are drawn, if this was checked: if a single file is checked and nothing
    /// bad is found.
    #[serde(default)]
    pub as_drawn: Option<AsDrawn>,
    /// Calls that do not have their intended effect in any execution, if every interleaving was explored and none
    /// is bad.
    #[serde(default)]
    pub ineffective: Vec<Ineffective>,
    /// Limits of the model that some execution has reached, if every interleaving was explored.
    #[serde(default)]
    pub limits: Vec<Limit>,
    /// The number of outcomes of explore that the engine has not seen, if the two were compared, which requires a
    /// complete search by explore.
    pub beyond: Option<u64>,
    /// An outcome that the engine has seen and explore has not, or a bad execution of the engine that is not bad
    /// when it is replayed.
    pub disagreement: Option<String>,
    /// The settings of the engine, such as `pct, depth 3, seed 0`; `None` if it has none.
    pub settings: Option<String>,
    /// The schedule of the bad interleaving.
    #[serde(with = "text")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub schedule: Option<Schedule>,
    /// The costs of the scenario under the era. `None` if they were not requested, or if a limit ended their
    /// search.
    #[serde(default)]
    pub costs: Option<Costs>,
    /// The coverage of the search, if it was requested and the search found nothing in all interleavings. In JSON,
    /// its fields stand next to the others, or are absent.
    #[serde(flatten)]
    pub coverage: Option<Coverage>,
}
