//! Barriers of everybody: what follows is searched once for each state in which executions arrive there.
//!
//! Everything before such a barrier happens before everything behind it. So no race crosses it, nobody sleeps
//! across it, and what can follow depends on nothing but memory and how far everybody has come. General caching
//! of states is no gain beside a reduction that needs the way by which a state was reached; here none is needed.

//!
//! What is behind such a state is a function of it, whoever finds it out: how many executions, how long, what they show
//! of windows. It counts once for a search, when the search comes to the state for the first time in its own order, even
//! if another thread has found it out long before. So figures do not depend on who was first.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use cowrace_machine::Op;
use cowrace_report::Stop;

use crate::checkpoint::{SavedSummary, SavedVisit};
use crate::effort::Effort;
use crate::execution::underflow::underflow;
use crate::execution::windows::Cover;
use crate::search::run::{Flow, Search};
use crate::sync::{Monitor, Primitives};

/// A state at a barrier: memory, how far each actor has come, and which windows can still be opened.
pub(crate) type Key = Box<[u64]>;

/// What follows a barrier.
#[derive(Clone, Debug)]
struct Summary {
    /// The longest that may follow, in requests.
    longest: u32,
    /// What follows this barrier and not a later one.
    effort: Effort,
    /// What that shows of windows.
    windows: Vec<Cover>,
    /// The later states that it reaches.
    reached: Vec<u32>,
    /// Whether it is known that nothing bad follows.
    is_sound: bool,
}

/// The states from which everything has been searched, by number, by whichever thread.
pub(crate) struct Summaries<P: Primitives>(P::Monitor<Known>);

#[derive(Default)]
pub(crate) struct Known {
    numbers: HashMap<Key, u32>,
    states: Vec<Arc<Summary>>,
}

impl Known {
    /// The number of a state, which is new if it was not known.
    fn add(&mut self, key: Key, summary: Summary) -> u32 {
        let Self { numbers, states } = self;
        *numbers.entry(key).or_insert_with(|| {
            states.push(Arc::new(summary));
            states.len() as u32 - 1
        })
    }
}

/// The states that a search has reached, with all later ones.
#[derive(Debug, Default)]
pub(crate) struct Reached {
    states: HashSet<u32>,
    /// What follows them.
    effort: Effort,
}

impl Reached {
    /// From a checkpoint.
    pub(crate) fn again(states: impl Iterator<Item = u32>, effort: Effort) -> Self {
        Self { states: states.collect(), effort }
    }

    pub(crate) const fn effort(&self) -> Effort {
        self.effort
    }

    /// Their numbers, in order.
    pub(crate) fn states(&self) -> Vec<u32> {
        let mut states: Vec<_> = self.states.iter().copied().collect();
        states.sort_unstable();
        states
    }
}

/// A search after a barrier that is under way.
#[derive(Debug)]
pub(crate) struct Visit {
    /// The number of the state on the path, and its key.
    state: usize,
    key: Key,
    /// What had been done before it, apart from what follows the barrier.
    before: Effort,
    /// The longest execution before.
    depth: u32,
    /// What executions that do not follow the barrier have shown of windows.
    windows: Vec<Cover>,
    /// The later states that it has reached.
    reached: HashSet<u32>,
    is_sound: bool,
}

impl<P: Primitives> Default for Summaries<P> {
    fn default() -> Self {
        Self(P::Monitor::new(Known::default()))
    }
}

impl<P: Primitives> Summaries<P> {
    /// Those that are not among `known`, in order, for a checkpoint; and for each number the place where the state is in
    /// `known` and these.
    pub(crate) fn beside(&self, known: &[SavedSummary]) -> (Vec<SavedSummary>, HashMap<u32, u32>) {
        self.0.with(|all| {
            let mut places = HashMap::new();
            for (summary, place) in known.iter().zip(0..) {
                if let Some(&number) = all.numbers.get(summary.key.as_slice()) {
                    places.insert(number, place);
                }
            }
            let mut new: Vec<_> = all.numbers.iter().filter(|state| !places.contains_key(state.1)).collect();
            new.sort_unstable();
            places.extend(new.iter().zip(known.len() as u32..).map(|(state, place)| (*state.1, place)));
            let saved = |&(key, &number): &(&Key, &u32)| {
                let Summary { longest, effort, windows, reached, is_sound } = &*all.states[number as usize];
                let mut reached: Vec<_> = reached.iter().map(|number| places[number]).collect();
                reached.sort_unstable();
                SavedSummary {
                    key: key.to_vec(),
                    longest: *longest,
                    effort: *effort,
                    windows: windows.clone(),
                    reached,
                    is_sound: *is_sound,
                }
            };
            (new.iter().map(saved).collect(), places)
        })
    }

    /// Takes over those of a checkpoint, in which others stand before them; these have the numbers `before`. Gives the
    /// numbers of all of them.
    pub(crate) fn set(&self, before: &[u32], saved: &[SavedSummary]) -> Vec<u32> {
        self.0.with(|all| {
            let known = all.states.len();
            let mut numbers = before.to_vec();
            for SavedSummary { key, longest, effort, windows, is_sound, .. } in saved {
                let summary = Summary {
                    longest: *longest,
                    effort: *effort,
                    windows: windows.clone(),
                    reached: Vec::new(),
                    is_sound: *is_sound,
                };
                numbers.push(all.add(key.as_slice().into(), summary));
            }
            for (summary, &number) in saved.iter().zip(&numbers[before.len()..]) {
                if number as usize >= known {
                    let reached =
                        summary.reached.iter().filter_map(|&place| numbers.get(place as usize).copied());
                    Arc::make_mut(&mut all.states[number as usize]).reached = reached.collect();
                }
            }
            numbers
        })
    }

    /// A state, if all that follows is known.
    fn find(&self, key: &Key) -> Option<(u32, Arc<Summary>)> {
        self.0.with(|all| {
            let number = *all.numbers.get(key)?;
            Some((number, Arc::clone(&all.states[number as usize])))
        })
    }

    /// Notes what a search has found out about a state. Gives its number.
    fn note(&self, key: Key, summary: Summary) -> u32 {
        self.0.with(|all| {
            let (figures, is_sound) = ((summary.longest, summary.effort), summary.is_sound);
            let number = all.add(key, summary);
            let known = &mut all.states[number as usize];
            debug_assert_eq!((known.longest, known.effort), figures, "two find the same after a barrier");
            if is_sound && !known.is_sound {
                Arc::make_mut(known).is_sound = true;
            }
            number
        })
    }

    /// These states and all later ones that have not been `reached` yet.
    fn beyond(&self, states: &[u32], reached: &Reached) -> Vec<(u32, Arc<Summary>)> {
        let mut todo: Vec<_> =
            states.iter().copied().filter(|state| !reached.states.contains(state)).collect();
        if todo.is_empty() {
            return Vec::new();
        }
        self.0.with(|all| {
            let (mut seen, mut beyond) = (HashSet::new(), Vec::new());
            while let Some(state) = todo.pop() {
                if !reached.states.contains(&state) && seen.insert(state) {
                    let summary = &all.states[state as usize];
                    todo.extend(&summary.reached);
                    beyond.push((state, Arc::clone(summary)));
                }
            }
            beyond
        })
    }

    /// Whether nothing bad follows any of these states.
    fn are_sound(&self, states: &[u32]) -> bool {
        self.0.with(|all| states.iter().all(|&state| all.states[state as usize].is_sound))
    }
}

impl<P: Primitives> Search<'_, P> {
    /// The first of those who are about to pass a barrier has just been found able to. Gives whether what
    /// follows is known; else it is noted that it will be.
    pub(crate) fn arrive(&mut self, actor: u8) -> ControlFlow<Option<Stop>, bool> {
        // To tell in which order calls met, or to show every execution, every way there must be followed.
        let shows_all = self.shared.exhaustive && !self.shared.ends_only;
        let follow = shows_all || self.shared.coverage || self.preemptions_are_bounded();
        if follow || !self.is_barrier_of_all(actor) {
            return ControlFlow::Continue(false);
        }
        let key = self.key();
        let state = self.history.len();
        if let Some((number, summary)) = self.shared.summaries.find(&key) {
            let is_reached = self.reached.states.contains(&number);
            if is_reached || self.is_as_if_reached(number, &summary) {
                self.meet()?;
                self.reach(&[number]);
                self.outcome.depth = self.outcome.depth.max(state as u32 + summary.longest);
                return ControlFlow::Continue(true);
            }
        }
        let before = self.outcome.effort();
        self.outcome.set_effort(Effort::default());
        let depth = std::mem::replace(&mut self.outcome.depth, state as u32);
        let windows = self.windows.take();
        let is_sound = self.found.is_none();
        let reached = HashSet::new();
        self.visits.push(Visit { state, key, before, depth, windows, reached, is_sound });
        ControlFlow::Continue(false)
    }

    /// Whether the search would find what is known to follow a state that it reaches for the first time, and nothing
    /// else: there is no limit that would end it there, nothing bad that it would be the first to find, and nothing bad
    /// so far that would show at the end of an execution.
    fn is_as_if_reached(&self, state: u32, summary: &Summary) -> bool {
        let is_sound = summary.is_sound || self.outcome.finding.is_some();
        let nothing_new = || underflow(&self.history, self.program) == Ok(None);
        (self.found.is_some() || is_sound && nothing_new()) && self.is_within_limit(0, &[state])
    }

    /// Everything that follows the last state has been searched.
    pub(crate) fn depart(&mut self) {
        let state = self.history.len() - 1;
        while let Some(visit) = self.visits.pop_if(|visit| visit.state == state) {
            let Visit { key, before, depth, windows, reached, is_sound, .. } = visit;
            let longest = self.outcome.depth - state as u32;
            self.outcome.depth = self.outcome.depth.max(depth);
            // Each arrival is an execution, and so is each that goes on: for the first arrival they are one.
            let one = Effort { executions: 1, requests: 0 };
            let effort = self.outcome.effort() - one;
            self.outcome.set_effort(before + one);
            let shown = self.windows.take();
            self.windows.merge(&windows);
            let reached = reached.into_iter().collect();
            let summary = Summary { longest, effort, windows: shown, reached, is_sound };
            let number = self.shared.summaries.note(key, summary);
            self.reach(&[number]);
        }
    }

    /// The search has reached states after which all is known. They count, unless it had reached them before.
    pub(crate) fn reach(&mut self, states: &[u32]) {
        if states.is_empty() {
            return;
        }
        for (state, summary) in self.shared.summaries.beyond(states, &self.reached) {
            self.reached.states.insert(state);
            self.reached.effort += summary.effort;
            self.windows.merge(&summary.windows);
        }
        if let Some(visit) = self.visits.last_mut() {
            visit.reached.extend(states);
            if self.shared.exhaustive && !self.shared.summaries.are_sound(states) {
                self.spoil_visits();
            }
        }
    }

    /// Something bad has been found after every barrier whose search is under way.
    pub(crate) fn spoil_visits(&mut self) {
        self.visits.iter_mut().for_each(|visit| visit.is_sound = false);
    }

    /// Whether so many executions more, and all that follows these states, are not too many: a limit ends the search at
    /// its own place, however far other threads have gone.
    pub(crate) fn is_within_limit(&self, executions: u64, states: &[u32]) -> bool {
        let Some(limit) = self.shared.limits.executions else { return true };
        let beyond = self.shared.summaries.beyond(states, &self.reached);
        let following: Effort = beyond.iter().map(|(_, summary)| summary.effort).sum();
        self.effort().executions + executions + following.executions < limit
    }

    /// What has been done, apart from what follows barriers that are done with.
    pub(crate) fn effort_on_path(&self) -> Effort {
        self.visits.iter().fold(self.outcome.effort(), |sum, visit| sum + visit.before)
    }

    /// What has been done so far, in the search's own order.
    pub(crate) fn effort(&self) -> Effort {
        self.effort_on_path() + self.reached.effort
    }

    /// The longest execution.
    pub(crate) fn longest(&self) -> u32 {
        self.visits.iter().fold(self.outcome.depth, |longest, visit| longest.max(visit.depth))
    }

    /// What all executions have shown of windows.
    pub(crate) fn shown(&self) -> Vec<Cover> {
        let mut windows = self.windows.clone();
        self.visits.iter().for_each(|visit| windows.merge(&visit.windows));
        windows.take()
    }

    /// The searches after barriers that are under way, for a checkpoint in which states have these places.
    pub(crate) fn saved_visits(&self, places: &HashMap<u32, u32>) -> Vec<SavedVisit> {
        let saved = |visit: &Visit| {
            let mut reached: Vec<_> = visit.reached.iter().map(|number| places[number]).collect();
            reached.sort_unstable();
            SavedVisit {
                state: visit.state as u32,
                before: visit.before,
                depth: visit.depth,
                windows: visit.windows.clone(),
                reached,
                is_sound: visit.is_sound,
            }
        };
        self.visits.iter().map(saved).collect()
    }

    /// From a checkpoint: the search is under way after a barrier.
    pub(crate) fn revisit(&mut self, saved: &SavedVisit) {
        let SavedVisit { state, before, depth, windows, reached, is_sound } = saved;
        let key = self.key();
        let reached = reached.iter().filter_map(|&place| self.earlier.get(place as usize).copied());
        self.visits.push(Visit {
            state: *state as usize,
            key,
            before: *before,
            depth: *depth,
            windows: windows.clone(),
            reached: reached.collect(),
            is_sound: *is_sound,
        });
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

    fn key(&mut self) -> Key {
        let windows = self.windows.judge_first_part(&self.history, &self.actors);
        let words = self.memory.nonzero().flat_map(|(index, word)| [index as u64, word]);
        // How often who has passed what says where everybody is.
        let passed = self.actors.all_passed().map(u64::from);
        let allocated = (0..self.history.actors() as u8).map(|actor| self.actors.allocated(actor).into());
        let windows = windows.into_iter().map(u64::from);
        words.chain([u64::MAX]).chain(passed).chain(allocated).chain(windows).collect()
    }
}
