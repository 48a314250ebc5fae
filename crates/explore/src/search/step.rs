//! One step of a search, and its undoing.

use cowrace_report::Stop;

use crate::execution::moves::Move;
use crate::reduction::reversal::Race;
use crate::search::Search;
use crate::search::conclude;
use crate::search::flow::Flow;
use crate::sync::Primitives;

/// Executes the request of an actor.
pub(crate) fn step<P: Primitives>(search: &mut Search<'_, P>, made: Move) -> Flow {
    let Search { shared, path, tree, tally } = search;
    let settings = &shared.settings;
    if path.len() >= settings.limits.steps as usize {
        return Flow::Break(Some(Stop::Steps));
    }
    let by = path.len() as u32;
    let finding = path.step(made, settings.coverage.then_some(&mut tally.seen));
    tree.races.extend(path.detector.races.iter().map(|&event| Race { event, by }));
    if path.actors.effects().has_news() {
        shared.showings.add(path.actors.effects().news());
    }
    tally.count_request(path.len());
    let Some(finding) = finding else { return Flow::Continue(()) };
    // An execution that ends here is counted here; one that continues is counted at its end.
    if !settings.exhaustive {
        tally.count_execution();
    }
    conclude::find(path, tally, shared, finding)
}

/// Undoes the last event.
pub(crate) fn undo<P: Primitives>(search: &mut Search<'_, P>) {
    search.path.undo();
    search.tree.keep_races(search.path.len());
}
