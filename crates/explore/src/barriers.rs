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
use cowrace_report::frontier::{self, Arrival};

use crate::search::{Flow, Search};
use crate::sync::{Monitor, Primitives};
use crate::underflow::underflow;
use crate::windows::Shown;

/// A state at a barrier: memory, how far each actor has come, and which windows can still be opened.
pub(crate) type Key = Box<[u64]>;

/// What is behind a barrier.
#[derive(Clone, Debug)]
struct Behind {
    /// The longest that may follow, in requests.
    longest: u32,
    /// Executions and requests that are behind this barrier and not behind a later one.
    figures: (u64, u64),
    /// What they show of windows.
    windows: Vec<Shown>,
    /// The later states that they come to.
    met: Vec<u32>,
    /// Whether it is known that nothing behind it is bad.
    is_sound: bool,
}

/// The states from which everything has been searched, by number, whoever did it.
pub(crate) struct Arrivals<P: Primitives>(P::Monitor<Known>);

#[derive(Default)]
pub(crate) struct Known {
    numbers: HashMap<Key, u32>,
    states: Vec<Arc<Behind>>,
}

impl Known {
    /// The number of a state, which is new if it was not known.
    fn add(&mut self, key: Key, behind: Behind) -> u32 {
        let Self { numbers, states } = self;
        *numbers.entry(key).or_insert_with(|| {
            states.push(Arc::new(behind));
            states.len() as u32 - 1
        })
    }
}

/// The states that a search has come to, with all later ones.
#[derive(Debug, Default)]
pub(crate) struct Met {
    states: HashSet<u32>,
    /// Executions and requests behind them.
    figures: (u64, u64),
}

impl Met {
    /// From a file.
    pub(crate) fn again(states: impl Iterator<Item = u32>, figures: (u64, u64)) -> Self {
        Self { states: states.collect(), figures }
    }

    pub(crate) const fn figures(&self) -> (u64, u64) {
        self.figures
    }

    /// Their numbers, in order.
    pub(crate) fn states(&self) -> Vec<u32> {
        let mut states: Vec<_> = self.states.iter().copied().collect();
        states.sort_unstable();
        states
    }
}

/// A search behind a barrier that is under way.
#[derive(Debug)]
pub(crate) struct Visit {
    /// The number of the state on the way, and its key.
    state: usize,
    key: Key,
    /// Executions and requests so far that are not behind the barrier.
    before: (u64, u64),
    /// The longest execution before.
    depth: u32,
    /// What executions that are not behind the barrier have shown of windows.
    windows: Vec<Shown>,
    /// The later states that it has come to.
    met: HashSet<u32>,
    is_sound: bool,
}

impl<P: Primitives> Default for Arrivals<P> {
    fn default() -> Self {
        Self(P::Monitor::new(Known::default()))
    }
}

impl<P: Primitives> Arrivals<P> {
    /// Those that are not among `known`, in order, for a file; and for each number the place where the state is in
    /// `known` and these.
    pub(crate) fn beside(&self, known: &[Arrival]) -> (Vec<Arrival>, HashMap<u32, u32>) {
        self.0.with(|all| {
            let mut places = HashMap::new();
            for (arrival, place) in known.iter().zip(0..) {
                if let Some(&number) = all.numbers.get(arrival.key.as_slice()) {
                    places.insert(number, place);
                }
            }
            let mut new: Vec<_> = all.numbers.iter().filter(|state| !places.contains_key(state.1)).collect();
            new.sort_unstable();
            places.extend(new.iter().zip(known.len() as u32..).map(|(state, place)| (*state.1, place)));
            let arrival = |&(key, &number): &(&Key, &u32)| {
                let Behind { longest, figures, windows, met, is_sound } = &*all.states[number as usize];
                let mut met: Vec<_> = met.iter().map(|number| places[number]).collect();
                met.sort_unstable();
                Arrival {
                    key: key.to_vec(),
                    longest: *longest,
                    behind: *figures,
                    windows: windows.clone(),
                    met,
                    is_sound: *is_sound,
                }
            };
            (new.iter().map(arrival).collect(), places)
        })
    }

    /// Takes over those of a file, in which others stand before them; these have the numbers `before`. Gives the
    /// numbers of all of them.
    pub(crate) fn set(&self, before: &[u32], arrivals: &[Arrival]) -> Vec<u32> {
        self.0.with(|all| {
            let known = all.states.len();
            let mut numbers = before.to_vec();
            for Arrival { key, longest, behind, windows, is_sound, .. } in arrivals {
                let behind = Behind {
                    longest: *longest,
                    figures: *behind,
                    windows: windows.clone(),
                    met: Vec::new(),
                    is_sound: *is_sound,
                };
                numbers.push(all.add(key.as_slice().into(), behind));
            }
            for (arrival, &number) in arrivals.iter().zip(&numbers[before.len()..]) {
                if number as usize >= known {
                    let met = arrival.met.iter().filter_map(|&place| numbers.get(place as usize).copied());
                    Arc::make_mut(&mut all.states[number as usize]).met = met.collect();
                }
            }
            numbers
        })
    }

    /// A state, if all that follows is known.
    fn find(&self, key: &Key) -> Option<(u32, Arc<Behind>)> {
        self.0.with(|all| {
            let number = *all.numbers.get(key)?;
            Some((number, Arc::clone(&all.states[number as usize])))
        })
    }

    /// Notes what a search has found out about a state. Gives its number.
    fn note(&self, key: Key, behind: Behind) -> u32 {
        self.0.with(|all| {
            let (figures, is_sound) = ((behind.longest, behind.figures), behind.is_sound);
            let number = all.add(key, behind);
            let known = &mut all.states[number as usize];
            debug_assert_eq!((known.longest, known.figures), figures, "two find the same behind a barrier");
            if is_sound && !known.is_sound {
                Arc::make_mut(known).is_sound = true;
            }
            number
        })
    }

    /// These states and all later ones that `met` does not have yet.
    fn beyond(&self, states: &[u32], met: &Met) -> Vec<(u32, Arc<Behind>)> {
        let mut todo: Vec<_> = states.iter().copied().filter(|state| !met.states.contains(state)).collect();
        if todo.is_empty() {
            return Vec::new();
        }
        self.0.with(|all| {
            let (mut seen, mut beyond) = (HashSet::new(), Vec::new());
            while let Some(state) = todo.pop() {
                if !met.states.contains(&state) && seen.insert(state) {
                    let behind = &all.states[state as usize];
                    todo.extend(&behind.met);
                    beyond.push((state, Arc::clone(behind)));
                }
            }
            beyond
        })
    }

    /// Whether nothing behind any of these states is bad.
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
        if let Some((number, behind)) = self.shared.arrivals.find(&key) {
            let is_met = self.met.states.contains(&number);
            if is_met || self.is_as_if_met(number, &behind) {
                self.meet()?;
                self.meet_all(&[number]);
                self.outcome.depth = self.outcome.depth.max(state as u32 + behind.longest);
                return ControlFlow::Continue(true);
            }
        }
        let (executions, events) = (&mut self.outcome.executions, &mut self.outcome.events);
        let before = (std::mem::take(executions), std::mem::take(events));
        let depth = std::mem::replace(&mut self.outcome.depth, state as u32);
        let windows = self.windows.take();
        let is_sound = self.found.is_none();
        self.visits.push(Visit { state, key, before, depth, windows, met: HashSet::new(), is_sound });
        ControlFlow::Continue(false)
    }

    /// Whether the search would come to what is known behind a state to which it comes for the first time, and to
    /// nothing else: there is no limit that would end it there, nothing bad that it would be the first to find, and
    /// nothing bad so far that would show at the end of an execution.
    fn is_as_if_met(&self, state: u32, behind: &Behind) -> bool {
        let is_sound = behind.is_sound || self.outcome.finding.is_some();
        let nothing_new = || underflow(&self.history, self.program) == Ok(None);
        (self.found.is_some() || is_sound && nothing_new()) && self.is_within_limit(0, &[state])
    }

    /// Everything that follows the last state has been searched.
    pub(crate) fn depart(&mut self) {
        let state = self.history.len() - 1;
        while let Some(visit) = self.visits.pop_if(|visit| visit.state == state) {
            let Visit { key, before, depth, windows, met, is_sound, .. } = visit;
            let longest = self.outcome.depth - state as u32;
            self.outcome.depth = self.outcome.depth.max(depth);
            // Who arrives is an execution, and so is the one that goes on: it is the same for the first.
            let figures = (self.outcome.executions - 1, self.outcome.events);
            (self.outcome.executions, self.outcome.events) = (before.0 + 1, before.1);
            let shown = self.windows.take();
            self.windows.merge(&windows);
            let met = met.into_iter().collect();
            let behind = Behind { longest, figures, windows: shown, met, is_sound };
            let number = self.shared.arrivals.note(key, behind);
            self.meet_all(&[number]);
        }
    }

    /// The search has come to states behind which all is known. They count, unless it had come there before.
    pub(crate) fn meet_all(&mut self, states: &[u32]) {
        if states.is_empty() {
            return;
        }
        for (state, behind) in self.shared.arrivals.beyond(states, &self.met) {
            let (executions, events) = behind.figures;
            self.met.states.insert(state);
            self.met.figures = (self.met.figures.0 + executions, self.met.figures.1 + events);
            self.windows.merge(&behind.windows);
        }
        if let Some(visit) = self.visits.last_mut() {
            visit.met.extend(states);
            if self.shared.exhaustive && !self.shared.arrivals.are_sound(states) {
                self.spoil_visits();
            }
        }
    }

    /// Something bad has been found behind every barrier whose search is under way.
    pub(crate) fn spoil_visits(&mut self) {
        self.visits.iter_mut().for_each(|visit| visit.is_sound = false);
    }

    /// Whether so many executions more, and all that is behind these states, are not too many: a limit ends the search
    /// at its own place, whoever has gone ahead.
    pub(crate) fn is_within_limit(&self, executions: u64, states: &[u32]) -> bool {
        let Some(limit) = self.shared.limits.executions else { return true };
        let beyond = self.shared.arrivals.beyond(states, &self.met);
        let behind: u64 = beyond.iter().map(|(_, behind)| behind.figures.0).sum();
        self.figures().0 + executions + behind < limit
    }

    /// Executions and requests that are not behind a barrier that has been done with.
    pub(crate) fn on_the_way(&self) -> (u64, u64) {
        let outcome = (self.outcome.executions, self.outcome.events);
        self.visits.iter().fold(outcome, |sum, visit| (sum.0 + visit.before.0, sum.1 + visit.before.1))
    }

    /// Executions and requests so far, in the search's own order.
    pub(crate) fn figures(&self) -> (u64, u64) {
        let ((executions, events), behind) = (self.on_the_way(), self.met.figures);
        (executions + behind.0, events + behind.1)
    }

    /// The longest execution.
    pub(crate) fn longest(&self) -> u32 {
        self.visits.iter().fold(self.outcome.depth, |longest, visit| longest.max(visit.depth))
    }

    /// What all executions have shown of windows.
    pub(crate) fn shown(&self) -> Vec<Shown> {
        let mut windows = self.windows.clone();
        self.visits.iter().for_each(|visit| windows.merge(&visit.windows));
        windows.take()
    }

    /// The searches behind barriers that are under way, for a file in which states have these places.
    pub(crate) fn visits(&self, places: &HashMap<u32, u32>) -> Vec<frontier::Behind> {
        let behind = |visit: &Visit| {
            let mut met: Vec<_> = visit.met.iter().map(|number| places[number]).collect();
            met.sort_unstable();
            frontier::Behind {
                state: visit.state as u32,
                before: visit.before,
                depth: visit.depth,
                windows: visit.windows.clone(),
                met,
                is_sound: visit.is_sound,
            }
        };
        self.visits.iter().map(behind).collect()
    }

    /// From a file: the search is behind a barrier.
    pub(crate) fn revisit(&mut self, behind: &frontier::Behind) {
        let frontier::Behind { state, before, depth, windows, met, is_sound } = behind;
        let met = met.iter().filter_map(|&place| self.earlier.get(place as usize).copied()).collect();
        let key = self.key();
        let (state, windows) = (*state as usize, windows.clone());
        let visit = Visit { state, key, before: *before, depth: *depth, windows, met, is_sound: *is_sound };
        self.visits.push(visit);
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
