//! The tree: what is still to be tried from the states of the path, and what of that has been given away.

use std::sync::Arc;

use crate::checkpoint::shard::ShardResult;
use crate::execution::answer_tree::Spare;
use crate::reduction::reversal::{Race, Reverser};
use crate::reduction::wakeup_trees::{NONE, NextStep, WakeupTrees};
use crate::search::subtree::{Beyond, Subtree};
use crate::sync::Primitives;

/// Where the result of a path that was given away is to be found.
pub(crate) enum Given<'s, P: Primitives> {
    /// It is for another thread.
    Thread(Arc<Subtree<P>>),
    /// It was a shard of a checkpoint.
    Shard(&'s ShardResult),
}

/// How a search uses other threads.
pub(crate) struct Helpers<'s> {
    /// How to take on another thread.
    pub(crate) spawn: Option<&'s dyn Fn()>,
    /// Whether no other thread is to search parts of it. That is so at first, since what is done then depends on how far
    /// the search has come, in its own order.
    pub(crate) is_alone: bool,
    /// Actors for whatever else this thread runs meanwhile.
    pub(crate) spare: Spare<'s>,
}

/// What is to be tried.
pub(crate) struct Tree<'s, P: Primitives> {
    pub(crate) wakeup: WakeupTrees,
    /// For each state on the path, the first of the steps to try after the move that was made from it.
    pub(crate) todo: Vec<u32>,
    /// The first of the steps to make from the state at hand; if there is none, all that follows is new.
    pub(crate) guide: u32,
    /// Where to go on after a pause.
    pub(crate) paused_at: Option<NextStep>,
    /// Races that have to be looked at in every execution, ordered by their later events.
    pub(crate) races: Vec<Race>,
    pub(crate) reverser: Reverser,
    /// Events that all executions of this search have in common. What is to be tried from before their end is left to
    /// the search that gave this one away.
    pub(crate) base: usize,
    pub(crate) beyond: Vec<Beyond>,
    /// What was given away, by number.
    given: Vec<Option<Given<'s, P>>>,
    pub(crate) helpers: Helpers<'s>,
}

impl<'s, P: Primitives> Tree<'s, P> {
    /// Nothing but what is new.
    pub(crate) fn new() -> Self {
        Self {
            wakeup: WakeupTrees::default(),
            todo: Vec::new(),
            guide: NONE,
            paused_at: None,
            races: Vec::new(),
            reverser: Reverser::default(),
            base: 0,
            beyond: Vec::new(),
            given: Vec::new(),
            helpers: Helpers { spawn: None, is_alone: false, spare: Spare::default() },
        }
    }

    /// Takes the next step off what is to be tried from a state.
    pub(crate) fn pop(&mut self, state: usize) -> Option<NextStep> {
        self.wakeup.pop(self.todo.get_mut(state)?)
    }

    /// Takes back the races of events that are taken back: those that are left are of so many events.
    pub(crate) fn keep_races(&mut self, events: usize) {
        while self.races.last().is_some_and(|race| race.by as usize >= events) {
            self.races.pop();
        }
    }

    /// Gives away what is below a path.
    pub(crate) fn give(&mut self, steps: &[u32], given: Given<'s, P>) {
        if let Some(&last) = steps.last() {
            self.wakeup.give(last, self.given.len() as u32);
            self.given.push(Some(given));
        }
    }

    /// What was given away as a step; none if it was not, or has been taken back.
    pub(crate) fn take_given(&mut self, step: NextStep) -> Option<Given<'s, P>> {
        self.given.get_mut(step.given as usize)?.take()
    }
}
