//! loom and the native engine see the same things.

#[path = "../../explore/tests/common/mod.rs"]
mod common;

use std::collections::BTreeSet;
use std::sync::Arc;

use common::peers::{Rule, Variant, problem};
use cowrace_explore::{Execution, Explorer, Observer};
use cowrace_loom::Loom;
use cowrace_machine::Program;
use cowrace_threads::Outcome;

#[derive(Default)]
struct All(BTreeSet<Outcome>);

impl Observer for All {
    fn execution(&mut self, execution: &Execution<'_>) {
        self.0.insert(Outcome::of(execution.memory(), execution.finding()));
    }
}

fn show(name: &str, program: Program) {
    let program = Arc::new(program);
    let mut all = All::default();
    let outcome = Explorer::new(&program).exhaustive(true).run(&mut all);
    let started = std::time::Instant::now();
    let limits = cowrace_threads::Limits { executions: Some(20_000), ..Default::default() };
    let loom = Loom::new(Arc::clone(&program)).exhaustive(true).limits(limits).run();
    let seconds = started.elapsed().as_secs_f64();
    let sh = std::time::Instant::now();
    println!(
        "{name}: explore {} executions {} outcomes, loom {} executions in {seconds:.2} s complete {} {:?} {:?}, {} outcomes, beyond {}, missing {}",
        outcome.executions,
        all.0.len(),
        loom.executions,
        loom.complete,
        loom.reason,
        loom.stopped,
        loom.outcomes.len(),
        loom.outcomes.difference(&all.0).count(),
        all.0.difference(&loom.outcomes).count()
    );
    let _ = sh;
}

#[test]
fn common_problem() {
    for rule in [Rule::Mapcount, Rule::Count] {
        for actors in 3..=4 {
            show(&format!("{rule:?} {actors}"), problem(Variant::new(actors, rule, true)));
        }
    }
}
#[test]
fn random() {
    use common::random::*;
    use proptest::strategy::{Strategy, ValueTree};
    use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
    let config = Config { failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]));
    for f in [Flavour::Atomics, Flavour::Locks, Flavour::Waits, Flavour::All] {
        for i in 0..12 {
            let scripts = scripts(f).new_tree(&mut runner).unwrap().current();
            println!("{scripts:?}");
            show(&format!("{f:?}{i} {}", scripts.len()), common::program(&scripts));
        }
    }
}
