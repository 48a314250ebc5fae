//! Numbers for sequences: each different sequence gets a number, and equal ones the same.

use std::hash::BuildHasher;
use std::ops::Range;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

/// Sequences of words, stored one after the other, and their numbers in the order in which they were first seen.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    words: Vec<u32>,
    ends: Ends,
    known: HashTable<u32>,
}

/// Where each sequence ends.
#[derive(Debug, Default)]
struct Ends {
    len: usize,
    /// The length of the first sequence.
    width: usize,
    /// Empty as long as all sequences have the same length.
    ends: Vec<u32>,
}

impl Ends {
    fn range(&self, number: u32) -> Range<usize> {
        let at = number as usize;
        if self.ends.is_empty() {
            return at * self.width..(at + 1) * self.width;
        }
        let begin = if at > 0 { self.ends[at - 1] } else { 0 };
        begin as usize..self.ends[at] as usize
    }

    /// Adds a sequence of this length, with which all end here.
    fn push(&mut self, len: usize, end: u32) {
        if self.len == 0 {
            self.width = len;
        }
        if self.ends.is_empty() && len != self.width {
            self.ends.extend((1..=self.len).map(|nth| (nth * self.width) as u32));
        }
        if !self.ends.is_empty() {
            self.ends.push(end);
        }
        self.len += 1;
    }
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
    pub(super) const fn len(&self) -> usize {
        self.ends.len
    }

    /// The sequence with a number.
    pub(super) fn get(&self, number: u32) -> &[u32] {
        &self.words[self.ends.range(number)]
    }

    /// The number of a sequence, if it has one.
    pub(super) fn find(&self, wanted: &[u32]) -> Option<u32> {
        self.known.find(hash(wanted), |&number| self.get(number) == wanted).copied()
    }

    /// The number of a sequence, and whether it is new.
    ///
    /// # Errors
    ///
    /// If the sequence is new and there is no room for it.
    pub(super) fn number(&mut self, wanted: &[u32]) -> Result<(u32, bool), Full> {
        let Self { words, ends, known } = self;
        let hash_of = |&number: &u32| hash(&words[ends.range(number)]);
        let wanted_hash = hash(wanted);
        // Entries of the table would make room for another one before it is known that there is one.
        if let Some(&number) = known.find(wanted_hash, |&number| words[ends.range(number)] == *wanted) {
            return Ok((number, false));
        }
        let end = u32::try_from(words.len() + wanted.len()).map_err(|_| Full)?;
        let number = ends.len as u32;
        known.insert_unique(wanted_hash, number, hash_of);
        words.extend_from_slice(wanted);
        ends.push(wanted.len(), end);
        Ok((number, true))
    }

    /// The memory in bytes that this takes.
    pub(super) fn bytes(&self) -> usize {
        4 * (self.words.capacity() + self.ends.ends.capacity()) + self.known.allocation_size()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_sequences_have_one_number() {
        let mut numbers = Numbers::default();
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

    #[test]
    fn the_first_one_of_another_length_may_come_late() {
        let mut numbers = Numbers::default();
        let all: [&[u32]; 4] = [&[1, 2], &[3, 4], &[5], &[1, 2, 3]];
        for (at, sequence) in (0..).zip(all) {
            assert_eq!(numbers.number(sequence), Ok((at, true)));
            for (at, sequence) in (0..=at).zip(all) {
                assert_eq!(numbers.number(sequence), Ok((at, false)));
                assert_eq!(numbers.get(at), sequence);
            }
        }
    }
}
