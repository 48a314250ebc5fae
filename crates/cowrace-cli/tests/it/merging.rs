//! The search that merges states against the search of all traces, on the corpus and on random scenarios; and actors that
//! are taken for the same against each other.

use std::cell::Cell;

use cowrace_explore::Explorer;
use cowrace_machine::Arch;
use cowrace_mm::era::PRESETS;
use cowrace_mm::{Era, World, program};
use cowrace_spec::{Promises, program as specification};
use cowrace_testkit::corpus::corpus;
use cowrace_testkit::merging::{Compared, compare, compare_coverage, compare_ends};
use cowrace_testkit::{at_length, round};
use proptest::test_runner::TestCaseError;

/// Searches with more traces are left out, in CI and at length.
const FEW: u64 = 2000;
const MANY: u64 = 30_000;

/// How many visits are made to find actors that are taken for the same.
const VISITS: u64 = 3000;

/// What came of comparisons.
#[derive(Debug, Default)]
struct Tally {
    whole: Cell<u32>,
    states: Cell<u64>,
    wrong: Cell<u32>,
    large: Cell<u32>,
    /// There is one trace, or the first one is bad.
    small: Cell<u32>,
}

impl Tally {
    fn compare(&self, world: &World, era: &str, most: u64) -> Result<(), String> {
        let program = program(world, &Era::preset(era).expect("a preset"), Arch::Generic);
        self.note(compare(&program, most))
    }

    fn compare_coverage(&self, world: &World, era: &str, most: u64) -> Result<(), String> {
        let program = program(world, &Era::preset(era).expect("a preset"), Arch::Generic);
        self.note(compare_coverage(&program, most))
    }

    fn note(&self, compared: Result<Compared, String>) -> Result<(), String> {
        let more = |count: &Cell<u32>| count.set(count.get() + 1);
        match compared? {
            Compared::Whole(states) => {
                more(&self.whole);
                self.states.set(self.states.get() + states);
            }
            Compared::Wrong => more(&self.wrong),
            Compared::TooLarge => more(&self.large),
            Compared::NotMerged => more(&self.small),
        }
        Ok(())
    }
}

/// Every variant of the corpus under these kernels.
fn compare_corpus(kernels: &[&str], most: u64) -> Tally {
    let tally = Tally::default();
    for sample in corpus("") {
        for era in kernels {
            tally
                .compare(&sample.world, era, most)
                .unwrap_or_else(|error| panic!("{} {era}: {error}", sample.name));
        }
    }
    eprintln!("{tally:?}");
    tally
}

#[test]
fn the_corpus() {
    let tally = compare_corpus(&["v5.10", "v6.12"], FEW);
    assert!(tally.whole.get() > 60 && tally.wrong.get() > 20, "{tally:?}");
}

#[test]
#[ignore = "takes minutes: `just nightly`"]
fn the_corpus_under_every_kernel_at_length() {
    let kernels: Vec<_> = PRESETS.iter().map(|preset| preset.name).collect();
    compare_corpus(&kernels, MANY);
}

/// In which orders calls met, and which lines were reached, in every variant of the corpus under these kernels.
fn compare_coverage_of_corpus(kernels: &[&str], most: u64) -> Tally {
    let tally = Tally::default();
    for sample in corpus("") {
        for era in kernels {
            let compared = tally.compare_coverage(&sample.world, era, most);
            compared.unwrap_or_else(|error| panic!("{} {era}: {error}", sample.name));
        }
    }
    eprintln!("{tally:?}");
    tally
}

#[test]
fn coverage_of_the_corpus() {
    let tally = compare_coverage_of_corpus(&["v6.12"], FEW);
    assert!(tally.whole.get() > 60, "{tally:?}");
}

#[test]
#[ignore = "takes minutes: `just nightly`"]
fn coverage_of_the_corpus_under_every_kernel_at_length() {
    let kernels: Vec<_> = PRESETS.iter().map(|preset| preset.name).collect();
    compare_coverage_of_corpus(&kernels, MANY);
}

fn compare_drafts(seed: u64, cases: u32, most: u64) -> Tally {
    let tally = Tally::default();
    let kernels: Vec<_> = PRESETS.iter().map(|preset| preset.name).collect();
    round(seed, cases, kernels, |draft, era| {
        let text = draft.to_string();
        let scenario = cowrace_scenario::parse(&text).expect("a draft is a scenario");
        let variants = scenario.variants();
        let promised = specification(variants[0].world(), &Promises::default());
        tally.note(compare_ends(&promised, most)).map_err(TestCaseError::fail)?;
        tally.compare_coverage(variants[0].world(), era, most).map_err(TestCaseError::fail)?;
        tally.compare(variants[0].world(), era, most).map_err(TestCaseError::fail)
    });
    eprintln!("{tally:?}");
    tally
}

#[test]
fn random_scenarios() {
    let tally = compare_drafts(1401, 100, FEW);
    assert!(tally.whole.get() > 60, "{tally:?}");
}

#[test]
#[ignore = "takes as long as it is told to: `just nightly`"]
fn random_scenarios_at_length() {
    at_length(|seed| {
        compare_drafts(seed, 500, MANY);
    });
}

/// The specification of every variant of the corpus ends in the same memories.
fn compare_specifications(most: u64) -> Tally {
    let tally = Tally::default();
    for sample in corpus("") {
        let program = specification(&sample.world, &Promises::default());
        tally.note(compare_ends(&program, most)).unwrap_or_else(|error| panic!("{}: {error}", sample.name));
        let actors = Explorer::new(&program).compare_merged(VISITS);
        actors.unwrap_or_else(|error| panic!("{}: {error}", sample.name));
    }
    eprintln!("{tally:?}");
    tally
}

#[test]
fn specifications() {
    let tally = compare_specifications(FEW);
    assert!(tally.whole.get() > 60, "{tally:?}");
}

#[test]
#[ignore = "takes minutes: `just nightly`"]
fn specifications_at_length() {
    compare_specifications(MANY);
}

/// Actors that have been told different things and are taken for the same go on alike, whatever they are answered.
fn compare_actors(kernels: &[&str]) -> u64 {
    let mut compared = 0;
    for sample in corpus("") {
        for era in kernels {
            let program = program(&sample.world, &Era::preset(era).expect("a preset"), Arch::Generic);
            let found = Explorer::new(&program).compare_merged(VISITS);
            compared += found.unwrap_or_else(|error| panic!("{} {era}: {error}", sample.name));
        }
    }
    compared
}

#[test]
fn actors_taken_for_the_same() {
    let compared = compare_actors(&["v5.10", "v6.12"]);
    assert!(compared > 1000, "{compared}");
}

#[test]
#[ignore = "takes minutes: `just nightly`"]
fn actors_taken_for_the_same_under_every_kernel_at_length() {
    let kernels: Vec<_> = PRESETS.iter().map(|preset| preset.name).collect();
    eprintln!("{} comparisons", compare_actors(&kernels));
}
