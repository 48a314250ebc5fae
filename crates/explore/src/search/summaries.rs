//! Summaries: what follows the states at barriers from which everything has been searched.
//!
//! What follows such a state is a function of the state, whichever thread computes it: the number of executions, their
//! length, what they show about windows. It counts once for a search, when the search reaches the state for the first
//! time in its own order, even if another thread has computed it long before. So figures do not depend on which thread
//! was first.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::checkpoint::SavedSummary;
use crate::effort::Effort;
use crate::execution::windows::Cover;
use crate::sync::{Monitor, Primitives};

/// A state at a barrier: memory, the position of each actor, and which windows can still be opened.
pub(crate) type Key = Box<[u64]>;

/// The summary of what follows a barrier.
#[derive(Clone, Debug)]
pub(crate) struct Summary {
    /// The length of the longest continuation, in requests.
    pub(crate) longest: u32,
    /// The effort between this barrier and the next one.
    pub(crate) effort: Effort,
    /// What that shows about windows.
    pub(crate) windows: Vec<Cover>,
    /// The later states at barriers that are reached from here.
    pub(crate) reached: Vec<u32>,
    /// Whether it is known that no finding follows.
    pub(crate) is_sound: bool,
}

/// The states from which everything has been searched, by any thread, by number.
pub(crate) struct Summaries<P: Primitives>(P::Monitor<Known>);

#[derive(Default)]
pub(crate) struct Known {
    numbers: HashMap<Key, u32>,
    states: Vec<Arc<Summary>>,
}

impl Known {
    /// Adds a state if it is not known, and returns its number.
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
    /// The effort that follows them.
    effort: Effort,
}

impl Reached {
    /// Restores the set from a checkpoint.
    pub(crate) fn restored(states: impl Iterator<Item = u32>, effort: Effort) -> Self {
        Self { states: states.collect(), effort }
    }

    pub(crate) const fn effort(&self) -> Effort {
        self.effort
    }

    pub(crate) fn contains(&self, state: u32) -> bool {
        self.states.contains(&state)
    }

    /// Adds a state that is followed by this effort.
    pub(crate) fn add(&mut self, state: u32, effort: Effort) {
        self.states.insert(state);
        self.effort += effort;
    }

    /// The numbers of the states, in order.
    pub(crate) fn states(&self) -> Vec<u32> {
        let mut states: Vec<_> = self.states.iter().copied().collect();
        states.sort_unstable();
        states
    }
}

impl<P: Primitives> Default for Summaries<P> {
    fn default() -> Self {
        Self(P::Monitor::new(Known::default()))
    }
}

impl<P: Primitives> Summaries<P> {
    /// The states that are not among `known`, in order, for a checkpoint; and for each number the index of the state in
    /// the concatenation of `known` and these.
    pub(crate) fn saved_beside(&self, known: &[SavedSummary]) -> (Vec<SavedSummary>, HashMap<u32, u32>) {
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

    /// Adds the states of a checkpoint. In their indices, earlier states come first, which have the numbers `before`.
    /// Returns the numbers of all of them.
    pub(crate) fn restore(&self, before: &[u32], saved: &[SavedSummary]) -> Vec<u32> {
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
            for (saved, &number) in saved.iter().zip(&numbers[before.len()..]) {
                if number as usize >= known {
                    let reached =
                        saved.reached.iter().filter_map(|&place| numbers.get(place as usize).copied());
                    Arc::make_mut(&mut all.states[number as usize]).reached = reached.collect();
                }
            }
            numbers
        })
    }

    /// The number and the summary of a state, if everything that follows it is known.
    pub(crate) fn find(&self, key: &Key) -> Option<(u32, Arc<Summary>)> {
        self.0.with(|all| {
            let number = *all.numbers.get(key)?;
            Some((number, Arc::clone(&all.states[number as usize])))
        })
    }

    /// Stores what a search has learned about a state. Returns the number of the state.
    pub(crate) fn note(&self, key: Key, summary: Summary) -> u32 {
        self.0.with(|all| {
            let (figures, is_sound) = ((summary.longest, summary.effort), summary.is_sound);
            let number = all.add(key, summary);
            let known = &mut all.states[number as usize];
            debug_assert_eq!(
                (known.longest, known.effort),
                figures,
                "two threads compute the same summary of a state"
            );
            if is_sound && !known.is_sound {
                Arc::make_mut(known).is_sound = true;
            }
            number
        })
    }

    /// These states and all later ones that have not been `reached` yet.
    pub(crate) fn beyond(&self, states: &[u32], reached: &Reached) -> Vec<(u32, Arc<Summary>)> {
        let mut todo: Vec<_> = states.iter().copied().filter(|&state| !reached.contains(state)).collect();
        if todo.is_empty() {
            return Vec::new();
        }
        self.0.with(|all| {
            let (mut seen, mut beyond) = (HashSet::new(), Vec::new());
            while let Some(state) = todo.pop() {
                if !reached.contains(state) && seen.insert(state) {
                    let summary = &all.states[state as usize];
                    todo.extend(&summary.reached);
                    beyond.push((state, Arc::clone(summary)));
                }
            }
            beyond
        })
    }

    /// Whether no finding follows any of these states.
    pub(crate) fn are_sound(&self, states: &[u32]) -> bool {
        self.0.with(|all| states.iter().all(|&state| all.states[state as usize].is_sound))
    }
}
