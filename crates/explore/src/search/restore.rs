//! Resumes a search from the point at which it was stopped.

use super::Search;
use crate::checkpoint::{Checkpoint, SavedSleeper, SavedStep};
use crate::estimate::samples::Samples;
use crate::reduction::wakeup_trees::{NONE, NextStep, WakeupTrees};
use crate::search::barriers;
use crate::search::flow::Flow;
use crate::search::step::step;
use crate::search::summaries::Reached;
use crate::sync::{Number, Primitives};

/// Goes to the point at which a search of the same program was stopped.
pub(crate) fn restore<P: Primitives>(search: &mut Search<'_, P>, from: &Checkpoint) -> Flow {
    let Some(next) = from.next.as_ref().filter(|_| from.states.len() == from.path.len() + 1) else {
        return Flow::Break(None);
    };
    search.tally.earlier = search.shared.summaries.restore(&[], &from.summaries);
    search.tally.finding.clone_from(&from.finding);
    for (state, saved) in from.states.iter().enumerate() {
        let Search { path, tree, tally, .. } = search;
        path.enter();
        for SavedSleeper { made, accesses } in &saved.tried {
            path.sleepers.add(*made, accesses);
        }
        let todo = plant(&mut tree.wakeup, &saved.todo);
        if let Some(visit) = from.visits.iter().find(|visit| visit.state as usize == state) {
            barriers::restore(path, tally, visit);
        }
        tree.todo.push(todo);
        if let Some(&made) = from.path.get(state) {
            if !path.can_make(made) {
                return Flow::Break(None);
            }
            step(search, made)?;
        }
    }
    let Search { shared, path, tree, tally } = search;
    let last = path.len() as u32;
    let races = from.races.iter().filter(|race| race.event < race.by && race.by < last);
    tree.races = races.copied().collect();
    let reached = from.reached.iter().filter_map(|&place| tally.earlier.get(place as usize).copied());
    tally.reached = Reached::restored(reached, from.summarized);
    tally.windows.take();
    tally.windows.merge(&from.windows);
    shared.showings.add(from.shown.iter().copied());
    tally.samples = Samples::restored(&from.estimates);
    tally.effort = from.effort;
    tally.depth = from.depth;
    tally.schedules = from.samples;
    tally.is_forgetful = from.is_forgetful;
    tally.made = tally.total();
    shared.earlier.set(tally.made.executions);
    if !path.can_make(next.made) {
        return Flow::Break(None);
    }
    let child = plant(&mut tree.wakeup, &next.children);
    tree.paused_at = Some(NextStep { made: next.made, child, given: NONE });
    Flow::Continue(())
}

/// Puts steps and all their successors into a tree, as a list.
fn plant(tree: &mut WakeupTrees, steps: &[SavedStep]) -> u32 {
    let mut list = NONE;
    for SavedStep { made, accesses, children } in steps {
        let children = plant(tree, children);
        let step = tree.append(&mut list, *made, accesses);
        tree.follow(step, children);
    }
    list
}
