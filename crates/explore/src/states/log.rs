//! What visits have led to that were made by several threads, until the search takes it over.

use std::ops::Range;

use cowrace_machine::ActorSet;
use cowrace_report::Turn;

use crate::states::End;
use crate::states::configuration::Configuration;
use crate::states::futures::Reliance;
use crate::states::persistent_sets::persistent_set;
use crate::states::table::{Table, Visit};

/// What visits have led to, in the order in which they were made.
#[derive(Debug, Default)]
pub(super) struct Log {
    made: Vec<Made>,
    arrivals: Vec<Arrival>,
    relied: Vec<Reliance>,
    /// The words of all names.
    words: Vec<u32>,
    /// The name of the state at hand.
    name: Vec<u32>,
}

/// A visit that was made.
#[derive(Debug)]
struct Made {
    visit: Visit,
    result: Result<(), End>,
    /// Where the states that it led to end in the log.
    arrivals: usize,
    relied: Range<usize>,
    /// The first turns after which something was wrong, if the search goes on then.
    wrong: Option<Vec<Turn>>,
}

/// A visit that was made, and what it has led to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'l> {
    pub(super) visit: Visit,
    pub(super) result: &'l Result<(), End>,
    pub(super) arrivals: &'l [Arrival],
    /// What was relied on, beside what was in the states that were reached.
    pub(super) relied: &'l [Reliance],
    /// The first turns after which something was wrong, if the search goes on then.
    pub(super) wrong: Option<&'l [Turn]>,
}

/// A state that was reached.
#[derive(Clone, Debug)]
pub(super) struct Arrival {
    pub(super) state: Reached,
    /// The actors that sleep.
    pub(super) asleep: ActorSet,
    /// The actors that can move.
    pub(super) enabled: ActorSet,
    /// Whether all actors that can move are to be moved.
    pub(super) closes: bool,
}

/// Which state was reached.
#[derive(Clone, Debug)]
pub(super) enum Reached {
    /// One that was known before.
    Known(u32),
    /// One that was not.
    New(New),
}

/// A state that was not known before.
#[derive(Clone, Debug)]
pub(super) struct New {
    /// The number of memory, if it was known.
    pub(super) memory: Option<u32>,
    /// What objects contain if it was not, and the rest of the name; both are words of the log.
    contents: Range<usize>,
    actors: Range<usize>,
    /// The actors to move.
    pub(super) todo: ActorSet,
    /// What that relies on.
    relied: Range<usize>,
}

impl Log {
    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.made.clear();
        self.arrivals.clear();
        self.relied.clear();
        self.words.clear();
    }

    /// Some of the visits, as far as there are so many.
    pub(super) fn entries(&self, which: Range<usize>) -> impl Iterator<Item = Entry<'_>> {
        let which = which.start..which.end.min(self.made.len());
        let mut arrivals = which.start.checked_sub(1).map_or(0, |last| self.made[last].arrivals);
        self.made[which].iter().map(move |made| Entry {
            visit: made.visit,
            result: &made.result,
            arrivals: &self.arrivals[std::mem::replace(&mut arrivals, made.arrivals)..made.arrivals],
            relied: &self.relied[made.relied.clone()],
            wrong: made.wrong.as_deref(),
        })
    }

    /// What objects contain in a state whose memory was not known.
    pub(super) fn contents(&self, new: &New) -> &[u32] {
        &self.words[new.contents.clone()]
    }

    /// The name of a state, but for the number of memory.
    pub(super) fn actors(&self, new: &New) -> &[u32] {
        &self.words[new.actors.clone()]
    }

    /// What the set of actors to move in a state relies on.
    pub(super) fn relied(&self, new: &New) -> &[Reliance] {
        &self.relied[new.relied.clone()]
    }

    /// Notes that a visit has been made.
    pub(super) fn made(&mut self, here: &mut Configuration<'_>, visit: Visit, result: Result<(), End>) {
        let relied = add(&mut self.relied, here.take_relied(0));
        let wrong = here.take_wrong();
        self.made.push(Made { visit, result, arrivals: self.arrivals.len(), relied, wrong });
    }

    /// Notes that a state has been reached, unless that tells nothing.
    pub(super) fn reach(
        &mut self,
        here: &mut Configuration<'_>,
        table: &Table,
        asleep: ActorSet,
        closes: bool,
    ) {
        let enabled = here.enabled();
        let memory = here.memory_number();
        let Self { name, words, .. } = self;
        if let Some(memory) = memory {
            name.clear();
            name.push(memory);
            here.name_actors(name);
            if let Some(state) = table.known().find(name) {
                if !table.tells_nothing(state, asleep, closes.then_some(enabled)) {
                    self.arrivals.push(Arrival { state: Reached::Known(state), asleep, enabled, closes });
                }
                return;
            }
        }
        let contents = if memory.is_some() { &[] } else { here.contents() };
        let contents = add(words, contents.iter().copied());
        let begin = words.len();
        here.name_actors(words);
        let actors = begin..words.len();
        let before = here.relied();
        let todo = if closes { enabled } else { persistent_set(here, enabled) };
        let relied = add(&mut self.relied, here.take_relied(before));
        let state = Reached::New(New { memory, contents, actors, todo, relied });
        self.arrivals.push(Arrival { state, asleep, enabled, closes });
    }
}

/// Adds items, and returns where they are.
fn add<T>(to: &mut Vec<T>, items: impl Iterator<Item = T>) -> Range<usize> {
    let begin = to.len();
    to.extend(items);
    begin..to.len()
}
