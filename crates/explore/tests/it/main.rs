//! Compares the search with other searches, and with what it tells about itself.

mod audit;
mod barriers;
mod behaviour;
mod checkpoint;
mod counting;
mod counts;
mod coverage;
mod drains;
mod estimates;
mod flushes;
mod merging;
mod minimize;
mod mutants;
mod preemptions;
mod protocol;
mod replays;
mod scenarios;
mod second_opinion;
mod shards;
mod traces;
mod workers;

use cowrace_explore::{Explorer, Merging};
use cowrace_machine::Program;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A search that explores every trace.
fn unmerged(program: &Program) -> Explorer<'_> {
    Explorer::new(program).merging(Merging::Never)
}

/// Writes a value as JSON, changes it there, and reads it back.
fn rewritten<T: Serialize + DeserializeOwned>(value: &T, change: impl FnOnce(&mut serde_json::Value)) -> T {
    let text = serde_json::to_string(value).expect("it can be written");
    let mut json = serde_json::from_str(&text).expect("it is JSON");
    change(&mut json);
    serde_json::from_value(json).expect("it can be read")
}
