//! Numbers for sequences: each different sequence gets a number, and equal ones the same.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

/// Sequences of words, stored one after the other, and their numbers in the order in which they were first seen.
#[derive(Debug)]
pub(super) struct Numbers {
    words: Vec<u32>,
    /// Where each sequence ends.
    ends: Vec<u32>,
    known: HashTable<u32>,
}

/// There is no room for another sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

/// The same everywhere, so that a search does the same everywhere.
const HASHER: FixedState = FixedState::with_seed(0);

fn hash(sequence: &[u32]) -> u64 {
    HASHER.hash_one(sequence)
}

impl Numbers {
    pub(super) const fn new() -> Self {
        Self { words: Vec::new(), ends: Vec::new(), known: HashTable::new() }
    }

    pub(super) const fn len(&self) -> usize {
        self.ends.len()
    }

    /// The sequence with a number.
    pub(super) fn get(&self, number: u32) -> &[u32] {
        sequence(&self.words, &self.ends, number)
    }

    /// The number of a sequence, and whether it is new.
    ///
    /// # Errors
    ///
    /// If the sequence is new and there is no room for it.
    pub(super) fn number(&mut self, wanted: &[u32]) -> Result<(u32, bool), Full> {
        let Self { words, ends, known } = self;
        let is_it = |&number: &u32| sequence(words, ends, number) == wanted;
        let rehash = |&number: &u32| hash(sequence(words, ends, number));
        match known.entry(hash(wanted), is_it, rehash) {
            hashbrown::hash_table::Entry::Occupied(known) => Ok((*known.get(), false)),
            hashbrown::hash_table::Entry::Vacant(place) => {
                let end = u32::try_from(words.len() + wanted.len()).map_err(|_| Full)?;
                let number = ends.len() as u32;
                place.insert(number);
                words.extend_from_slice(wanted);
                ends.push(end);
                Ok((number, true))
            }
        }
    }

    /// The memory in bytes that this takes.
    pub(super) fn bytes(&self) -> usize {
        4 * (self.words.capacity() + self.ends.capacity()) + self.known.allocation_size()
    }
}

fn sequence<'w>(words: &'w [u32], ends: &[u32], number: u32) -> &'w [u32] {
    let at = number as usize;
    let begin = if at > 0 { ends[at - 1] } else { 0 };
    &words[begin as usize..ends[at] as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_sequences_have_one_number() {
        let mut numbers = Numbers::new();
        let all: [&[u32]; 5] = [&[], &[0], &[0, 0], &[1], &[0, 1, 2]];
        for (at, sequence) in (0..).zip(all) {
            assert_eq!(numbers.number(sequence), Ok((at, true)));
        }
        for (at, sequence) in (0..).zip(all) {
            assert_eq!(numbers.number(sequence), Ok((at, false)));
            assert_eq!(numbers.get(at), sequence);
        }
        assert_eq!(numbers.len(), 5);
    }
}
