//! The outcome of several threads is that of one: the same executions, the same first finding.

use std::collections::BTreeMap;

use cowrace_explore::{Execution, Limits, Observer, Outcome, Threads};
use cowrace_machine::Program;
use cowrace_report::Stop;
use cowrace_testkit::common_problem::{Rule, Variant, problem};
use cowrace_testkit::fixed;
use cowrace_testkit::scripts::random::{Flavour, scripts};
use cowrace_testkit::scripts::{Step::*, *};
use proptest::strategy::{Strategy, ValueTree};

use crate::{rewritten, unmerged};

/// How often each trace was explored.
#[derive(Default)]
struct Traces(BTreeMap<Vec<u64>, u64>);

impl Observer for Traces {
    fn execution(&mut self, execution: &Execution<'_>) {
        *self.0.entry(execution.canonical().expect("traces are explored")).or_default() += 1;
    }
}

fn explore(program: &Program, exhaustive: bool, threads: usize) -> (Outcome, Traces) {
    let mut traces = Traces::default();
    let threads = Threads::new(threads);
    let explorer = unmerged(program).exhaustive(exhaustive).counts_commute(false).coverage(true);
    (explorer.threads(&threads).eager(true).long_after(1).run(&mut traces), traces)
}

/// One thread against several, all executions and up to the first finding.
fn compare(program: &Program) {
    for exhaustive in [true, false] {
        let (alone, seen) = explore(program, exhaustive, 0);
        for threads in [1, 3] {
            let (together, also) = explore(program, exhaustive, threads);
            assert_eq!(alone, together);
            // As above, with counts that commute: some searches start again. Searches that turn out to be long try
            // random schedules; their result must not depend on the progress of other threads.
            for long_after in [1, 2, 7, 30, 1000] {
                for ends_only in [false, true] {
                    let pool = Threads::new(threads);
                    let explorer = unmerged(program).exhaustive(exhaustive).ends_only(ends_only);
                    let explorer = explorer.long_after(long_after);
                    assert_eq!(explorer.run(&mut ()), explorer.threads(&pool).eager(true).run(&mut ()));
                }
            }
            // What other threads have explored beyond a finding does not count, but is observed.
            if exhaustive || alone.finding.is_none() {
                assert_eq!(seen.0, also.0);
            }
        }
    }
}

#[test]
fn random_programs() {
    let mut runner = fixed(4, 0);
    for _ in 0..150 {
        let scripts = scripts(Flavour::All).new_tree(&mut runner).expect("a program").current();
        let program = program(&scripts);
        let limits = Limits { executions: Some(20_000), ..Limits::default() };
        if unmerged(&program).exhaustive(true).limits(limits).run(&mut ()).complete {
            compare(&program);
        }
    }
}

#[test]
fn common_problem() {
    for rule in [Rule::Mapcount, Rule::Count] {
        for commute in [false, true] {
            compare(&problem(Variant::new(4, rule, commute)));
        }
    }
}

#[test]
fn choices_and_waiting() {
    compare(&program(&[
        vec![Choose(3), StoreAcc(0, 0), Load(1)],
        vec![Load(0), Choose(2), IfOdd, Store(1, 7)],
        vec![FetchAdd(0, 1), Choose(2)],
    ]));
    compare(&program(&[
        vec![Lock(1), Lock(2), Unlock(2), Unlock(1)],
        vec![Lock(2), Lock(1), Unlock(1), Unlock(2)],
        vec![Lock(1), Unlock(1)],
        vec![Trylock(2, 1), Unlock(2)],
    ]));
}

/// The number of remaining executions is estimated from time to time, by the clock.
fn without_samples(mut outcome: Outcome) -> Outcome {
    let forget = |json: &mut serde_json::Value| {
        json["estimates"] = serde_json::json!({ "walked": 0, "random": 0, "sums": [0, 0, 0, 0] });
    };
    outcome.checkpoint.iter_mut().for_each(|checkpoint| *checkpoint = rewritten(checkpoint, forget));
    outcome
}

/// A limit on executions ends the search at the same point, however many threads take part.
#[test]
fn limits_end_all_threads() {
    let program =
        program(&[vec![Store(0, 1); 4], vec![Store(0, 2); 4], vec![Store(0, 3); 4], vec![Store(0, 4); 4]]);
    let limits = Limits { executions: Some(30_000), ..Limits::default() };
    let explorer = unmerged(&program).limits(limits);
    let alone = explorer.run(&mut ());
    assert_eq!((alone.complete, &alone.stopped, alone.executions), (false, &Some(Stop::Executions), 30_000));
    let threads = Threads::new(2);
    let together = explorer.threads(&threads).eager(true).run(&mut ());
    assert_eq!(without_samples(together), without_samples(alone));
    // All threads have been given back.
    assert!(threads.take() && threads.take() && !threads.take());
}

/// An execution that exceeds the limit on requests ends the search, whichever thread reaches it.
#[test]
fn executions_that_are_too_long() {
    let scripts = [vec![Store(0, 1), Load(1)], vec![Load(0), IfOdd, Store(1, 7), Load(0)], vec![Store(0, 2)]];
    for steps in 4..9 {
        let program = program(&scripts);
        let limits = Limits { steps, ..Limits::default() };
        let explorer = unmerged(&program).limits(limits).long_after(1);
        let threads = Threads::new(2);
        assert_eq!(explorer.run(&mut ()), explorer.threads(&threads).eager(true).run(&mut ()));
    }
}
