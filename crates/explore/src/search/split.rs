//! Splitting: shards of the checkpoint at which a search pauses.

use crate::checkpoint::Checkpoint;
use crate::checkpoint::shard::{SavedItem, SavedSequence, ShardId, ShardResult};
use crate::execution::moves::Item;
use crate::search::delegate;
use crate::search::path::Path;
use crate::search::shared::Shared;
use crate::search::subtree::{Beyond, Subtree, SubtreeResult};
use crate::search::tally::Tally;
use crate::search::tree::{Given, Tree};
use crate::sync::Primitives;

/// A shard of the checkpoint at which the search pauses.
pub(crate) fn shard<P: Primitives>(
    path: &mut Path<'_>,
    tree: &mut Tree<'_, P>,
    tally: &Tally,
    id: &ShardId,
) -> Option<Subtree<P>> {
    lay_back(path, tree)?;
    let steps = steps(tree, id)?;
    Some(delegate::subtree(path, tree, tally, id.state as usize, steps))
}

/// Registers the results of shards of the checkpoint at which the search pauses.
pub(crate) fn give_shards<'s, P: Primitives>(
    path: &mut Path<'s>,
    tree: &mut Tree<'s, P>,
    results: &[&'s ShardResult],
) {
    if results.is_empty() || lay_back(path, tree).is_none() {
        return;
    }
    for &result in results {
        if let Some(steps) = steps(tree, &result.id) {
            tree.give(&steps, Given::Shard(result));
        }
    }
    if let Some(next) = tree.todo.last_mut().and_then(|list| tree.wakeup.pop(list)) {
        tree.paused_at = Some(next);
    }
}

/// The results that can be taken over by a search that is resumed from a checkpoint.
pub(crate) fn usable<'r, P: Primitives>(
    results: &'r [ShardResult],
    checkpoint: &Checkpoint,
    shared: &Shared<'_, P>,
) -> Vec<&'r ShardResult> {
    let settings = &shared.settings;
    if results.is_empty() || settings.preemptions.is_some() {
        return Vec::new();
    }
    let digest = checkpoint.digest();
    let fits = |result: &&ShardResult| {
        result.exhaustive == settings.exhaustive
            && result.depth <= settings.limits.steps
            && result.is_of(digest)
    };
    results.iter().filter(fits).collect()
}

/// The result of a shard, in its saved form.
pub(crate) fn export<P: Primitives>(
    result: SubtreeResult,
    id: ShardId,
    checkpoint: &Checkpoint,
    shared: &Shared<'_, P>,
) -> ShardResult {
    let SubtreeResult { effort, depth, finding, reached, near, beyond, windows, .. } = result;
    let (summaries, places) = shared.summaries.saved_beside(&checkpoint.summaries);
    let result = ShardResult {
        id,
        checkpoint: checkpoint.digest(),
        exhaustive: shared.settings.exhaustive,
        effort,
        summaries,
        reached: reached.iter().map(|number| places[number]).collect(),
        depth,
        finding,
        near: near.map(|addr| addr.index() as u32),
        beyond: beyond.iter().map(saved).collect(),
        windows,
        shown: shared.showings.all(),
        seal: 0,
    };
    result.sealed()
}

fn saved(beyond: &Beyond) -> SavedSequence {
    let Beyond { state, sequence } = beyond;
    let saved = |item: &Item| SavedItem { made: item.made, accesses: sequence.accesses(item).to_vec() };
    SavedSequence { state: *state, items: sequence.items().iter().map(saved).collect() }
}

/// Puts the step at which the search pauses back among those of its state, as the first one.
fn lay_back<P: Primitives>(path: &mut Path<'_>, tree: &mut Tree<'_, P>) -> Option<()> {
    let next = tree.paused_at?;
    let request = *path.actors.request(next.made.actor)?;
    let done = path.memory.execute(&request);
    path.memory.undo(done.undo);
    let list = tree.todo.last_mut()?;
    let step = tree.wakeup.prepend(list, next.made, done.footprint.accesses());
    tree.wakeup.follow(step, next.child);
    Some(())
}

/// The steps of a shard.
fn steps<P: Primitives>(tree: &Tree<'_, P>, id: &ShardId) -> Option<Vec<u32>> {
    let list = *tree.todo.get(id.state as usize)?;
    tree.wakeup.path(list, &id.steps)
}

#[cfg(test)]
mod tests {
    use cowrace_machine::Limits;

    use super::*;
    use crate::Explorer;
    use crate::testing::counter;

    #[test]
    fn a_result_for_a_shard_that_is_none_is_left_out() {
        let program = counter(3);
        let whole = Explorer::new(&program).run(&mut ());
        let limits = Limits { executions: Some(5), ..Limits::default() };
        let checkpoint =
            Explorer::new(&program).limits(limits).run(&mut ()).checkpoint.expect("it was stopped");
        let explorer = Explorer::new(&program).resume(&checkpoint);
        let good = explorer.search_shard(&checkpoint.shards()[0], &mut ()).expect("it is searched");
        let nowhere = ShardResult { id: ShardId { state: 1000, steps: vec![7] }, ..good.clone() }.sealed();
        assert!(nowhere.is_of(checkpoint.digest()) && nowhere != good);
        for results in [[good], [nowhere]] {
            assert_eq!(explorer.clone().merge(&results).run(&mut ()), whole);
        }
    }
}
