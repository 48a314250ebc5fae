//! When a search merges states.
//!
//! Which of the two searches is faster depends on the program: the reduced search has fewer executions than there are
//! states where most requests are independent, and a hundred times as many where actors forget what they were told. So
//! each is given a share of the work in turn, until one of them is done. In a search that is long for both, a share goes
//! to the executions with few preemptions, where a race is most likely. What decides is the number of executions and
//! of visits, never the time, so that the outcome is the same on every machine.

use cowrace_report::Stop;

use crate::search::Search;
use crate::search::flow::Flow;
use crate::search::phases::Plan;
use crate::search::save::save;
use crate::search::shared::Merging;
use crate::states::bounded::BoundedSearch;
use crate::states::course::Progress;
use crate::states::limits::Pace;
use crate::states::search::StateSearch;
use crate::sync::Primitives;

/// The number of executions after which states are merged, if the search is expected to be long.
const SOON: u64 = 256;
/// The number of executions of a search that is long.
const LONG: u64 = 4000;
/// Actors that are told this many different things for each that they remember are forgetful.
const FORGETFUL: f64 = 2.0;
/// How many visits of states may be made for each execution, in all orders and in those with few preemptions.
const VISITS: u64 = 256;
const BOUNDED_VISITS: u64 = 64;
/// The part of the memory for states that those with few preemptions may take, beside the others.
const BOUNDED_ROOM: u64 = 4;
/// The largest bound on preemptions in a search that has none.
const PREEMPTIONS: u32 = 3;
/// By how much the next share of the work is larger than all before.
const GROWTH: u64 = 4;

/// The number of executions after which the search is to pause, if it was to pause after `last` before: where it turns
/// out to be long, and where states have their share.
pub(super) fn pause_after<P: Primitives>(search: &Search<'_, P>, plan: &Plan<'_>, last: u64) -> u64 {
    let shares = may_merge(search, plan) || may_bound(search, plan);
    let next = if shares { last.saturating_mul(GROWTH).max(SOON) } else { u64::MAX };
    if last < plan.first { next.min(plan.first) } else { next }
}

/// What came of a share of the work.
pub(super) enum Merged {
    /// Nothing yet: the search is to go on.
    Nothing,
    /// Everything has been searched, and nothing is wrong.
    Done,
    /// Something is wrong, which is the finding of the search.
    Found,
    /// Something ends the search.
    Stopped(Stop),
}

/// The searches of states that have a share of the work.
pub(super) struct Shares<'s, P: Primitives> {
    states: Option<StateSearch<'s, P>>,
    bounded: Option<BoundedSearch<'s, P>>,
}

impl<'s, P: Primitives> Shares<'s, P> {
    pub(super) const fn new() -> Self {
        Self { states: None, bounded: None }
    }

    /// Gives each search of states its share, if there is one.
    pub(super) fn give(&mut self, search: &mut Search<'s, P>, plan: &Plan<'_>) -> Merged {
        let always = search.shared.settings.merging == Merging::Always;
        let done = search.tally.total().executions;
        let told = search.path.actors.told_for_each_remembered();
        let is_worthwhile = *search.tally.is_forgetful.get_or_insert(told >= FORGETFUL) || done >= LONG;
        if !always && !is_worthwhile {
            return Merged::Nothing;
        }
        match merge(search, plan, &mut self.states) {
            Merged::Nothing if may_bound(search, plan) => bound(search, &mut self.bounded),
            merged => merged,
        }
    }
}

fn merge<'s, P: Primitives>(
    search: &mut Search<'s, P>,
    plan: &Plan<'_>,
    states: &mut Option<StateSearch<'s, P>>,
) -> Merged {
    if !may_merge(search, plan) {
        *states = None;
        return Merged::Nothing;
    }
    let always = search.shared.settings.merging == Merging::Always;
    let done = search.tally.total().executions;
    let pace = Pace::new(search.tally.depth, save(search));
    let Search { shared, tally, .. } = search;
    if states.is_none() {
        let mut cover = tally.cover();
        if always {
            // The answer is to be that of states alone.
            cover.iter_mut().for_each(|cover| cover.is_open = false);
        }
        *states = StateSearch::new(shared, &cover);
    }
    let Some(merging) = states else {
        tally.may_merge = false;
        return Merged::Nothing;
    };
    let visits = if always { u64::MAX } else { VISITS.saturating_mul(done) };
    let progress = merging.run(visits, pace);
    (tally.states, tally.state_bytes) = (merging.states(), merging.bytes());
    match progress {
        Progress::Done => {
            if always {
                drop(tally.windows.take());
            }
            tally.windows.merge(merging.cover());
            Merged::Done
        }
        Progress::Found(finding, schedule) if !shared.settings.exhaustive => {
            tally.finding = Some((finding, schedule));
            Merged::Found
        }
        Progress::Paused => Merged::Nothing,
        Progress::Stopped(stop) => Merged::Stopped(stop),
        Progress::Found(..) | Progress::Full => {
            tally.may_merge = false;
            (tally.states, tally.state_bytes) = (0, 0);
            *states = None;
            Merged::Nothing
        }
    }
}

/// Searches executions with few preemptions.
fn bound<'s, P: Primitives>(
    search: &mut Search<'s, P>,
    bounded: &mut Option<BoundedSearch<'s, P>>,
) -> Merged {
    let pace = Pace::new(search.tally.depth, save(search));
    let Search { shared, tally, .. } = search;
    let bounded_search = bounded.get_or_insert_with(|| BoundedSearch::new(shared, PREEMPTIONS, BOUNDED_ROOM));
    let visits = BOUNDED_VISITS.saturating_mul(tally.total().executions);
    let progress = bounded_search.run(visits, pace);
    tally.bound = bounded_search.completed().max(tally.bound);
    match progress {
        Progress::Found(finding, schedule) => {
            tally.finding = Some((finding, schedule));
            return Merged::Found;
        }
        Progress::Stopped(stop) => return Merged::Stopped(stop),
        Progress::Paused => {}
        Progress::Done | Progress::Full => {
            tally.may_bound = false;
            *bounded = None;
        }
    }
    Merged::Nothing
}

/// Searches all executions with at most this many preemptions.
pub(super) fn within<'s, P: Primitives>(search: &mut Search<'s, P>, preemptions: u32) -> Flow {
    let Search { shared, tally, .. } = search;
    let mut bounded = BoundedSearch::new(shared, preemptions, 1);
    let progress = bounded.run(u64::MAX, Pace::default());
    (tally.states, tally.state_bytes) = (bounded.states(), bounded.bytes());
    tally.bound = bounded.completed();
    match progress {
        Progress::Found(finding, schedule) => {
            tally.finding = Some((finding, schedule));
            Flow::Break(None)
        }
        Progress::Stopped(stop) => Flow::Break(Some(stop)),
        Progress::Full => Flow::Break(Some(Stop::Memory)),
        // What has more preemptions was left out.
        Progress::Done | Progress::Paused => Flow::Continue(()),
    }
}

/// Whether the search of states can answer for the whole search. It does not count executions, does not tell in which
/// order calls conflicted, and ends at a finding.
fn may_merge<P: Primitives>(search: &Search<'_, P>, plan: &Plan<'_>) -> bool {
    let Search { shared, tally, .. } = search;
    let settings = &shared.settings;
    settings.merging != Merging::Never
        && tally.may_merge
        && (!settings.exhaustive || settings.ends_only)
        && settings.preemptions.is_none()
        && (settings.limits.executions.is_none() || settings.ends_only)
        && !settings.coverage
        && plan.results.is_empty()
        && shared.near.is_some()
}

/// Whether executions with few preemptions are to be searched first: they can only show a finding. Where results of
/// shards are merged, no pause is to come in their way.
fn may_bound<P: Primitives>(search: &Search<'_, P>, plan: &Plan<'_>) -> bool {
    let Search { shared, tally, .. } = search;
    let settings = &shared.settings;
    settings.merging == Merging::Auto
        && tally.may_bound
        && !settings.exhaustive
        && settings.preemptions.is_none()
        && plan.results.is_empty()
        && shared.near.is_some()
}
