//! What is done between executions: limits, reports, and work for other threads.

use std::time::Duration;

use cowrace_machine::resident_memory;
use cowrace_report::Stop;

use super::Search;
use crate::effort::Effort;
use crate::observer::Progress;
use crate::reduction::wakeup_trees::NextStep;
use crate::search::delegate::share;
use crate::search::estimate::estimate;
use crate::search::flow::Flow;
use crate::search::save::save;
use crate::sync::{Number, Primitives};

/// The effort after which limits are checked again: this many executions, or this many requests.
const ROUND: Effort = Effort { executions: 256, requests: 4096 };

/// The time after which to report, unless the number of executions is reached first.
const NOW_AND_THEN: Duration = Duration::from_millis(50);
const MANY: u64 = 4096;

/// Called before a step: checks whether something ends the search, reports regularly, and gives work to threads that
/// wait for it. If it breaks, the search pauses at the step.
pub(crate) fn pause<P: Primitives>(search: &mut Search<'_, P>, executions: u64, before: NextStep) -> Flow {
    search.tree.paused_at = Some(before);
    let new = search.tally.made - search.tally.published;
    if new.executions >= ROUND.executions || new.requests >= ROUND.requests {
        search.tally.publish(search.shared);
        look_at_limits(search);
    }
    let shared = search.shared;
    shared.wait_while_held();
    if let Some(why) = shared.stopped() {
        return Flow::Break(Some(why));
    }
    let limit = shared.settings.limits.executions;
    if executions < u64::MAX || limit.is_some() {
        let done = search.tally.total().executions;
        if limit.is_some_and(|limit| done >= limit) {
            // A helping thread leaves this limit to the search that it helps, which may not get so far.
            if search.tree.helpers.spawn.is_some() {
                shared.stop(Stop::Executions);
            }
            return Flow::Break(Some(Stop::Executions));
        }
        if done >= executions {
            return Flow::Break(None);
        }
    }
    share(search);
    search.tree.paused_at = None;
    Flow::Continue(())
}

fn look_at_limits<P: Primitives>(search: &mut Search<'_, P>) {
    let Search { shared, tally, tree, .. } = search;
    let limits = &shared.settings.limits;
    // Reading the clock costs more than a short execution.
    let requests = tally.made.requests;
    if requests - tally.pace.looked < ROUND.requests {
        return;
    }
    tally.pace.looked = requests;
    let elapsed = shared.started.elapsed();
    if limits.time.is_some_and(|limit| elapsed >= limit) {
        return shared.stop(Stop::Time);
    }
    let executions = shared.executions.get();
    let is_due = elapsed - tally.pace.told >= NOW_AND_THEN || executions - tally.pace.told_executions >= MANY;
    if !is_due {
        return;
    }
    (tally.pace.told, tally.pace.told_executions) = (elapsed, executions);
    if limits.memory.is_some_and(|limit| resident_memory().is_some_and(|now| now > limit)) {
        return shared.stop(Stop::Memory);
    }
    if shared.watch.stops() {
        return shared.stop(Stop::Interrupted);
    }
    // Only the main search reports and starts other threads.
    let Some(spawn) = tree.helpers.spawn else { return };
    if !tree.helpers.is_alone && shared.settings.preemptions.is_none() && shared.threads.take() {
        spawn();
    }
    report(search);
    if search.shared.watch.wants_checkpoint()
        && let Some(checkpoint) = save(search)
    {
        search.shared.watch.checkpoint(checkpoint);
    }
}

/// Reports the progress of the search.
pub(crate) fn report<P: Primitives>(search: &mut Search<'_, P>) {
    let Search { shared, path, tree, tally } = search;
    tally.publish(shared);
    let executions = shared.executions.get();
    let estimate = estimate(path, tree, tally, shared);
    let elapsed = shared.started.elapsed();
    (tally.pace.told, tally.pace.told_executions) = (elapsed, executions);
    let progress = Progress {
        executions,
        states: tally.state_count.states,
        has_given_up_states: tally.state_count.given_up.is_some(),
        earlier: shared.earlier.get(),
        events: shared.requests.get(),
        depth: tally.depth,
        elapsed,
        estimate,
    };
    if shared.watch.progress(&progress).is_break() {
        shared.stop(Stop::Interrupted);
    }
}
