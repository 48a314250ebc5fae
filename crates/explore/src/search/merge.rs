//! Merging: taking over the results of shards.

use cowrace_machine::Addr;

use crate::checkpoint::shard::{SavedItem, SavedSequence, ShardResult};
use crate::execution::coverage::Seen;
use crate::execution::moves::Sequence;
use crate::search::flow::Flow;
use crate::search::path::Path;
use crate::search::shared::Shared;
use crate::search::subtree::{Beyond, SubtreeResult};
use crate::search::take_over::take_over;
use crate::search::tally::Tally;
use crate::search::tree::Tree;
use crate::sync::Primitives;

/// Takes over the result of the shard that begins at the current state. Returns whether it has done so: if the search
/// would enter another phase within the shard, or a limit would end it there, the search must get there itself.
pub(crate) fn take_shard<P: Primitives>(
    path: &Path<'_>,
    tree: &mut Tree<'_, P>,
    tally: &mut Tally,
    shared: &Shared<'_, P>,
    shard: &ShardResult,
    executions: u64,
) -> Flow<bool> {
    let before = tally.total();
    if before.executions < executions && (before + shard.effort()).executions >= executions {
        return Flow::Continue(false);
    }
    let numbers = shared.summaries.restore(&tally.earlier, &shard.summaries);
    let result = import(shard, &numbers);
    if !tally.is_within_limit(result.effort.executions, &result.reached, shared) {
        return Flow::Continue(false);
    }
    shared.showings.add(shard.shown.iter().copied());
    let flow = take_over(path, tree, tally, shared, result);
    let new = tally.total() - before;
    tally.made += new;
    flow?;
    Flow::Continue(true)
}

/// The result of a shard, from its saved form. Its states at barriers have these numbers.
fn import(shard: &ShardResult, numbers: &[u32]) -> SubtreeResult {
    SubtreeResult {
        effort: shard.effort,
        depth: shard.depth,
        finding: shard.finding.clone(),
        reached: shard.reached.iter().filter_map(|&place| numbers.get(place as usize).copied()).collect(),
        near: shard.near.map(|index| Addr::at(index as usize)),
        beyond: shard.beyond.iter().map(restored).collect(),
        windows: shard.windows.clone(),
        seen: Seen::default(),
    }
}

fn restored(saved: &SavedSequence) -> Beyond {
    let mut sequence = Sequence::default();
    for SavedItem { made, accesses } in &saved.items {
        // The numbers of the events have no meaning in another execution.
        sequence.push(*made, 0, accesses);
    }
    Beyond { state: saved.state, sequence }
}
