//! Taking over the result of a subtree.

use crate::search::backtrack_sets::adopt;
use crate::search::flow::Flow;
use crate::search::path::Path;
use crate::search::shared::Shared;
use crate::search::subtree::SubtreeResult;
use crate::search::tally::Tally;
use crate::search::tree::Tree;
use crate::sync::Primitives;

/// Takes over the result of the subtree that begins at the current state.
pub(crate) fn take_over<P: Primitives>(
    path: &Path<'_>,
    tree: &mut Tree<'_, P>,
    tally: &mut Tally,
    shared: &Shared<'_, P>,
    result: SubtreeResult,
) -> Flow {
    tally.effort += result.effort;
    tally.depth = tally.depth.max(result.depth);
    tally.reach(&result.reached, shared);
    tally.windows.merge(&result.windows);
    tally.seen.merge(&result.seen);
    if result.finding.is_some() {
        tally.spoil_visits();
    }
    if tally.finding.is_none() {
        tally.finding = result.finding;
        if tally.finding.is_some() && !shared.settings.exhaustive {
            return Flow::Break(None);
        }
    }
    if result.near.is_some() {
        tally.near = result.near;
        return Flow::Break(None);
    }
    for beyond in result.beyond {
        adopt(path, tree, beyond.state, &beyond.sequence);
    }
    Flow::Continue(())
}
