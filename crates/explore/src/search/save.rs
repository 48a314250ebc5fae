//! Makes a checkpoint of a search.

use super::Search;
use crate::checkpoint::{Checkpoint, SavedSleeper, SavedState, SavedStep};
use crate::reduction::wakeup_trees::WakeupTrees;
use crate::search::barriers;
use crate::sync::Primitives;

/// The checkpoint of a search that was stopped or pauses; `None` if the search cannot be resumed from there. The work
/// of other threads on subtrees that were not taken back is not part of it, and will be done again; what they have
/// learned about states at barriers is part of it.
pub(crate) fn save<P: Primitives>(search: &Search<'_, P>) -> Option<Checkpoint> {
    let Search { shared, path, tree, tally } = search;
    let next = tree.paused_at?;
    let sleeper = |(made, accesses): (_, &[_])| SavedSleeper { made, accesses: accesses.to_vec() };
    let state = |state: usize| SavedState {
        tried: path.sleepers.put_to_sleep(state).map(sleeper).collect(),
        todo: steps(&tree.wakeup, tree.todo[state]),
    };
    let (summaries, places) = shared.summaries.saved_beside(&[]);
    let mut reached: Vec<_> = tally.reached.states().iter().map(|number| places[number]).collect();
    reached.sort_unstable();
    Some(Checkpoint {
        fingerprint: path.program.fingerprint,
        near: shared.near.as_ref().map(|near| near.iter().map(|addr| addr.index() as u32).collect()),
        path: (0..path.len() as u32).map(|event| path.history.made(event)).collect(),
        states: (0..tree.todo.len()).map(state).collect(),
        next: Some(SavedStep {
            made: next.made,
            accesses: Vec::new(),
            children: steps(&tree.wakeup, next.child),
        }),
        races: tree.races.clone(),
        visits: barriers::saved(tally, &places),
        summaries,
        reached,
        effort: tally.effort,
        summarized: tally.reached.effort(),
        depth: tally.depth,
        is_forgetful: tally.is_forgetful,
        bound: tally.bound,
        samples: tally.schedules,
        finding: tally.finding.clone(),
        windows: tally.windows.clone().take(),
        shown: shared.showings.all(),
        estimates: tally.samples.saved(),
    })
}

/// The steps of a list, with all their successors.
fn steps(tree: &WakeupTrees, list: u32) -> Vec<SavedStep> {
    let saved = |step| SavedStep {
        made: tree.made(step),
        accesses: tree.accesses(step).to_vec(),
        children: steps(tree, tree.child(step)),
    };
    tree.list(list).map(saved).collect()
}
