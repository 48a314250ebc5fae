//! Minimization: of all bad executions the one that is easiest to read.

use std::ops::ControlFlow;
use std::time::Instant;

use cowrace_machine::{Limits, Program};
use cowrace_report::{Class, Schedule, Turn};

use crate::execution::history::History;
use crate::explorer::Explorer;
use crate::observer::{Execution, Observer, Progress};
use crate::witness::linearize::{context_switches, fewest_context_switches, linearize, linearized};
use crate::witness::replay::replay;

/// Bounds on preemptions that are tried, in turn, where not everything can be looked at.
const BOUNDS: [u32; 4] = [0, 1, 2, 3];

/// The execution that was found to be easiest to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Minimized {
    /// It, with as few changes of actors as it allows.
    pub schedule: Schedule,
    /// Whether all bad executions were looked at, so that there is none with fewer changes.
    pub is_least: bool,
}

/// The execution with damage of a class that goes from one actor to another least often; of several such the
/// shortest, and of those the one whose turns come first. `known` is one of them.
///
/// Looks at every execution, of each trace at the order with the fewest changes, until a limit is reached; then, in
/// searches with the same limits, at those in which actors are stopped seldom. The limit on time is one for all of them.
/// The answer depends on nothing but the arguments, unless time, memory or `stop` end a search. What follows a barrier is
/// searched once for each path that leads there if the program is not forgetful, and only then are all bad executions
/// looked at.
#[must_use]
pub fn minimize(
    program: &Program,
    class: Class,
    known: &Schedule,
    limits: &Limits,
    stop: &(dyn Fn() -> bool + Sync),
) -> Minimized {
    let mut least = Least { program, class, best: linearize(program, known), stop };
    let started = Instant::now();
    let left = || Limits { time: limits.time.map(|time| time.saturating_sub(started.elapsed())), ..*limits };
    let explorer = || Explorer::new(program).limits(left()).exhaustive(true);
    let is_least = explorer().run(&mut least).complete && !program.forgetful;
    if !is_least {
        for bound in BOUNDS {
            if stop() || left().time.is_some_and(|time| time.is_zero()) {
                break;
            }
            let before = context_switches(&least.best.turns);
            explorer().preemptions(Some(bound)).run(&mut least);
            // An execution with one preemption more is rarely any simpler.
            if context_switches(&least.best.turns) < before {
                break;
            }
        }
    }
    Minimized { schedule: least.best, is_least }
}

struct Least<'p> {
    program: &'p Program,
    class: Class,
    best: Schedule,
    stop: &'p (dyn Fn() -> bool + Sync),
}

impl Least<'_> {
    /// What is compared; less is simpler.
    fn key(schedule: &Schedule) -> (usize, usize, Vec<(u8, Option<u32>)>) {
        let turns = schedule.turns.iter().map(|turn| (turn.actor, turn.choice)).collect();
        (context_switches(&schedule.turns), schedule.turns.len(), turns)
    }

    fn consider(&mut self, schedule: Schedule) {
        if Self::key(&schedule) < Self::key(&self.best) {
            self.best = schedule;
        }
    }
}

impl Observer for Least<'_> {
    fn progress(&mut self, _: &Progress) -> ControlFlow<()> {
        if (self.stop)() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn execution(&mut self, execution: &Execution<'_>) {
        if execution.finding().map(|finding| finding.class) != Some(self.class) {
            return;
        }
        let Some(found) = execution.found else { return };
        let schedule = execution.schedule();
        if found.schedule.is_some() {
            // It stands for an order that was not run.
            self.consider(linearize(self.program, &schedule));
            return;
        }
        if found.events < execution.history.len() {
            // It ended in its middle. What does not lead there is left out.
            let less = past(execution.history, &schedule);
            let shows = |schedule: &Schedule| {
                let trace = replay(self.program, schedule);
                trace.is_ok_and(|trace| trace.finding.map(|finding| finding.class) == Some(self.class))
            };
            let schedule = Some(less).filter(shows).unwrap_or(schedule);
            self.consider(linearize(self.program, &schedule));
            return;
        }
        let turns = fewest_context_switches(execution.history, &schedule.turns, false);
        // Only what may be better is worth a replay.
        if context_switches(&turns) <= context_switches(&self.best.turns) {
            self.consider(linearized(self.program, execution.history, &schedule, Some(self.class)));
        }
    }
}

/// The turns that lead to the last of them.
fn past(history: &History, schedule: &Schedule) -> Schedule {
    let Some(last) = schedule.turns.len().checked_sub(1) else { return schedule.clone() };
    let leads = |&(event, turn): &(usize, &Turn)| {
        let clock = history.clock(event);
        clock[usize::from(turn.actor)] <= history.clock(last)[usize::from(turn.actor)]
    };
    let turns = schedule.turns.iter().enumerate().filter(leads).map(|(_, turn)| *turn);
    Schedule { turns: turns.collect(), ..schedule.clone() }
}
