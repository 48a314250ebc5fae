//! When a search merges states.
//!
//! Which of the two searches is faster depends on the program: the reduced search has fewer executions than there are
//! states where most requests are independent, and a hundred times as many where actors forget what they were told. So
//! each is given a share of the work in turn, until one of them is done. In a search that is long for both, a share goes
//! to the executions with few preemptions, where a race is most likely. What decides is the number of executions and
//! of visits, never the time, so that the outcome is the same on every machine.

use cowrace_machine::Program;
use cowrace_report::Stop;
use tracing::debug;

use crate::execution::coverage::Seen;
use crate::execution::windows::Cover;
use crate::search::Search;
use crate::search::flow::Flow;
use crate::search::phases::Plan;
use crate::search::save::save;
use crate::search::shared::Merging;
use crate::search::tally::{StateCount, Tally};
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

/// A search that has a share of the work.
enum Share<S> {
    /// It has not begun.
    Ahead,
    UnderWay(Box<S>),
    /// It has ended, and the whole search has not.
    Over,
}

/// The searches of states that have a share of the work. If the reduced search begins again, they go on where they were:
/// what it assumes they do not.
pub(crate) struct Shares<'p> {
    program: &'p Program,
    states: Share<StateSearch<'p>>,
    /// How far the search of states has come.
    count: StateCount,
    /// The windows that had been open before, which states need not be searched for.
    cover: Vec<Cover>,
    bounded: Share<BoundedSearch<'p>>,
    /// The largest bound on preemptions within which every execution has been explored.
    bound: Option<u32>,
}

impl<'p> Shares<'p> {
    /// Nothing has been searched but what has at most so many preemptions.
    pub(crate) fn new(program: &'p Program, bound: Option<u32>) -> Self {
        Self {
            program,
            states: Share::Ahead,
            count: StateCount::default(),
            cover: Vec::new(),
            bounded: Share::Ahead,
            bound,
        }
    }

    /// The number of executions after which the search is to pause, if it was to pause after `last` before: where it
    /// turns out to be long, and where states have their share.
    pub(super) fn pause_after<P: Primitives>(
        &self,
        search: &Search<'_, P>,
        plan: &Plan<'_>,
        last: u64,
    ) -> u64 {
        let shares = self.may_merge(search, plan) || self.may_bound(search, plan);
        let next = if shares { last.saturating_mul(GROWTH).max(SOON) } else { u64::MAX };
        if last < plan.first { next.min(plan.first) } else { next }
    }

    /// Gives each search of states its share, if there is one.
    pub(super) fn give<P: Primitives>(&mut self, search: &mut Search<'_, P>, plan: &Plan<'_>) -> Merged {
        let always = search.shared.settings.merging == Merging::Always;
        let done = search.tally.total().executions;
        let told = search.path.actors.told_for_each_remembered();
        let is_worthwhile = *search.tally.is_forgetful.get_or_insert(told >= FORGETFUL) || done >= LONG;
        if !always && !is_worthwhile {
            return Merged::Nothing;
        }
        let merged = self.merge(search, plan);
        self.tell(&mut search.tally);
        let merged = if matches!(merged, Merged::Nothing) { self.bound(search, plan) } else { merged };
        self.tell(&mut search.tally);
        merged
    }

    /// Notes how far these searches are.
    pub(super) fn tell(&self, tally: &mut Tally) {
        tally.bound = self.bound;
        tally.state_count = self.count;
    }

    fn merge<P: Primitives>(&mut self, search: &mut Search<'_, P>, plan: &Plan<'_>) -> Merged {
        if !self.may_merge(search, plan) {
            return Merged::Nothing;
        }
        let checkpoint = save(search);
        let Search { shared, tally, .. } = search;
        let always = shared.settings.merging == Merging::Always;
        if let Share::Ahead = self.states {
            self.cover = tally.cover();
            if always {
                // The answer is to be that of states alone.
                for cover in &mut self.cover {
                    *cover = Cover::nothing(cover.seen.len());
                }
            }
            let states = StateSearch::new(self.program, &shared.settings, &self.cover);
            self.states = states.map_or(Share::Over, |states| Share::UnderWay(Box::new(states)));
        }
        let Share::UnderWay(states) = &mut self.states else { return Merged::Nothing };
        let visits = if always { u64::MAX } else { VISITS.saturating_mul(tally.total().executions) };
        let progress = states.run(shared, visits, Pace::new(tally, checkpoint));
        self.count = StateCount { states: states.states(), bytes: states.bytes(), given_up: None };
        match progress {
            Progress::Done => {
                if always {
                    drop(tally.windows.take());
                    tally.seen = Seen::default();
                }
                tally.windows.merge(&self.cover);
                tally.windows.merge(states.cover());
                tally.seen.merge(states.seen());
                if let Some(found) = states.wrong() {
                    tally.finding = Some(found);
                }
                tally.is_answered_by_states = true;
                Merged::Done
            }
            Progress::Found(finding, schedule) if !shared.settings.exhaustive => {
                (tally.finding, tally.is_answered_by_states) = (Some((finding, schedule)), true);
                Merged::Found
            }
            Progress::Paused => Merged::Nothing,
            Progress::Stopped(stop) => Merged::Stopped(stop),
            Progress::Found(..) => {
                self.count = StateCount::default();
                self.states = Share::Over;
                Merged::Nothing
            }
            Progress::Full => {
                self.count.give_up(states.room());
                self.states = Share::Over;
                Merged::Nothing
            }
        }
    }

    /// Searches executions with few preemptions.
    fn bound<P: Primitives>(&mut self, search: &mut Search<'_, P>, plan: &Plan<'_>) -> Merged {
        if !self.may_bound(search, plan) {
            return Merged::Nothing;
        }
        let checkpoint = save(search);
        let Search { shared, tally, .. } = search;
        if let Share::Ahead = self.bounded {
            let bounded = BoundedSearch::new(self.program, &shared.settings, PREEMPTIONS, BOUNDED_ROOM);
            self.bounded = Share::UnderWay(Box::new(bounded));
        }
        let Share::UnderWay(bounded) = &mut self.bounded else { return Merged::Nothing };
        let visits = BOUNDED_VISITS.saturating_mul(tally.total().executions);
        let progress = bounded.run(shared, visits, Pace::new(tally, checkpoint));
        self.bound = bounded.completed().max(self.bound);
        match progress {
            Progress::Found(finding, schedule) => {
                (tally.finding, tally.is_answered_by_states) = (Some((finding, schedule)), true);
                return Merged::Found;
            }
            Progress::Stopped(stop) => return Merged::Stopped(stop),
            Progress::Paused => {}
            Progress::Done => self.bounded = Share::Over,
            Progress::Full => {
                let (bytes, room) = (bounded.bytes(), bounded.room());
                debug!(
                    bytes,
                    room,
                    "states with few preemptions are given up: they need more memory than they may take"
                );
                self.bounded = Share::Over;
            }
        }
        Merged::Nothing
    }

    /// Whether the search of states can answer for the whole search. It does not count executions, and shows none of those
    /// that are bad.
    fn may_merge<P: Primitives>(&self, Search { shared, .. }: &Search<'_, P>, plan: &Plan<'_>) -> bool {
        let settings = &shared.settings;
        settings.merging != Merging::Never
            && !matches!(self.states, Share::Over)
            && (!settings.exhaustive || settings.ends_only || settings.coverage)
            && settings.preemptions.is_none()
            && (settings.limits.executions.is_none() || settings.ends_only)
            && plan.results.is_empty()
            && shared.near.is_some()
    }

    /// Whether executions with few preemptions are to be searched first: they can only show a finding. Where results of
    /// shards are merged, no pause is to come in their way.
    fn may_bound<P: Primitives>(&self, Search { shared, .. }: &Search<'_, P>, plan: &Plan<'_>) -> bool {
        let settings = &shared.settings;
        settings.merging == Merging::Auto
            && !matches!(self.bounded, Share::Over)
            && !settings.exhaustive
            && settings.preemptions.is_none()
            && plan.results.is_empty()
            && shared.near.is_some()
    }
}

/// Searches all executions with at most this many preemptions.
pub(super) fn within<P: Primitives>(search: &mut Search<'_, P>, preemptions: u32) -> Flow {
    let Search { shared, tally, .. } = search;
    let mut bounded = BoundedSearch::new(shared.program, &shared.settings, preemptions, 1);
    let progress = bounded.run(shared, u64::MAX, Pace::default());
    tally.state_count = StateCount { states: bounded.states(), bytes: bounded.bytes(), given_up: None };
    if let Progress::Full = progress {
        tally.state_count.give_up(bounded.room());
    }
    tally.bound = bounded.completed();
    tally.is_answered_by_states = true;
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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use cowrace_machine::{Limits, Point, Window};

    use super::*;
    use crate::execution::answer_tree::Fresh;
    use crate::observer::Observer;
    use crate::search::shared::{Settings, Shared};
    use crate::sync::Native;
    use crate::testing::counter;
    use crate::threads::Threads;

    /// Gives states their share in a search of its own, as often as is wanted or until everything has been searched.
    /// Returns how many states are known, and how many shares it took.
    fn give(shares: &mut Shares<'_>, program: &Program, most: u32) -> (u64, u32) {
        let (none, mut observer) = (Threads::new(0), ());
        let watch = Mutex::new(&mut observer as &mut (dyn Observer + Send));
        let shared = Shared::<Native>::new(program, Settings::default(), Some(&[]), &none, &watch);
        let mut search = Search::new(&shared, Fresh::new(program));
        search.tally.is_forgetful = Some(true);
        search.tally.count_execution();
        let plan = Plan { first: 1000, eager: false, checkpoint: None, results: &[] };
        let is_done = |_: &u32| !matches!(shares.give(&mut search, &plan), Merged::Nothing);
        let given = (1..=most).find(is_done).unwrap_or(most);
        (search.tally.state_count.states, given)
    }

    /// States need not be searched for a window that was open before, but it is told.
    #[test]
    fn windows_that_were_open_before_states_are_told_if_the_reduced_search_begins_again() {
        let points = vec![Point { call: 7, step: None }];
        let program = Program { windows: vec![Window { text: String::new(), points }], ..counter(2) };
        let mut shares = Shares::new(&program, None);
        shares.cover = vec![Cover { is_open: true, seen: vec![true] }];
        let states = StateSearch::new(&program, &Settings::default(), &shares.cover);
        shares.states = states.map_or(Share::Over, |states| Share::UnderWay(Box::new(states)));
        let (none, mut observer) = (Threads::new(0), ());
        let watch = Mutex::new(&mut observer as &mut (dyn Observer + Send));
        let shared = Shared::<Native>::new(&program, Settings::default(), Some(&[]), &none, &watch);
        let mut search = Search::new(&shared, Fresh::new(&program));
        (search.tally.is_forgetful, search.tally.effort.executions) = (Some(true), 1);
        let plan = Plan { first: 1000, eager: false, checkpoint: None, results: &[] };
        assert!(matches!(shares.give(&mut search, &plan), Merged::Done));
        assert!(search.tally.cover()[0].is_open);
    }

    /// One byte is not enough, whatever is known.
    #[test]
    fn states_that_are_given_up_are_told_if_the_reduced_search_begins_again() {
        let program = counter(6);
        let limits = Limits { memory: Some(2), ..Limits::default() };
        let settings = Settings { limits, ..Settings::default() };
        let (none, mut observer) = (Threads::new(0), ());
        let watch = Mutex::new(&mut observer as &mut (dyn Observer + Send));
        let shared = Shared::<Native>::new(&program, settings, Some(&[]), &none, &watch);
        let mut shares = Shares::new(&program, None);
        let mut search = Search::new(&shared, Fresh::new(&program));
        (search.tally.is_forgetful, search.tally.effort.executions) = (Some(true), 1);
        let plan = Plan { first: 1000, eager: false, checkpoint: None, results: &[] };
        assert!(matches!(shares.give(&mut search, &plan), Merged::Nothing));
        let told = search.tally.state_count;
        assert!(told.states > 0 && told.bytes > 1 && told.given_up == Some(1), "{told:?}");
        let mut again = Search::new(&shared, Fresh::new(&program));
        shares.tell(&mut again.tally);
        assert_eq!(again.tally.state_count, told);
    }

    #[test]
    fn states_go_on_where_they_were_if_the_reduced_search_begins_again() {
        let program = counter(6);
        let whole = give(&mut Shares::new(&program, None), &program, 1000);
        let mut shares = Shares::new(&program, None);
        let (some, given) = give(&mut shares, &program, whole.1 / 2);
        assert!(0 < some && some < whole.0, "{some} of {whole:?}");
        let (all, rest) = give(&mut shares, &program, 1000);
        assert_eq!((all, given + rest), whole);
    }
}
