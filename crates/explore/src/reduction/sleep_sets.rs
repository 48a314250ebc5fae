//! Sleep sets: moves that are not to be made, because everything that follows them has been explored.

use cowrace_machine::Access;

use crate::execution::moves::{Move, conflict};

/// A sleeping move, and where its accesses are stored.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sleeper {
    pub(crate) made: Move,
    start: u32,
    len: u32,
}

/// Where the sleepers of a state start, and where the accesses of those start that were put to sleep in it.
#[derive(Clone, Copy, Debug, Default)]
struct Start {
    sleepers: u32,
    accesses: u32,
}

/// The sleep sets of all states of the path, a stack.
///
/// The accesses of a move are recorded when it is put to sleep, and stay right until a conflicting event wakes it:
/// until then, nothing has changed what its request would read.
#[derive(Clone, Debug, Default)]
pub(crate) struct SleepSets {
    accesses: Vec<Access>,
    sleepers: Vec<Sleeper>,
    states: Vec<Start>,
}

impl SleepSets {
    /// Enters the state to which an event leads from the last one: moves that slept there still sleep, unless the event
    /// wakes them.
    pub(crate) fn enter(&mut self, event: Option<(u8, &[Access])>) {
        let from = self.states.last().map_or(0, |state| state.sleepers as usize);
        let to = self.sleepers.len();
        self.states.push(Start { sleepers: to as u32, accesses: self.accesses.len() as u32 });
        let Some((actor, accesses)) = event else { return };
        for at in from..to {
            let sleeper = self.sleepers[at];
            if sleeper.made.actor != actor && !conflict(self.accesses(&sleeper), accesses) {
                self.sleepers.push(sleeper);
            }
        }
    }

    /// Leaves the last state.
    pub(crate) fn leave(&mut self) {
        if let Some(Start { sleepers, accesses }) = self.states.pop() {
            self.sleepers.truncate(sleepers as usize);
            self.accesses.truncate(accesses as usize);
        }
    }

    /// Puts a move to sleep in the last state.
    pub(crate) fn add(&mut self, made: Move, accesses: &[Access]) {
        let (start, len) = (self.accesses.len() as u32, accesses.len() as u32);
        self.accesses.extend_from_slice(accesses);
        self.sleepers.push(Sleeper { made, start, len });
    }

    /// The moves that sleep in a state.
    pub(crate) fn of(&self, state: usize) -> &[Sleeper] {
        let end = self.states.get(state + 1).map_or(self.sleepers.len(), |state| state.sleepers as usize);
        &self.sleepers[self.states[state].sleepers as usize..end]
    }

    /// The moves that were put to sleep in a state, in order, with what they would touch.
    pub(crate) fn put_to_sleep(&self, state: usize) -> impl Iterator<Item = (Move, &[Access])> {
        let own = self.states[state].accesses;
        let (inherited, all) = (self.of(state).iter().filter(move |s| s.start < own).count(), self.of(state));
        all[inherited..].iter().map(|sleeper| (sleeper.made, self.accesses(sleeper)))
    }

    pub(crate) fn accesses(&self, sleeper: &Sleeper) -> &[Access] {
        &self.accesses[sleeper.start as usize..(sleeper.start + sleeper.len) as usize]
    }

    /// Forgets all but the first `states` states.
    pub(crate) fn truncate(&mut self, states: usize) {
        while self.states.len() > states {
            self.leave();
        }
    }
}
