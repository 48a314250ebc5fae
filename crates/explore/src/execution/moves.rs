//! Moves and sequences of moves: what an actor did, or would do, and whether another could come before it.

use cowrace_machine::Access;
use serde::{Deserialize, Serialize};

/// The value of [`Move::choice`] for a move that is not a choice.
pub(crate) const PLAIN: u32 = u32::MAX;

/// A move of an actor, without its accesses. Different values of a choice are different moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "(u8, Option<u32>)", into = "(u8, Option<u32>)")]
pub(crate) struct Move {
    pub(crate) actor: u8,
    /// The value chosen, or [`PLAIN`].
    pub(crate) choice: u32,
}

impl From<(u8, Option<u32>)> for Move {
    fn from((actor, choice): (u8, Option<u32>)) -> Self {
        Self { actor, choice: choice.unwrap_or(PLAIN) }
    }
}

impl From<Move> for (u8, Option<u32>) {
    fn from(Move { actor, choice }: Move) -> Self {
        (actor, (choice != PLAIN).then_some(choice))
    }
}

/// Whether the order of two moves with these accesses can matter.
pub(crate) fn conflict(a: &[Access], b: &[Access]) -> bool {
    a.iter().any(|a| b.iter().any(|b| a.conflicts(b)))
}

/// The relation of a move to a sequence of moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fit {
    /// The move is in the sequence, and independent of everything before it there, so that it could be the first.
    Initial(usize),
    /// The move is not in the sequence, and is independent of all of it.
    Independent,
    /// The move cannot come first.
    Conflict,
}

/// One move of a sequence.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Item {
    pub(crate) made: Move,
    /// The number of its event in the execution that the sequence was taken from.
    pub(crate) event: u32,
    start: u32,
    len: u32,
}

/// A sequence of moves with their accesses, to be executed from some state.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sequence {
    items: Vec<Item>,
    accesses: Vec<Access>,
}

impl Sequence {
    pub(crate) fn clear(&mut self) {
        self.items.clear();
        self.accesses.clear();
    }

    pub(crate) fn push(&mut self, made: Move, event: u32, accesses: &[Access]) {
        let (start, len) = (self.accesses.len() as u32, accesses.len() as u32);
        self.accesses.extend_from_slice(accesses);
        self.items.push(Item { made, event, start, len });
    }

    pub(crate) fn items(&self) -> &[Item] {
        &self.items
    }

    pub(crate) fn accesses(&self, item: &Item) -> &[Access] {
        &self.accesses[item.start as usize..(item.start + item.len) as usize]
    }

    /// Removes the moves of the sleepers that an actor wakes by its own move with these accesses.
    pub(crate) fn wake(&mut self, actor: u8, touched: &[Access]) {
        let accesses = &self.accesses;
        self.items.retain(|item| {
            let own = &accesses[item.start as usize..(item.start + item.len) as usize];
            item.made.actor != actor && !conflict(own, touched)
        });
    }

    /// Removes a move.
    pub(crate) fn remove(&mut self, at: usize) {
        self.items.remove(at);
    }

    /// Whether the sequence could begin with `made`, which would touch `accesses`; that is, whether it is one of the
    /// weak initials of the sequence.
    pub(crate) fn fit(&self, made: Move, accesses: &[Access]) -> Fit {
        for (at, item) in self.items.iter().enumerate() {
            if item.made.actor == made.actor {
                return if item.made == made { Fit::Initial(at) } else { Fit::Conflict };
            }
            if conflict(self.accesses(item), accesses) {
                return Fit::Conflict;
            }
        }
        Fit::Independent
    }
}

#[cfg(test)]
mod tests {
    use cowrace_machine::{Addr, Kind, Obj};

    use super::*;

    fn access(word: u8, kind: Kind) -> [Access; 1] {
        [Access { addr: Addr::new(Obj::boot(2), word), mask: u64::MAX, kind }]
    }

    fn plain(actor: u8) -> Move {
        Move { actor, choice: PLAIN }
    }

    #[test]
    fn weak_initials() {
        let mut sequence = Sequence::default();
        sequence.push(plain(0), 4, &access(0, Kind::Read));
        sequence.push(plain(1), 5, &access(1, Kind::Write));
        sequence.push(Move { actor: 2, choice: 1 }, 6, &[]);
        assert_eq!(sequence.fit(plain(0), &access(0, Kind::Read)), Fit::Initial(0));
        assert_eq!(sequence.fit(plain(1), &access(1, Kind::Write)), Fit::Initial(1));
        // Something before it touches the same word.
        assert_eq!(sequence.fit(plain(1), &access(0, Kind::Write)), Fit::Conflict);
        assert_eq!(sequence.fit(plain(3), &access(0, Kind::Read)), Fit::Independent);
        assert_eq!(sequence.fit(plain(3), &access(1, Kind::Read)), Fit::Conflict);
        assert_eq!(sequence.fit(Move { actor: 2, choice: 1 }, &[]), Fit::Initial(2));
        // Another value of the choice is another move.
        assert_eq!(sequence.fit(Move { actor: 2, choice: 0 }, &[]), Fit::Conflict);
    }
}
