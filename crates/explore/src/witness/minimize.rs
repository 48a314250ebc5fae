//! Minimization: the bad execution that is easiest to read.

use std::ops::ControlFlow;
use std::time::Instant;

use cowrace_machine::{Limits, Program};
use cowrace_report::{Class, Schedule, Turn};

use crate::execution::history::History;
use crate::explorer::Explorer;
use crate::observer::{Execution, Observer, Order, Progress};
use crate::witness::linearize::{context_switches, fewest_context_switches, linearize, linearized};
use crate::witness::replay::replay;

/// The bounds on preemptions that are tried, in turn, if not everything can be explored.
const BOUNDS: [u32; 4] = [0, 1, 2, 3];

/// The execution that is easiest to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Minimized {
    /// The schedule, with as few context switches as possible.
    pub schedule: Schedule,
    /// Whether all bad executions were examined, so that none has fewer context switches.
    pub is_least: bool,
}

/// Finds the execution with damage of a class that has the fewest context switches; if there are several, the shortest,
/// and of these the one whose turns are lexicographically first. `known` is one execution with such damage.
///
/// Examines, for each trace, the order with the fewest context switches, until a limit is reached; then, in searches
/// with the same limits, executions with few preemptions. All searches share one limit on time. The answer depends only
/// on the arguments, unless time, memory or `stop` end a search. If the program is not forgetful, what follows a
/// barrier is searched once for each path that leads there, and only then are all bad executions examined.
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
            // An execution with one more preemption is rarely any simpler.
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
    /// The key by which executions are compared; less is simpler.
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
        let (Some(found), Order::Events(history)) = (execution.found, execution.order) else { return };
        let schedule = execution.schedule();
        if found.schedule.is_some() {
            // The schedule describes an order that was not run.
            self.consider(linearize(self.program, &schedule));
            return;
        }
        if found.events < history.len() {
            // The finding shows before the end of the execution. Events that do not lead to it are left out.
            let less = past(history, &schedule);
            let shows = |schedule: &Schedule| {
                let trace = replay(self.program, schedule);
                trace.is_ok_and(|trace| trace.finding.map(|finding| finding.class) == Some(self.class))
            };
            let schedule = Some(less).filter(shows).unwrap_or(schedule);
            self.consider(linearize(self.program, &schedule));
            return;
        }
        let turns = fewest_context_switches(history, &schedule.turns, false);
        // Only an execution that may be better is worth a replay.
        if context_switches(&turns) <= context_switches(&self.best.turns) {
            self.consider(linearized(self.program, history, &schedule, Some(self.class)));
        }
    }
}

/// The turns that lead to the last one.
fn past(history: &History, schedule: &Schedule) -> Schedule {
    let Some(last) = schedule.turns.len().checked_sub(1) else { return schedule.clone() };
    let leads = |&(event, turn): &(usize, &Turn)| {
        let clock = history.clock(event);
        clock[usize::from(turn.actor)] <= history.clock(last)[usize::from(turn.actor)]
    };
    let turns = schedule.turns.iter().enumerate().filter(leads).map(|(_, turn)| *turn);
    Schedule { turns: turns.collect(), ..schedule.clone() }
}
