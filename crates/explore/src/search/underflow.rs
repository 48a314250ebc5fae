//! Underflow: counts below zero in an order that is not explored.
//!
//! Additions whose result is unused commute, so the search looks at one order of them only. Their sum is the same in
//! every order, but on the way a count may fall below zero in one order and not in another: a get before a put is sound
//! where a put before a get is not. So each execution is checked for an order of its independent events that takes a
//! count below zero.

use cowrace_machine::{Addr, Memory, Program};
use cowrace_report::{Finding, Schedule};

use crate::execution::clock::join;
use crate::execution::history::History;
use crate::execution::interpreter::Interpreter;

/// The number of combinations of subtractions that are examined for one word: as many as six actors make that subtract
/// five times each. If there are more, the check is given up, and the outcome says so.
const COMBINATIONS: u32 = 1 << 16;

/// There are too many combinations to examine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMany;

/// An order of the execution's independent events in which a count goes below zero.
pub(crate) fn underflow(
    history: &History,
    program: &Program,
) -> Result<Option<(Finding, Schedule)>, TooMany> {
    for addr in history.lowered() {
        if history.lowering(addr).any(|event| history.lowest(addr, event) < 0)
            && let Some(clock) = search(history, addr, &program.memory)?
        {
            return Ok(reordered(history, program, &clock));
        }
    }
    Ok(None)
}

/// The events that a clock covers, as an execution.
fn reordered(history: &History, program: &Program, clock: &[u32]) -> Option<(Finding, Schedule)> {
    // In the order in which the events happened, they end with a subtraction.
    let schedule = history.schedule(program.fingerprint);
    let mut run = Interpreter::new(program);
    for (event, turn) in history.events().iter().zip(&schedule.turns) {
        if clock[event.actor as usize] >= event.nth && run.finding().is_none() {
            run.execute(turn.actor, turn.choice);
        }
    }
    let finding = run.finding()?.clone();
    Some((finding, run.finish().schedule))
}

/// Looks for a set of events, closed under happens-before, after which the word is below zero. A smallest such set
/// consists of some subtractions, at most one of each actor, and everything that happens before them.
fn search(history: &History, addr: Addr, initial: &Memory) -> Result<Option<Vec<u32>>, TooMany> {
    let mut own: Vec<Vec<u32>> = vec![Vec::new(); history.actors()];
    for event in history.lowering(addr) {
        own[history.events()[event as usize].actor as usize].push(event);
    }
    let mut chosen = vec![0; own.len()];
    for _ in 0..COMBINATIONS {
        // The next combination: how many of each actor's subtractions are included.
        let next = chosen.iter().zip(&own).position(|(&chosen, own)| chosen < own.len());
        let Some(next) = next else { return Ok(None) };
        chosen[..next].fill(0);
        chosen[next] += 1;
        let mut clock = vec![0; history.actors()];
        for (&chosen, own) in chosen.iter().zip(&own).filter(|&(&chosen, _)| chosen > 0) {
            join(&mut clock, history.clock(own[chosen - 1] as usize));
        }
        if (history.word_at(addr, &clock, initial) as i64) < 0 {
            return Ok(Some(clock));
        }
    }
    Err(TooMany)
}
