//! The scenarios of the repository.

use cowrace_mm::World;

use crate::repository;

/// A variant of a scenario.
pub struct Sample {
    /// The scenario's name, and the variant's if it has one.
    pub name: String,
    /// Its world.
    pub world: World,
}

/// Every variant of every scenario in a directory below `scenarios`, including its subdirectories.
pub fn corpus(directory: &str) -> Vec<Sample> {
    let path = repository("scenarios").join(directory);
    let mut samples = Vec::new();
    for source in cowrace_scenario::load(&[path]).expect("the scenarios are there") {
        let scenario = cowrace_scenario::parse(&source.text).expect("the scenarios parse");
        for variant in scenario.variants() {
            let name = match variant.name() {
                Some(variant) => format!("{}:{variant}", scenario.name()),
                None => scenario.name().to_owned(),
            };
            samples.push(Sample { name, world: variant.world().clone() });
        }
    }
    samples
}
