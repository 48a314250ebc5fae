//! Of all bad executions the one that is easiest to read.

use cowrace_machine::{Limits, Program};
use cowrace_trace::{Class, Schedule};

use crate::ends::Found;
use crate::explorer::{Execution, Explorer, Observer};
use crate::linear::{fewest_switches, switches};
use crate::tidy::{tidied, tidy};

/// Bounds on preemptions that are tried, in turn, where not everything can be looked at.
const BOUNDS: [u32; 4] = [0, 1, 2, 3];

/// The execution that was found to be easiest to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Simplest {
    /// It, with as few changes of actors as it allows.
    pub schedule: Schedule,
    /// Whether all bad executions were looked at, so that there is none with fewer changes.
    pub is_least: bool,
}

/// The execution with damage of a class that goes from one actor to another least often; of several such the
/// shortest, and of those the one whose turns come first. `known` is one of them.
///
/// Looks at every execution, of each trace at the order with the fewest changes, until so many `executions` have been
/// seen; then, in searches as long as that, at those in which actors are stopped seldom. The answer depends on nothing
/// but the arguments. States behind barriers are searched once for each way that leads there if the program is not
/// forgetful, and only then are all bad executions looked at.
#[must_use]
pub fn simplest(program: &Program, class: Class, known: &Schedule, executions: u64) -> Simplest {
    let mut least = Least { program, class, best: tidy(program, known) };
    let limits = Limits { executions: Some(executions), ..Limits::default() };
    let explorer = Explorer::new(program).limits(limits).exhaustive(true);
    let is_least = explorer.run(&mut least).complete && !program.forgetful;
    if !is_least {
        for bound in BOUNDS {
            let before = switches(&least.best.turns);
            explorer.clone().preemptions(Some(bound)).run(&mut least);
            // Who may be stopped once more is rarely any simpler.
            if switches(&least.best.turns) < before {
                break;
            }
        }
    }
    Simplest { schedule: least.best, is_least }
}

struct Least<'p> {
    program: &'p Program,
    class: Class,
    best: Schedule,
}

impl Least<'_> {
    /// What is compared; less is simpler.
    fn key(schedule: &Schedule) -> (usize, usize, Vec<(u8, Option<u32>)>) {
        let turns = schedule.turns.iter().map(|turn| (turn.actor, turn.choice)).collect();
        (switches(&schedule.turns), schedule.turns.len(), turns)
    }
}

impl Observer for Least<'_> {
    fn execution(&mut self, execution: &Execution<'_>) {
        if execution.finding().map(|finding| finding.class) != Some(self.class) {
            return;
        }
        let schedule = execution.schedule();
        let is_run = |found: &&Found| found.schedule.is_none() && found.events == execution.history.len();
        if execution.found.filter(is_run).is_none() {
            // It ended in its middle, or in an order that was not run.
            let tidied = tidy(self.program, &schedule);
            if Self::key(&tidied) < Self::key(&self.best) {
                self.best = tidied;
            }
            return;
        }
        let turns = fewest_switches(execution.history, &schedule.turns, false);
        // Only what may be better is worth a replay.
        if switches(&turns) > switches(&self.best.turns) {
            return;
        }
        let tidied = tidied(self.program, execution.history, &schedule, Some(self.class));
        if Self::key(&tidied) < Self::key(&self.best) {
            self.best = tidied;
        }
    }
}
