//! Numbers of executions, pinned, each with the reason why it is right.

use std::cell::Cell;

use cowrace_explore::{Explorer, Limits, Outcome};
use cowrace_machine::{Arch, Program};
use cowrace_mm::Era;
use cowrace_testkit::common_problem::{Rule, Variant, problem};
use cowrace_testkit::corpus::corpus;
use cowrace_testkit::fixed;
use cowrace_testkit::scripts::memo::Counter;
use cowrace_testkit::scripts::naive::Naive;
use cowrace_testkit::scripts::random::{Flavour, scripts};
use cowrace_testkit::scripts::{Step::*, *};
use proptest::strategy::Strategy;
use proptest::test_runner::TestCaseError;

fn explore(program: &Program) -> Outcome {
    let outcome = Explorer::new(program).exhaustive(true).run(&mut ());
    assert!(outcome.complete && outcome.stopped.is_none());
    outcome
}

/// The number of executions, if each trace of the plain relation is to have one.
fn executions(program: &Program) -> u64 {
    let outcome = Explorer::new(program).exhaustive(true).counts_commute(false).run(&mut ());
    assert!(outcome.complete && outcome.stopped.is_none());
    outcome.executions
}

/// The exact number of traces.
fn traces(program: &Program) -> u64 {
    Counter::count(program, usize::MAX).expect("there is no limit").0
}

/// Complete executions for 3, 4 and 5 actors.
fn counts(rule: Rule, commute: bool) -> [u64; 3] {
    [3, 4, 5].map(|actors| explore(&problem(Variant::new(actors, rule, commute))).executions)
}

/// What Nidhugg (without commuting RMWs) and GenMC count on the common problem, and the exact number of
/// its Mazurkiewicz traces: locks are ordered, every atomic conflicts with every other.
#[test]
fn common_problem_mapcount_plain() {
    assert_eq!(counts(Rule::Mapcount, false), [12, 582, 4840]);
}

/// What Nidhugg counts when it commutes RMWs whose result is unused.
#[test]
fn common_problem_mapcount_commuting() {
    assert_eq!(counts(Rule::Mapcount, true), [12, 372, 1256]);
}

/// The exact number of traces, the bad ones included, counted with a memo on prototypes.
#[test]
fn common_problem_count_plain() {
    assert_eq!(counts(Rule::Count, false), [21, 1056, 10796]);
}

/// As above, with commuting additions.
#[test]
fn common_problem_count_commuting() {
    assert_eq!(counts(Rule::Count, true), [17, 555, 2469]);
}

/// Executions up to the first lost read. This is not a property of the problem but of the order of the search: it is
/// the number that Nidhugg needs, and a worse order would show here.
#[test]
fn common_problem_first_finding() {
    let first = [3, 4, 5].map(|actors| {
        let outcome = Explorer::new(&problem(Variant::new(actors, Rule::Count, true))).run(&mut ());
        assert!(!outcome.complete && outcome.finding.is_some());
        outcome.executions
    });
    assert_eq!(first, [4, 21, 53]);
}

/// All variants of the common problem.
fn variants(actors: u8) -> impl Iterator<Item = Variant> {
    (0..32).map(move |bits| Variant {
        actors,
        rule: if bits & 1 == 0 { Rule::Mapcount } else { Rule::Count },
        commute: bits & 2 != 0,
        seq: bits & 4 != 0,
        twice: bits & 8 != 0,
        frees: bits & 16 != 0,
    })
}

fn one_for_each_trace(variants: impl Iterator<Item = Variant>) {
    for variant in variants {
        let program = problem(variant);
        assert_eq!(executions(&program), traces(&program), "{variant:?}");
    }
}

#[test]
fn common_problem_exact() {
    one_for_each_trace(variants(3).chain(variants(4)));
}

#[test]
fn common_problem_exact_with_five_actors() {
    one_for_each_trace(variants(5).filter(|v| v.commute && !v.twice && !v.frees));
}

#[test]
#[ignore = "up to 3.7 million states each, a minute for all of them"]
fn common_problem_exact_with_five_actors_in_every_variant() {
    one_for_each_trace(variants(5));
}

/// Sleep sets alone begin executions that turn out to be asleep; with wakeup trees nothing sleeps where a search
/// chooses, and the search panics if something does. Tested here on programs that are too large to be counted: random
/// programs of six actors.
#[test]
fn nothing_is_begun_in_vain() {
    for (flavour, seed) in
        [(Flavour::Atomics, 31), (Flavour::Locks, 32), (Flavour::Waits, 33), (Flavour::All, 34)]
    {
        let programs = (scripts(flavour), scripts(flavour));
        random(&programs, seed, 100, |(some, more)| {
            let scripts: Vec<_> = some.into_iter().chain(more).take(6).collect();
            let limits = Limits { executions: Some(2_000), ..Limits::default() };
            let program = program(&scripts);
            for commute in [false, true] {
                Explorer::new(&program).exhaustive(true).counts_commute(commute).limits(limits).run(&mut ());
            }
            Ok(())
        });
    }
}

fn random<S: Strategy>(
    strategy: &S,
    seed: u8,
    cases: u32,
    test: impl Fn(S::Value) -> Result<(), TestCaseError>,
) {
    let mut runner = fixed(seed, cases);
    if let Err(error) = runner.run(strategy, test) {
        panic!("{error}");
    }
}

/// The counter, the engine and the search with sleep sets alone count the same.
fn random_programs_exact(flavour: Flavour, seed: u8) {
    let (counted, compared) = (Cell::new(0), Cell::new(0));
    random(&scripts(flavour), seed, 600, |scripts| {
        let program = program(&scripts);
        let Some((traces, _)) = Counter::count(&program, 50_000) else { return Ok(()) };
        let executions = executions(&program);
        if executions != traces {
            return Err(TestCaseError::fail(format!("{executions} executions, {traces} traces")));
        }
        counted.set(counted.get() + 1);
        if let Some(met) = Naive::explore(&program, true, 5_000) {
            compared.set(compared.get() + 1);
            if met.len() as u64 != traces {
                return Err(TestCaseError::fail(format!("{} traces met, {traces} counted", met.len())));
            }
        }
        Ok(())
    });
    assert!(
        counted.get() >= 500 && compared.get() >= 400,
        "{} counted, {} met",
        counted.get(),
        compared.get()
    );
}

#[test]
fn random_atomics_exact() {
    random_programs_exact(Flavour::Atomics, 21);
}

#[test]
fn random_locks_exact() {
    random_programs_exact(Flavour::Locks, 22);
}

#[test]
fn random_waits_exact() {
    random_programs_exact(Flavour::Waits, 23);
}

#[test]
fn random_everything_exact() {
    random_programs_exact(Flavour::All, 24);
}

/// The sets of what is independent differ from one execution to the next.
#[test]
fn random_conditional_exact() {
    random_programs_exact(Flavour::Conditional, 25);
}

/// One execution for each trace of the scenarios of a directory under some eras. Returns how many were compared, and
/// how many the counter cannot follow within `most` states.
fn scenarios_exact(directory: &str, eras: &[Era], most: usize) -> (usize, usize) {
    let (mut compared, mut too_large) = (0, 0);
    for sample in corpus(directory) {
        for era in eras {
            let mut program = cowrace_mm::program(&sample.world, era, Arch::Generic);
            // Executions that reach the same state at a barrier are not merged here.
            program.forgetful = false;
            let Some((traces, _)) = Counter::count(&program, most) else {
                too_large += 1;
                continue;
            };
            assert_eq!(executions(&program), traces, "{} under {}", sample.name, era.name());
            compared += 1;
        }
    }
    eprintln!("{compared} compared, {too_large} too large");
    (compared, too_large)
}

#[test]
fn small_scenarios_exact() {
    let (_, too_large) = scenarios_exact("small", &Era::presets(), 100_000);
    assert_eq!(too_large, 0);
}

/// Presets that differ in what decides whether a fault copies, and in what swap remembers.
#[test]
fn corpus_exact() {
    let eras = ["v5.9", "v6.12"];
    let eras = eras.map(|era| Era::preset(era).expect("a preset"));
    let (compared, too_large) = scenarios_exact(".", &eras, 100_000);
    assert!(too_large * 10 < compared, "{compared} compared, {too_large} too large");
}

#[test]
#[ignore = "up to 7.5 million states each, three minutes and a gigabyte for all of them"]
fn corpus_exact_under_every_preset_at_length() {
    let (_, too_large) = scenarios_exact(".", &Era::presets(), usize::MAX);
    assert_eq!(too_large, 0);
}

#[test]
fn small_programs_exact() {
    let section = |bit| vec![Lock(bit), FetchAdd(0, 1), Unlock(bit)];
    let programs: Vec<(Vec<Vec<Step>>, u64)> = vec![
        // One word, four writers: every order differs.
        (vec![vec![Store(0, 1)]; 4], 24),
        // Readers do not conflict: each of three reads before or after the one store.
        (vec![vec![Store(0, 1)], vec![Load(0)], vec![Load(0)], vec![Load(0)]], 8),
        // Additions whose result is unused commute; others do not.
        (vec![vec![Add(0, 1)]; 5], 1),
        (vec![vec![FetchAdd(0, 1)]; 5], 120),
        // Critical sections of one lock: orders of the sections. Sections of two locks are independent.
        (vec![section(1); 4], 24),
        (
            vec![
                vec![Lock(1), Unlock(1)],
                vec![Lock(1), Unlock(1)],
                vec![Lock(2), Unlock(2)],
                vec![Lock(2), Unlock(2)],
            ],
            4,
        ),
        // Disjoint bits of a word.
        (vec![vec![SetBits(0, 1)], vec![SetBits(0, 2)], vec![LoadBits(0, 4)]], 1),
        // Readers of a lock do not exclude each other; the writer goes first, last or between them.
        (vec![vec![ReadLock, ReadUnlock], vec![ReadLock, ReadUnlock], vec![WriteLock, WriteUnlock]], 4),
        // A trylock is before the lock, within the section, or after it.
        (vec![vec![Lock(1), Unlock(1)], vec![Trylock(1, 1), Unlock(1)]], 3),
        // Store buffering: all but one of the four combinations, twice nothing.
        (vec![vec![Store(0, 1), Load(1)], vec![Store(1, 1), Load(0)]], 3),
        // Waiting orders; both bits may be the first.
        (vec![vec![SetBits(EVENT, 1)], vec![SetBits(EVENT, 2)], vec![AwaitSet(EVENT, 3)]], 3),
        (vec![vec![Store(0, 1), Store(EVENT, 1)], vec![AwaitDiffers(EVENT, 0), Load(0)]], 1),
        (vec![vec![Store(0, 1)], vec![Join(0), Load(0)]], 1),
        // A compare-and-exchange that fails commutes with the load, one that succeeds does not.
        (vec![vec![CmpXchg(0, 0, 2)], vec![Load(1)], vec![SetBits(0, 2)], vec![LoadBits(0, 1)]], 3),
        (vec![vec![SetBits(0, 2), Store(0, 2)], vec![CmpXchg(0, 0, 0)], vec![LoadBits(0, 1)]], 7),
    ];
    for (scripts, expected) in programs {
        let program = program(&scripts);
        assert_eq!(explore(&program).executions, expected, "{scripts:?}");
        assert_eq!(traces(&program), expected, "{scripts:?}");
    }
}

/// Choices multiply, and barriers divide.
#[test]
fn choices_and_barriers() {
    let rounds = |n| vec![Store(0, n), Barrier(0), Store(0, n), Barrier(0), Store(0, n)];
    let programs = [
        (vec![vec![Choose(3), StoreAcc(0, 0)], vec![Choose(2), StoreAcc(1, 0)]], 6),
        // Two stores on either side: 2 orders each, and none across.
        (vec![vec![Store(0, 1), Barrier(0), Store(0, 2)], vec![Store(0, 3), Barrier(0), Store(0, 4)]], 4),
        // The same barrier again: three rounds of 2 orders each.
        (vec![rounds(1), rounds(2)], 8),
    ];
    for (scripts, expected) in programs {
        let program = program(&scripts);
        assert_eq!(explore(&program).executions, expected, "{scripts:?}");
        assert_eq!(traces(&program), expected, "{scripts:?}");
    }
}

/// A `put_page` that uses its result. The count is no smaller than without that, since less commutes.
#[test]
fn common_problem_with_pages_freed() {
    for freeing in variants(4).filter(|v| v.frees) {
        let plain = Variant { frees: false, ..freeing };
        assert!(executions(&problem(freeing)) >= executions(&problem(plain)), "{freeing:?}");
    }
}
