//! What actors may still do: for each position, everything that the actor may touch from there on, as far as is known.

use std::collections::HashMap;

use cowrace_machine::{Access, Addr, Kind, Obj};
use foldhash::fast::FixedState;

use crate::states::bits::Bits;

/// All different accesses that were ever made, by number, and which of them conflict.
#[derive(Debug, Default)]
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
    /// The number of an access, if it is known.
    fn find(&self, access: Access) -> Option<u32> {
        self.numbers.get(&(alike(access.addr).index(), access.mask, access.kind)).copied()
    }

    /// The number of an access.
    fn number(&mut self, access: Access) -> u32 {
        if let Some(known) = self.find(access) {
            return known;
        }
        let access = Access { addr: alike(access.addr), ..access };
        let word = access.addr.index();
        let new = self.all.len() as u32;
        self.numbers.insert((word, access.mask, access.kind), new);
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

/// What the request at each place was last seen to touch.
#[derive(Debug, Default)]
pub(super) struct Footprints(Vec<Noted>);

impl Footprints {
    /// The memory in bytes that the footprint of a request takes, about.
    pub(super) const EACH: usize = size_of::<Noted>() + 2 * (size_of::<Access>() + size_of::<u32>());

    /// Notes what the request at a place touches, by an actor at a position. Returns whether it is known that it may; if
    /// not, nothing is noted.
    pub(super) fn note(&mut self, known: &Futures, place: u32, position: u32, accesses: &[Access]) -> bool {
        if place as usize >= self.0.len() {
            self.0.resize_with(place as usize + 1, Noted::default);
        }
        let noted = &mut self.0[place as usize];
        if noted.accesses == accesses {
            return true;
        }
        noted.accesses.clear();
        noted.numbers.clear();
        let Some(future) = known.positions.get(position as usize) else { return accesses.is_empty() };
        for &access in accesses {
            let number = known.accesses.find(access).filter(|&number| future.all.contains(number));
            let Some(number) = number else {
                noted.numbers.clear();
                return false;
            };
            noted.numbers.push(number);
        }
        noted.accesses.extend_from_slice(accesses);
        true
    }

    /// What the request at a place was last seen to touch, by number.
    pub(super) fn of(&self, place: u32) -> &[u32] {
        self.0.get(place as usize).map_or(&[], |noted| &noted.numbers)
    }
}

/// A request was taken for one in whose way another actor does not get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reliance {
    /// What the request touches, by number.
    pub(super) access: u32,
    /// The position of the other actor.
    pub(super) position: u32,
    /// The positions of the one and the other in the state from which that was relied on.
    pub(super) from: [u32; 2],
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
#[derive(Debug, Default)]
pub(super) struct Futures {
    accesses: Accesses,
    positions: Vec<Future>,
    /// Where actors have turned out to touch what others had relied on that they do not.
    surprises: Surprises,
}

impl Futures {
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
        self.positions.iter().map(position).sum()
    }

    /// Whether everything that was relied on is true, as far as is known.
    pub(super) fn are_true(&self) -> bool {
        self.surprises.is_empty()
    }

    /// What has turned out to be wrong since this was last asked.
    pub(super) fn surprises(&mut self) -> Surprises {
        std::mem::take(&mut self.surprises)
    }

    /// Notes that an actor at a position makes these accesses.
    pub(super) fn touch(&mut self, position: u32, accesses: &[Access]) {
        self.make_room(position);
        for &access in accesses {
            let number = self.accesses.number(access);
            if !self.positions[position as usize].all.contains(number) {
                let mut new = Bits::default();
                new.insert(number);
                self.add(position, &new);
            }
        }
    }

    /// Whether an actor has been at a position.
    pub(super) fn has_been_at(&self, position: u32) -> bool {
        self.positions.get(position as usize).is_some_and(|future| future.is_known)
    }

    /// Notes that an actor is at a position.
    pub(super) fn arrive(&mut self, position: u32) {
        self.make_room(position);
        self.positions[position as usize].is_known = true;
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

    /// Whether an actor at a position may get in the way of a request that touches this, by number.
    pub(super) fn may_disturb(&self, position: u32, touched: &[u32]) -> bool {
        let Some(other) = self.positions.get(position as usize) else { return false };
        touched.iter().any(|&number| self.accesses.conflicts[number as usize].meets(&other.all))
    }

    /// All known accesses that conflict with one, by number.
    pub(super) fn conflicting(&self, access: Access) -> Bits {
        let alike = Access { addr: alike(access.addr), ..access };
        let known = self.accesses.words.get(&alike.addr.index()).map_or(&[][..], Vec::as_slice);
        let mut conflicting = Bits::default();
        for &number in known {
            if self.accesses.all[number as usize].conflicts(&alike) {
                conflicting.insert(number);
            }
        }
        conflicting
    }

    /// Whether an actor at a position may make one of these accesses, given by number.
    pub(super) fn may_make(&self, position: u32, accesses: &Bits) -> bool {
        self.positions.get(position as usize).is_some_and(|future| accesses.meets(&future.all))
    }

    /// Whether this has been relied on before.
    pub(super) fn is_relied_on(&self, Reliance { access, position, from: [one, other] }: Reliance) -> bool {
        let relied = |future: &Future| future.relied.contains(access) && future.relied_from.contains(other);
        self.positions.get(position as usize).is_some_and(relied)
            && self.accesses.relied_from[access as usize].contains(one)
    }

    /// Notes what was relied on. It may have turned out to be wrong meanwhile.
    pub(super) fn rely(&mut self, Reliance { access, position, from: [one, other] }: Reliance) {
        self.make_room(position);
        self.accesses.relied_from[access as usize].insert(one);
        let Future { all, relied, relied_from, .. } = &mut self.positions[position as usize];
        relied_from.insert(other);
        if self.accesses.conflicts[access as usize].meets(all) {
            self.surprises.actors.insert(one);
            self.surprises.others.insert(other);
        } else {
            relied.insert(access);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a thread relied on is noted when others may have learned better.
    #[test]
    fn what_was_wrong_when_it_was_noted_is_a_surprise() {
        let access = |kind| Access { addr: Addr::at(3), mask: 1, kind };
        let mut futures = Futures::default();
        futures.touch(0, &[access(Kind::Read)]);
        futures.touch(1, &[access(Kind::Write)]);
        let reliance = Reliance { access: 0, position: 1, from: [4, 5] };
        assert!(futures.are_true() && !futures.is_relied_on(reliance));
        futures.rely(reliance);
        assert!(!futures.are_true());
        let surprises = futures.surprises();
        assert!(surprises.concern([5, 4].into_iter()) && !surprises.concern([4, 1].into_iter()));
    }
}
