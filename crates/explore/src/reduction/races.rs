//! Races: the earlier events before which a request could also have been executed.

use cowrace_machine::{Access, Addr, Memory, Op, Program, Request};

use crate::execution::answer_tree::Actors;
use crate::execution::clock::join;
use crate::execution::history::History;

/// The results of [`Detector::detect`], and its buffers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Detector {
    /// The events with which the request races: it could have been executed before each of them.
    pub(crate) races: Vec<u32>,
    /// The clock that the request's event gets, except for its own entry.
    pub(crate) clock: Vec<u32>,
    conflicts: Vec<u32>,
    reversible: Vec<u32>,
}

impl Detector {
    /// Finds the races of a request that would touch `accesses` at the end of `history`, and the part of its clock that
    /// results from accesses. `memory` serves as scratch space and is left as it was.
    pub(crate) fn detect(
        &mut self,
        history: &History,
        actor: u8,
        request: &Request,
        accesses: &[Access],
        (memory, initial): (&mut Memory, &Memory),
    ) {
        self.races.clear();
        history.copy_last_clock(actor, &mut self.clock);
        let waits = waited_word(&request.op);
        history.conflicts(accesses, &self.clock, waits.is_some(), &mut self.conflicts);
        if self.conflicts.is_empty() {
            return;
        }
        // What happens before the request for a reason other than that it had to be let through.
        self.reversible.clear();
        self.reversible.extend_from_slice(&self.clock);
        for at in 0..self.conflicts.len() {
            let event = self.conflicts[at] as usize;
            let (other, nth) = (history.events()[event].actor, history.events()[event].nth);
            if self.reversible[other as usize] < nth {
                let allowed = waits.is_none_or(|addr| {
                    let now = memory.get(addr);
                    memory.set(addr, history.word_without(addr, event, initial));
                    let ready = memory.ready(&request.op);
                    memory.set(addr, now);
                    ready
                });
                if allowed {
                    self.races.push(event as u32);
                    join(&mut self.reversible, history.clock(event));
                }
            }
            join(&mut self.clock, history.clock(event));
        }
    }
}

/// Joins into the clock of a request what it waits for other than memory: everything that the joined actor did, or that
/// the other participants did before they reached the barrier. Such edges cannot be reversed.
pub(crate) fn order(
    clock: &mut [u32],
    program: &Program,
    history: &History,
    actors: &Actors<'_>,
    actor: u8,
    request: &Request,
) {
    match request.op {
        Op::Join { actor: other } => {
            if let Some(&last) = history.own(other).last() {
                join(clock, history.clock(last as usize));
            }
        }
        Op::Barrier { id } => {
            let round = actors.passed(actor, id);
            for other in program.barriers[id as usize].iter() {
                let own = history.own(other);
                // An actor that has passed the barrier since then did so with an event of its own.
                let is_pass = |&e: &u32| history.events()[e as usize].request.op == request.op;
                let arrived = match actors.passed(other, id) > round {
                    true => (0..own.len()).filter(|&at| is_pass(&own[at])).nth(round as usize).unwrap_or(0),
                    false => own.len(),
                };
                if let Some(&last) = own[..arrived].last() {
                    join(clock, history.clock(last as usize));
                }
            }
        }
        _ => {}
    }
}

/// The word whose value decides whether an operation is let through.
pub(crate) const fn waited_word(op: &Op) -> Option<Addr> {
    match *op {
        Op::Await { addr, .. } => Some(addr),
        _ => match op.waits_for() {
            Some(acquire) => Some(acquire.addr),
            None => None,
        },
    }
}
