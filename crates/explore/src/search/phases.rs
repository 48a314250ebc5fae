//! The phases of a search: a thousand executions, then random schedules, then the rest.

use crate::checkpoint::Checkpoint;
use crate::checkpoint::shard::{ShardError, ShardId, ShardResult};
use crate::execution::answer_tree::Fresh;
use crate::outcome::Outcome;
use crate::search::Search;
use crate::search::estimate::estimate_at_the_end;
use crate::search::flow::Flow;
use crate::search::limits::report;
use crate::search::merging::{Merged, Shares, within};
use crate::search::random_schedules::{SCHEDULES, Tried, try_schedules};
use crate::search::restore::restore;
use crate::search::save::save;
use crate::search::shared::Shared;
use crate::search::{conclude, split};
use crate::sync::{Number as _, Primitives};
use cowrace_machine::Addr;
use cowrace_report::Stop;
use tracing::debug_span;

/// How to run a search.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan<'p> {
    /// The number of executions after which a search is considered long. Most searches have been completed or have a
    /// finding by then. One thread makes these executions, so that what is decided because of them depends only on
    /// their order.
    pub(crate) first: u64,
    /// Whether to use all other threads at once when the search is long.
    pub(crate) eager: bool,
    /// The checkpoint from which to resume.
    pub(crate) checkpoint: Option<&'p Checkpoint>,
    /// The results of shards of the checkpoint.
    pub(crate) results: &'p [ShardResult],
}

/// A count that is near zero, in some order, or an order that makes a difference. If it shows early, the other counts
/// are still assumed to be far from zero; later, starting again is too expensive to risk having to do it once more.
pub(crate) struct Near {
    pub(crate) addr: Addr,
    pub(crate) early: bool,
}

/// Searches all executions.
///
/// # Errors
///
/// If a count turns out to be near zero that was assumed not to be.
pub(crate) fn whole<'s, P: Primitives>(
    shared: &'s Shared<'s, P>,
    plan: &Plan<'s>,
    shares: &mut Shares<'_>,
    spawn: &'s dyn Fn(),
) -> Result<Outcome, Near> {
    // Whatever happens here, no thread must keep waiting for work.
    let _over = Over(shared);
    let mut search = Search::new(shared, Fresh::new(shared.program));
    if let Some(checkpoint) = plan.checkpoint {
        if restore(&mut search, checkpoint).is_continue() {
            let results = split::usable(plan.results, checkpoint, shared);
            split::give_shards(&mut search.path, &mut search.tree, &results);
        } else {
            // The checkpoint does not fit the search: start again.
            search = Search::new(shared, search.path.actors.into());
        }
    }
    search.tree.helpers.spawn = Some(spawn);
    let flow = go_on(&mut search, plan, shares)?;
    if let Some(addr) = search.tally.near {
        return Err(Near { addr, early: false });
    }
    let Search { path, tree, tally, .. } = &mut search;
    tally.publish(shared);
    let estimate = match &flow {
        Flow::Break(Some(stop)) if tree.paused_at.is_some() => {
            let is_counted = matches!(stop, Stop::Executions | Stop::Steps);
            let made = if is_counted { 0 } else { shared.executions.get() };
            estimate_at_the_end(path, tree, tally, shared, made)
        }
        _ => None,
    };
    let mut outcome = conclude::outcome(path, tally, shared, flow, estimate);
    outcome.checkpoint = outcome.stopped.as_ref().and_then(|_| save(&search)).map(Box::new);
    Ok(outcome)
}

/// Searches whatever is left.
///
/// # Errors
///
/// If a count turns out early to be near zero that was assumed not to be.
fn go_on<'s, P: Primitives>(
    search: &mut Search<'s, P>,
    plan: &Plan<'s>,
    shares: &mut Shares<'_>,
) -> Result<Flow, Near> {
    if let Some(most) = search.shared.settings.preemptions
        && !search.shared.settings.exhaustive
    {
        return Ok(within(search, most));
    }
    shares.tell(&mut search.tally);
    let mut until = shares.pause_after(search, plan, 0);
    loop {
        let is_first = until <= plan.first;
        if search.tally.total().executions < until {
            search.tree.helpers.is_alone = is_first;
            let (first, rest) = (debug_span!("first executions"), debug_span!("rest"));
            let flow = if is_first { first } else { rest }.in_scope(|| search.run(until));
            if is_first && let Some(addr) = search.tally.near {
                return Err(Near { addr, early: true });
            }
            if search.tree.paused_at.is_none() || search.shared.stopped().is_some() {
                return Ok(flow);
            }
        }
        match debug_span!("states").in_scope(|| shares.give(search, plan)) {
            Merged::Nothing => {}
            Merged::Done => return Ok(Flow::Continue(())),
            Merged::Found => return Ok(Flow::Break(None)),
            Merged::Stopped(stop) => return Ok(Flow::Break(Some(stop))),
        }
        if until == plan.first {
            // An observer is to know the estimate before the rest of the search begins.
            report(search);
            // A search that was stopped at this point has not tried all random schedules.
            if search.tally.schedules < SCHEDULES {
                let flow = search_at_random(search);
                if flow.is_break() {
                    return Ok(flow);
                }
            }
            search.tree.helpers.is_alone = false;
            take_threads(search, plan);
        }
        until = shares.pause_after(search, plan, until);
    }
}

/// Searches a shard of a checkpoint.
///
/// # Errors
///
/// If there is no such shard, or something ends the search.
pub(crate) fn shard<'s, P: Primitives>(
    shared: &'s Shared<'s, P>,
    plan: &Plan<'s>,
    (checkpoint, id): (&Checkpoint, &ShardId),
    spawn: &'s dyn Fn(),
) -> Result<ShardResult, ShardError> {
    let _over = Over(shared);
    let mut search = Search::new(shared, Fresh::new(shared.program));
    if restore(&mut search, checkpoint).is_break() {
        return Err(ShardError::Program);
    }
    let Search { path, tree, tally, .. } = &mut search;
    let subtree = split::shard(path, tree, tally, id).ok_or(ShardError::NoSuchShard)?;
    let mut search = Search::new(shared, search.path.actors.into());
    search.tree.helpers.spawn = Some(spawn);
    take_threads(&search, plan);
    match search.search_below(&subtree) {
        Ok(result) => Ok(split::export(result, id.clone(), checkpoint, shared)),
        Err(Some(stop)) => Err(ShardError::Stopped(stop)),
        Err(None) => Err(ShardError::Program),
    }
}

/// Tries random schedules. Breaks if one is bad.
fn search_at_random<P: Primitives>(search: &mut Search<'_, P>) -> Flow {
    let Search { shared, tree, tally, .. } = search;
    if shared.settings.exhaustive || shared.settings.preemptions.is_some() {
        return Flow::Continue(());
    }
    let random = debug_span!("random schedules");
    let Tried { finding, schedules } =
        random.in_scope(|| try_schedules(shared, &mut tree.helpers.spare, tally.depth));
    (tally.finding, tally.schedules) = (finding, schedules);
    if tally.finding.is_some() { Flow::Break(None) } else { Flow::Continue(()) }
}

/// Starts all available threads, if that is asked for.
fn take_threads<P: Primitives>(search: &Search<'_, P>, plan: &Plan<'_>) {
    while plan.eager
        && let Some(spawn) = search.tree.helpers.spawn
        && search.shared.threads.take()
    {
        spawn();
    }
}

/// Ends a search when dropped.
struct Over<'o, 's, P: Primitives>(&'o Shared<'s, P>);

impl<P: Primitives> Drop for Over<'_, '_, P> {
    fn drop(&mut self) {
        self.0.end();
    }
}
