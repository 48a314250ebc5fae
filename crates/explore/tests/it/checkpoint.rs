//! A search that is stopped and resumed has the outcome that it would have had.

use cowrace_explore::{Checkpoint, Explorer, Limits, Outcome, Threads};
use cowrace_machine::{Mark, Program};
use cowrace_report::{Aim, Limit, NoEffect, Obstacle, Shown};
use cowrace_testkit::common_problem::{Rule, Variant, problem};
use cowrace_testkit::fixed;
use cowrace_testkit::scripts::random::{Flavour, rounds_with_windows, scripts};
use cowrace_testkit::scripts::{Step::*, *};
use proptest::strategy::{Strategy, ValueTree};

use crate::{rewritten, unmerged};

/// Searches in legs of these numbers of executions, in turn, each with as many additional threads as given. Returns the
/// number of legs.
fn in_turns(search: &Explorer<'_>, legs: &[(u64, usize)]) -> (Outcome, usize) {
    let mut checkpoint: Option<Box<Checkpoint>> = None;
    for turn in 0..10_000 {
        let (leg, threads) = legs[turn % legs.len()];
        let done = checkpoint.as_ref().map_or(0, |c| c.effort().executions);
        let limits = Limits { executions: Some(done + leg), ..Limits::default() };
        let threads = Threads::new(threads);
        let mut explorer = search.clone().limits(limits).threads(&threads).eager(true);
        if let Some(checkpoint) = &checkpoint {
            explorer = explorer.resume(checkpoint);
        }
        let mut outcome = explorer.run(&mut ());
        match outcome.checkpoint.take() {
            Some(left) => {
                assert_eq!(outcome.executions, left.effort().executions, "all effort is kept");
                checkpoint = Some(rewritten(&left, |_| ()));
            }
            None => return (outcome, turn + 1),
        }
    }
    panic!("no end");
}

fn in_legs(program: &Program, leg: u64, threads: usize) -> (Outcome, usize) {
    in_turns(&unmerged(program), &[(leg, threads)])
}

fn compare(program: &Program, leg: u64) -> usize {
    let whole = unmerged(program).run(&mut ());
    let (outcome, legs) = in_legs(program, leg, 0);
    assert_eq!(whole, outcome);
    legs
}

#[test]
fn common_problem() {
    for commute in [false, true] {
        assert!(compare(&problem(Variant::new(4, Rule::Mapcount, commute)), 25) > 10);
        compare(&problem(Variant::new(4, Rule::Count, commute)), 5);
    }
}

/// Barriers, counts and choices on the way.
#[test]
fn all_that_must_be_remembered() {
    let round = |n| vec![Store(0, n), Choose(2), StoreAcc(1, 0), Barrier(0), FetchAdd(2, 1), Store(0, 0)];
    let rounds = |n| [round(n), vec![Barrier(1)], round(n)].concat();
    let scripts = [rounds(1), rounds(2)];
    let forgetful = Program { forgetful: true, ..program(&scripts) };
    assert!(compare(&forgetful, 7) > 5);
    let mut counts = program(&[
        vec![AddUnless(0, 1, 0), SubAndTest(0, 1), Load(1)],
        vec![AddUnless(0, 1, 0), SubAndTest(0, 1), Store(1, 1)],
        vec![AddUnless(2, 1, 0), SubAndTest(2, 1), FetchAdd(1, 1)],
        vec![Load(1), SubAndTest(2, 1), FetchAdd(1, 1)],
    ]);
    counts.memory.set(word(0), 1);
    counts.memory.set(word(2), 1);
    compare(&counts, 3);
}

#[test]
fn random_programs() {
    let mut runner = fixed(6, 0);
    let mut long = 0;
    for _ in 0..400 {
        let scripts = scripts(Flavour::All).new_tree(&mut runner).expect("a program").current();
        let program = program(&scripts);
        let limits = Limits { executions: Some(2000), ..Limits::default() };
        let outcome = unmerged(&program).limits(limits).run(&mut ());
        if outcome.stopped.is_none() {
            long += usize::from(compare(&program, 3) > 2);
        }
    }
    assert!(long > 50, "{long}");
}

/// With several threads the work of some is lost when they are stopped, and done again.
#[test]
fn several_threads() {
    let program = program(&[vec![Store(0, 1); 3], vec![Store(0, 2); 3], vec![Store(0, 3); 3], vec![Load(0)]]);
    let whole = unmerged(&program).run(&mut ());
    assert_eq!(in_legs(&program, 4000, 2).0, whole);
}

/// What other threads have learned about states at barriers counts only if their work has been taken over.
#[test]
fn several_threads_and_barriers() {
    let round = |n| vec![Store(0, n), FetchAdd(1, 1), Load(2), FetchAdd(2, 1), Barrier(0)];
    let rounds = |n| [round(n), round(n)].concat();
    let scripts = [rounds(1), rounds(2), rounds(3)];
    let forgetful = Program { forgetful: true, ..program(&scripts) };
    let whole = unmerged(&forgetful).run(&mut ());
    assert!(whole.executions > 5000, "{}", whole.executions);
    for leg in 0..8 {
        assert_eq!(in_legs(&forgetful, 1500 + 131 * leg, 2).0, whole);
    }
}

/// Barriers, windows, bad executions: wherever the search is stopped, and whichever thread has learned what follows a
/// barrier, the outcome is that of an uninterrupted search.
#[test]
fn random_rounds() {
    let mut runner = fixed(14, 0);
    let legs = proptest::collection::vec((2..20_u64, 0..3_usize), 1..5);
    let ways = (0..3_u8, 1..60_u64, legs);
    let (mut many, mut found, mut open) = (0, 0, 0);
    for _ in 0..200 {
        let ((scripts, windows), (way, long_after, legs)) =
            (rounds_with_windows(), &ways).new_tree(&mut runner).expect("a program").current();
        let program = Program { forgetful: true, windows, ..program(&scripts) };
        let search = unmerged(&program).exhaustive(way > 0).ends_only(way > 1).long_after(long_after);
        let limits = Limits { executions: Some(2000), ..Limits::default() };
        let whole = search.clone().limits(limits).run(&mut ());
        if whole.stopped.is_none() {
            let (outcome, turns) = in_turns(&search, &legs);
            assert_eq!(outcome, whole, "{scripts:?} {legs:?} {long_after}");
            many += usize::from(turns > 2);
            found += usize::from(whole.finding.is_some());
            open += usize::from(whole.opened.contains(&true) && whole.opened.contains(&false));
        }
    }
    assert!(many > 20 && found > 5 && open > 15, "{many} {found} {open}");
}

/// A checkpoint keeps what other threads have learned about states at barriers, although the work by which they got
/// there is lost. It counts when the search reaches such a state, together with everything that follows later barriers.
#[test]
fn what_is_known_after_barriers_counts_when_the_search_gets_there() {
    // What is stored before the first barrier stays, so there is no way to a state at the second but from one at the first.
    let round =
        |n| vec![Store(0, n), Store(1, n), Barrier(0), Store(2, n), Barrier(0), StoreAcc(3, n), Load(3)];
    let forgetful = Program { forgetful: true, ..program(&[round(1), round(2)]) };
    let search = unmerged(&forgetful);
    let whole = search.run(&mut ());
    let stopped = |executions| {
        let limits = Limits { executions: Some(executions), ..Limits::default() };
        search.clone().limits(limits).run(&mut ()).checkpoint.expect("it was stopped")
    };
    let (early, late) = (stopped(1), stopped(whole.executions - 1));
    let summaries =
        |of: &Checkpoint| serde_json::to_value(of).expect("it can be written")["summaries"].take();
    let (few, many) = (summaries(&early), summaries(&late));
    let is_first = |summary: &&serde_json::Value| summary["reached"] != serde_json::json!([]);
    let first = many.as_array().expect("a list").iter().filter(is_first).count();
    assert!(few == serde_json::json!([]) && first > 1, "{first} states at the first barrier are known");
    let early = rewritten(&*early, |json| json["summaries"] = many);
    assert_eq!(search.clone().resume(&early).run(&mut ()), whole);
}

/// What one leg has seen of calls is in the outcome of the last one.
#[test]
fn what_calls_have_shown_is_kept() {
    let why = NoEffect { aim: Aim::PageOut, why: Obstacle::NotOnLru };
    let call = |inner: &[Step]| [&[Mark(Mark::Begin(7))], inner, &[Mark(Mark::End(7))]].concat();
    let tries = call(&[Load(0), IfOdd, Mark(Mark::NoEffect(why)), Store(1, 1)]);
    let reached = [Load(1), IfOdd, Mark(Mark::Limit(Limit::SwapSlots))];
    let program = program(&[tries, vec![Store(0, 1), Store(0, 2), Store(0, 3)], reached.to_vec()]);
    let whole = unmerged(&program).run(&mut ());
    let shown = [Shown::Effect(7), Shown::NoEffect(7, why), Shown::Limit(Limit::SwapSlots)];
    assert_eq!(whole.shown, shown.into());
    assert!(compare(&program, 1) > 4);
    let limits = Limits { executions: Some(1), ..Limits::default() };
    let first = unmerged(&program).limits(limits).run(&mut ());
    assert!(first.shown.is_empty(), "nothing is told of a search that was stopped");
    let checkpoint =
        serde_json::to_value(first.checkpoint.expect("it was stopped")).expect("it can be written");
    let shown = checkpoint["shown"].as_array().expect("a list");
    assert!(!shown.is_empty() && shown.len() < whole.shown.len(), "{shown:?}");
}

/// A checkpoint of another program, or a checkpoint that was changed, is ignored without harm.
#[test]
fn a_checkpoint_that_does_not_fit_is_ignored() {
    let (one, other) =
        (problem(Variant::new(4, Rule::Mapcount, true)), problem(Variant::new(3, Rule::Count, false)));
    let limits = Limits { executions: Some(50), ..Limits::default() };
    let checkpoint = unmerged(&one).limits(limits).run(&mut ()).checkpoint.expect("it was stopped");
    let whole = unmerged(&other).run(&mut ());
    assert_eq!(unmerged(&other).resume(&checkpoint).run(&mut ()), whole);
    let whole = unmerged(&one).run(&mut ());
    let elsewhere = rewritten(&*checkpoint, |json| json["reached"] = serde_json::json!([0, 77, u32::MAX]));
    assert_eq!(unmerged(&one).resume(&elsewhere).run(&mut ()), whole);
    let strangers = rewritten(&*checkpoint, |json| {
        json["path"].as_array_mut().expect("a list").iter_mut().for_each(|made| made[0] = 17.into());
    });
    assert_eq!(unmerged(&one).resume(&strangers).run(&mut ()), whole);
}
