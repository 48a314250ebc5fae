//! Sleep sets: whom not to run, because all that follows has been seen.

use cowrace_machine::{Access, ActorSet};

/// What sleeping actors would touch. A stack, since what falls asleep at a node is forgotten with it.
///
/// A footprint is taken when its actor falls asleep and stays right until a conflicting event wakes it:
/// until then nothing has changed what the request would read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sleepers {
    accesses: Vec<Access>,
    /// Where each sleeper's accesses start.
    starts: Vec<u32>,
}

impl Sleepers {
    /// Remembers what an actor would touch; gives the number by which to find it.
    pub(crate) fn push(&mut self, accesses: &[Access]) -> u32 {
        self.starts.push(self.accesses.len() as u32);
        self.accesses.extend_from_slice(accesses);
        self.starts.len() as u32 - 1
    }

    /// How many there are.
    pub(crate) const fn len(&self) -> u32 {
        self.starts.len() as u32
    }

    /// Forgets all but the first `len`.
    pub(crate) fn truncate(&mut self, len: u32) {
        if let Some(&start) = self.starts.get(len as usize) {
            self.accesses.truncate(start as usize);
            self.starts.truncate(len as usize);
        }
    }

    fn get(&self, number: u32) -> &[Access] {
        let end = self.starts.get(number as usize + 1).map_or(self.accesses.len(), |&s| s as usize);
        &self.accesses[self.starts[number as usize] as usize..end]
    }

    /// Those of `asleep` that an event with `accesses` does not wake. `numbers` says by actor where to
    /// find what each would touch.
    pub(crate) fn undisturbed(&self, asleep: ActorSet, numbers: &[u32], accesses: &[Access]) -> ActorSet {
        let mut still = asleep;
        let mut rest = asleep;
        while let Some(actor) = first(rest) {
            rest.remove(actor);
            let theirs = self.get(numbers[actor as usize]);
            if theirs.iter().any(|a| accesses.iter().any(|b| a.conflicts(b))) {
                still.remove(actor);
            }
        }
        still
    }
}

/// The smallest member of a set.
pub(crate) const fn first(set: ActorSet) -> Option<u8> {
    if set.is_empty() { None } else { Some(set.0.trailing_zeros() as u8) }
}
