//! Tests that the texts of the problem agree.

use std::collections::HashSet;
use std::process::Command;
use std::time::Duration;

use crate::loom::{LoadsAndStores, ReadModifyWrite};
use crate::peer::{Collect, End, Goal, Ready, Run, Task, Words};
use crate::process::{available, definitions};
use crate::{clang, explore, loom, shuttle, spin, stateright};
use cowrace_testkit::common_problem::{Rule, Variant};

fn task(variant: Variant) -> Task {
    Task { variant, goal: Goal::Whole, limit: Duration::from_secs(120) }
}

/// All variants of the problem with this many actors.
fn variants(actors: u8) -> Vec<Variant> {
    let mut all = Vec::new();
    for rule in [Rule::Mapcount, Rule::Count] {
        for frees in [false, true] {
            for seq in if actors >= 4 { vec![true, false] } else { vec![true] } {
                for twice in if actors >= 5 { vec![false, true] } else { vec![false] } {
                    all.push(Variant { seq, twice, frees, ..Variant::new(actors, rule, true) });
                }
            }
        }
    }
    all
}

fn run(ready: &Ready) -> Run {
    (ready.run)(Collect::Yes).expect("the checker answers")
}

fn outcomes(run: Run) -> HashSet<Words> {
    run.outcomes.expect("they were collected")
}

/// The outcomes of a checker that has run to its end.
fn all_outcomes(ready: &Ready) -> HashSet<Words> {
    let run = run(ready);
    assert_eq!(run.end, End::Complete);
    outcomes(run)
}

fn ours(task: Task) -> HashSet<Words> {
    let outcomes = all_outcomes(&explore::prepare(task, true));
    assert_eq!(all_outcomes(&explore::prepare(task, false)), outcomes);
    outcomes
}

#[test]
fn loom_sees_our_outcomes() {
    for variant in variants(3) {
        let task = task(variant);
        assert_eq!(all_outcomes(&loom::prepare::<ReadModifyWrite>(task, None)), ours(task), "{variant:?}");
    }
}

/// As long as this holds, `known` of these peers is right.
#[test]
fn loads_and_stores_are_weaker_under_loom() {
    let variant = Variant::new(4, Rule::Mapcount, true);
    let first = Task { goal: Goal::First, ..task(variant) };
    let run = run(&loom::prepare::<LoadsAndStores>(first, None));
    assert_eq!((run.end, run.lost), (End::Found, Some(true)), "a lost write where there is none");
}

/// It does not run to its end, so its outcomes must be a subset of ours.
#[test]
fn shuttle_sees_no_others() {
    for variant in (3..=5).flat_map(variants) {
        let task = task(variant);
        let limited = Task { limit: Duration::from_millis(200), ..task };
        for ready in [shuttle::random_priorities(limited), shuttle::depth_first(limited)] {
            let theirs = outcomes(run(&ready));
            assert!(theirs.is_subset(&ours(task)), "{variant:?}");
        }
    }
}

#[test]
fn stateright_sees_our_outcomes() {
    for variant in (3..=5).flat_map(variants) {
        let task = task(variant);
        assert_eq!(all_outcomes(&stateright::prepare(task)), ours(task), "{variant:?}");
    }
}

#[test]
fn spin_sees_our_outcomes() {
    if spin::installed().is_err() {
        return;
    }
    // Two compilations each, so not every variant of the large ones.
    let large = [
        Variant { twice: true, frees: true, ..Variant::new(5, Rule::Count, true) },
        Variant { seq: false, ..Variant::new(5, Rule::Mapcount, true) },
    ];
    for variant in variants(3).into_iter().chain(large) {
        let task = task(variant);
        let ready = spin::prepare(task).expect("the model compiles");
        // If a write is lost, only the outcomes tell it.
        let run = run(&ready);
        assert!(run.lost != Some(true), "{variant:?}");
        assert_eq!(outcomes(run), ours(task), "{variant:?}");
    }
}

/// Nidhugg does not print outcomes. It counts the same number of executions.
#[test]
fn nidhugg_counts_our_executions() {
    if clang::nidhugg_installed().is_err() {
        return;
    }
    for variant in (3..=4).flat_map(variants) {
        let task = task(variant);
        let theirs = run(&clang::nidhugg(task).expect("the text compiles"));
        let ours = run(&explore::prepare(task, true));
        assert_eq!((theirs.end, theirs.count), (End::Complete, ours.count), "{variant:?}");
    }
}

#[test]
fn the_c_text_compiles() {
    if available(&["gcc"]).is_err() {
        return;
    }
    for variant in (3..=5).flat_map(variants) {
        let mut gcc = Command::new("gcc");
        gcc.args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"]).args(definitions(&variant));
        let text = concat!(env!("CARGO_MANIFEST_DIR"), "/common_problem.c");
        assert!(gcc.arg(text).status().is_ok_and(|status| status.success()), "{variant:?}");
    }
}

/// Every checker that gets far enough finds the first lost write, and also rare ones.
#[test]
fn lost_writes_are_found() {
    let rare = Variant { seq: false, ..Variant::new(4, Rule::Mapcount, true) };
    for variant in [Variant::new(3, Rule::Count, true), rare] {
        let task = Task { goal: Goal::First, ..task(variant) };
        let mut all =
            vec![explore::prepare(task, true), stateright::prepare(task), shuttle::random_priorities(task)];
        if spin::installed().is_ok() {
            all.push(spin::prepare(task).expect("the model compiles"));
        }
        for ready in all {
            let run = run(&ready);
            assert_eq!((run.end, run.lost), (End::Found, Some(true)), "{variant:?}");
        }
    }
}

/// Pages are freed exactly if put_page frees them. Under mapcount, this takes two simultaneous copies.
#[test]
fn pages_are_freed() {
    for variant in variants(5) {
        let freed = ours(task(variant)).iter().any(|words| words.iter().rev().take(6).any(|&flag| flag != 0));
        assert_eq!(freed, variant.frees, "{variant:?}");
    }
}
