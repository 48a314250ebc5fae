//! Memory as a number: each object's contents have a number, and so has each combination of these.
//!
//! All that is known is in one place ([`Contents`]), which can be read by several threads; what an object contains now
//! is known to each configuration ([`Now`]).

use std::hash::BuildHasher;

use cowrace_machine::{Addr, Memory, Obj};
use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::states::numbers::{Full, Numbers};

/// The words of an object, and its life word.
pub(super) type Words = [u64; Obj::WORDS as usize + 1];

/// The number of an object that was never written.
const NONE: u32 = u32::MAX;

/// The contents that an object has had, by number; its first contents have number 0.
#[derive(Debug)]
struct Past {
    obj: Obj,
    contents: Vec<Words>,
    /// The sums of the hashes of all words, which change with the words that do.
    hashes: Vec<u64>,
    known: HashTable<u32>,
}

/// The contents of all objects that were ever written.
#[derive(Debug, Default)]
pub(super) struct Contents {
    objects: Vec<Past>,
    /// The places in `objects`, by the object's number.
    places: Vec<u32>,
    memories: Numbers,
}

/// The contents that the objects have now, by number, and what to undo.
#[derive(Debug, Default)]
pub(super) struct Now {
    contents: Vec<u32>,
    replaced: Vec<(u32, u32)>,
    /// The number of memory when nothing is to be undone, if it has one.
    restored: Option<u32>,
}

/// The words of an object.
pub(super) fn words(memory: &Memory, obj: Obj) -> Words {
    let first = Addr::new(obj, 0).index();
    std::array::from_fn(|word| memory.get(Addr::at(first + word)))
}

fn hash(word: usize, value: u64) -> u64 {
    FixedState::with_seed(0).hash_one((word, value))
}

impl Past {
    fn new(obj: Obj, first: Words) -> Self {
        let mut known = HashTable::new();
        known.insert_unique(0, 0, |_| 0);
        Self { obj, contents: vec![first], hashes: vec![0], known }
    }

    /// The hash of contents, of which most words are those of the contents with a number.
    fn hash(&self, before: u32, words: &Words) -> u64 {
        let mut sum = self.hashes[before as usize];
        for (word, (&old, &new)) in self.contents[before as usize].iter().zip(words).enumerate() {
            if old != new {
                sum = sum.wrapping_sub(hash(word, old)).wrapping_add(hash(word, new));
            }
        }
        sum
    }

    /// The number of contents with this hash, if they are known.
    fn find(&self, hash: u64, words: &Words) -> Option<u32> {
        self.known.find(hash, |&number| self.contents[number as usize] == *words).copied()
    }

    /// Adds contents with this hash.
    fn add(&mut self, hash: u64, words: Words) {
        let Self { contents, hashes, known, .. } = self;
        known.insert_unique(hash, contents.len() as u32, |&number| hashes[number as usize]);
        contents.push(words);
        hashes.push(hash);
    }
}

impl Contents {
    /// The place of an object that was ever written.
    fn place(&self, obj: Obj) -> Option<u32> {
        self.places.get(obj.pfn() as usize).copied().filter(|&place| place != NONE)
    }

    /// Makes known what an object contains.
    pub(super) fn learn(&mut self, obj: Obj, initial: Words, words: Words) {
        let index = obj.pfn() as usize;
        if index >= self.places.len() {
            self.places.resize(index + 1, NONE);
        }
        if self.places[index] == NONE {
            self.places[index] = self.objects.len() as u32;
            self.objects.push(Past::new(obj, initial));
        }
        let past = &mut self.objects[self.places[index] as usize];
        let hash = past.hash(0, &words);
        if past.find(hash, &words).is_none() {
            past.add(hash, words);
        }
    }

    /// The number of memory.
    ///
    /// # Errors
    ///
    /// If there are too many.
    pub(super) fn number(&mut self, memory: &[u32]) -> Result<u32, Full> {
        self.memories.number(memory).map(|(number, _)| number)
    }

    /// The memory in bytes that this takes.
    pub(super) fn bytes(&self) -> usize {
        let of = |past: &Past| {
            let words =
                past.contents.capacity() * size_of::<Words>() + past.hashes.capacity() * size_of::<u64>();
            words + past.known.allocation_size()
        };
        self.memories.bytes() + self.objects.iter().map(of).sum::<usize>()
    }
}

impl Now {
    /// Notes that an object has been written. Returns whether what it contains is known; if not, nothing is noted.
    pub(super) fn written(&mut self, known: &Contents, memory: &Memory, obj: Obj) -> bool {
        let Some(place) = known.place(obj) else { return false };
        self.contents.resize(known.objects.len(), 0);
        let past = &known.objects[place as usize];
        let now = &mut self.contents[place as usize];
        let words = words(memory, obj);
        let Some(new) = past.find(past.hash(*now, &words), &words) else { return false };
        if new == *now {
            return true;
        }
        self.replaced.push((place, std::mem::replace(now, new)));
        true
    }

    /// The number of memory, if it has one.
    pub(super) fn number(&self, known: &Contents) -> Option<u32> {
        self.restored().or_else(|| known.memories.find(self.memory()))
    }

    /// The number of memory, if it is as it was restored.
    pub(super) fn restored(&self) -> Option<u32> {
        self.restored.filter(|_| self.replaced.is_empty())
    }

    /// How many writes have been noted and not undone.
    pub(super) const fn depth(&self) -> usize {
        self.replaced.len()
    }

    /// Undoes the writes that were noted last.
    pub(super) fn undo(&mut self, depth: usize) {
        for (place, old) in self.replaced.drain(depth..).rev() {
            self.contents[place as usize] = old;
        }
    }

    /// What all objects contain, but for those at the end that have their first contents, so that it is the same before
    /// and after another object is first written.
    pub(super) fn memory(&self) -> &[u32] {
        let contents = &self.contents[..];
        let len = contents.iter().rposition(|&contents| contents != 0).map_or(0, |last| last + 1);
        &contents[..len]
    }

    /// Gives memory the contents that have a number. Nothing that was noted before can be undone then.
    pub(super) fn restore(&mut self, known: &Contents, memory: &mut Memory, number: u32) {
        self.write(known, memory, known.memories.get(number));
        self.restored = Some(number);
    }

    /// Gives memory the contents that it had at the beginning.
    pub(super) fn restore_first(&mut self, known: &Contents, memory: &mut Memory) {
        self.write(known, memory, &[]);
        self.restored = None;
    }

    /// Gives objects other contents than they have now. Those for which none is wanted get their first ones.
    fn write(&mut self, known: &Contents, memory: &mut Memory, wanted: &[u32]) {
        self.replaced.clear();
        self.contents.resize(known.objects.len(), 0);
        let wanted = wanted.iter().copied().chain(std::iter::repeat(0));
        for ((past, now), wanted) in known.objects.iter().zip(&mut self.contents).zip(wanted) {
            if *now != wanted {
                *now = wanted;
                let first = Addr::new(past.obj, 0).index();
                for (word, &value) in past.contents[wanted as usize].iter().enumerate() {
                    memory.set(Addr::at(first + word), value);
                }
            }
        }
    }
}
