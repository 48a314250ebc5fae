//! Parts of a frontier: subtrees that another process can search, on another machine.
//!
//! A part is a subtree, written down. What came of it is taken over where the search that goes on from the frontier
//! comes to its place, as from another thread.

use std::ops::ControlFlow;

use cowrace_machine::{Addr, Program};
use cowrace_report::Stop;
use cowrace_report::frontier::Frontier;
use cowrace_report::parts::{Moves, Part, PartId};

use crate::coverage::Seen;
use crate::explorer::Outcome;
use crate::moves::Sequence;
use crate::resume::{accesses, made, moved, touched};
use crate::search::{Flow, Search};
use crate::shared::Shared;
use crate::subtree::{Done, Given, Subtree};
use crate::sync::Primitives;

/// Why nothing came of the search of a part.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PartError {
    /// There is no frontier, or it is not one of the program.
    #[error("there is no frontier of this program")]
    Program,
    /// The frontier has no such part.
    #[error("the frontier has no such part")]
    NoSuchPart,
    /// Preemptions are bounded: how many are left depends on more than the part.
    #[error("a search with a bound on preemptions has no parts")]
    Preemptions,
    /// Something ended the search early.
    #[error("the search of the part has not come to its end")]
    Stopped(Stop),
}

/// Those that can be taken over by a search that goes on from a frontier.
pub(crate) fn usable<'p, P: Primitives>(
    parts: &'p [Part],
    frontier: &Frontier,
    shared: &Shared<'_, P>,
) -> Vec<&'p Part> {
    if parts.is_empty() || shared.preemptions.is_some() {
        return Vec::new();
    }
    let digest = frontier.digest();
    let fits = |part: &&Part| {
        part.exhaustive == shared.exhaustive && part.depth <= shared.limits.steps && part.is_of(digest)
    };
    parts.iter().filter(fits).collect()
}

/// What came of a part, for a file.
pub(crate) fn export<P: Primitives>(
    done: Done,
    id: PartId,
    frontier: &Frontier,
    shared: &Shared<'_, P>,
) -> Part {
    let Done { outcome, met, near, beyond, windows, .. } = done;
    let (arrivals, places) = shared.arrivals.beside(&frontier.known);
    let part = Part {
        id,
        frontier: frontier.digest(),
        exhaustive: shared.exhaustive,
        made: (outcome.executions, outcome.events),
        arrivals,
        met: met.iter().map(|number| places[number]).collect(),
        depth: outcome.depth,
        finding: outcome.finding,
        near: near.map(|addr| addr.index() as u32),
        beyond: beyond.iter().map(|(event, sequence)| (*event, moves(sequence))).collect(),
        windows,
        shown: shared.showings.all(),
        seal: 0,
    };
    part.sealed()
}

/// What came of a part, from a file. Its states at barriers have these numbers.
fn import(part: &Part, numbers: &[u32], program: &Program) -> Done {
    Done {
        outcome: Outcome {
            executions: part.made.0,
            events: part.made.1,
            depth: part.depth,
            finding: part.finding.clone(),
            ..Outcome::nothing(program)
        },
        met: part.met.iter().filter_map(|&place| numbers.get(place as usize).copied()).collect(),
        near: part.near.map(|index| Addr::at(index as usize)),
        beyond: part.beyond.iter().map(|(event, moves)| (*event, sequence(moves))).collect(),
        windows: part.windows.clone(),
        seen: Seen::default(),
    }
}

fn moves(sequence: &Sequence) -> Moves {
    sequence.items().iter().map(|item| (made(item.made), touched(sequence.accesses(item)))).collect()
}

fn sequence(moves: &Moves) -> Sequence {
    let mut sequence = Sequence::default();
    for (made, touches) in moves {
        // Which events they were is of no account in another execution.
        sequence.push(moved(*made), 0, &accesses(touches));
    }
    sequence
}

impl<'s, P: Primitives> Search<'s, P> {
    /// A part of the frontier at which the search rests.
    pub(crate) fn part(&mut self, id: &PartId) -> Option<Subtree<P>> {
        self.lay_back()?;
        let path = self.path(id)?;
        Some(self.subtree(id.state as usize, path))
    }

    /// Takes note of parts of the frontier at which the search rests that have been searched.
    pub(crate) fn give_parts(&mut self, parts: &[&'s Part]) {
        if parts.is_empty() || self.lay_back().is_none() {
            return;
        }
        for &part in parts {
            if let Some(path) = self.path(&part.id) {
                self.give(&path, Given::Part(part));
            }
        }
        if let Some(next) = self.todo.last_mut().and_then(|list| self.wakeup.pop(list)) {
            self.rest_at(next);
        }
    }

    /// Takes over what came of the part that begins where the search is. Gives whether it has: where the search
    /// would do something else after so many executions, or a limit would end it, it must come there itself.
    pub(crate) fn take_part(&mut self, part: &Part, executions: u64) -> ControlFlow<Option<Stop>, bool> {
        let before = self.figures();
        if before.0 < executions && before.0.saturating_add(part.figures().0) >= executions {
            return ControlFlow::Continue(false);
        }
        let numbers = self.shared.arrivals.set(&self.earlier, &part.arrivals);
        let done = import(part, &numbers, self.program);
        if !self.is_within_limit(done.outcome.executions, &done.met) {
            return ControlFlow::Continue(false);
        }
        self.shared.showings.add(part.shown.iter().copied());
        let flow: Flow = self.take_over(done);
        let after = self.figures();
        self.made = (self.made.0 + after.0 - before.0, self.made.1 + after.1 - before.1);
        flow?;
        ControlFlow::Continue(true)
    }

    /// Puts the step at which the search rests back to the others of its state, as the first.
    fn lay_back(&mut self) -> Option<()> {
        let next = self.resting()?;
        let request = *self.actors.request(next.made.actor)?;
        let done = self.memory.execute(&request);
        self.memory.undo(done.undo);
        let step = self.wakeup.prepend(self.todo.last_mut()?, next.made, done.footprint.accesses());
        self.wakeup.follow(step, next.child);
        Some(())
    }

    /// The steps of a part.
    fn path(&self, id: &PartId) -> Option<Vec<u32>> {
        let list = *self.todo.get(id.state as usize)?;
        self.wakeup.path(list, &id.path)
    }
}
