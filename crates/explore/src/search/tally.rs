//! The tally: what a search has counted and concluded so far.

use std::collections::HashSet;
use std::time::Duration;

use cowrace_machine::{Addr, Program};
use cowrace_report::{Finding, Schedule};
use tracing::debug;

use crate::effort::Effort;
use crate::estimate::samples::Samples;
use crate::execution::coverage::Seen;
use crate::execution::windows::{Cover, Windows};
use crate::search::shared::Shared;
use crate::search::summaries::{Key, Reached, Summary};
use crate::sync::{Number, Primitives};

/// The unfinished search of what follows a barrier.
#[derive(Debug)]
pub(crate) struct Visit {
    /// The number of the state on the path, and its key.
    pub(crate) state: usize,
    pub(crate) key: Key,
    /// The effort before this search, without what follows the barrier.
    pub(crate) before: Effort,
    /// The longest execution before this search, in requests.
    pub(crate) depth: u32,
    /// What executions outside this search have shown about windows.
    pub(crate) windows: Vec<Cover>,
    /// The later states at barriers that this search has reached.
    pub(crate) reached: HashSet<u32>,
    /// Whether no finding has been made after the barrier so far, nor on the path to it.
    pub(crate) is_sound: bool,
}

/// How far a search of states has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct StateCount {
    /// The number of states known, and the memory in bytes that they take.
    pub(crate) states: u64,
    pub(crate) bytes: u64,
    /// The memory in bytes that they could take, if they were given up because it was not enough.
    pub(crate) given_up: Option<u64>,
}

impl StateCount {
    /// Notes that states are given up, since they need more memory than this.
    pub(crate) fn give_up(&mut self, room: u64) {
        let Self { states, bytes, .. } = *self;
        debug!(states, bytes, room, "states are given up: they need more memory than they may take");
        self.given_up = Some(room);
    }
}

/// When a search last checked its limits and reported to its observer.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// The number of requests at the last check.
    pub(crate) looked: u64,
    /// The time of the last report, and the number of executions of all threads then.
    pub(crate) told: Duration,
    pub(crate) told_executions: u64,
}

/// What has been counted and concluded. While the search after a barrier is under way, `effort`, `depth` and `windows`
/// belong to that search; those of the surrounding search are in `visits`.
#[derive(Debug)]
pub(crate) struct Tally {
    pub(crate) effort: Effort,
    /// The longest execution.
    pub(crate) depth: u32,
    pub(crate) windows: Windows,
    pub(crate) visits: Vec<Visit>,
    /// The states at barriers that the search has reached and that have been searched completely.
    pub(crate) reached: Reached,
    /// The numbers of the states in the checkpoint from which the search was resumed.
    pub(crate) earlier: Vec<u32>,
    /// The first bad execution.
    pub(crate) finding: Option<(Finding, Schedule)>,
    /// A count that is not as far from zero as was assumed.
    pub(crate) near: Option<Addr>,
    /// What all executions have shown, if that is wanted.
    pub(crate) seen: Seen,
    /// The number of random schedules tried.
    pub(crate) schedules: u64,
    pub(crate) state_count: StateCount,
    /// Whether a search of states has given the answer.
    pub(crate) is_answered_by_states: bool,
    /// Whether actors forget much of what they are told, once that has been looked at.
    pub(crate) is_forgetful: Option<bool>,
    /// The largest bound on preemptions within which every execution has been explored.
    pub(crate) bound: Option<u32>,
    pub(crate) samples: Samples,
    /// The number of executions after which the search pauses.
    pub(crate) until: u64,
    /// The effort of this thread, and the part of it that has been published to all threads.
    pub(crate) made: Effort,
    pub(crate) published: Effort,
    pub(crate) pace: Pace,
}

impl Tally {
    /// An empty tally.
    pub(crate) fn new(program: &Program) -> Self {
        Self {
            effort: Effort::default(),
            depth: 0,
            windows: Windows::new(&program.windows),
            visits: Vec::new(),
            reached: Reached::default(),
            earlier: Vec::new(),
            finding: None,
            near: None,
            seen: Seen::default(),
            schedules: 0,
            state_count: StateCount::default(),
            is_answered_by_states: false,
            is_forgetful: None,
            bound: None,
            samples: Samples::default(),
            until: u64::MAX,
            made: Effort::default(),
            published: Effort::default(),
            pace: Pace::default(),
        }
    }

    /// Counts an execution that has ended.
    pub(crate) const fn count_execution(&mut self) {
        self.effort.executions += 1;
        self.made.executions += 1;
    }

    /// Counts a request, after which there are this many events.
    pub(crate) fn count_request(&mut self, events: usize) {
        self.effort.requests += 1;
        self.made.requests += 1;
        self.depth = self.depth.max(events as u32);
    }

    /// Uncounts the last request, which was undone and will be made again.
    pub(crate) const fn discount_request(&mut self) {
        self.effort.requests -= 1;
        self.made.requests -= 1;
    }

    /// The effort so far, without what follows barriers that have been searched completely.
    pub(crate) fn effort_on_path(&self) -> Effort {
        self.visits.iter().fold(self.effort, |sum, visit| sum + visit.before)
    }

    /// The effort so far, in the search's own order.
    pub(crate) fn total(&self) -> Effort {
        self.effort_on_path() + self.reached.effort()
    }

    /// The longest execution.
    pub(crate) fn longest(&self) -> u32 {
        self.visits.iter().fold(self.depth, |longest, visit| longest.max(visit.depth))
    }

    /// What all executions have shown about windows.
    pub(crate) fn cover(&self) -> Vec<Cover> {
        let mut windows = self.windows.clone();
        self.visits.iter().for_each(|visit| windows.merge(&visit.windows));
        windows.take()
    }

    /// Publishes the effort of this thread since the last time.
    pub(crate) fn publish<P: Primitives>(&mut self, shared: &Shared<'_, P>) {
        let new = self.made - self.published;
        shared.executions.add(new.executions as i64);
        shared.requests.add(new.requests as i64);
        self.published = self.made;
    }

    /// Begins the search of what follows a barrier.
    pub(crate) fn begin_visit(&mut self, state: usize, key: Key, is_sound: bool) {
        self.visits.push(Visit {
            state,
            key,
            before: std::mem::take(&mut self.effort),
            depth: std::mem::replace(&mut self.depth, state as u32),
            windows: self.windows.take(),
            reached: HashSet::new(),
            is_sound,
        });
    }

    /// Ends the search of what follows the barrier at a state, if one is under way. Returns its summary.
    pub(crate) fn end_visit(&mut self, state: usize) -> Option<(Key, Summary)> {
        let visit = self.visits.pop_if(|visit| visit.state == state)?;
        // Each arrival counts as an execution, and so does each continuation: for the first arrival, the two are one.
        let arrival = Effort { executions: 1, requests: 0 };
        let summary = Summary {
            longest: self.depth - state as u32,
            effort: self.effort - arrival,
            windows: self.windows.take(),
            reached: visit.reached.into_iter().collect(),
            is_sound: visit.is_sound,
        };
        self.effort = visit.before + arrival;
        self.depth = self.depth.max(visit.depth);
        self.windows.merge(&visit.windows);
        Some((visit.key, summary))
    }

    /// Counts states that the search has reached and after which everything is known, unless it had reached them
    /// before.
    pub(crate) fn reach<P: Primitives>(&mut self, states: &[u32], shared: &Shared<'_, P>) {
        if states.is_empty() {
            return;
        }
        for (state, summary) in shared.summaries.beyond(states, &self.reached) {
            self.reached.add(state, summary.effort);
            self.windows.merge(&summary.windows);
        }
        if let Some(visit) = self.visits.last_mut() {
            visit.reached.extend(states);
            if shared.settings.exhaustive && !shared.summaries.are_sound(states) {
                self.spoil_visits();
            }
        }
    }

    /// Notes that there has been a finding after every barrier whose search is under way.
    pub(crate) fn spoil_visits(&mut self) {
        self.visits.iter_mut().for_each(|visit| visit.is_sound = false);
    }

    /// Whether this many more executions, and everything that follows these states, stay within the limit, and within
    /// those after which the search pauses: it ends and pauses at a fixed point in its own order, however far other
    /// threads have gone.
    pub(crate) fn is_within_limit<P: Primitives>(
        &self,
        executions: u64,
        states: &[u32],
        shared: &Shared<'_, P>,
    ) -> bool {
        let limit = shared.settings.limits.executions.unwrap_or(u64::MAX).min(self.until);
        if limit == u64::MAX {
            return true;
        }
        let beyond = shared.summaries.beyond(states, &self.reached);
        let following: Effort = beyond.iter().map(|(_, summary)| summary.effort).sum();
        self.total().executions + executions + following.executions < limit
    }
}
