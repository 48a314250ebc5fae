//! Minimization: the bad execution that is easiest to read.

use std::time::Instant;

use cowrace_machine::{Limits, Program, resident_memory};
use cowrace_report::{Class, Schedule};

use crate::states::least::LeastSearch;
use crate::witness::linearize::linearize;

/// How many states may be visited for each execution that a limit allows.
const VISITS: u64 = 64;

/// The execution that is easiest to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Minimized {
    /// The schedule, with as few context switches as possible.
    pub schedule: Schedule,
    /// Whether all ways to such damage were considered, so that none has fewer context switches.
    pub is_least: bool,
}

/// Finds the execution with damage of a class that has the fewest context switches; if there are several, the one of them
/// that leaves an actor in the middle of a call least often, then the shortest, and then the one whose turns are
/// lexicographically first. `known` is one execution with such damage.
///
/// Searches states in the order of the context switches with which they are reached, until a limit ends that; a limit on
/// executions allows 64 visits of states for each. The answer depends only on the arguments, unless time, memory or
/// `stop` end the search. Then it is the best execution found so far: at least as good an order as any of the events of
/// `known`.
#[must_use]
pub fn minimize(
    program: &Program,
    class: Class,
    known: &Schedule,
    limits: &Limits,
    stop: &(dyn Fn() -> bool + Sync),
) -> Minimized {
    let started = Instant::now();
    let most = limits.executions.map_or(u64::MAX, |executions| executions.saturating_mul(VISITS));
    let mut search = LeastSearch::new(program, class, &linearize(program, known));
    let is_least = search.run(most, || {
        stop()
            || limits.time.is_some_and(|limit| started.elapsed() >= limit)
            || limits.memory.is_some_and(|limit| resident_memory().is_some_and(|now| now > limit))
    });
    Minimized { schedule: search.best(), is_least }
}
