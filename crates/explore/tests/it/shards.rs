//! The rest of a stopped search can be split into shards that are searched elsewhere; merging their results has the
//! outcome of one search.

use cowrace_explore::{
    Checkpoint, Execution, Limits, Observer, Outcome, Purpose, ShardError, ShardId, ShardResult, Threads,
};
use cowrace_machine::{Mark, Point, Program, Window};
use cowrace_report::Stop;
use cowrace_testkit::common_problem::{Rule, Variant, problem};
use cowrace_testkit::fixed;
use cowrace_testkit::scripts::random::{Flavour, rounds, scripts};
use cowrace_testkit::scripts::{Step::*, *};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use serde_json::json;

use crate::{rewritten, unmerged};

/// What a search did by itself.
#[derive(Debug, Default, PartialEq, Eq)]
struct Own {
    executions: u64,
    restarts: u64,
}

impl Observer for Own {
    fn execution(&mut self, _: &Execution<'_>) {
        self.executions += 1;
    }

    fn anew(&mut self, _: Purpose) {
        self.restarts += 1;
    }
}

/// Figures of the comparison.
#[derive(Debug, Default)]
struct Tally {
    checkpoints: usize,
    shards: usize,
    /// Executions that were left when the search was stopped, and those that the merge had to make.
    left: u64,
    made: u64,
    restarts: u64,
    findings: usize,
}

fn stopped_after(program: &Program, executions: u64) -> Option<Box<Checkpoint>> {
    let limits = Limits { executions: Some(executions), ..Limits::default() };
    unmerged(program).limits(limits).run(&mut ()).checkpoint
}

fn search(program: &Program, checkpoint: &Checkpoint, id: &ShardId) -> ShardResult {
    let result = unmerged(program).resume(checkpoint).search_shard(id, &mut ());
    rewritten(&result.unwrap_or_else(|error| panic!("{id:?}: {error}")), |_| ())
}

fn merge(program: &Program, checkpoint: &Checkpoint, results: &[ShardResult]) -> (Outcome, Own) {
    let mut own = Own::default();
    (unmerged(program).resume(checkpoint).merge(results).run(&mut own), own)
}

/// Splits a search after this many executions.
fn split(program: &Program, executions: u64, tally: &mut Tally) {
    let whole = unmerged(program).run(&mut ());
    let Some(checkpoint) = stopped_after(program, executions) else { return };
    let checkpoint = rewritten(&*checkpoint, |_| ());
    let ids = checkpoint.shards();
    assert!(!ids.is_empty(), "what is to be made next is a shard");
    // As if on several machines, and thus in another order.
    let machine = |n: usize| ids.iter().skip(n).step_by(3);
    let mut results: Vec<_> = (0..3).flat_map(machine).map(|id| search(program, &checkpoint, id)).collect();
    let (outcome, own) = merge(program, &checkpoint, &results);
    assert_eq!(whole, outcome);
    tally.checkpoints += 1;
    tally.shards += results.len();
    tally.left += whole.executions.saturating_sub(executions);
    tally.made += own.executions;
    tally.restarts += own.restarts;
    tally.findings += usize::from(whole.finding.is_some());
    results.reverse();
    assert_eq!((whole.clone(), own), merge(program, &checkpoint, &results));
    let threads = Threads::new(2);
    let explorer = unmerged(program).threads(&threads).eager(true).resume(&checkpoint);
    assert_eq!(whole, explorer.merge(&results).run(&mut ()));
    // Some results are missing, and one is there twice.
    let some: Vec<_> = results.iter().step_by(2).chain(results.first()).cloned().collect();
    assert_eq!(whole, merge(program, &checkpoint, &some).0);
}

#[test]
fn common_problem() {
    let mut tally = Tally::default();
    for (rule, commute) in [Rule::Mapcount, Rule::Count].into_iter().flat_map(|r| [(r, false), (r, true)]) {
        let program = problem(Variant::new(4, rule, commute));
        for executions in [1, 2, 5, 20, 60, 150, 400, 1100] {
            split(&program, executions, &mut tally);
        }
    }
    assert!(tally.findings > 0 && tally.shards > 50, "{tally:?}");
}

/// After the thousandth execution everything is taken over.
#[test]
fn large() {
    let stores = |n| vec![Store(0, n), Store(1, n)];
    let program = program(&[stores(1), stores(2), stores(3), stores(4), vec![Load(0), Load(1)]]);
    let mut tally = Tally::default();
    for executions in [999, 1000, 1001, 4000] {
        split(&program, executions, &mut tally);
    }
    assert!(tally.made * 2 < tally.left, "{tally:?}");
    // Before, they add up to a thousand, and the one that would lead past it is searched again.
    for executions in [300, 900, 960, 990] {
        split(&program, executions, &mut tally);
    }
}

/// Barriers, counts and choices on the way.
#[test]
fn all_that_must_be_remembered() {
    let mut tally = Tally::default();
    let round = |n| vec![Store(0, n), Choose(2), StoreAcc(1, 0), Barrier(0), FetchAdd(2, 1), Store(0, 0)];
    let rounds = |n| [round(n), vec![Barrier(1)], round(n)].concat();
    let scripts = [rounds(1), rounds(2)];
    let forgetful = Program { forgetful: true, ..program(&scripts) };
    for executions in 1..40 {
        split(&forgetful, executions, &mut tally);
    }
    assert!(tally.checkpoints > 30, "{tally:?}");
    let mut counts = program(&[
        vec![AddUnless(0, 1, 0), SubAndTest(0, 1), Load(1)],
        vec![AddUnless(0, 1, 0), SubAndTest(0, 1), Store(1, 1)],
        vec![AddUnless(2, 1, 0), SubAndTest(2, 1), FetchAdd(1, 1)],
        vec![Load(1), SubAndTest(2, 1), FetchAdd(1, 1)],
    ]);
    counts.memory.set(word(0), 1);
    counts.memory.set(word(2), 1);
    for executions in 1..40 {
        split(&counts, executions, &mut tally);
    }
}

/// A count gets near zero in the shard that is searched last: the whole search starts again.
#[test]
fn counts_near_zero() {
    let mut tally = Tally::default();
    // Only an actor that sees the other's store makes a put without a get.
    let putter = || vec![Load(1), IfOdd, SubAndTest(0, 1), Store(2, 1)];
    for count in 1..4 {
        let mut program = program(&[putter(), putter(), vec![Store(2, 2), Store(1, 1)], vec![Load(2)]]);
        program.memory.set(word(0), count);
        for executions in 1..30 {
            split(&program, executions, &mut tally);
        }
    }
    assert!(tally.restarts > 5, "{tally:?}");
}

/// Splits a random program after few, some and most of its executions.
fn split_random(program: &Program, tally: &mut Tally) {
    let limits = Limits { executions: Some(1500), ..Limits::default() };
    let whole = unmerged(program).limits(limits).run(&mut ());
    if whole.stopped.is_none() && whole.executions > 2 {
        let mut after = [2, whole.executions / 3, whole.executions - 1];
        after.sort_unstable();
        for executions in after {
            split(program, executions.max(1), tally);
        }
    }
}

#[test]
fn random_programs() {
    let (mut runner, mut tally) = (fixed(8, 0), Tally::default());
    for _ in 0..800 {
        let scripts = scripts(Flavour::All).new_tree(&mut runner).expect("a program").current();
        split_random(&program(&scripts), &mut tally);
    }
    assert!(tally.checkpoints > 600 && tally.findings > 40 && tally.restarts > 0, "{tally:?}");
    assert!(tally.made < tally.left, "{tally:?}");
}

#[test]
fn random_rounds() {
    let (mut runner, mut tally) = (fixed(9, 0), Tally::default());
    for _ in 0..600 {
        let scripts = rounds().new_tree(&mut runner).expect("a program").current();
        split_random(&Program { forgetful: true, ..program(&scripts) }, &mut tally);
    }
    assert!(tally.checkpoints > 200 && tally.findings > 20, "{tally:?}");
}

/// What a shard shows about windows is not lost.
#[test]
fn windows() {
    let call = |n, inner: Step| vec![Mark(Mark::Begin(n)), inner, Mark(Mark::End(n))];
    let a = [call(0, Store(0, 1)), vec![Barrier(0)], call(2, Load(1))].concat();
    let b = [call(1, Store(0, 1)), vec![Barrier(0)], call(3, Store(1, 1))].concat();
    let window = |calls: &[u16]| Window {
        text: String::new(),
        points: calls.iter().map(|&call| Point { call, step: None }).collect(),
    };
    let mut program = Program { forgetful: true, ..program(&[a, b]) };
    program.windows =
        [&[0, 1, 2], &[1, 0, 2], &[2, 0, 1], &[0, 3, 2], &[1, 2, 3]].map(|calls| window(calls)).to_vec();
    let mut tally = Tally::default();
    for executions in 1..4 {
        split(&program, executions, &mut tally);
    }
    assert_eq!(unmerged(&program).run(&mut ()).opened, [true, true, false, true, true]);
    assert!(tally.checkpoints > 1, "{tally:?}");
    // Without a barrier, one order opens one window, and the only shard the other.
    let mut program = cowrace_testkit::scripts::program(&[call(0, Store(0, 1)), call(1, Load(0))]);
    program.windows = [&[0, 1], &[1, 0]].map(|calls| window(calls)).to_vec();
    split(&program, 1, &mut tally);
    assert_eq!(unmerged(&program).run(&mut ()).opened, [true, true]);
}

/// Stopped again while it merges, and split again.
#[test]
fn in_rounds() {
    let program = problem(Variant::new(4, Rule::Mapcount, true));
    let whole = unmerged(&program).run(&mut ());
    let mut checkpoint = stopped_after(&program, 20).expect("it was stopped");
    for round in 1.. {
        assert!(round < 1000, "no end");
        let results: Vec<_> =
            checkpoint.shards().iter().map(|id| search(&program, &checkpoint, id)).collect();
        let done = checkpoint.effort().executions;
        let limits = Limits { executions: Some(done + 40), ..Limits::default() };
        let explorer = unmerged(&program).limits(limits).resume(&checkpoint);
        let mut outcome = explorer.merge(&results).run(&mut ());
        match outcome.checkpoint.take() {
            Some(left) => {
                assert_eq!(outcome.executions, left.effort().executions);
                checkpoint = left;
            }
            None => return assert_eq!(outcome, whole),
        }
    }
}

/// The search continues after findings: the first one is that of one search.
#[test]
fn exhaustive() {
    let program = problem(Variant::new(3, Rule::Count, false));
    let whole = unmerged(&program).exhaustive(true).run(&mut ());
    let found = unmerged(&program).run(&mut ());
    assert!(whole.complete && whole.finding == found.finding && found.finding.is_some());
    let limits = Limits { executions: Some(found.executions / 2), ..Limits::default() };
    let explorer = unmerged(&program).exhaustive(true);
    let checkpoint = explorer.clone().limits(limits).run(&mut ()).checkpoint.expect("it was stopped");
    let explorer = explorer.resume(&checkpoint);
    let result = |id| explorer.search_shard(id, &mut ()).expect("it is searched");
    let results: Vec<_> = checkpoint.shards().iter().map(result).collect();
    assert_eq!(explorer.clone().merge(&results).run(&mut ()), whole);
    // The results of such shards are not used by a search that ends with the first finding.
    let (outcome, own) = merge(&program, &checkpoint, &results);
    assert_eq!((&outcome, &own), (&found, &merge(&program, &checkpoint, &[]).1));
}

/// Results for another checkpoint, and results that were changed, are ignored without harm.
#[test]
fn what_does_not_fit_is_searched_again() {
    let program = problem(Variant::new(4, Rule::Mapcount, true));
    let whole = unmerged(&program).run(&mut ());
    let (one, other) = (stopped_after(&program, 30), stopped_after(&program, 50));
    let (one, other) = (one.expect("it was stopped"), other.expect("it was stopped"));
    let results = |checkpoint: &Checkpoint| -> Vec<_> {
        checkpoint.shards().iter().map(|id| search(&program, checkpoint, id)).collect()
    };
    let good = results(&one);
    let alone = merge(&program, &one, &[]);
    assert_eq!(alone.0, whole);
    assert_eq!(merge(&program, &one, &results(&other)), alone);
    assert!(merge(&program, &one, &good).1 != alone.1);
    let changes: [fn(&mut serde_json::Value); 9] = [
        |result| result["id"] = json!({ "state": 1000, "steps": [7] }),
        |result| result["id"]["steps"].as_array_mut().expect("a list").push(0.into()),
        |result| result["checkpoint"] = (result["checkpoint"].as_u64().expect("a number") ^ 1).into(),
        |result| result["exhaustive"] = true.into(),
        |result| {
            let executions = &mut result["effort"]["executions"];
            *executions = (executions.as_u64().expect("a number") + 1).into();
        },
        |result| result["depth"] = (result["depth"].as_u64().expect("a number") - 1).into(),
        |result| result["near"] = 3.into(),
        |result| {
            let items = json!([{ "made": [17, null], "accesses": [[u32::MAX, 1, 9]] }]);
            let beyond = result["beyond"].as_array_mut().expect("a list");
            beyond.push(json!({ "state": 9999, "items": items }));
        },
        |result| {
            let windows = result["windows"].as_array_mut().expect("a list");
            windows.push(json!({ "is_open": true, "seen": [] }));
        },
    ];
    for change in changes {
        let bad: Vec<_> = good.iter().map(|result| rewritten(result, change)).collect();
        assert_eq!(merge(&program, &one, &bad), alone);
    }
    // Another program is not resumed from this checkpoint, whatever it contains.
    let mut elsewhere = problem(Variant::new(3, Rule::Count, false));
    elsewhere.fingerprint ^= 1;
    assert_eq!(merge(&elsewhere, &one, &good).0, unmerged(&elsewhere).run(&mut ()));
}

/// There is no result if the checkpoint has no such shard, or if something ends its search.
#[test]
fn no_result() {
    let program = problem(Variant::new(4, Rule::Mapcount, true));
    let checkpoint = stopped_after(&program, 30).expect("it was stopped");
    let explorer = unmerged(&program).resume(&checkpoint);
    let shards = checkpoint.shards();
    let executions = |id: &&ShardId| search(&program, &checkpoint, id).effort().executions;
    let largest = shards.iter().max_by_key(executions).expect("a shard");
    let limits = Limits { executions: Some(1), ..Limits::default() };
    let error = explorer.clone().limits(limits).search_shard(largest, &mut ());
    assert_eq!(error, Err(ShardError::Stopped(Stop::Executions)));
    for id in [
        rewritten(largest, |json| *json = json!({ "state": 1000, "steps": [0] })),
        rewritten(largest, |json| json["steps"] = json!([])),
    ] {
        assert_eq!(explorer.search_shard(&id, &mut ()), Err(ShardError::NoSuchShard));
    }
    let bounded = explorer.clone().preemptions(Some(2)).search_shard(largest, &mut ());
    assert_eq!(bounded, Err(ShardError::Preemptions));
    assert_eq!(unmerged(&program).search_shard(largest, &mut ()), Err(ShardError::Program));
    let strangers = rewritten(&*checkpoint, |json| {
        json["path"].as_array_mut().expect("a list").iter_mut().for_each(|made| made[0] = 17.into());
    });
    let error = unmerged(&program).resume(&strangers).search_shard(largest, &mut ());
    assert_eq!(error, Err(ShardError::Program));
    // Threads may help; they are given back.
    let threads = Threads::new(2);
    let helped = explorer.threads(&threads).eager(true).search_shard(largest, &mut ());
    assert_eq!(helped, Ok(search(&program, &checkpoint, largest)));
    assert!(threads.take() && threads.take() && !threads.take());
}
