//! Sets of small numbers.

/// A set of small numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    /// Adds a number. Returns whether it is new.
    pub(super) fn insert(&mut self, number: u32) -> bool {
        let (word, bit) = (number as usize / 64, 1 << (number % 64));
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        let is_new = self.0[word] & bit == 0;
        self.0[word] |= bit;
        is_new
    }

    /// The set of which these are the [words](Self::words).
    pub(super) fn of(words: &[u32]) -> Self {
        let both = |pair: &[u32]| u64::from(pair[0]) | pair.get(1).map_or(0, |&high| u64::from(high) << 32);
        Self(words.chunks(2).map(both).collect())
    }

    /// Words that are the same for equal sets.
    pub(super) fn words(&self, into: &mut Vec<u32>) {
        into.clear();
        into.extend(self.0.iter().flat_map(|&word| [word as u32, (word >> 32) as u32]));
        into.truncate(into.iter().rposition(|&word| word != 0).map_or(0, |last| last + 1));
    }

    /// The memory in bytes that its numbers take. It does not depend on the order in which they were added.
    pub(super) const fn bytes(&self) -> usize {
        self.0.len() * size_of::<u64>()
    }

    pub(super) fn contains(&self, number: u32) -> bool {
        self.0.get(number as usize / 64).is_some_and(|word| word & (1 << (number % 64)) != 0)
    }

    /// Adds all numbers of another set. Returns whether any of them is new.
    pub(super) fn add_all(&mut self, other: &Self) -> bool {
        if other.0.len() > self.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        let mut is_new = false;
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            is_new |= theirs & !*mine != 0;
            *mine |= theirs;
        }
        is_new
    }

    /// The numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        let bits = |word: u64| (0..64).filter(move |bit| word & 1 << bit != 0);
        (0..).zip(&self.0).flat_map(move |(at, &word)| bits(word).map(move |bit| 64 * at + bit))
    }

    /// Takes out the numbers that are in another set as well.
    pub(super) fn take_common(&mut self, other: &Self) -> Self {
        let take = |(mine, theirs): (&mut u64, &u64)| {
            let common = *mine & theirs;
            *mine &= !common;
            common
        };
        Self(self.0.iter_mut().zip(&other.0).map(take).collect())
    }

    /// The numbers that are in another set as well.
    pub(super) fn common(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(mine, theirs)| mine & theirs).collect())
    }

    /// Whether the sets have a number in common.
    pub(super) fn meets(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).any(|(mine, theirs)| mine & theirs != 0)
    }
}
