//! The set of traces that the engine explores is the set that exists, each once.

mod common;

use std::cell::Cell;
use std::collections::BTreeMap;

use common::naive::{Naive, Traces};
use common::random::{Flavour, scripts};
use common::{Step::*, *};
use cowrace_explore::{Execution, Explorer, Observer, Outcome};
use cowrace_machine::Program;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

/// Collects traces.
#[derive(Default)]
struct Collect(Traces);

impl Observer for Collect {
    fn execution(&mut self, execution: &Execution<'_>) {
        let entry = self.0.entry(execution.canonical());
        entry.or_insert_with(|| (0, execution.memory().nonzero().collect())).0 += 1;
    }
}

fn explore(program: &Program) -> (Outcome, Traces) {
    let mut collect = Collect::default();
    let outcome = Explorer::new(program).exhaustive(true).run(&mut collect);
    (outcome, collect.0)
}

/// What is wrong with the engine's answer, if anything.
fn compare(program: &Program, budget: u32) -> Option<Result<u64, String>> {
    let expected = Naive::explore(program, true, budget)?;
    let (outcome, found) = explore(program);
    if !outcome.complete || outcome.executions != found.values().map(|t| u64::from(t.0)).sum::<u64>() {
        return Some(Err(format!("not complete: {outcome:?}")));
    }
    if let Some(again) = found.values().find(|t| t.0 > 1) {
        return Some(Err(format!("a trace was explored {} times", again.0)));
    }
    if expected.values().any(|t| t.0 > 1) {
        return Some(Err("the reference met a trace twice".to_owned()));
    }
    if found != expected {
        let missing = expected.keys().filter(|k| !found.contains_key(*k)).count();
        let extra = found.keys().filter(|k| !expected.contains_key(*k)).count();
        return Some(Err(format!("{missing} of {} traces are missing, {extra} do not exist", expected.len())));
    }
    Some(Ok(outcome.executions))
}

fn random(flavour: Flavour, seed: u8, cases: u32) {
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 20_000, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]));
    let (compared, traces) = (Cell::new(0), Cell::new(0));
    let result = runner.run(&scripts(flavour), |scripts| {
        match compare(&program(&scripts), 30_000) {
            // Too large for the reference: does not count.
            None => Ok(()),
            Some(Ok(n)) => {
                compared.set(compared.get() + 1);
                traces.set(traces.get() + n);
                Ok(())
            }
            Some(Err(what)) => Err(TestCaseError::fail(what)),
        }
    });
    eprintln!("{flavour:?}/{seed}: {} programs, {} traces", compared.get(), traces.get());
    if let Err(error) = result {
        panic!("{error}");
    }
    assert!(compared.get() * 10 >= cases * 8, "too many programs were too large: {} left", compared.get());
}

#[test]
fn atomics() {
    random(Flavour::Atomics, 1, 2500);
}

#[test]
fn atomics_again() {
    random(Flavour::Atomics, 2, 2500);
}

#[test]
fn locks() {
    random(Flavour::Locks, 3, 2500);
}

#[test]
fn locks_again() {
    random(Flavour::Locks, 4, 2500);
}

#[test]
fn waits() {
    random(Flavour::Waits, 5, 2500);
}

#[test]
fn everything() {
    random(Flavour::All, 6, 2500);
}

/// `[L1 L0] [L1 S0] [L1 S1]`: the smallest program on which the older backtracking rule loses a trace.
#[test]
fn smallest_witness_of_the_trap() {
    let program = program(&[vec![Load(1), Load(0)], vec![Load(1), Store(0, 1)], vec![Load(1), Store(1, 1)]]);
    let (outcome, _) = explore(&program);
    assert_eq!(outcome.executions, 8);
    assert_eq!(compare(&program, 1_000_000), Some(Ok(8)));
}
