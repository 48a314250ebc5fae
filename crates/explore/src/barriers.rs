//! Barriers of everybody: what follows is searched once for each state in which executions arrive there.
//!
//! Everything before such a barrier happens before everything behind it. So no race crosses it, nobody sleeps
//! across it, and what can follow depends on nothing but memory and how far everybody has come. General caching
//! of states is no gain beside a reduction that needs the way by which a state was reached; here none is needed.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

use cowrace_machine::Op;
use cowrace_trace::Stop;
use cowrace_trace::frontier;
use cowrace_trace::parts::Arrival;

use crate::search::{Flow, Search};

/// Words of keys that are kept; 64 MiB.
const ROOM: usize = 8 << 20;

/// The name of the searches that this one goes on with.
const EARLIER: u32 = u32::MAX;

/// A state at a barrier: memory, how far each actor has come, and which windows can still be opened.
pub(crate) type Key = Box<[u64]>;

/// The states from which everything has been searched.
#[derive(Debug, Default)]
pub(crate) struct Arrivals(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    states: HashMap<Key, Behind>,
    words: usize,
}

/// What is behind a barrier.
#[derive(Clone, Copy, Debug)]
struct Behind {
    /// The longest that may follow, in requests.
    longest: u32,
    /// Executions and requests; none if a search that this one goes on with has counted them.
    figures: Option<(u64, u64)>,
    /// The search that found out, or [`EARLIER`].
    by: u32,
}

/// A search behind a barrier that is under way.
#[derive(Debug)]
pub(crate) struct Visit {
    /// The number of the state, and its key.
    state: usize,
    key: Key,
    /// Executions and requests so far that are not behind the barrier.
    before: (u64, u64),
    /// The longest execution before.
    depth: u32,
}

impl Visit {
    /// For a frontier.
    pub(crate) const fn behind(&self) -> frontier::Behind {
        frontier::Behind { state: self.state as u32, before: self.before, depth: self.depth }
    }

    /// From a frontier.
    pub(crate) const fn again(behind: &frontier::Behind, key: Key) -> Self {
        let frontier::Behind { state, before, depth } = *behind;
        Self { state: state as usize, key, before, depth }
    }
}

impl Arrivals {
    /// Those that these searches have found out, and earlier ones, in order.
    pub(crate) fn of(&self, searches: &[u32]) -> Vec<(Vec<u64>, u32)> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let theirs = |behind: &Behind| behind.by == EARLIER || searches.contains(&behind.by);
        let states = known.states.iter().filter(|(_, behind)| theirs(behind));
        let mut all: Vec<_> = states.map(|(key, behind)| (key.to_vec(), behind.longest)).collect();
        all.sort_unstable();
        all
    }

    /// Those that are new in this search, in order.
    pub(crate) fn new_ones(&self) -> Vec<Arrival> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let arrival = |(key, behind): (&Key, &Behind)| {
            let Behind { longest, figures, .. } = *behind;
            figures.map(|behind| Arrival { key: key.to_vec(), longest, behind })
        };
        let mut new: Vec<_> = known.states.iter().filter_map(arrival).collect();
        new.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        new
    }

    /// Those of a frontier.
    pub(crate) fn set(&self, known: &[(Vec<u64>, u32)]) {
        for (key, longest) in known {
            self.add(key.as_slice().into(), Behind { longest: *longest, figures: None, by: EARLIER });
        }
    }

    /// The longest that follows a state, if all that follows is known.
    fn longest(&self, key: &Key) -> Option<u32> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).states.get(key).map(|behind| behind.longest)
    }

    /// Notes a state that a search has found out about. Gives whether it is new.
    pub(crate) fn note(&self, key: Key, longest: u32, figures: (u64, u64), by: u32) -> bool {
        self.add(key, Behind { longest, figures: Some(figures), by })
    }

    fn add(&self, key: Key, behind: Behind) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.states.contains_key(&key) {
            return false;
        }
        if known.words + key.len() <= ROOM {
            known.words += key.len();
            known.states.insert(key, behind);
        }
        true
    }
}

impl Search<'_> {
    /// The first of those who are about to pass a barrier has just been found able to. Gives whether what
    /// follows is known; else it is noted that it will be.
    pub(crate) fn arrive(&mut self, actor: u8) -> ControlFlow<Option<Stop>, bool> {
        // To tell in which order calls met, or to show every execution, every way there must be followed.
        let shows_all = self.shared.exhaustive && !self.shared.ends_only;
        let follow = shows_all || self.shared.coverage || self.preemptions_are_bounded();
        if follow || !self.is_barrier_of_all(actor) {
            return ControlFlow::Continue(false);
        }
        let windows = self.windows.judge_first_part(&self.history, &self.actors);
        let key = self.key(&windows);
        let state = self.history.len();
        if let Some(longest) = self.shared.arrivals.longest(&key) {
            self.meet()?;
            self.outcome.depth = self.outcome.depth.max(state as u32 + longest);
            return ControlFlow::Continue(true);
        }
        let (executions, events) = (&mut self.outcome.executions, &mut self.outcome.events);
        let before = (std::mem::take(executions), std::mem::take(events));
        let depth = std::mem::replace(&mut self.outcome.depth, state as u32);
        self.visits.push(Visit { state, key, before, depth });
        ControlFlow::Continue(false)
    }

    /// Everything that follows the last state has been searched. What is behind a barrier counts for itself, and
    /// once if two have searched it, so that figures do not depend on who was first.
    pub(crate) fn depart(&mut self) {
        let state = self.history.len() - 1;
        while let Some(visit) = self.visits.pop_if(|visit| visit.state == state) {
            let longest = self.outcome.depth - state as u32;
            self.outcome.depth = self.outcome.depth.max(visit.depth);
            // Who arrives is an execution, and so is the one that goes on: it is the same for the first.
            let behind = (self.outcome.executions - 1, self.outcome.events);
            if self.shared.arrivals.note(visit.key, longest, behind, self.names[0]) {
                self.behind = (self.behind.0 + behind.0, self.behind.1 + behind.1);
            }
            (self.outcome.executions, self.outcome.events) = (visit.before.0 + 1, visit.before.1);
        }
    }

    /// Executions and requests that are not behind a barrier that has been done with.
    pub(crate) fn on_the_way(&self) -> (u64, u64) {
        let outcome = (self.outcome.executions, self.outcome.events);
        self.visits.iter().fold(outcome, |sum, visit| (sum.0 + visit.before.0, sum.1 + visit.before.1))
    }

    /// The longest execution.
    pub(crate) fn longest(&self) -> u32 {
        self.visits.iter().fold(self.outcome.depth, |longest, visit| longest.max(visit.depth))
    }

    /// An execution that has come to a known state is judged by what it has shown so far.
    fn meet(&mut self) -> Flow {
        self.near_zero()?;
        self.count_execution();
        if self.found.is_some() { ControlFlow::Continue(()) } else { self.reorder() }
    }

    /// Whether everything so far happens before everything that will follow: everybody waits at the barrier, or
    /// has not begun and cannot until somebody has passed it.
    fn is_barrier_of_all(&self, actor: u8) -> bool {
        let Some(Op::Barrier { id }) = self.actors.request(actor).map(|request| request.op) else {
            return false;
        };
        self.program.forgetful
            && (0..self.history.actors() as u8).all(|other| {
                let waits = |op: &Op| match op {
                    Op::Await { .. } => !self.memory.ready(op),
                    Op::Join { .. } => true,
                    _ => false,
                };
                self.actors.waits_at(other, id)
                    || self.history.own(other).is_empty()
                        && self.actors.request(other).is_some_and(|request| waits(&request.op))
            })
            && self.program.barriers[id as usize].iter().all(|other| self.actors.waits_at(other, id))
    }

    pub(crate) fn key(&self, windows: &[bool]) -> Key {
        let words = self.memory.nonzero().flat_map(|(index, word)| [index as u64, word]);
        // How often who has passed what says where everybody is.
        let passed = self.actors.all_passed().map(u64::from);
        let allocated = (0..self.history.actors() as u8).map(|actor| self.actors.allocated(actor).into());
        let windows = windows.iter().map(|&open| u64::from(open));
        words.chain([u64::MAX]).chain(passed).chain(allocated).chain(windows).collect()
    }
}
