//! Scenarios of the tree.

use std::path::PathBuf;

use cowrace_mm::World;

/// A variant of a scenario.
pub(crate) struct Sample {
    /// The scenario's name, and the variant's if it has one.
    pub(crate) name: String,
    pub(crate) world: World,
}

/// Every variant of every scenario of a directory below `scenarios`, and of those in it.
pub(crate) fn corpus(directory: &str) -> Vec<Sample> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../scenarios").join(directory);
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
