//! What actors may still do: for each position, everything that the actor may touch from there on, as far as is known.

use std::collections::HashMap;

use cowrace_machine::{Access, Addr, Kind, Obj};
use foldhash::fast::FixedState;

use crate::states::bits::Bits;

/// All different accesses that were ever made, by number, and which of them conflict.
#[derive(Debug)]
struct Accesses {
    numbers: HashMap<(usize, u64, Kind), u32, FixedState>,
    all: Vec<Access>,
    /// The accesses to each word.
    words: HashMap<usize, Vec<u32>, FixedState>,
    conflicts: Vec<Bits>,
    /// The positions of actors of which a request was taken for one that makes it, in the states from which it was.
    relied_from: Vec<Bits>,
}

impl Accesses {
    fn number(&mut self, access: Access) -> u32 {
        let access = Access { addr: alike(access.addr), ..access };
        let word = access.addr.index();
        let key = (word, access.mask, access.kind);
        if let Some(&known) = self.numbers.get(&key) {
            return known;
        }
        let new = self.all.len() as u32;
        self.numbers.insert(key, new);
        self.all.push(access);
        self.conflicts.push(Bits::default());
        self.relied_from.push(Bits::default());
        let others = self.words.entry(word).or_default();
        others.push(new);
        for &other in others.iter() {
            if self.all[other as usize].conflicts(&access) {
                self.conflicts[other as usize].insert(new);
                self.conflicts[new as usize].insert(other);
            }
        }
        new
    }
}

/// The same word for all objects that an actor allocates: what it does to one it will do to the next.
fn alike(addr: Addr) -> Addr {
    let Some(owner) = addr.obj().owner() else { return addr };
    let first = Addr::new(Obj::allocated(owner, 0), 0);
    Addr::at(first.index() + addr.word() as usize)
}

/// A position of an actor.
#[derive(Debug, Default)]
struct Future {
    /// Everything that the actor may touch from here on.
    all: Bits,
    /// What others did while the actor was here, because it was not known to get in their way.
    relied: Bits,
    /// The positions of the actor in the states from which that was relied on.
    relied_from: Bits,
    /// The positions from which there is a way to this one.
    before: Vec<u32>,
    /// Whether an actor has been here.
    is_known: bool,
}

/// What a request was last seen to touch.
#[derive(Debug, Default)]
struct Noted {
    accesses: Vec<Access>,
    numbers: Vec<u32>,
}

/// What turned out to be wrong: the states with an actor at one position and another one at the other may have been
/// left too early.
#[derive(Debug, Default)]
pub(super) struct Surprises {
    /// Where the actors were that may be disturbed.
    actors: Bits,
    /// Where those were that do what they were taken not to do.
    others: Bits,
}

impl Surprises {
    /// Whether a state in which the actors have these positions has to be looked at again.
    pub(super) fn concern(&self, mut positions: impl Iterator<Item = u32>) -> bool {
        let (mut actor, mut other) = (false, false);
        positions.any(|position| {
            actor |= self.actors.contains(position);
            other |= self.others.contains(position);
            actor && other
        })
    }

    fn is_empty(&self) -> bool {
        self.others == Bits::default()
    }
}

/// What actors may still touch from each of their places.
#[derive(Debug)]
pub(super) struct Futures {
    accesses: Accesses,
    positions: Vec<Future>,
    /// By place.
    noted: Vec<Noted>,
    /// Where actors have turned out to touch what others had relied on that they do not.
    surprises: Surprises,
}

impl Futures {
    pub(super) fn new() -> Self {
        let seed = || FixedState::with_seed(0);
        Self {
            accesses: Accesses {
                numbers: HashMap::with_hasher(seed()),
                all: Vec::new(),
                words: HashMap::with_hasher(seed()),
                conflicts: Vec::new(),
                relied_from: Vec::new(),
            },
            positions: Vec::new(),
            noted: Vec::new(),
            surprises: Surprises::default(),
        }
    }

    fn make_room(&mut self, position: u32) {
        if position as usize >= self.positions.len() {
            self.positions.resize_with(position as usize + 1, Future::default);
        }
    }

    /// The memory in bytes that this takes.
    pub(super) fn bytes(&self) -> usize {
        let position = |future: &Future| {
            future.all.bytes() + future.relied.bytes() + future.relied_from.bytes() + size_of::<Future>()
        };
        let noted = |noted: &Noted| noted.accesses.capacity() * size_of::<Access>() + size_of::<Noted>();
        self.positions.iter().map(position).sum::<usize>() + self.noted.iter().map(noted).sum::<usize>()
    }

    /// Whether everything that was relied on is true, as far as is known.
    pub(super) fn are_true(&self) -> bool {
        self.surprises.is_empty()
    }

    /// What has turned out to be wrong since this was last asked.
    pub(super) fn surprises(&mut self) -> Surprises {
        std::mem::take(&mut self.surprises)
    }

    /// Notes what the request at a place touches.
    pub(super) fn touch(&mut self, place: u32, position: u32, accesses: &[Access]) {
        self.make_room(position);
        if place as usize >= self.noted.len() {
            self.noted.resize_with(place as usize + 1, Noted::default);
        }
        let noted = &mut self.noted[place as usize];
        if noted.accesses == accesses {
            return;
        }
        noted.accesses.clear();
        noted.accesses.extend_from_slice(accesses);
        noted.numbers.clear();
        for &access in accesses {
            let number = self.accesses.number(access);
            self.noted[place as usize].numbers.push(number);
            if !self.positions[position as usize].all.contains(number) {
                let mut new = Bits::default();
                new.insert(number);
                self.add(position, &new);
            }
        }
    }

    /// Notes that an actor is at a position. Returns whether none has been there before.
    pub(super) fn arrive(&mut self, position: u32) -> bool {
        self.make_room(position);
        !std::mem::replace(&mut self.positions[position as usize].is_known, true)
    }

    /// Notes that there is a way between two positions.
    pub(super) fn connect(&mut self, from: u32, to: u32) {
        self.make_room(from.max(to));
        let before = &mut self.positions[to as usize].before;
        if !before.contains(&from) {
            before.push(from);
            let all = self.positions[to as usize].all.clone();
            self.add(from, &all);
        }
    }

    fn add(&mut self, position: u32, new: &Bits) {
        let mut open = vec![position];
        while let Some(position) = open.pop() {
            let Self { accesses, positions, surprises, .. } = self;
            let future = &mut positions[position as usize];
            if !future.all.add_all(new) {
                continue;
            }
            for number in new.iter() {
                let wrong = future.relied.take_common(&accesses.conflicts[number as usize]);
                for disturbed in wrong.iter() {
                    surprises.actors.add_all(&accesses.relied_from[disturbed as usize]);
                    surprises.others.add_all(&future.relied_from);
                }
            }
            open.extend_from_slice(&future.before);
        }
    }

    /// Whether an actor at a position may get in the way of the request at a place, as it was noted last.
    pub(super) fn may_disturb(&self, position: u32, place: u32) -> bool {
        let Some(other) = self.positions.get(position as usize) else { return false };
        let numbers = &self.noted[place as usize].numbers;
        numbers.iter().any(|&number| self.accesses.conflicts[number as usize].meets(&other.all))
    }

    /// Whether the request at a place touches anything, as it was noted last.
    pub(super) fn touches_anything(&self, place: u32) -> bool {
        self.noted.get(place as usize).is_some_and(|noted| !noted.numbers.is_empty())
    }

    /// Notes that the request at a place was taken for one in whose way another actor at a position does not get, in
    /// a state in which the one had the first and the other the second of two positions.
    pub(super) fn rely(&mut self, place: u32, position: u32, [one, other]: [u32; 2]) {
        self.make_room(position);
        let Future { relied, relied_from, .. } = &mut self.positions[position as usize];
        relied_from.insert(other);
        for &number in &self.noted[place as usize].numbers {
            relied.insert(number);
            self.accesses.relied_from[number as usize].insert(one);
        }
    }
}
