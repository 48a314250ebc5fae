//! Numbers of executions, pinned, each with the reason why it is right.

mod common;

use common::memo::Counter;
use common::peers::{Rule, Variant, problem};
use common::{Step::*, *};
use cowrace_explore::{Explorer, Outcome};
use cowrace_machine::Program;

fn explore(program: &Program) -> Outcome {
    let outcome = Explorer::new(program).exhaustive(true).run(&mut ());
    assert!(outcome.complete && outcome.stopped.is_none());
    outcome
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

/// Executions to the first lost read. Not a property of the problem but of the order of the search:
/// these are as many as Nidhugg needs, and a worse order would show here.
#[test]
fn common_problem_first_finding() {
    let first = [3, 4, 5].map(|actors| {
        let outcome = Explorer::new(&problem(Variant::new(actors, Rule::Count, true))).run(&mut ());
        assert!(!outcome.complete && outcome.finding.is_some());
        outcome.executions
    });
    assert_eq!(first, [4, 21, 53]);
}

/// Few executions are begun in vain: source sets are not optimal, but nearly.
#[test]
fn few_executions_are_thrown_away() {
    for (rule, commute) in [(Rule::Mapcount, false), (Rule::Count, false)] {
        let outcome = explore(&problem(Variant::new(5, rule, commute)));
        assert!(outcome.blocked * 100 <= outcome.executions * 6, "{outcome:?}");
    }
}

/// The exact counter agrees where it can follow.
#[test]
fn common_problem_exact() {
    for rule in [Rule::Mapcount, Rule::Count] {
        for commute in [false, true] {
            for actors in 3..=4 {
                let program = problem(Variant::new(actors, rule, commute));
                assert_eq!(
                    Counter::count(&program, usize::MAX).expect("no limit").0,
                    explore(&program).executions,
                    "{rule:?} {commute} {actors}"
                );
            }
        }
    }
}

#[test]
fn small_programs_exact() {
    let section = |bit| vec![Lock(bit), FetchAdd(0, 1), Unlock(bit)];
    let programs: Vec<(Vec<Vec<Step>>, u64)> = vec![
        // One word, four writers: every order differs.
        (vec![vec![Store(0, 1)]; 4], 24),
        // Readers do not conflict: each of three reads before or after the one store.
        (vec![vec![Store(0, 1)], vec![Load(0)], vec![Load(0)], vec![Load(0)]], 8),
        // Additions whose result is unused commute, others do not.
        (vec![vec![Add(0, 1)]; 5], 1),
        (vec![vec![FetchAdd(0, 1)]; 5], 120),
        // Critical sections of one lock: orders of the sections. Of two locks: each for itself.
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
    ];
    for (scripts, expected) in programs {
        let program = program(&scripts);
        assert_eq!(explore(&program).executions, expected, "{scripts:?}");
        assert_eq!(Counter::count(&program, usize::MAX).expect("no limit").0, expected, "{scripts:?}");
    }
}

/// Choices multiply, and barriers divide.
#[test]
fn choices_and_barriers() {
    let choices = program(&[vec![Choose(3), StoreAcc(0, 0)], vec![Choose(2), StoreAcc(1, 0)]]);
    assert_eq!(explore(&choices).executions, 6);
    // Two stores on either side: 2 orders each, and none across.
    let barrier =
        program(&[vec![Store(0, 1), Barrier(0), Store(0, 2)], vec![Store(0, 3), Barrier(0), Store(0, 4)]]);
    assert_eq!(explore(&barrier).executions, 4);
    // The same barrier again: three rounds of 2 orders each.
    let rounds = |n| vec![Store(0, n), Barrier(0), Store(0, n), Barrier(0), Store(0, n)];
    assert_eq!(explore(&program(&[rounds(1), rounds(2)])).executions, 8);
}
