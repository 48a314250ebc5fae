//! What follows a barrier of all actors is searched once for each state there.

use std::collections::BTreeSet;

use cowrace_explore::{Execution, Explorer, Observer, Outcome, Threads};
use cowrace_machine::{Actor, ActorSet, Mark, Point, Prim, Program, Window};
use cowrace_testkit::scripts::{Step::*, *};
use proptest::prelude::*;

use crate::unmerged;

/// Programs whose actors keep nothing across barriers.
fn forgetful(scripts: &[Vec<Step>]) -> Program {
    Program { forgetful: true, ..program(scripts) }
}

fn explore(program: &Program) -> Outcome {
    let outcome = unmerged(program).run(&mut ());
    assert!(outcome.complete);
    outcome
}

/// Two stores to one word on either side, in 2 orders each. The first part ends in 2 states: the second part is
/// searched twice. With a third value written by both, it is one state, and the second arrival is the end.
#[test]
fn once_for_each_state() {
    let different = [vec![Store(0, 1), Barrier(0), Store(0, 2)], vec![Store(0, 3), Barrier(0), Store(0, 4)]];
    assert_eq!(explore(&forgetful(&different)).executions, 4);
    let alike = [vec![Store(0, 1), Barrier(0), Store(0, 2)], vec![Store(0, 1), Barrier(0), Store(0, 4)]];
    assert_eq!(explore(&forgetful(&alike)).executions, 2 + 1);
    assert_eq!(explore(&program(&alike)).executions, 4);
}

/// Rounds do not multiply: 2 orders each round, one of them with all that follows.
#[test]
fn rounds_add_up() {
    let rounds = |n| [Store(0, n), Store(0, 0), Barrier(0)].repeat(5);
    let alone = explore(&program(&[rounds(1), rounds(2)])).executions;
    let once = explore(&forgetful(&[rounds(1), rounds(2)])).executions;
    // 6 orders in each of 5 rounds, which all end with 0.
    assert_eq!((alone, once), (6_u64.pow(5), 5 * 5 + 1));
}

/// A barrier of some actors does not delay the others.
#[test]
fn barriers_of_some_are_none() {
    let scripts =
        [vec![Store(0, 1), Barrier(0), Store(0, 1)], vec![Store(0, 1), Barrier(0)], vec![Store(0, 1)]];
    assert_eq!(explore(&forgetful(&scripts)).executions, explore(&program(&scripts)).executions);
}

/// Findings after a barrier are made, and so are findings before it.
#[test]
fn findings() {
    for bad in [
        [
            vec![Load(0), Bad(1), Barrier(0), Store(1, 1)],
            vec![Store(0, 1), Store(0, 0), Barrier(0), Store(1, 2)],
        ],
        [vec![Store(0, 1), Barrier(0), Load(1), Bad(2)], vec![Store(0, 1), Barrier(0), Store(1, 2)]],
    ] {
        assert!(Explorer::new(&forgetful(&bad)).run(&mut ()).finding.is_some());
    }
}

/// Memory at the ends, and how many executions were shown.
#[derive(Default)]
struct Ends(BTreeSet<Vec<(usize, u64)>>);

impl Observer for Ends {
    fn execution(&mut self, execution: &Execution<'_>) {
        self.0.insert(execution.memory().nonzero().collect());
    }
}

/// A search that continues after findings shows every end as well, with less effort.
#[test]
fn ends_after_findings() {
    // In each round the load is at one of 4 places, two of them bad, and memory at the end of the round is the same.
    let reader = [Load(0), Bad(1), Bad(2), Barrier(0)].repeat(4);
    let writer = [Store(0, 1), Store(0, 2), Store(0, 3), Barrier(0)].repeat(4);
    let scripts = [reader, writer];
    let (mut all, mut ends) = (Ends::default(), Ends::default());
    let every = Explorer::new(&forgetful(&scripts)).exhaustive(true).run(&mut all);
    let only = Explorer::new(&forgetful(&scripts)).exhaustive(true).ends_only(true).run(&mut ends);
    assert_eq!(all.0, ends.0);
    assert_eq!((every.finding, every.complete), (only.finding, only.complete));
    assert_eq!((every.executions, only.executions), (4_u64.pow(4), 4 * 3 + 1));
}

/// The order of two calls makes no difference to memory at the barrier, but does to windows that end after it.
#[test]
fn windows_across() {
    let call = |n, inner: Step| vec![Mark(Mark::Begin(n)), inner, Mark(Mark::End(n))];
    let a = [call(0, Store(0, 1)), vec![Barrier(0)], call(2, Load(1))].concat();
    let b = [call(1, Store(0, 1)), vec![Barrier(0)]].concat();
    let window = |calls: [u16; 3]| Window {
        text: String::new(),
        points: calls.map(|call| Point { call, step: None }).to_vec(),
    };
    let mut program = forgetful(&[a, b]);
    program.windows = vec![window([0, 1, 2]), window([1, 0, 2]), window([2, 0, 1])];
    assert_eq!(explore(&program).opened, [true, true, false]);
}

/// An actor that has named an object names another one next. Here the actor has or has not named one, with the same
/// memory.
#[test]
fn names_of_objects() {
    let namer = Actor::new("a", |cpu| {
        Box::pin(async move {
            if cpu.load(word(0), Prim::ReadOnce).await.bits == 1 {
                let _ = cpu.fresh();
            }
            cpu.barrier(0).await;
            cpu.store(word(1), cpu.fresh().pfn(), Prim::WriteOnce).await;
        })
    });
    let other = Actor::new("b", |cpu| {
        Box::pin(async move {
            cpu.store(word(0), 1, Prim::WriteOnce).await;
            cpu.barrier(0).await;
        })
    });
    let mut both = ActorSet::default();
    both.insert(0);
    both.insert(1);
    let program = Program { forgetful: true, ..program_of(memory(), vec![namer, other], vec![both]) };
    let mut ends = Ends::default();
    assert!(Explorer::new(&program).run(&mut ends).complete);
    assert_eq!(ends.0.len(), 2);
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..2_u8, 1..3_u64).prop_map(|(w, v)| Store(w, v)),
        (0..2_u8).prop_map(|w| FetchAdd(w, 1)),
        (0..2_u8, 0..2_u64).prop_map(|(w, v)| CmpXchg(w, v, 7)),
        (0..2_u8, 1..3_u64).prop_map(|(w, v)| SetBits(w, v)),
    ]
}

fn rounds() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(prop::collection::vec(step(), 0..3), 3).prop_map(|rounds| {
        rounds
            .into_iter()
            .flat_map(|mut round| {
                round.push(Barrier(0));
                round
            })
            .collect()
    })
}

proptest! {
    #![proptest_config(cowrace_testkit::cases(200))]

    /// The same ends, also with several threads and after findings, and the same figures.
    #[test]
    fn nothing_is_missed(scripts in prop::collection::vec(rounds(), 2..4)) {
        let (plain, forgetful) = (program(&scripts), forgetful(&scripts));
        let (mut all, mut once) = (Ends::default(), Ends::default());
        let many = Explorer::new(&plain).run(&mut all);
        let few = Explorer::new(&forgetful).run(&mut once);
        prop_assert_eq!(&all.0, &once.0);
        prop_assert!(few.executions <= many.executions);
        let (threads, mut shown) = (Threads::new(2), Ends::default());
        let ends = Explorer::new(&forgetful).exhaustive(true).ends_only(true);
        prop_assert!(ends.threads(&threads).eager(true).run(&mut shown).complete);
        prop_assert_eq!(once.0, shown.0);
        prop_assert_eq!(few, Explorer::new(&forgetful).threads(&threads).eager(true).run(&mut ()));
    }
}
