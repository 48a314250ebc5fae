//! Goes on from where a search was stopped.

use std::ops::ControlFlow;

use cowrace_machine::Op;

use super::{Checkpoint, SavedSleeper, SavedStep};
use crate::estimate::estimates::Estimates;
use crate::execution::preemptions::can_go_on;
use crate::reduction::moves::Move;
use crate::reduction::wakeup_trees::{First, NONE, WakeupTrees};
use crate::search::barriers::Reached;
use crate::search::run::{Flow, Search};
use crate::sync::{Number, Primitives};

impl<P: Primitives> Search<'_, P> {
    /// Goes to where a search of the same program has been stopped.
    pub(crate) fn restore(&mut self, from: &Checkpoint) -> Flow {
        let Some(next) = from.next.as_ref().filter(|_| from.states.len() == from.path.len() + 1) else {
            return ControlFlow::Break(None);
        };
        self.earlier = self.shared.summaries.set(&[], &from.summaries);
        self.outcome.finding.clone_from(&from.finding);
        for (state, saved) in from.states.iter().enumerate() {
            let event = state.checked_sub(1);
            let event = event.map(|e| (self.history.events()[e].actor, self.history.accesses(e)));
            self.sleepers.enter(event);
            for SavedSleeper { made, accesses } in &saved.tried {
                self.sleepers.add(*made, accesses);
            }
            let todo = plant(&mut self.wakeup, &saved.todo);
            if let Some(visit) = from.visits.iter().find(|visit| visit.state as usize == state) {
                self.revisit(visit);
            }
            self.todo.push(todo);
            if let Some(&made) = from.path.get(state) {
                if !self.can_make(made) {
                    return ControlFlow::Break(None);
                }
                self.step(made)?;
            }
        }
        let last = self.history.len() as u32;
        let races = from.races.iter().filter(|race| race.event < race.by && race.by < last);
        self.races = races.copied().collect();
        let reached = from.reached.iter().filter_map(|&place| self.earlier.get(place as usize).copied());
        self.reached = Reached::again(reached, from.summarized);
        self.windows.take();
        self.windows.merge(&from.windows);
        self.shared.showings.add(from.shown.iter().copied());
        self.estimates = Estimates::restored(&from.estimates);
        self.outcome.set_effort(from.effort);
        self.outcome.depth = from.depth;
        self.outcome.samples = from.samples;
        self.made = self.effort();
        self.shared.earlier.set(self.made.executions);
        if !self.can_make(next.made) {
            return ControlFlow::Break(None);
        }
        let child = plant(&mut self.wakeup, &next.children);
        self.rest_at(First { made: next.made, child, given: NONE });
        ControlFlow::Continue(())
    }

    /// Whether a move is possible: what is in a checkpoint may have been changed since it was made.
    pub(crate) fn can_make(&self, Move { actor, choice }: Move) -> bool {
        let request = (actor < self.history.actors() as u8).then(|| self.actors.request(actor)).flatten();
        let fits = request.is_some_and(|request| match request.op {
            Op::Choose { n } => choice < n,
            _ => choice == crate::reduction::moves::PLAIN,
        });
        fits && can_go_on(actor, &self.actors, &self.memory)
    }
}

/// Puts steps into a tree, with all that follow them, as a list.
fn plant(tree: &mut WakeupTrees, steps: &[SavedStep]) -> u32 {
    let mut list = NONE;
    for SavedStep { made, accesses, children } in steps {
        let children = plant(tree, children);
        let step = tree.append(&mut list, *made, accesses);
        tree.follow(step, children);
    }
    list
}
