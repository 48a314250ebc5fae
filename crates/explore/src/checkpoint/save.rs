//! Writes down where a search was stopped.

use super::{Checkpoint, SavedSleeper, SavedState, SavedStep};
use crate::reduction::wakeup_trees::WakeupTrees;
use crate::search::run::Search;
use crate::sync::Primitives;

impl<P: Primitives> Search<'_, P> {
    /// Where the search has been stopped or pauses; none if it cannot go on from there. What other threads have done of
    /// subtrees that were not taken back is not in it, and will be done again; what they have found out after barriers
    /// is.
    pub(crate) fn checkpoint(&self) -> Option<Checkpoint> {
        let next = self.resting()?;
        let sleeper = |(made, accesses): (_, &[_])| SavedSleeper { made, accesses: accesses.to_vec() };
        let state = |state: usize| SavedState {
            tried: self.sleepers.put_to_sleep(state).map(sleeper).collect(),
            todo: steps(&self.wakeup, self.todo[state]),
        };
        let (summaries, places) = self.shared.summaries.beside(&[]);
        let mut reached: Vec<_> = self.reached.states().iter().map(|number| places[number]).collect();
        reached.sort_unstable();
        Some(Checkpoint {
            fingerprint: self.program.fingerprint,
            near: self.shared.near.as_ref().map(|near| near.iter().map(|addr| addr.index() as u32).collect()),
            path: (0..self.history.len() as u32).map(|event| self.history.made(event)).collect(),
            states: (0..self.todo.len()).map(state).collect(),
            next: Some(SavedStep {
                made: next.made,
                accesses: Vec::new(),
                children: steps(&self.wakeup, next.child),
            }),
            races: self.races.clone(),
            visits: self.saved_visits(&places),
            summaries,
            reached,
            effort: self.outcome.effort(),
            summarized: self.reached.effort(),
            depth: self.outcome.depth,
            samples: self.outcome.samples,
            finding: self.outcome.finding.clone(),
            windows: self.windows.clone().take(),
            shown: self.shared.showings.all(),
            estimates: self.estimates.saved(),
        })
    }
}

/// The steps of a list, with all that follow them.
fn steps(tree: &WakeupTrees, list: u32) -> Vec<SavedStep> {
    let saved = |step| SavedStep {
        made: tree.made(step),
        accesses: tree.accesses(step).to_vec(),
        children: steps(tree, tree.child(step)),
    };
    tree.list(list).map(saved).collect()
}
