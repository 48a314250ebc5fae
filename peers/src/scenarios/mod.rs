//! Compares stateright with our search on scenarios of the corpus that hold, in one run and one table: general state
//! caching, by an independent checker, on the programs for which the tool is made.

mod answers;
mod compare;
#[path = "../../../crates/explore/benches/holding.rs"]
mod holding;
mod row;
mod search;
mod state;
mod words;

use std::path::PathBuf;
use std::sync::Arc;

use cowrace_machine::{Arch, Program};
use cowrace_mm::{Era, World};
use cowrace_scenario::parse;
use holding::{LARGER, LARGEST, SEARCHES};

use crate::options::Options;

/// A program of the corpus, or one written for this comparison.
struct Sample {
    scenario: String,
    era: &'static str,
    program: Arc<Program>,
}

impl Sample {
    fn new(scenario: &str, era: &'static str, world: &World) -> Self {
        let preset = Era::preset(era).expect("the era is a preset");
        let program = Arc::new(cowrace_mm::program(world, &preset, Arch::Generic));
        Self { scenario: scenario.to_owned(), era, program }
    }

    /// A variant of a scenario of the corpus, as `scenario:variant` if it has a name.
    fn of_corpus(name: &str, era: &'static str) -> Self {
        let (scenario, variant) = name.split_once(':').map_or((name, None), |(s, v)| (s, Some(v)));
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../scenarios/{scenario}.race"));
        let sources = cowrace_scenario::load(&[path]).expect("the scenario is there");
        let parsed = parse(&sources[0].text).expect("the scenario parses");
        let variant = parsed.variants().iter().find(|other| other.name() == variant);
        Self::new(name, era, variant.expect("the variant is there").world())
    }

    /// All programs that are compared.
    fn all() -> Vec<Self> {
        let corpus = SEARCHES.iter().map(|&(name, era)| Self::of_corpus(name, era));
        let larger = LARGER.iter().chain(LARGEST).map(|&(text, era)| {
            let scenario = parse(text).expect("the scenario parses");
            Self::new(scenario.name(), era, scenario.variants()[0].world())
        });
        corpus.chain(larger).collect()
    }
}

/// Compares on every sample; tells whether all answers agree.
pub(crate) fn run(options: &Options, say: &mut dyn FnMut(&str)) -> bool {
    say(&row::head());
    let mut agrees = true;
    for sample in Sample::all() {
        say("");
        agrees &= compare::compare(&sample, options, say);
    }
    agrees
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn says(sample: &Sample) -> Vec<String> {
        let options = Options::parse_from(["peers", "--scenarios", "--runs", "1"]);
        let mut lines = Vec::new();
        assert!(compare::compare(sample, &options, &mut |line| lines.push(line.to_owned())), "{lines:#?}");
        lines
    }

    fn say(sample: &Sample, verdict: &str) {
        let lines = says(sample);
        assert!(lines.len() == 2 && lines.iter().all(|line| line.ends_with(verdict)), "{lines:#?}");
    }

    #[test]
    fn stateright_sees_our_ends() {
        for sample in Sample::all().iter().take(4) {
            say(sample, " the same");
        }
    }

    /// Scenarios that hold and scenarios that do not.
    #[test]
    fn stateright_agrees_on_all_small_scenarios() {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../scenarios/small");
        let (mut holding, mut violated) = (0, 0);
        for source in cowrace_scenario::load(&[path]).expect("the scenarios are there") {
            for variant in parse(&source.text).expect("the scenarios parse").variants() {
                for era in ["v5.7", "v5.10", "v6.12"] {
                    let sample = Sample::new(&source.path.display().to_string(), era, variant.world());
                    let lines = says(&sample);
                    let violation = lines[0].ends_with("both violated");
                    *if violation { &mut violated } else { &mut holding } += 1;
                    assert!(violation || lines[0].ends_with("the same"), "{lines:#?}");
                }
            }
        }
        assert!(holding > 0 && violated > 0, "{holding} hold, {violated} do not");
    }
}
