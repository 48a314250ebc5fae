//! Memory as a number: each object's contents have a number, and so has each combination of these.

use std::hash::BuildHasher;

use cowrace_machine::{Addr, Memory, Obj};
use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::states::numbers::{Full, Numbers};

/// The words of an object, and its life word.
type Words = [u64; Obj::WORDS as usize + 1];

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

/// Gives objects other contents than they have now. Those for which none is wanted get their first ones.
fn write(objects: &[Past], now: &mut [u32], memory: &mut Memory, wanted: &[u32]) {
    let wanted = wanted.iter().copied().chain(std::iter::repeat(0));
    for ((past, now), wanted) in objects.iter().zip(now).zip(wanted) {
        if *now != wanted {
            *now = wanted;
            let first = Addr::new(past.obj, 0).index();
            for (word, &value) in past.contents[wanted as usize].iter().enumerate() {
                memory.set(Addr::at(first + word), value);
            }
        }
    }
}

/// The contents of all objects that were ever written.
#[derive(Debug)]
pub(super) struct Contents<'p> {
    /// Memory at the beginning.
    initial: &'p Memory,
    objects: Vec<Past>,
    /// The places in `objects`, by the object's number.
    places: Vec<u32>,
    /// The number of the contents that each object has now, and what to undo.
    now: Vec<u32>,
    replaced: Vec<(u32, u32)>,
    memories: Numbers,
}

fn words(memory: &Memory, obj: Obj) -> Words {
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

    /// The number of the contents that have these words, which differ from those with another number.
    fn number(&mut self, before: u32, words: Words) -> u32 {
        let Self { contents, hashes, known, .. } = self;
        let mut sum = hashes[before as usize];
        for (word, (&old, &new)) in contents[before as usize].iter().zip(&words).enumerate() {
            if old != new {
                sum = sum.wrapping_sub(hash(word, old)).wrapping_add(hash(word, new));
            }
        }
        let is_it = |&number: &u32| contents[number as usize] == words;
        if let Some(&number) = known.find(sum, is_it) {
            return number;
        }
        let number = contents.len() as u32;
        known.insert_unique(sum, number, |&number| hashes[number as usize]);
        contents.push(words);
        hashes.push(sum);
        number
    }
}

impl<'p> Contents<'p> {
    pub(super) const fn new(initial: &'p Memory) -> Self {
        Self {
            initial,
            objects: Vec::new(),
            places: Vec::new(),
            now: Vec::new(),
            replaced: Vec::new(),
            memories: Numbers::new(),
        }
    }

    /// Notes that an object has been written.
    pub(super) fn written(&mut self, memory: &Memory, obj: Obj) {
        let index = obj.pfn() as usize;
        if index >= self.places.len() {
            self.places.resize(index + 1, NONE);
        }
        if self.places[index] == NONE {
            self.places[index] = self.objects.len() as u32;
            self.objects.push(Past::new(obj, words(self.initial, obj)));
            self.now.push(0);
        }
        let place = self.places[index];
        let now = &mut self.now[place as usize];
        let new = self.objects[place as usize].number(*now, words(memory, obj));
        self.replaced.push((place, std::mem::replace(now, new)));
    }

    /// How many writes have been noted and not undone.
    pub(super) const fn depth(&self) -> usize {
        self.replaced.len()
    }

    /// Undoes the writes that were noted last.
    pub(super) fn undo(&mut self, depth: usize) {
        for (place, old) in self.replaced.drain(depth..).rev() {
            self.now[place as usize] = old;
        }
    }

    /// Without the objects at the end that have their first contents, so that the number is the same before and after
    /// another object is first written.
    fn significant(&self) -> &[u32] {
        let len = self.now.iter().rposition(|&contents| contents != 0).map_or(0, |last| last + 1);
        &self.now[..len]
    }

    /// The number of memory as it is now, and whether it is new.
    pub(super) fn number(&mut self) -> Result<(u32, bool), Full> {
        let len = self.significant().len();
        self.memories.number(&self.now[..len])
    }

    /// Gives memory the contents that have a number. Nothing that was noted before can be undone then.
    pub(super) fn restore(&mut self, memory: &mut Memory, number: u32) {
        self.replaced.clear();
        let Self { objects, now, memories, .. } = self;
        write(objects, now, memory, memories.get(number));
    }

    /// Gives memory the contents that it had at the beginning.
    pub(super) fn restore_first(&mut self, memory: &mut Memory) {
        self.replaced.clear();
        write(&self.objects, &mut self.now, memory, &[]);
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
