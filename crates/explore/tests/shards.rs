//! A frontier can be split: its parts are searched elsewhere, and what comes of them put together is what one search
//! comes to.

mod common;

use common::common_problem::{Rule, Variant, problem};
use common::random::{Flavour, rounds, scripts};
use common::{Step::*, *};
use cowrace_explore::{Execution, Explorer, Limits, Observer, Outcome, PartError, Purpose, Threads};
use cowrace_machine::{Mark, Point, Program, Window};
use cowrace_report::Stop;
use cowrace_report::frontier::Frontier;
use cowrace_report::parts::{Part, PartId};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

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

/// Figures of what was compared.
#[derive(Debug, Default)]
struct Tally {
    frontiers: usize,
    parts: usize,
    /// Executions that were left when the search was stopped, and those that the merge had to make.
    left: u64,
    made: u64,
    restarts: u64,
    findings: usize,
}

fn anew<T: serde::Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
    let text = serde_json::to_string(value).expect("it can be written");
    serde_json::from_str(&text).expect("and read")
}

fn stopped_after(program: &Program, executions: u64) -> Option<Box<Frontier>> {
    let limits = Limits { executions: Some(executions), ..Limits::default() };
    Explorer::new(program).limits(limits).run(&mut ()).frontier
}

fn search(program: &Program, frontier: &Frontier, id: &PartId) -> Part {
    let part = Explorer::new(program).resume(frontier).search_part(id, &mut ());
    anew(&part.unwrap_or_else(|error| panic!("{id:?}: {error}")))
}

fn merge(program: &Program, frontier: &Frontier, parts: &[Part]) -> (Outcome, Own) {
    let mut own = Own::default();
    (Explorer::new(program).resume(frontier).merge(parts).run(&mut own), own)
}

/// Splits a search after so many executions.
fn split(program: &Program, executions: u64, tally: &mut Tally) {
    let whole = Explorer::new(program).run(&mut ());
    let Some(frontier) = stopped_after(program, executions) else { return };
    let frontier = anew(&*frontier);
    let ids = frontier.parts();
    assert!(!ids.is_empty(), "what is to be made next is a part");
    // By shards, and thus in another order than theirs.
    let shard = |n: usize| ids.iter().skip(n).step_by(3);
    let mut parts: Vec<_> = (0..3).flat_map(shard).map(|id| search(program, &frontier, id)).collect();
    let (outcome, own) = merge(program, &frontier, &parts);
    assert_eq!(whole, outcome);
    tally.frontiers += 1;
    tally.parts += parts.len();
    tally.left += whole.executions.saturating_sub(executions);
    tally.made += own.executions;
    tally.restarts += own.restarts;
    tally.findings += usize::from(whole.finding.is_some());
    parts.reverse();
    assert_eq!((whole.clone(), own), merge(program, &frontier, &parts));
    let threads = Threads::new(2);
    let explorer = Explorer::new(program).threads(&threads).eager(true).resume(&frontier);
    assert_eq!(whole, explorer.merge(&parts).run(&mut ()));
    // Some are missing, one is there twice.
    let some: Vec<_> = parts.iter().step_by(2).chain(parts.first()).cloned().collect();
    assert_eq!(whole, merge(program, &frontier, &some).0);
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
    assert!(tally.findings > 0 && tally.parts > 50, "{tally:?}");
}

/// Behind the thousandth execution everything is taken over.
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
    assert!(tally.frontiers > 30, "{tally:?}");
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

/// A count comes near zero in the part that is searched last: the whole search begins anew.
#[test]
fn counts_near_zero() {
    let mut tally = Tally::default();
    // Only who sees what the other has stored puts what it has not got.
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

fn runner(seed: u8) -> TestRunner {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]))
}

/// Splits a random program after few, some and most of its executions.
fn split_random(program: &Program, tally: &mut Tally) {
    let limits = Limits { executions: Some(1500), ..Limits::default() };
    let whole = Explorer::new(program).limits(limits).run(&mut ());
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
    let (mut runner, mut tally) = (runner(8), Tally::default());
    for _ in 0..800 {
        let scripts = scripts(Flavour::All).new_tree(&mut runner).expect("a program").current();
        split_random(&program(&scripts), &mut tally);
    }
    assert!(tally.frontiers > 600 && tally.findings > 40 && tally.restarts > 0, "{tally:?}");
    assert!(tally.made < tally.left, "{tally:?}");
}

#[test]
fn random_rounds() {
    let (mut runner, mut tally) = (runner(9), Tally::default());
    for _ in 0..600 {
        let scripts = rounds().new_tree(&mut runner).expect("a program").current();
        split_random(&Program { forgetful: true, ..program(&scripts) }, &mut tally);
    }
    assert!(tally.frontiers > 200 && tally.findings > 20, "{tally:?}");
}

/// What a part shows of windows is not lost.
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
    assert_eq!(Explorer::new(&program).run(&mut ()).opened, [true, true, false, true, true]);
    assert!(tally.frontiers > 1, "{tally:?}");
}

/// Stopped again while it puts parts together, and split again.
#[test]
fn in_rounds() {
    let program = problem(Variant::new(4, Rule::Mapcount, true));
    let whole = Explorer::new(&program).run(&mut ());
    let mut frontier = stopped_after(&program, 20).expect("it was stopped");
    for round in 1.. {
        assert!(round < 1000, "no end");
        let parts: Vec<_> = frontier.parts().iter().map(|id| search(&program, &frontier, id)).collect();
        let done = frontier.figures().0;
        let limits = Limits { executions: Some(done + 40), ..Limits::default() };
        let mut outcome = Explorer::new(&program).limits(limits).resume(&frontier).merge(&parts).run(&mut ());
        match outcome.frontier.take() {
            Some(left) => {
                assert_eq!(outcome.executions, left.figures().0);
                frontier = left;
            }
            None => return assert_eq!(outcome, whole),
        }
    }
}

/// Everything after findings: the first of all is that of one search.
#[test]
fn exhaustive() {
    let program = problem(Variant::new(3, Rule::Count, false));
    let whole = Explorer::new(&program).exhaustive(true).run(&mut ());
    let found = Explorer::new(&program).run(&mut ());
    assert!(whole.complete && whole.finding == found.finding && found.finding.is_some());
    let limits = Limits { executions: Some(found.executions / 2), ..Limits::default() };
    let explorer = Explorer::new(&program).exhaustive(true);
    let frontier = explorer.clone().limits(limits).run(&mut ()).frontier.expect("it was stopped");
    let explorer = explorer.resume(&frontier);
    let part = |id| explorer.search_part(id, &mut ()).expect("it is searched");
    let parts: Vec<_> = frontier.parts().iter().map(part).collect();
    assert_eq!(explorer.clone().merge(&parts).run(&mut ()), whole);
    // Parts that were searched so are of no use to a search that ends with the first.
    let (outcome, own) = merge(&program, &frontier, &parts);
    assert_eq!((&outcome, &own), (&found, &merge(&program, &frontier, &[]).1));
}

/// Parts of another frontier, or that somebody has spoiled, are of no use and do no harm.
#[test]
fn what_does_not_fit_is_searched_again() {
    let program = problem(Variant::new(4, Rule::Mapcount, true));
    let whole = Explorer::new(&program).run(&mut ());
    let (one, other) = (stopped_after(&program, 30), stopped_after(&program, 50));
    let (one, other) = (one.expect("it was stopped"), other.expect("it was stopped"));
    let parts = |frontier: &Frontier| -> Vec<_> {
        frontier.parts().iter().map(|id| search(&program, frontier, id)).collect()
    };
    let good = parts(&one);
    let alone = merge(&program, &one, &[]);
    assert_eq!(alone.0, whole);
    assert!(good.iter().all(|part| part.is_of(one.digest()) && !part.is_of(other.digest())));
    assert_eq!(merge(&program, &one, &parts(&other)), alone);
    assert!(merge(&program, &one, &good).1 != alone.1);
    let spoil: [fn(&mut Part); 9] = [
        |part| part.id = PartId { state: 1000, path: vec![7] },
        |part| part.id.path.push(0),
        |part| part.frontier ^= 1,
        |part| part.exhaustive = true,
        |part| part.made.0 += 1,
        |part| part.depth -= 1,
        |part| part.near = Some(3),
        |part| part.beyond.push((9999, vec![((17, None), vec![(u32::MAX, 1, 9)])])),
        |part| part.windows.push((true, Vec::new())),
    ];
    for spoil in spoil {
        let mut bad = good.clone();
        bad.iter_mut().for_each(spoil);
        assert_eq!(merge(&program, &one, &bad), alone);
    }
    // A place that is none, sealed.
    let nowhere = good.iter().cloned().map(|part| Part { id: PartId { state: 1000, path: vec![7] }, ..part });
    let nowhere: Vec<_> = nowhere.map(Part::sealed).collect();
    assert_eq!(merge(&program, &one, &nowhere), alone);
    // Another program does not go on from this frontier, whatever is there.
    let mut elsewhere = problem(Variant::new(3, Rule::Count, false));
    elsewhere.fingerprint ^= 1;
    assert_eq!(merge(&elsewhere, &one, &good).0, Explorer::new(&elsewhere).run(&mut ()));
}

/// A part has no result if it is none, or if something ends its search.
#[test]
fn no_result() {
    let program = problem(Variant::new(4, Rule::Mapcount, true));
    let frontier = stopped_after(&program, 30).expect("it was stopped");
    let explorer = Explorer::new(&program).resume(&frontier);
    let parts = frontier.parts();
    let largest = parts.iter().max_by_key(|id| search(&program, &frontier, id).figures()).expect("a part");
    let limits = Limits { executions: Some(1), ..Limits::default() };
    let error = explorer.clone().limits(limits).search_part(largest, &mut ());
    assert_eq!(error, Err(PartError::Stopped(Stop::Executions)));
    for id in [PartId { state: 1000, path: vec![0] }, PartId { path: Vec::new(), ..parts[0].clone() }] {
        assert_eq!(explorer.search_part(&id, &mut ()), Err(PartError::NoSuchPart));
    }
    let bounded = explorer.clone().preemptions(Some(2)).search_part(largest, &mut ());
    assert_eq!(bounded, Err(PartError::Preemptions));
    assert_eq!(Explorer::new(&program).search_part(largest, &mut ()), Err(PartError::Program));
    let mut elsewhere = (*frontier).clone();
    elsewhere.way.iter_mut().for_each(|made| made.0 = 17);
    let error = Explorer::new(&program).resume(&elsewhere).search_part(largest, &mut ());
    assert_eq!(error, Err(PartError::Program));
    // Threads may help; they are given back.
    let threads = Threads::new(2);
    let helped = explorer.threads(&threads).eager(true).search_part(largest, &mut ());
    assert_eq!(helped, Ok(search(&program, &frontier, largest)));
    assert!(threads.take() && threads.take() && !threads.take());
}
