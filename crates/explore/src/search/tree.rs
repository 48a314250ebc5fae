//! The tree: what is still to be tried from the states on the path, and which parts of that have been given away.

use std::sync::Arc;

use crate::checkpoint::shard::ShardResult;
use crate::execution::answer_tree::Spare;
use crate::reduction::reversal::{Race, Reverser};
use crate::reduction::wakeup_trees::{NONE, NextStep, WakeupTrees};
use crate::search::subtree::{Beyond, Subtree};
use crate::sync::Primitives;

/// Where the result of a path that was given away is to be found.
pub(crate) enum Given<'s, P: Primitives> {
    /// It was given to another thread.
    Thread(Arc<Subtree<P>>),
    /// It was a shard of a checkpoint.
    Shard(&'s ShardResult),
}

/// How a search uses other threads.
pub(crate) struct Helpers<'s> {
    /// Starts another thread.
    pub(crate) spawn: Option<&'s dyn Fn()>,
    /// Whether no other thread is to search parts of the tree. This is the case at first, since what is done then
    /// depends on how far the search has got in its own order.
    pub(crate) is_alone: bool,
    /// Actors for other work that this thread does meanwhile.
    pub(crate) spare: Spare<'s>,
}

/// The steps that are to be tried.
pub(crate) struct Tree<'s, P: Primitives> {
    pub(crate) wakeup: WakeupTrees,
    /// For each state on the path, the first of the steps to try after the move that was made from it.
    pub(crate) todo: Vec<u32>,
    /// The first of the steps to make from the current state; if there is none, everything that follows is new.
    pub(crate) guide: u32,
    /// The step with which to continue after a pause.
    pub(crate) paused_at: Option<NextStep>,
    /// The races that must be examined in every execution, ordered by their later events.
    pub(crate) races: Vec<Race>,
    pub(crate) reverser: Reverser,
    /// The number of events that all executions of this search share. What is to be tried from an earlier state is left
    /// to the search that gave this one away.
    pub(crate) base: usize,
    pub(crate) beyond: Vec<Beyond>,
    /// The parts that were given away, by number.
    given: Vec<Option<Given<'s, P>>>,
    pub(crate) helpers: Helpers<'s>,
}

impl<'s, P: Primitives> Tree<'s, P> {
    /// A tree from which everything is new.
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

    /// Removes the next step to be tried from a state, and returns it.
    pub(crate) fn pop(&mut self, state: usize) -> Option<NextStep> {
        self.wakeup.pop(self.todo.get_mut(state)?)
    }

    /// Drops the races of events that are undone: `events` events are left.
    pub(crate) fn keep_races(&mut self, events: usize) {
        while self.races.last().is_some_and(|race| race.by as usize >= events) {
            self.races.pop();
        }
    }

    /// Gives away the subtree below a path.
    pub(crate) fn give(&mut self, steps: &[u32], given: Given<'s, P>) {
        if let Some(&last) = steps.last() {
            self.wakeup.give(last, self.given.len() as u32);
            self.given.push(Some(given));
        }
    }

    /// The part that was given away as a step; `None` if it was not, or has been taken back.
    pub(crate) fn take_given(&mut self, step: NextStep) -> Option<Given<'s, P>> {
        self.given.get_mut(step.given as usize)?.take()
    }
}
