//! What a hunt over generated scenarios finds.

use serde::{Deserialize, Serialize};

use crate::explanation::Given;
use crate::{Class, Costs, Detail, Switch};

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
    pub costlier: Option<u64>,
    /// Those in which a call may wait for ever, as it may by the specification.
    pub blocked: u64,
    /// Those that a limit left undecided.
    pub bounded: u64,
    /// How often a last part was run: once for all scenarios whose calls before lead to the same.
    pub tries: u64,
    /// How many of these runs had been made before, as files of `--resume` and `--merge` say.
    pub known: u64,
    /// If only a part of these scenarios was tried, which: `2/5` is the second of five. Those whose last call leads nowhere new are
    /// in every part, so the figures of parts do not add up.
    pub shard: Option<String>,
    /// How many states all of these scenarios lead to that were not known; 0 for the last level, whose scenarios are not
    /// continued.
    pub states: u64,
    /// The time that the level took.
    pub seconds: f64,
}

/// Who has the damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Whose {
    /// A process that was not forked: the parent, if there is a child.
    Process,
    /// A process that was forked.
    Child,
    /// The holder of a handle, as a device is.
    Holder,
    /// The kernel itself, or nobody that has a name.
    Kernel,
}

/// What a call did that led to damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Deed {
    /// It parted the page from the memory, for good.
    Displaced,
    /// It took the write bit from the memory, so that the next store copies the page.
    WriteProtected,
    /// It made a page writable that others see.
    MadeWritable,
    /// It took hold of a page that is mapped read-only and that the next store of the owner copies.
    Took,
    /// It took hold of the zero page.
    TookZero,
    /// It took hold of a page of the page cache, which a store to a private mapping copies.
    TookFile,
    /// It wrote into a page that others see, or that the owner does not.
    Wrote,
    /// It freed the page.
    Freed,
}

/// The call that led to damage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Cause {
    /// What it did.
    pub deed: Deed,
    /// Its kind.
    pub call: String,
    /// Why it did that; null if it always does it.
    pub why: Option<Given>,
}

/// Kinds of calls, and the scenarios that consist of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Kinds {
    /// The kinds, one for each call, sorted.
    pub calls: Vec<String>,
    /// How many scenarios have these.
    pub scenarios: u64,
    /// The smallest of them, in the language.
    pub scenario: String,
}

/// A race of a corpus.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Race {
    /// The name of its scenario.
    pub scenario: String,
    /// The variant, if it has any.
    pub variant: Option<String>,
}

/// What a corpus says of a find.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Named {
    /// It is this race: what is left of the race without some of its calls.
    Same(Race),
    /// It is new. This race has the same damage, and the most kinds of calls in common with it.
    Nearest(Race),
    /// It is new, and no race with the same damage has a kind of call in common with it.
    New,
}

/// Since when, and until when, mainline kernels have a race.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Lifetime {
    /// The first and the last kernel that were asked: the first has all of its calls.
    pub eras: (String, String),
    /// The change that opened it; null if the first kernel has it.
    pub opened: Option<Switch>,
    /// The change that closed it; null if the last kernel has it.
    pub closed: Option<Switch>,
}

/// Violated scenarios that cannot do without any of their calls, and that have the same damage for the same reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Family {
    /// The kernel, with toggles.
    pub era: String,
    /// The damage.
    pub class: Class,
    /// Who has it.
    pub whose: Whose,
    /// The kind of call that gave the handle, if its holder has it.
    pub held: Option<String>,
    /// What led to it in the smallest scenario, which is alike in the others; null if no call can be blamed.
    pub cause: Option<Cause>,
    /// How many scenarios it has.
    pub scenarios: u64,
    /// The same by the kinds of their calls: first those of the smallest scenario, then the most frequent.
    pub kinds: Vec<Kinds>,
    /// The smallest of them, in the language.
    pub scenario: String,
    /// What is wrong with it.
    pub finding: Option<Detail>,
    /// The same in words.
    pub detail: Option<String>,
    /// What the corpus says of it; null if there is none, or if the hunt was stopped before.
    pub named: Option<Named>,
    /// Which mainline kernels have it; null if that was not asked, or if the search for it was ended.
    pub lifetime: Option<Lifetime>,
    /// The file that it was written to, if any.
    pub file: Option<String>,
}

/// Which scenarios of so many calls are tried: all, unless something is chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Tried {
    /// The names of the only calls, beside loads and stores; all calls if there is none.
    pub only: Vec<String>,
    /// The names of calls that are left out.
    pub except: Vec<String>,
    /// The words of the language that the area begins with, any of these; all states at the start if there is none.
    pub start: Vec<String>,
    /// Whether there is a child from the start; null if scenarios with and without are tried.
    pub child: Option<bool>,
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
    /// Whether nothing ended the search before there was a witness, or as many were tried as were asked for.
    pub complete: bool,
    /// Whether the model takes the same steps for both kernels, so that no scenario can tell them from each other.
    pub same: bool,
    /// Which scenarios were tried.
    pub tried: Tried,
    /// How many columns run side by side in the scenarios at most.
    pub columns: u64,
    /// Scenarios in which a call may wait for ever, as it may by the specification, under some kernel. They are not continued.
    pub blocked: u64,
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

/// A guided search beyond the levels: scenarios of more calls, some of which were run. It proves nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Guided {
    /// The kernel, with toggles.
    pub era: String,
    /// How many calls the scenarios have at most.
    pub most_calls: u64,
    /// How many columns run side by side in them at most.
    pub columns: u64,
    /// The seed of all choices.
    pub seed: u64,
    /// How many rounds were completed. The same seed and number of rounds give the same finds.
    pub rounds: u64,
    /// How many parts of scenarios were run.
    pub runs: u64,
    /// How many of them a limit left undecided.
    pub bounded: u64,
    /// How many states were reached.
    pub reached: u64,
    /// For each quarter of the rounds, or each round if there are fewer than four, the share of runs that reached a new state.
    pub rates: Vec<f64>,
    /// The share of the last quarter: the Good-Turing estimate of the probability that the next run reaches a state that has
    /// not been seen.
    pub unseen: f64,
    /// How many scenarios of files were seeds.
    pub seeds: u64,
    /// How many could not be, since a hunt does not make their calls.
    pub left_out: u64,
    /// The time that it took.
    pub seconds: f64,
}

/// Which races of a corpus a hunt has found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Rediscovered {
    /// How many races of the corpus the kernel has that break a promise, and not only an assertion.
    pub races: u64,
    /// Those of them that no find is what is left of, by name.
    pub missing: Vec<String>,
}

/// The end of a hunt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Hunted {
    /// The kernel, with toggles.
    pub era: String,
    /// The largest number of calls of which all scenarios have been decided, but for those that a limit left undecided.
    pub decided: u64,
    /// Whether that is as many as were asked for.
    pub complete: bool,
    /// How many scenarios of up to that many calls a limit left undecided. What follows them was not tried.
    pub bounded: u64,
    /// Whether all calls and states at the start were tried; otherwise, the ones that options chose.
    pub all: bool,
    /// What these chose.
    pub tried: Tried,
    /// The base, with toggles, if there is one.
    pub base: Option<String>,
    /// Which part of the scenarios with the most calls was tried: `2/5` is the second of five.
    pub shard: Option<String>,
    /// Whether costs were looked for, and not violations.
    pub costs: bool,
    /// Scenarios that cost more than under the base, and need it or may need it; what follows them was not tried.
    pub needed: u64,
    /// How many families were found.
    pub families: u64,
    /// How many of them are races of the corpus; null if there was none to compare with.
    pub named: Option<u64>,
    /// Which races of the corpus were found; null if there was none to compare with, if not all calls and states at the start were
    /// tried, or if the hunt was stopped.
    pub rediscovered: Option<Rediscovered>,
    /// How many of them were not compared with the corpus, since the hunt was stopped.
    pub unnamed: u64,
    /// Violated scenarios that were not sorted into families, since the hunt was stopped; or scenarios that cost more.
    pub unsorted: u64,
    /// Scenarios that the hunt takes for violated and that `cowrace check` does not: a defect of the tool.
    pub unconfirmed: u64,
}
