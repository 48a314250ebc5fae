//! Which actors use which words, and how.

use std::collections::BTreeMap;

use cowrace_machine::{ActorSet, Addr};

use crate::Change;

/// How a word is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    Read,
    /// Added to, with the result unused: additions commute.
    Add,
    Write,
    /// This bit of it is locked or unlocked, but never by a trylock.
    Lock(u64),
}

impl Use {
    /// The use of a word by a change. Readers of a lock do not conflict with each other.
    pub(crate) const fn of(change: Change) -> Self {
        match change {
            Change::Load | Change::Read | Change::Enter | Change::Leave => Self::Read,
            Change::Count(_) => Self::Add,
            _ => Self::Write,
        }
    }
}

/// What a shared word has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Atomic,
    /// A lock of the engine.
    Lock,
}

/// The actors that have used a word.
#[derive(Clone, Copy, Debug, Default)]
struct Users {
    readers: ActorSet,
    adders: ActorSet,
    writers: ActorSet,
    /// The bits that were locked.
    bits: u64,
    /// Whether it was used in another way than as a lock.
    otherwise: bool,
}

impl Users {
    fn shape(self) -> Option<Shape> {
        let kinds = [self.readers.0, self.adders.0, self.writers.0];
        let all = kinds[0] | kinds[1] | kinds[2];
        let differ = self.writers.0 != 0 || self.readers.0 != 0 && self.adders.0 != 0;
        let is_lock = !self.otherwise && self.bits.count_ones() == 1;
        (differ && all.count_ones() > 1).then_some(if is_lock { Shape::Lock } else { Shape::Atomic })
    }
}

/// Which actors use which words, as far as executions have shown.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sharing {
    users: BTreeMap<Addr, Users>,
}

impl Sharing {
    /// The words where the order of accesses of different actors can matter.
    pub(crate) fn shared(&self) -> impl Iterator<Item = (Addr, Shape)> + '_ {
        self.users.iter().filter_map(|(&addr, users)| Some((addr, users.shape()?)))
    }

    /// Notes a use; tells whether this changes what the word has to be.
    pub(crate) fn note(&mut self, addr: Addr, actor: u8, used: Use) -> bool {
        let users = self.users.entry(addr).or_default();
        let before = users.shape();
        match used {
            Use::Lock(bit) => users.bits |= bit,
            _ => users.otherwise = true,
        }
        match used {
            Use::Read => users.readers.insert(actor),
            Use::Add => users.adders.insert(actor),
            Use::Write | Use::Lock(_) => users.writers.insert(actor),
        }
        users.shape() != before
    }
}

#[cfg(test)]
mod tests {
    use cowrace_machine::Obj;

    use super::*;

    const WORD: Addr = Addr::new(Obj::boot(1), 3);

    /// What the word has to be after these uses, and which of them changed that.
    fn after(uses: &[(u8, Use)]) -> (Option<Shape>, Vec<bool>) {
        let mut sharing = Sharing::default();
        let changed = uses.iter().map(|&(actor, used)| sharing.note(WORD, actor, used)).collect();
        let shape = sharing.shared().next().map(|(_, shape)| shape);
        (shape, changed)
    }

    #[test]
    fn what_commutes_and_what_one_actor_does_is_not_shared() {
        assert_eq!(after(&[(0, Use::Read), (1, Use::Read)]).0, None);
        assert_eq!(after(&[(0, Use::Add), (1, Use::Add)]).0, None);
        assert_eq!(after(&[(2, Use::Write), (2, Use::Read), (2, Use::Add)]).0, None);
    }

    #[test]
    fn what_does_not_commute_is_shared_and_said_once() {
        let (shape, changed) = after(&[(0, Use::Read), (1, Use::Add), (0, Use::Write)]);
        assert_eq!((shape, changed), (Some(Shape::Atomic), vec![false, true, false]));
    }

    #[test]
    fn a_lock_is_a_lock_until_it_is_used_otherwise() {
        let (shape, changed) = after(&[(0, Use::Lock(2)), (1, Use::Lock(2)), (1, Use::Read)]);
        assert_eq!((shape, changed), (Some(Shape::Atomic), vec![false, true, true]));
        assert_eq!(after(&[(0, Use::Lock(2)), (1, Use::Lock(2))]).0, Some(Shape::Lock));
        assert_eq!(after(&[(0, Use::Lock(1)), (1, Use::Lock(2))]).0, Some(Shape::Atomic), "two locks");
    }
}
