//! The search that merges states gives the answer of the search that explores every trace.

use std::cell::Cell;

use cowrace_explore::{Explorer, Merging, Threads};
use cowrace_machine::{Actor, Cpu, Encode, Mark, Point, Prim, Program, Round, Window, Words};
use cowrace_testkit::merging::{Compared, compare};
use cowrace_testkit::scripts::random::{Flavour, rounds_with_windows, scripts};
use cowrace_testkit::scripts::{Step::*, *};
use cowrace_testkit::{at_length, fixed, runner};
use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestRunner};

/// Each actor's script is a call with a step after each of its events, and windows ask for orders of these.
fn watched(scripts: &[Vec<Step>], windows: &[Vec<(u16, Option<u8>)>]) -> Program {
    const STEPS: [&str; 3] = ["one", "two", "three"];
    let called = |(actor, script): (usize, &Vec<Step>)| {
        let mut steps = vec![Mark(Mark::Begin(actor as u16))];
        // What some steps skip is counted in steps.
        let skips = |step: &Step| matches!(step, Trylock(..) | TryReadLock(..) | IfOdd);
        let can_mark = !script.iter().any(skips);
        for (at, step) in script.iter().enumerate() {
            steps.push(*step);
            if can_mark {
                steps.push(Mark(Mark::Step(STEPS[at % 3])));
            }
        }
        steps.push(Mark(Mark::End(actor as u16)));
        steps
    };
    let all: Vec<_> = scripts.iter().enumerate().map(called).collect();
    let actors = scripts.len() as u16;
    let point = |&(call, step): &(u16, Option<u8>)| Point {
        call: call % actors,
        step: step.map(|step| STEPS[usize::from(step % 3)].to_owned()),
    };
    let window = |points: &Vec<_>| Window { text: String::new(), points: points.iter().map(point).collect() };
    Program { windows: windows.iter().map(window).collect(), ..program(&all) }
}

fn windows() -> impl Strategy<Value = Vec<Vec<(u16, Option<u8>)>>> {
    let point = (0..4_u16, prop::option::weighted(0.8, 0..3_u8));
    prop::collection::vec(prop::collection::vec(point, 1..4), 0..4)
}

/// Programs with more traces are left out.
const MOST: u64 = 30_000;

fn compare_random(flavour: Flavour, mut runner: TestRunner) {
    let cases = runner.config().cases;
    let (merged, states, wrong, large) = (Cell::new(0), Cell::new(0), Cell::new(0), Cell::new(0));
    let more = |count: &Cell<u32>| count.set(count.get() + 1);
    let result = runner.run(&(scripts(flavour), windows()), |(scripts, windows)| {
        match compare(&watched(&scripts, &windows), MOST).map_err(TestCaseError::fail)? {
            Compared::Whole(n) => {
                more(&merged);
                states.set(states.get() + n);
            }
            Compared::Wrong => more(&wrong),
            Compared::TooLarge => more(&large),
            Compared::NotMerged => {}
        }
        Ok(())
    });
    let (merged, wrong, large) = (merged.get(), wrong.get(), large.get());
    eprintln!(
        "{flavour:?}: of {cases} programs {merged} compared as a whole, {} states; {wrong} wrong; {large} too large",
        states.get()
    );
    if let Err(error) = result {
        panic!("{error}");
    }
    assert!((merged + wrong) * 4 >= cases, "too few were compared");
}

#[test]
fn atomics() {
    compare_random(Flavour::Atomics, fixed(31, 600));
}

#[test]
fn conditional() {
    compare_random(Flavour::Conditional, fixed(32, 300));
}

#[test]
fn locks() {
    compare_random(Flavour::Locks, fixed(33, 600));
}

#[test]
fn waits() {
    compare_random(Flavour::Waits, fixed(34, 600));
}

#[test]
fn everything() {
    compare_random(Flavour::All, fixed(35, 600));
}

/// Actors that wait for each other at barriers, with calls that have no events: a window of such a call cannot be
/// watched, and states are not merged then.
#[test]
fn rounds() {
    let merged = Cell::new(0);
    let result = fixed(36, 500).run(&rounds_with_windows(), |(scripts, windows)| {
        let program = Program { forgetful: true, windows, ..program(&scripts) };
        let compared = compare(&program, MOST).map_err(TestCaseError::fail)?;
        merged.set(merged.get() + u32::from(matches!(compared, Compared::Whole(_) | Compared::Wrong)));
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
    assert!(merged.get() > 100, "{} programs", merged.get());
}

/// Each search has its share of the work by counts, which are the same for any number of threads, and a thread finds the
/// same in a state as another.
#[test]
fn threads_change_nothing() {
    let merged = Cell::new(0);
    let result = fixed(37, 150).run(&scripts(Flavour::Conditional), |scripts| {
        let program = program(&scripts);
        for merging in [Merging::Auto, Merging::Always] {
            let run = |threads| {
                let threads = Threads::new(threads);
                let explorer = Explorer::new(&program).merging(merging).blindly(merging == Merging::Always);
                explorer.long_after(4).threads(&threads).eager(true).visits_alone(8).run(&mut ())
            };
            let alone = run(0);
            merged.set(merged.get() + u32::from(alone.states > 0));
            for threads in [1, 3] {
                prop_assert_eq!(&run(threads), &alone);
            }
        }
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
    eprintln!("{} merged", merged.get());
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

/// A window of two independent stores is open in both orders, although no order of them makes a difference to memory.
#[test]
fn a_window_of_independent_stores() {
    let window = |points: [u16; 2]| Window {
        text: String::new(),
        points: points.map(|call| Point { call, step: None }).into(),
    };
    let called = |call: u16, step: Step| vec![Mark(Mark::Begin(call)), step, Mark(Mark::End(call))];
    let windows = vec![window([0, 1]), window([1, 0])];
    let scripts = [(0, Store(0, 1)), (1, Store(1, 1))].map(|(call, store)| {
        // There is a second trace, so that the first execution is not the whole search.
        [called(call, store), vec![Store(2, u64::from(call))]].concat()
    });
    let program = Program { windows, ..program(&scripts) };
    assert!(matches!(compare(&program, MOST), Ok(Compared::Whole(_))));
    let merged = Explorer::new(&program).long_after(1).merging(Merging::Always).run(&mut ());
    assert_eq!((merged.opened, merged.reached), (vec![true; 2], vec![vec![true; 2]; 2]));
}

/// Of two that take a count to zero the second one learns that it has: additions commute only as long as none does.
#[test]
fn counts_that_reach_zero() {
    let mut program = program(&[1, 2].map(|own| vec![SubAndTest(0, 1), StoreAcc(own, 0)]));
    program.memory.set(word(0), 2);
    // Either may be the second.
    assert!(matches!(compare(&program, MOST), Ok(Compared::Whole(_))));
}

/// What an actor does for one value of five thousand, and is not seen to do in any of the executions with which the search
/// begins. Until then the reader is taken not to be disturbed; states are visited again.
#[test]
fn what_is_rarely_done() {
    let mut program =
        program(&[vec![Store(3, 1), Load(0), StoreAcc(1, 0)], vec![], vec![Store(3, 2), Store(2, 1)]]);
    program.actors[1] = Actor::new("chooser", |cpu| {
        Box::pin(async move {
            cpu.load(word(2), Prim::ReadOnce).await;
            if cpu.choose(5000, Prim::Ghost).await == 4999 {
                cpu.store(word(0), 1, Prim::WriteOnce).await;
            }
        })
    });
    assert!(matches!(compare(&program, MOST), Ok(Compared::Whole(_))));
}

/// A value that is not encoded: what it was is hidden.
#[derive(Clone, Copy)]
struct Hidden(u64);

impl Encode for Hidden {
    fn encode(self, _: &mut Words) {}
}

/// Two actors that store, and one whose function reads twice and hides what it has read at first.
fn hiding(read: impl AsyncFn(&Cpu) -> u64 + Copy + Send + Sync + 'static) -> Program {
    let reader = Actor::new("reader", move |cpu| {
        Box::pin(async move {
            let seen = read(&cpu).await;
            cpu.store(word(2), seen, Prim::WriteOnce).await;
        })
    });
    let mut program = program(&[vec![Store(0, 1)], vec![Store(1, 1)], vec![]]);
    program.actors[2] = reader;
    program
}

/// A function whose result hides what it was, and a loop whose state does: actors that remember different things are
/// taken for the same, and the comparison of such actors tells.
#[test]
fn what_a_frame_hides_is_found() {
    let honest = hiding(async |cpu| {
        let first =
            cpu.call("first", (), async |cpu: &Cpu, ()| cpu.load(word(0), Prim::ReadOnce).await.bits).await;
        cpu.load(word(1), Prim::ReadOnce).await;
        first
    });
    assert_eq!(Explorer::new(&honest).compare_merged(1000), Ok(0));
    let result = hiding(async |cpu| {
        let load = async |cpu: &Cpu, ()| Hidden(cpu.load(word(0), Prim::ReadOnce).await.bits);
        let Hidden(first) = cpu.call("first", (), load).await;
        cpu.load(word(1), Prim::ReadOnce).await;
        first
    });
    let state = hiding(async |cpu| {
        let round = async |cpu: &Cpu, (nth, Hidden(sum)): (u64, Hidden)| {
            let seen = cpu.load(word(0), Prim::ReadOnce).await.bits;
            if nth == 2 { Round::Done(sum) } else { Round::Again((nth + 1, Hidden(sum + seen))) }
        };
        cpu.rounds((0, Hidden(0)), round).await
    });
    for hidden in [result, state] {
        let error = Explorer::new(&hidden).compare_merged(1000).expect_err("something is hidden");
        assert!(error.contains("two actors at one place"), "{error}");
    }
}

/// Stores to one word: more traces than anyone can count, and thousands of states. When all of these are known, the
/// thread that helps with the traces is not waited for.
#[test]
fn threads_do_not_go_on_with_traces_when_the_states_are_done() {
    let stores = |actor: u64| (0..8).map(|nth| Store(0, 8 * actor + nth)).collect();
    let program = program(&[stores(0), stores(1), stores(2), stores(3)]);
    let threads = Threads::new(1);
    let outcome = Explorer::new(&program).threads(&threads).long_after(1).eager(true).run(&mut ());
    assert!(outcome.complete && outcome.finding.is_none(), "{outcome:?}");
    assert!((10_000..100_000).contains(&outcome.states), "{}", outcome.states);
}
