//! What a complete search tells about calls and about the source is what its executions show, event by event.

use std::collections::BTreeSet;
use std::panic::Location;

use cowrace_explore::{Coverage, Execution, Explorer, Limits, Merging, Observer};
use cowrace_machine::{Footprint, Mark, Program, Seat};
use cowrace_testkit::merging::{Compared, compare_coverage};
use cowrace_testkit::scripts::random::{Flavour, scripts};
use cowrace_testkit::scripts::{Step::*, *};
use cowrace_testkit::{at_length, fixed, runner};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

/// Runs every execution again, and compares all pairs of its events.
struct Pairs<'p> {
    program: &'p Program,
    orders: BTreeSet<(u16, u16)>,
    sites: BTreeSet<&'static Location<'static>>,
}

impl Observer for Pairs<'_> {
    fn execution(&mut self, execution: &Execution<'_>) {
        let mut memory = self.program.memory.clone();
        let mut seats: Vec<Seat> =
            (0..self.program.actors.len()).map(|a| self.program.seat(a as u8)).collect();
        let mut events: Vec<(u8, Option<u16>, Footprint)> = Vec::new();
        for turn in execution.turns() {
            let seat = &mut seats[turn.actor as usize];
            let request = seat.poll().expect("a request");
            let mut done = memory.execute(&request);
            if let Some(choice) = turn.choice {
                (done.answer.value, done.answer.ok) = (choice.into(), true);
            }
            events.push((
                turn.actor,
                seat.with_marks(|marks| open(marks.iter().map(|m| m.mark))),
                done.footprint,
            ));
            self.sites.insert(request.site);
            seat.answer(done.answer);
        }
        for (at, (actor, second, footprint)) in events.iter().enumerate() {
            for (other, first, earlier) in &events[..at] {
                if let (Some(first), Some(second)) = (first, second)
                    && actor != other
                    && earlier.conflicts(footprint)
                {
                    self.orders.insert((*first, *second));
                }
            }
        }
    }
}

/// The call that is open after some marks.
fn open(marks: impl Iterator<Item = Mark>) -> Option<u16> {
    marks.fold(None, |open, mark| match mark {
        Mark::Begin(call) => Some(call),
        Mark::End(_) => None,
        Mark::Step(_) | Mark::NoEffect(_) | Mark::Limit(_) => open,
    })
}

/// One search, and its coverage; `None` if it is too long.
fn explore<'p>(program: &'p Program) -> Option<(Coverage, Pairs<'p>)> {
    let mut pairs = Pairs { program, orders: BTreeSet::new(), sites: BTreeSet::new() };
    let limits = Limits { executions: Some(5_000), ..Limits::default() };
    let explorer = Explorer::new(program).exhaustive(true).limits(limits).coverage(true);
    let outcome = explorer.merging(Merging::Never).run(&mut pairs);
    outcome.coverage.map(|coverage| (coverage, pairs))
}

/// A call around each step; that of step `s` of actor `a` has the number `100 * a + s`.
fn called(scripts: &[Vec<Step>]) -> Program {
    let call = |actor: usize, at: usize, step: Step| {
        let id = (100 * actor + at) as u16;
        [Mark(Mark::Begin(id)), step, Mark(Mark::End(id))]
    };
    let scripts: Vec<Vec<Step>> = scripts
        .iter()
        .enumerate()
        .map(|(actor, steps)| steps.iter().enumerate().flat_map(|(at, &s)| call(actor, at, s)).collect())
        .collect();
    program(&scripts)
}

fn pairs_of_calls() -> impl Iterator<Item = (u16, u16)> {
    (0..400).flat_map(|a| (0..400).map(move |b| (a, b)))
}

fn orders(scripts: &[Vec<Step>]) -> Vec<(u16, u16)> {
    let program = called(scripts);
    let (coverage, pairs) = explore(&program).expect("a short search");
    let orders: Vec<_> = pairs_of_calls().filter(|&(a, b)| coverage.in_order(a, b)).collect();
    assert!(orders.iter().eq(&pairs.orders), "{orders:?}, and not {:?}", pairs.orders);
    orders
}

#[test]
fn calls_meet_in_both_orders_in_one_or_not_at_all() {
    assert_eq!(orders(&[vec![Store(0, 1)], vec![Load(0)]]), [(0, 100), (100, 0)]);
    assert_eq!(orders(&[vec![Store(0, 1)], vec![Load(1)]]), []);
    assert_eq!(
        orders(&[vec![Add(0, 1)], vec![Add(0, 2)], vec![Load(0)]]),
        [(0, 200), (100, 200), (200, 0), (200, 100)]
    );
    assert_eq!(orders(&[vec![SetBits(1, 1)], vec![AwaitSet(1, 1)]]), [(0, 100)]);
}

/// Calls that are ordered by a lock conflict all the same, and so do calls between which another actor has overwritten
/// the word.
#[test]
fn what_is_ordered_otherwise_meets_too() {
    let behind_lock = [vec![Store(0, 1), Lock(1), Unlock(1)], vec![Lock(1), Load(0), Unlock(1)]];
    let seen = orders(&behind_lock);
    assert!(seen.contains(&(0, 101)) && seen.contains(&(101, 0)), "{seen:?}");
    let barrier =
        [vec![Store(0, 1), Barrier(0)], vec![Barrier(0), Store(0, 2), Barrier(1)], vec![Barrier(1), Load(0)]];
    assert_eq!(orders(&barrier), [(0, 101), (0, 201), (101, 201)]);
}

#[test]
fn what_belongs_to_no_call_is_left_out() {
    let program = program(&[vec![Store(0, 1)], vec![Mark(Mark::Begin(1)), Store(0, 2), Mark(Mark::End(1))]]);
    let (coverage, _) = explore(&program).expect("a short search");
    assert!(!coverage.in_order(0, 1) && !coverage.in_order(1, 0) && !coverage.in_order(7, 900));
}

#[test]
fn only_a_complete_search_says_anything() {
    let racy = called(&[vec![Store(0, 1)], vec![Load(0), Bad(1)]]);
    let run = |explorer: Explorer<'_>| explorer.run(&mut ()).coverage;
    assert_eq!(run(Explorer::new(&racy).coverage(true)), None, "it ends at a finding");
    assert_eq!(run(Explorer::new(&racy).coverage(true).preemptions(Some(0))), None, "it omits something");
    assert_eq!(run(Explorer::new(&racy).exhaustive(true)), None, "it was not asked for");
    assert!(run(Explorer::new(&racy).exhaustive(true).coverage(true)).is_some());
    let long = called(&[vec![Store(0, 1), Store(0, 2)], vec![Load(0), Load(0)], vec![Load(0)]]);
    let limits = Limits { executions: Some(3), ..Limits::default() };
    let checkpoint = Explorer::new(&long).limits(limits).run(&mut ()).checkpoint.expect("it can go on");
    let rest = Explorer::new(&long).coverage(true).resume(&checkpoint).run(&mut ());
    assert_eq!((rest.complete, rest.coverage), (true, None), "it has not seen how it began");
}

#[test]
fn random_programs() {
    let mut runner = fixed(5, 0);
    let mut complete = 0;
    for _ in 0..150 {
        let scripts = scripts(Flavour::All).new_tree(&mut runner).expect("a program").current();
        let program = called(&scripts);
        let Some((coverage, pairs)) = explore(&program) else { continue };
        complete += 1;
        for (a, b) in pairs_of_calls() {
            assert_eq!(
                coverage.in_order(a, b),
                pairs.orders.contains(&(a, b)),
                "{a} before {b} in {scripts:?}"
            );
        }
        assert!(pairs.sites.iter().all(|site| coverage.sites().contains(site)), "{scripts:?}");
    }
    assert!(complete > 50, "{complete} searches were completed");
}

/// A search that merges states tells what one of all traces tells.
fn compare_random(flavour: Flavour, mut runner: TestRunner) {
    let cases = runner.config().cases;
    let (mut merged, mut large) = (0, 0);
    for _ in 0..cases {
        let scripts = scripts(flavour).new_tree(&mut runner).expect("a program").current();
        match compare_coverage(&called(&scripts), 5_000) {
            Ok(Compared::TooLarge) => large += 1,
            Ok(compared) => merged += u32::from(matches!(compared, Compared::Whole(_))),
            Err(differ) => panic!("{differ} in {scripts:?}"),
        }
    }
    eprintln!("{flavour:?}: of {cases} programs {merged} were compared; {large} too large");
    assert!(merged * 6 >= cases, "{merged} of {cases} were compared");
}

#[test]
fn merging_states_changes_nothing() {
    Flavour::ALL.iter().for_each(|&flavour| compare_random(flavour, fixed(38, 150)));
}

#[test]
#[ignore = "takes as long as it is told to: `just nightly`"]
fn random_programs_at_length() {
    at_length(|seed| Flavour::ALL.iter().for_each(|&flavour| compare_random(flavour, runner(seed, 200))));
}
