//! Counts that stay away from zero commute; the rest of the answer does not change.

use std::collections::BTreeSet;

use cowrace_explore::{Execution, Explorer, Observer, Outcome};
use cowrace_machine::Program;
use cowrace_testkit::scripts::{Step::*, *};
use proptest::prelude::*;

/// Memory at the ends of all executions.
#[derive(Debug, Default, PartialEq, Eq)]
struct Ends(BTreeSet<Vec<(usize, u64)>>);

impl Observer for Ends {
    fn execution(&mut self, execution: &Execution<'_>) {
        self.0.insert(execution.memory().nonzero().collect());
    }
}

fn explore(program: &Program, commute: bool) -> (Outcome, Ends) {
    let mut ends = Ends::default();
    let outcome = Explorer::new(program).exhaustive(true).counts_commute(commute).run(&mut ends);
    assert!(outcome.complete);
    (outcome, ends)
}

/// A program of scripts on counts that begin at `count`.
fn counts(count: u64, scripts: &[Vec<Step>]) -> Program {
    let mut program = program(scripts);
    program.memory.set(word(0), count);
    program.memory.set(word(1), count);
    program
}

fn executions(program: &Program) -> (u64, u64) {
    let (plain, ends) = explore(program, false);
    let (commuting, also) = explore(program, true);
    assert_eq!(ends, also);
    (plain.executions, commuting.executions)
}

/// A get and a put of a page that another actor holds: one order of all events is enough.
#[test]
fn away_from_zero() {
    let user = || vec![AddUnless(0, 1, 0), SubAndTest(0, 1)];
    // 6! / 2^3 orders of three pairs, two operations each.
    assert_eq!(executions(&counts(1, &[user(), user(), user()])), (90, 1));
}

/// Two puts from 2: the last one frees. From 3 neither frees.
#[test]
fn the_last_one_frees() {
    let put = || vec![SubAndTest(0, 1), StoreAcc(2, 5)];
    assert_eq!(executions(&counts(2, &[put(), put()])).1, executions(&counts(2, &[put(), put()])).0);
    let (plain, commuting) = executions(&counts(3, &[vec![SubAndTest(0, 1)], vec![SubAndTest(0, 1)]]));
    assert_eq!((plain, commuting), (2, 1));
}

/// A get before a put stays away from zero, and is explored first; a put before a get does not.
#[test]
fn another_order_reaches_zero() {
    let program = counts(1, &[vec![AddUnless(0, 1, 0)], vec![SubAndTest(0, 1)]]);
    assert_eq!(executions(&program), (2, 2));
    // The same where the get is a plain addition, and where only a third actor makes it matter.
    assert_eq!(executions(&counts(1, &[vec![Add(0, 1)], vec![SubAndTest(0, 1)]])), (2, 2));
    let program = counts(2, &[vec![AddUnless(0, 1, 0)], vec![SubAndTest(0, 1)], vec![SubAndTest(0, 1)]]);
    let (plain, commuting) = executions(&program);
    assert_eq!((plain, commuting), (6, 6));
}

/// A count that is read is read at every value; others still commute.
#[test]
fn readers_conflict() {
    let user = || vec![AddUnless(0, 1, 0), SubAndTest(0, 1)];
    let (plain, commuting) = executions(&counts(1, &[user(), user(), vec![Load(0)]]));
    // 3 values of either user's part, before, between and after: 3 * 3.
    assert_eq!((plain, commuting), (30, 9));
}

/// One word near zero does not keep another from commuting.
#[test]
fn each_word_for_itself() {
    let user = |word| vec![AddUnless(word, 1, 0), SubAndTest(word, 1)];
    let mut program = counts(1, &[user(0), user(0), user(1), user(1)]);
    program.memory.set(word(1), 0);
    let (plain, commuting) = executions(&program);
    assert!(commuting < plain, "{plain} {commuting}");
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..2_u8).prop_map(|w| AddUnless(w, 1, 0)),
        3 => (0..2_u8).prop_map(|w| SubAndTest(w, 1)),
        1 => (0..2_u8).prop_map(|w| Add(w, 1)),
        1 => (0..3_u8).prop_map(Load),
        1 => (0..3_u64).prop_map(|v| StoreAcc(2, v)),
        1 => (0..2_u8, 0..4_u64).prop_map(|(w, v)| CmpXchg(w, v, 7)),
    ]
}

proptest! {
    #![proptest_config(cowrace_testkit::cases(300))]

    #[test]
    fn random_counts(
        count in 0..5_u64,
        scripts in prop::collection::vec(prop::collection::vec(step(), 1..4), 2..4),
    ) {
        let program = counts(count, &scripts);
        let (plain, ends) = explore(&program, false);
        let (commuting, also) = explore(&program, true);
        prop_assert_eq!(ends, also);
        prop_assert!(commuting.executions <= plain.executions);
        prop_assert_eq!(plain.finding.is_some(), commuting.finding.is_some());
    }
}
