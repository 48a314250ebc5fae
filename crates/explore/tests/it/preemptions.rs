//! The search within a bound on preemptions gives the ends of all executions within it.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::time::Duration;

use cowrace_explore::{Execution, Explorer, Limits, Observer, replay};
use cowrace_machine::{Actor, Cpu, Prim};
use cowrace_report::Stop;
use cowrace_testkit::scripts::naive::Naive;
use cowrace_testkit::scripts::random::{Flavour, scripts};
use cowrace_testkit::scripts::{Step::*, *};
use cowrace_testkit::{at_length, fixed, runner};
use proptest::test_runner::{TestCaseError, TestRunner};

/// The memories in which executions end.
#[derive(Debug, Default)]
struct Ends(BTreeSet<Vec<(usize, u64)>>);

impl Observer for Ends {
    fn execution(&mut self, execution: &Execution<'_>) {
        self.0.insert(execution.memory().nonzero().collect());
    }
}

/// Programs whose plain enumeration has more events are left out.
const BUDGET: u32 = 60_000;

fn compare(flavour: Flavour, mut runner: TestRunner) {
    let (cases, compared) = (runner.config().cases, Cell::new(0));
    let result = runner.run(&scripts(flavour), |scripts| {
        let program = program(&scripts);
        for bound in 0..=3 {
            let Some(traces) = Naive::within(&program, bound, BUDGET) else { break };
            let all: BTreeSet<_> = traces.into_values().map(|(_, end)| end).collect();
            for is_blind in [true, false] {
                let mut ends = Ends::default();
                let explorer = Explorer::new(&program).preemptions(Some(bound)).blindly(is_blind);
                let outcome = explorer.run(&mut ends);
                if let Some((finding, schedule)) = &outcome.finding {
                    let again = replay(&program, schedule);
                    let again = again.map_err(|error| TestCaseError::fail(error.to_string()))?;
                    proptest::prop_assert_eq!(again.finding.as_ref(), Some(finding));
                    return Ok(());
                }
                proptest::prop_assert_eq!(outcome.bound, Some(bound));
                proptest::prop_assert_eq!(
                    &ends.0,
                    &all,
                    "at most {} preemptions; blind: {}",
                    bound,
                    is_blind
                );
            }
            compared.set(compared.get() + 1);
        }
        Ok(())
    });
    eprintln!("{flavour:?}: {} bounds of {cases} programs", compared.get());
    result.unwrap_or_else(|error| panic!("{error}"));
    assert!(compared.get() > cases, "too few were compared");
}

#[test]
fn atomics() {
    compare(Flavour::Atomics, fixed(41, 200));
}

#[test]
fn conditional() {
    compare(Flavour::Conditional, fixed(42, 200));
}

#[test]
fn locks() {
    compare(Flavour::Locks, fixed(43, 200));
}

#[test]
fn waits() {
    compare(Flavour::Waits, fixed(44, 200));
}

#[test]
fn everything() {
    compare(Flavour::All, fixed(45, 200));
}

#[test]
#[ignore = "takes as long as it is told to: `just nightly`"]
fn random_programs_at_length() {
    at_length(|seed| {
        for flavour in Flavour::ALL {
            compare(flavour, runner(seed, 500));
        }
    });
}

/// Each increment is a load and a store, so one is lost if an actor is stopped between its own.
#[test]
fn what_needs_a_preemption_is_missed_without() {
    let increment = vec![Load(0), StoreAcc(0, 1)];
    let program = program(&[increment.clone(), increment]);
    let ends = |bound| {
        let mut ends = Ends::default();
        let outcome = Explorer::new(&program).preemptions(Some(bound)).run(&mut ends);
        assert_eq!((outcome.complete, outcome.stopped, outcome.bound), (false, None, Some(bound)));
        ends.0.len()
    };
    assert_eq!([ends(0), ends(1), ends(2)], [1, 2, 2]);
}

/// The first actor is stopped before its last request, for which the others wait. So these need not be stopped.
#[test]
fn who_waits_for_the_end_of_an_actor_is_not_preempted() {
    let waiter = vec![AwaitSet(0, 1), Add(1, 1), Join(0), Add(1, 10)];
    let first = vec![Store(0, 1), Store(2, 1)];
    let program = program(&[first, waiter.clone(), waiter, vec![AwaitSet(0, 1), Load(1), Bad(2)]]);
    let finds = |bound| Explorer::new(&program).preemptions(Some(bound)).run(&mut ()).finding.is_some();
    assert_eq!([finds(0), finds(1)], [false, true]);
}

/// The same at a barrier.
#[test]
fn who_waits_at_a_barrier_is_not_preempted() {
    let waiter = vec![AwaitSet(0, 1), Add(1, 1), Barrier(0), Add(1, 10)];
    let first = vec![Store(0, 1), Store(2, 1), Barrier(0)];
    let last = vec![AwaitSet(0, 1), Load(1), Bad(2)];
    let program = program(&[first, waiter.clone(), waiter, last]);
    let finds = |bound| Explorer::new(&program).preemptions(Some(bound)).run(&mut ()).finding.is_some();
    assert_eq!([finds(0), finds(1)], [false, true]);
}

/// It never comes to an end, and nobody gets in its way.
#[test]
fn an_actor_that_goes_on_for_ever_ends_the_search() {
    let counts = |cpu: Cpu| async move {
        loop {
            cpu.fetch_add(word(0), 1, Prim::PageRefAdd).await;
        }
    };
    let actor = Actor::new("counts".to_owned(), move |cpu| Box::pin(counts(cpu)));
    let program = program_of(memory(), vec![actor], Vec::new());
    let outcome = Explorer::new(&program).preemptions(Some(1)).run(&mut ());
    assert_eq!((outcome.complete, outcome.stopped, outcome.bound), (false, Some(Stop::Steps), None));
}

/// The states do not fit: what was completed is told, and that memory ended it.
#[test]
fn what_was_completed_is_told_if_memory_ends_the_search() {
    let stores = |actor: u64| (0..12).map(|nth| Store(0, 16 * actor + nth)).collect();
    let program = program(&[stores(0), stores(1), stores(2), stores(3)]);
    let limits = Limits { memory: Some(1 << 20), ..Limits::default() };
    let outcome = Explorer::new(&program).preemptions(Some(9)).limits(limits).run(&mut ());
    assert_eq!((outcome.complete, outcome.stopped), (false, Some(Stop::Memory)));
    assert_eq!(outcome.states_given_up, Some(1 << 19));
    assert!(outcome.bound.is_some_and(|bound| bound < 9), "{:?}", outcome.bound);
}

/// States are searched again when a search is resumed. What was completed before is told, however soon that ends.
#[test]
fn what_was_completed_before_a_search_is_resumed_is_told() {
    let stores = |actor: u64| (0..8).map(|nth| Store(0, 16 * actor + nth)).collect();
    let program = program(&[stores(0), stores(1), stores(2)]);
    let limits = Limits { executions: Some(5000), ..Limits::default() };
    let first = Explorer::new(&program).limits(limits).run(&mut ());
    assert!(first.stopped == Some(Stop::Executions) && first.bound > Some(0), "{:?}", first.bound);
    let mut left = first.checkpoint.expect("it was stopped");
    for _ in 0..2 {
        let limits = Limits { time: Some(Duration::ZERO), ..Limits::default() };
        let again = Explorer::new(&program).limits(limits).resume(&left).run(&mut ());
        assert_eq!((again.stopped, again.bound), (Some(Stop::Time), first.bound));
        left = again.checkpoint.expect("it was stopped");
    }
}
