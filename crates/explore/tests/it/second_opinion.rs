//! An independent interpreter agrees with every finding, and random walks show nothing new.

use std::collections::BTreeSet;

use cowrace_explore::{Execution, Explorer, Limits, Observer, linearize, replay};
use cowrace_machine::{Op, Program};
use cowrace_report::{Class, Schedule, Turn};
use cowrace_testkit::common_problem::{Rule, Variant, problem};
use cowrace_testkit::fixed;
use cowrace_testkit::scripts::program;
use cowrace_testkit::scripts::random::{Flavour, scripts};
use cowrace_testkit::scripts::walker::Walker;
use proptest::strategy::{Strategy, ValueTree};

/// The result of an execution: memory at its end, and the class of its finding.
type End = (Vec<(usize, u64)>, Option<Class>);

/// Collects ends, and up to a hundred schedules with findings.
#[derive(Default)]
struct Ends {
    ends: BTreeSet<End>,
    bad: Vec<(Schedule, Class)>,
}

impl Observer for Ends {
    fn execution(&mut self, execution: &Execution<'_>) {
        let class = execution.finding().map(|f| f.class);
        self.ends.insert((execution.memory().nonzero().collect(), class));
        if let Some(class) = class.filter(|_| self.bad.len() < 100) {
            self.bad.push((execution.schedule(), class));
        }
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % n
    }
}

/// Follows a schedule in the independent interpreter.
fn follow(program: &Program, schedule: &Schedule) -> Option<Class> {
    let mut walker = Walker::new(program);
    for &turn in &schedule.turns {
        walker.step(turn);
    }
    walker.verdict()
}

/// Walks at random to an end; returns the end and the number of steps.
fn walk(program: &Program, random: &mut Random) -> (End, u32) {
    let mut walker = Walker::new(program);
    let mut steps = 0;
    loop {
        let able: Vec<u8> = (0..walker.pending.len() as u8).filter(|&a| walker.enabled(a)).collect();
        if able.is_empty() {
            return ((walker.nonzero(), walker.verdict()), steps);
        }
        let actor = able[random.below(able.len())];
        let choice = match walker.pending[actor as usize].map(|r| r.op) {
            Some(Op::Choose { n }) => Some(random.below(n as usize) as u32),
            _ => None,
        };
        walker.step(Turn { actor, choice });
        steps += 1;
    }
}

/// Compares, and returns the number of random steps.
fn compare(program: &Program, walks: u32, random: &mut Random) -> u32 {
    let mut ends = Ends::default();
    let outcome = Explorer::new(program).exhaustive(true).run(&mut ends);
    assert!(outcome.complete);
    for (schedule, class) in &ends.bad {
        assert_eq!(follow(program, schedule), Some(*class), "{schedule}");
    }
    if let Some((finding, schedule)) = &outcome.finding {
        assert_eq!(follow(program, schedule), Some(finding.class), "{schedule}");
        let trace = replay(program, schedule).unwrap();
        assert_eq!(trace.finding.as_ref(), Some(finding));
        assert_eq!(&trace.schedule, schedule);
        let linear = linearize(program, schedule);
        assert_eq!(follow(program, &linear), Some(finding.class), "{schedule} linearized into {linear}");
        assert_eq!(replay(program, &linear).unwrap().finding.map(|f| f.class), Some(finding.class));
        assert_eq!(linear.turns.len(), schedule.turns.len());
    }
    (0..walks)
        .map(|_| {
            let (end, steps) = walk(program, random);
            // Of two equivalent executions, one may take a count below zero on the way and the other not.
            let (memory, class) = &end;
            let like = |class: &Option<Class>| ends.ends.contains(&(memory.clone(), *class));
            let known = match class {
                None => like(&None) || like(&Some(Class::Refcount)),
                Some(Class::Refcount) => Class::ALL.iter().any(|&c| like(&Some(c))),
                other => like(other) || like(&Some(Class::Refcount)),
            };
            assert!(known, "{end:?} is not among {} ends", ends.ends.len());
            steps
        })
        .sum()
}

#[test]
fn common_problem() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut steps = 0;
    for rule in [Rule::Mapcount, Rule::Count] {
        for actors in 3..=5 {
            steps += compare(&problem(Variant::new(actors, rule, true)), 3000, &mut random);
        }
    }
    assert!(steps > 500_000, "{steps}");
}

fn random_programs(flavour: Flavour, seed: u8) {
    let mut runner = fixed(seed, 0);
    let mut random = Random(0x1234_5678_9abc_def1 + u64::from(seed));
    let strategy = scripts(flavour);
    let mut steps = 0;
    for _ in 0..600 {
        let scripts = strategy.new_tree(&mut runner).unwrap().current();
        let program = program(&scripts);
        // Limited, since some programs have very many executions.
        let limits = Limits { executions: Some(20_000), ..Limits::default() };
        if Explorer::new(&program).exhaustive(true).limits(limits).run(&mut ()).complete {
            steps += compare(&program, 100, &mut random);
        }
    }
    assert!(steps > 200_000, "{steps}");
}

#[test]
fn random_atomics() {
    random_programs(Flavour::Atomics, 11);
}

#[test]
fn random_locks() {
    random_programs(Flavour::Locks, 12);
}

#[test]
fn random_waits() {
    random_programs(Flavour::Waits, 13);
}

#[test]
fn random_everything() {
    random_programs(Flavour::All, 14);
}
