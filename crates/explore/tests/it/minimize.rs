//! The executions that describe a violation: the one with the fewest context switches, compared with all that exist,
//! and the nearest sound one.

use std::collections::BTreeMap;

use cowrace_explore::{Directive, Explorer, Until, counterfactual, linearize, minimize, replay};
use cowrace_machine::{Limits, Mark, Op, Program};
use cowrace_report::{Class, Schedule, Turn};
use cowrace_testkit::fixed;
use cowrace_testkit::scripts::random::{Flavour, scripts};
use cowrace_testkit::scripts::walker::Walker;
use cowrace_testkit::scripts::{Step, Step::*, program};
use proptest::strategy::{Strategy, ValueTree};

/// The largest number of schedules that are examined of one program.
const MOST: u64 = 4000;

fn up_to(executions: u64) -> Limits {
    Limits { executions: Some(executions), ..Limits::default() }
}

/// By what executions without calls are compared: context switches, length, turns.
type Key = (usize, usize, Vec<(u8, Option<u32>)>);

fn key(turns: &[Turn]) -> Key {
    let switches = turns.windows(2).filter(|pair| pair[0].actor != pair[1].actor).count();
    (switches, turns.len(), turns.iter().map(|turn| (turn.actor, turn.choice)).collect())
}

/// For each class the execution that shows it and is easiest to read, found by walking all schedules. `None` if there are
/// too many.
fn fewest(program: &Program) -> Option<BTreeMap<Class, Key>> {
    let mut least: BTreeMap<Class, Key> = BTreeMap::new();
    let mut left = vec![Vec::new()];
    let mut seen = 0;
    while let Some(turns) = left.pop() {
        seen += 1;
        if seen > MOST {
            return None;
        }
        let mut walker = Walker::new(program);
        turns.iter().for_each(|&turn| walker.step(turn));
        let able: Vec<u8> = (0..program.actors.len() as u8).filter(|&a| walker.enabled(a)).collect();
        let stuck = able.is_empty() && walker.pending.iter().any(Option::is_some);
        if let Some(class) = walker.finding.or(stuck.then_some(Class::Deadlock)) {
            let new = key(&turns);
            let best = least.entry(class).or_insert_with(|| new.clone());
            if new < *best {
                *best = new;
            }
            continue;
        }
        for actor in able {
            let choices = match walker.pending[usize::from(actor)].map(|request| request.op) {
                Some(Op::Choose { n }) => (0..n).map(Some).collect(),
                _ => vec![None],
            };
            left.extend(choices.into_iter().map(|choice| [&turns[..], &[Turn { actor, choice }]].concat()));
        }
    }
    Some(least)
}

#[test]
fn no_execution_changes_actors_less_often() {
    let mut compared = 0;
    for (flavour, seed) in
        [(Flavour::Atomics, 1), (Flavour::Locks, 2), (Flavour::Waits, 3), (Flavour::All, 4)]
    {
        let mut runner = fixed(seed, 0);
        for _ in 0..400 {
            let scripts = scripts(flavour).new_tree(&mut runner).expect("a value").current();
            let program = Program { forgetful: false, ..program(&scripts) };
            let Some((finding, schedule)) = Explorer::new(&program).run(&mut ()).finding else { continue };
            let Some(due) = fewest(&program) else { continue };
            let minimized = minimize(&program, finding.class, &schedule, &up_to(100_000), &|| false);
            let found = replay(&program, &minimized.schedule).expect("it replays").finding;
            assert_eq!(found.map(|found| found.class), Some(finding.class), "{scripts:?}");
            assert!(minimized.is_least);
            assert_eq!(key(&minimized.schedule.turns), due[&finding.class], "{scripts:?}");
            compared += 1;
        }
    }
    assert!(compared >= 100, "{compared} programs have little to say");
}

/// Of two places at which another actor may come in between, that between two calls is taken.
#[test]
fn calls_are_left_whole() {
    let call =
        |number, steps: &[Step]| [&[Mark(Mark::Begin(number))], steps, &[Mark(Mark::End(number))]].concat();
    let first = [call(0, &[Store(1, 1)]), call(1, &[Store(2, 1), Store(3, 1), Load(0), Bad(5)])].concat();
    let program = program(&[first, call(2, &[Load(1), IfOdd, Store(0, 5)])]);
    let (finding, schedule) = Explorer::new(&program).run(&mut ()).finding.expect("it is bad");
    let minimized = minimize(&program, finding.class, &schedule, &up_to(1000), &|| false);
    assert!(minimized.is_least);
    assert_eq!(
        minimized.schedule.turns.iter().map(|turn| turn.actor).collect::<Vec<_>>(),
        [0, 1, 1, 0, 0, 0]
    );
}

/// What was found until a limit ends the search is no worse than what was known.
#[test]
fn a_limit_leaves_the_best_so_far() {
    let stores = |word| (0..6).map(|value| Store(word, value)).collect::<Vec<_>>();
    let program = program(&[[stores(1), vec![Load(0), Bad(3)]].concat(), [stores(2), stores(0)].concat()]);
    let (finding, schedule) = Explorer::new(&program).run(&mut ()).finding.expect("it is bad");
    let cut = minimize(&program, finding.class, &schedule, &up_to(0), &|| false);
    assert!(!cut.is_least && key(&cut.schedule.turns) <= key(&schedule.turns));
    let stopped = minimize(&program, finding.class, &schedule, &Limits::default(), &|| true);
    let whole = minimize(&program, finding.class, &schedule, &Limits::default(), &|| false);
    assert!(whole.is_least && key(&whole.schedule.turns) <= key(&stopped.schedule.turns));
}

#[test]
fn what_does_not_lead_to_the_damage_is_left_out() {
    let program = program(&[vec![Store(1, 1), Store(1, 2)], vec![Store(0, 1)], vec![Load(0), Bad(0)]]);
    let (finding, schedule) = Explorer::new(&program).run(&mut ()).finding.expect("it is bad");
    let minimized = minimize(&program, finding.class, &schedule, &up_to(1000), &|| false).schedule;
    assert!(minimized.turns.iter().all(|turn| turn.actor == 2), "{minimized}");
    assert!(linearize(&program, &schedule).turns.len() >= minimized.turns.len());
}

#[test]
fn the_nearest_sound_execution_moves_one_row() {
    // What the second writes is lost if it comes between the first's load and store.
    let lost = || {
        use cowrace_machine::{Actor, Addr, Memory, Obj, Prim};
        const WORD: Addr = Addr::new(Obj::boot(2), 0);
        let actor = |name: &str| {
            Actor::new(name, |cpu| {
                Box::pin(async move {
                    cpu.mark(Mark::Begin(0));
                    let seen = cpu.load(WORD, Prim::ReadOnce).await.bits;
                    cpu.store(WORD, seen + 1, Prim::WriteOnce).await;
                    cpu.mark(Mark::End(0));
                })
            })
        };
        let mut memory = Memory::new();
        memory.create(WORD.obj());
        let mut program =
            cowrace_testkit::scripts::program_of(memory, vec![actor("a"), actor("b")], Vec::new());
        program.check = Box::new(|memory| {
            let detail = "an increment is gone".into();
            (memory.get(WORD) != 2).then_some(cowrace_report::Finding { class: Class::LostWrite, detail })
        });
        program
    };
    let program = lost();
    let step = |name: &str| Until::Step { name: name.to_owned(), nth: 1 };
    let row = |actor: u8, until: Until| Directive { actor, until };
    let rows = [
        row(0, step("READ_ONCE")),
        row(1, step("READ_ONCE")),
        row(1, step("WRITE_ONCE")),
        row(0, step("WRITE_ONCE")),
    ];
    let turns = [0, 1, 1, 0].map(|actor| Turn { actor, choice: None }).to_vec();
    let bad = replay(&program, &Schedule { fingerprint: program.fingerprint, turns }).expect("it replays");
    assert!(bad.finding.is_some());
    let moved = counterfactual(&program, &rows, &bad.schedule, &|| false).expect("there is one");
    // The first row is moved past the second actor's two; exchanging neighbours is not enough.
    assert_eq!((moved.row, moved.past, moved.is_earlier()), (0, 2, false));
    assert_eq!(moved.trace.finding, None);
}
