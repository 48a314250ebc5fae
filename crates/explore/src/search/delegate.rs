//! Giving subtrees to other threads, and taking back their results.

use std::sync::Arc;

use crate::effort::Effort;
use crate::execution::answer_tree::Spare;
use crate::reduction::wakeup_trees::{NONE, NextStep};
use crate::search::Search;
use crate::search::flow::Flow;
use crate::search::merge;
use crate::search::path::Path;
use crate::search::shared::Shared;
use crate::search::step::{step, undo};
use crate::search::subtree::{Fate, Start, Subtree};
use crate::search::take_over::take_over;
use crate::search::tally::Tally;
use crate::search::tree::{Given, Tree};
use crate::sync::Primitives;
use tracing::debug;

/// Gives away the part of the remaining search that is likely to be the largest, if a thread waits for work.
pub(crate) fn share<P: Primitives>(search: &mut Search<'_, P>) {
    let Search { shared, path, tree, tally } = search;
    if tree.helpers.is_alone || shared.settings.preemptions.is_some() || !shared.wants_work() {
        return;
    }
    for state in tree.base..path.len() {
        let Some(steps) = tree.wakeup.last_path(tree.todo[state]) else { continue };
        // Near the end of executions subtrees are too small.
        if (state + steps.len()) * 4 > tally.depth as usize * 3 {
            return;
        }
        let subtree = Arc::new(subtree(path, tree, tally, state, steps));
        debug!(state = subtree.start.moves.len(), "a subtree is given to another thread");
        tree.give(&subtree.start.steps, Given::Thread(Arc::clone(&subtree)));
        shared.offer(subtree);
        return;
    }
}

/// The subtree below a path of a state's tree.
pub(crate) fn subtree<P: Primitives>(
    path: &Path<'_>,
    tree: &Tree<'_, P>,
    tally: &Tally,
    state: usize,
    steps: Vec<u32>,
) -> Subtree<P> {
    let mut sleepers = path.sleepers.clone();
    sleepers.truncate(state + 1);
    let tried = || (path.history.made(state as u32), path.history.accesses(state).to_vec());
    Subtree::new(Start {
        moves: (0..state as u32).map(|event| path.history.made(event)).collect(),
        tried: (state < path.len()).then(tried),
        steps,
        sleepers,
        wakeup: tree.wakeup.clone(),
        todo: tree.todo[..=state].to_vec(),
        races: tree.races.iter().copied().filter(|race| (race.by as usize) < state).collect(),
        windows: tally.windows.clone(),
        found: path.found.clone().filter(|found| found.events <= state),
    })
}

/// Goes to the state at which a subtree begins, with everything that was known to the search that gave it away.
pub(crate) fn go_to<P: Primitives>(search: &mut Search<'_, P>, subtree: &Subtree<P>) -> Flow {
    let start = &subtree.start;
    for &made in &start.moves {
        step(search, made)?;
    }
    search.path.sleepers = start.sleepers.clone();
    search.path.found.clone_from(&start.found);
    search.tree.wakeup = start.wakeup.clone();
    search.tree.todo.clone_from(&start.todo);
    search.tree.races.clone_from(&start.races);
    search.tally.windows = start.windows.clone();
    if let Some((tried, accesses)) = &start.tried {
        search.path.sleepers.add(*tried, accesses);
    }
    for (at, &due) in start.steps.iter().enumerate() {
        let Search { path, tree, .. } = search;
        if at > 0 {
            path.enter();
        }
        // Moves that are tried before the step sleep.
        let mut list = tree.todo[path.len()];
        let next = loop {
            let earlier = list;
            let Some(next) = tree.wakeup.pop(&mut list) else { return Flow::Break(None) };
            if earlier == due {
                break next;
            }
            path.sleepers.add(next.made, tree.wakeup.accesses(earlier));
        };
        tree.todo[path.len()] = list;
        if !path.can_make(next.made) {
            return Flow::Break(None);
        }
        step(search, next.made)?;
        if next.child != NONE {
            search.tree.todo.push(next.child);
        }
    }
    let Search { path, tree, tally, .. } = search;
    tree.base = path.len();
    // The effort up to this point counts for the other search.
    (tally.effort, tally.made) = (Effort::default(), Effort::default());
    (tally.depth, tally.finding) = (0, None);
    Flow::Continue(())
}

/// Takes over the result of a subtree that was given away as the step that has just been made. Waits for it if
/// necessary, and calls `help` meanwhile to search for others. Returns whether there is a result: if not, the caller
/// has to search the subtree. That is also the case if something would end or change the search within the subtree: the
/// caller must find that itself.
pub(crate) fn take_back<'s, P: Primitives>(
    search: &mut Search<'s, P>,
    made: NextStep,
    executions: u64,
    help: &impl Fn(&'s Shared<'s, P>, &Arc<Subtree<P>>, &mut Spare<'s>),
) -> Flow<bool> {
    let shared = search.shared;
    let subtree = match search.tree.take_given(made) {
        Some(Given::Thread(subtree)) => subtree,
        Some(Given::Shard(result)) => {
            let Search { path, tree, tally, .. } = search;
            return merge::take_shard(path, tree, tally, shared, result, executions);
        }
        None => return Flow::Continue(false),
    };
    if subtree.claim() {
        return Flow::Continue(false);
    }
    let result = loop {
        let changes = shared.changes();
        match subtree.fate() {
            Fate::Done(result) => break result,
            Fate::Abandoned => return Flow::Continue(false),
            Fate::UnderWay => {}
        }
        if let Some(why) = shared.stopped() {
            // The step will be made again.
            undo(search);
            search.tally.discount_request();
            search.tree.paused_at = Some(NextStep { given: NONE, ..made });
            return Flow::Break(Some(why));
        }
        match shared.steal() {
            Some(other) => help(shared, &other, &mut search.tree.helpers.spare),
            None => changes.into_iter().for_each(|changes| shared.wait(changes)),
        }
    };
    let Search { path, tree, tally, .. } = search;
    if !tally.is_within_limit(result.effort.executions, &result.reached, shared) {
        return Flow::Continue(false);
    }
    take_over(path, tree, tally, shared, *result)?;
    Flow::Continue(true)
}
