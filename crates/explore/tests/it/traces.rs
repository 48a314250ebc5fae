//! The engine explores exactly the set of existing traces, each once.

use std::cell::Cell;

use cowrace_explore::{Explorer, Outcome};
use cowrace_machine::Program;
use cowrace_testkit::scripts::naive::{Collect, Naive, Traces};
use cowrace_testkit::scripts::random::{Flavour, scripts};
use cowrace_testkit::scripts::{Step::*, *};
use cowrace_testkit::{at_length, fixed, runner};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{TestCaseError, TestRunner};

fn explore(program: &Program) -> (Outcome, Traces) {
    let mut collect = Collect::default();
    let outcome = Explorer::new(program).exhaustive(true).counts_commute(false).run(&mut collect);
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
        return Some(Err(format!(
            "{missing} of {} traces are missing, {extra} do not exist",
            expected.len()
        )));
    }
    Some(Ok(outcome.executions))
}

fn random(flavour: Flavour, seed: u8, cases: u32) {
    compare_random(flavour, fixed(seed, cases));
}

fn compare_random(flavour: Flavour, mut runner: TestRunner) {
    let cases = runner.config().cases;
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
    eprintln!("{flavour:?}: {} programs, {} traces", compared.get(), traces.get());
    if let Err(error) = result {
        panic!("{error}");
    }
    assert!(compared.get() * 10 >= cases * 8, "too many programs were too large: {} left", compared.get());
}

#[test]
fn atomics() {
    random(Flavour::Atomics, 1, 2500);
}

/// Accesses depend on values: a race may require a different sequence in each execution that has it.
#[test]
fn conditional() {
    random(Flavour::Conditional, 9, 1000);
}

#[test]
fn locks() {
    random(Flavour::Locks, 3, 1500);
}

#[test]
fn waits() {
    random(Flavour::Waits, 5, 2500);
}

#[test]
fn everything() {
    random(Flavour::All, 6, 2500);
}

#[test]
#[ignore = "takes as long as it is told to: `just nightly`"]
fn random_programs_at_length() {
    at_length(|seed| {
        for flavour in Flavour::ALL {
            compare_random(flavour, runner(seed, 500));
        }
    });
}

/// `[L1 L0] [L1 S0] [L1 S1]`: the smallest program on which the older backtracking rule loses a trace.
#[test]
fn smallest_witness_of_the_trap() {
    let program = program(&[vec![Load(1), Load(0)], vec![Load(1), Store(0, 1)], vec![Load(1), Store(1, 1)]]);
    let (outcome, _) = explore(&program);
    assert_eq!(outcome.executions, 8);
    assert_eq!(compare(&program, 1_000_000), Some(Ok(8)));
}

/// Traces are lost if a race is examined in one execution only and later executions choose other values after it: what
/// a step of the wakeup tree covers may depend on the values chosen.
#[test]
fn choices_after_a_race() {
    let program = program(&[
        vec![Load(1), Choose(2), IfOdd, Load(0)],
        vec![Store(1, 1), Choose(2), IfOdd, Load(0)],
        vec![Choose(2), Store(0, 1)],
        vec![Load(1)],
    ]);
    assert_eq!(compare(&program, 1_000_000), Some(Ok(72)));
}

/// Programs with more actors, and shapes on which prototypes went wrong.
#[test]
fn by_hand() {
    let programs: Vec<Vec<Vec<Step>>> = vec![
        // Five actors, all pairs racing.
        vec![vec![Load(0), Store(1, 1)], vec![Store(0, 1)], vec![Load(1)], vec![Store(1, 2)], vec![Load(0)]],
        vec![
            vec![Load(1), Load(0)],
            vec![Load(1), Store(0, 1)],
            vec![Load(1), Store(1, 1)],
            vec![Store(0, 2)],
            vec![Load(0)],
        ],
        // One lock stays locked: the others wait for ever, and their races count all the same.
        vec![vec![Lock(1)], vec![Lock(1), Unlock(1)], vec![Store(0, 1), Lock(1), Unlock(1)], vec![Load(0)]],
        // Waiting for a lock where others sleep.
        vec![
            vec![ReadLock, ReadUnlock],
            vec![Load(0), Lock(1)],
            vec![Lock(1), Unlock(1), WriteLock, WriteUnlock],
        ],
        // The three ways to fail without a write.
        vec![
            vec![Trylock(1, 1), Unlock(1)],
            vec![Lock(1), Unlock(1)],
            vec![Lock(1), Unlock(1)],
            vec![Load(FLAGS)],
        ],
        vec![
            vec![CmpXchg(0, 0, 1)],
            vec![CmpXchg(0, 1, 2)],
            vec![CmpXchg(0, 2, 0)],
            vec![AddUnless(0, 1, 1)],
        ],
        // A compare-and-exchange that fails commutes with the load, one that succeeds does not.
        vec![vec![SetBits(0, 2), Store(0, 2)], vec![CmpXchg(0, 0, 0)], vec![LoadBits(0, 1)]],
        vec![
            vec![ClearBits(0, 2)],
            vec![AddUnless(0, 1, 0), LoadBits(2, 1)],
            vec![Store(2, 0), LoadBits(0, 1)],
            vec![AddUnless(0, 2, 2)],
        ],
        // A downgrade lets readers in and no writer.
        vec![
            vec![WriteLock, Store(0, 1), Downgrade, Load(1), ReadUnlock],
            vec![ReadLock, Load(0), ReadUnlock],
            vec![WriteLock, Store(1, 1), WriteUnlock],
            vec![TryReadLock(2), Load(0), ReadUnlock],
        ],
        // Several writers may make an awaited condition true.
        vec![
            vec![SetBits(EVENT, 1)],
            vec![SetBits(EVENT, 2)],
            vec![SetBits(EVENT, 4)],
            vec![AwaitSet(EVENT, 7), Load(EVENT)],
        ],
        vec![
            vec![AwaitSet(EVENT, 1), Load(0)],
            vec![Store(0, 1), SetBits(EVENT, 1)],
            vec![Join(1), Store(0, 2)],
            vec![Join(0), Load(0)],
        ],
        vec![
            vec![Barrier(0), Load(0)],
            vec![Store(0, 1), Barrier(0)],
            vec![Barrier(0), Store(0, 2)],
            vec![Store(0, 3)],
        ],
        // Lifetimes: the object is used, taken and freed in any order, and referenced speculatively after its end.
        vec![vec![Publish], vec![TakeAndFree], vec![Use], vec![Speculate]],
        vec![vec![Publish, TakeAndFree], vec![Publish], vec![Use], vec![Speculate], vec![Load(SLOT)]],
        vec![
            vec![SectionBegin, Load(0), SectionEnd],
            vec![Store(0, 1), WaitForSection(0), Store(0, 2)],
            vec![WaitForSection(0), Load(0)],
        ],
        vec![
            vec![Choose(3), StoreAcc(0, 0)],
            vec![Load(0), Choose(2), IfOdd, Store(0, 7)],
            vec![FetchAdd(0, 1)],
            vec![Add(0, 1)],
        ],
        vec![
            vec![Lock(1), Lock(2), Unlock(2), Unlock(1)],
            vec![Lock(2), Lock(1), Unlock(1), Unlock(2)],
            vec![Lock(1), Unlock(1)],
            vec![Trylock(2, 1), Unlock(2)],
        ],
    ];
    for scripts in programs {
        let result = compare(&program(&scripts), 20_000_000).expect("small enough");
        assert!(result.is_ok(), "{scripts:?}: {result:?}");
    }
}

/// Sleep sets themselves lose nothing: every interleaving of tiny programs is of a trace that was found.
#[test]
fn plain_enumeration() {
    let mut runner = fixed(77, 0);
    let mut compared = 0;
    for _ in 0..500 {
        let scripts = scripts(Flavour::All).new_tree(&mut runner).expect("a program").current();
        let program = program(&scripts);
        let Some(every) = Naive::explore(&program, false, 20_000) else { continue };
        let (_, found) = explore(&program);
        assert!(every.keys().eq(found.keys()), "{scripts:?}");
        assert!(every.iter().zip(&found).all(|(a, b)| a.1.1 == b.1.1), "{scripts:?}");
        compared += 1;
    }
    assert!(compared > 90, "{compared}");
}
