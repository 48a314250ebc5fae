//! The places of actors: where an actor can be, as far as it makes a difference for what it does next.
//!
//! An actor is a pure function of the answers that it gets. What it does next depends only on what it still
//! *remembers*: what its open frames and the results of those that have ended say ([`Seat::with_remembered`]), how many
//! objects it has named, how often it has passed each barrier, and which call it is in. Two sequences of answers after
//! which all of this agrees lead to the same place. So the tree of an actor's answers becomes a graph.
//!
//! What an actor has found wrong, and the marks that it has set, belong to the way between two places. The reasons why
//! a call has no effect are reported when the call ends, so they are part of the place until then.

pub(super) mod learner;
mod verify;

use cowrace_machine::{Answer, Op, Program, Request};

use crate::states::watched::{Hits, Watched};

/// No place, no way, or no call.
pub(super) const NONE: u32 = u32::MAX;

/// A place of an actor.
#[derive(Debug)]
pub(super) struct Place {
    /// The actor's request here; `None` if it has finished.
    pub(super) request: Option<Request>,
    /// The call to which the request belongs.
    pub(super) call: Option<u16>,
    /// The number of the actor's position in its program.
    pub(super) position: u32,
    /// How often the actor has passed each barrier.
    passed: Box<[u8]>,
    /// The first of the ways that lead on.
    ways: u32,
    /// How it was first reached: the place before, and the answer there.
    parent: u32,
    answer: Answer,
    /// Greater than that of every place before it, but for ways that close a circle.
    pub(super) rank: u32,
}

/// Where an answer leads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    answer: Answer,
    pub(super) to: u32,
    /// The next way from the same place.
    next: u32,
    /// Whether it leads back to a place from which the actor has come: every circle has such a way.
    pub(super) closes: bool,
    /// Whether the actor finds something wrong on this way.
    pub(super) is_wrong: bool,
    /// The points of windows to which the request before it belongs.
    pub(super) hits: Hits,
}

/// The known places of all actors.
#[derive(Debug, Default)]
pub(super) struct Places {
    places: Vec<Place>,
    ways: Vec<Way>,
    /// Where each actor begins.
    roots: Vec<u32>,
    /// The windows that are watched.
    pub(super) watched: Watched,
}

impl Places {
    /// No place is known.
    pub(super) fn new(watched: Watched) -> Self {
        Self { watched, ..Self::default() }
    }

    /// Where each actor begins.
    pub(super) fn roots(&self) -> &[u32] {
        &self.roots
    }

    pub(super) fn get(&self, place: u32) -> &Place {
        &self.places[place as usize]
    }

    /// How many are known.
    pub(super) const fn len(&self) -> usize {
        self.places.len()
    }

    /// The memory in bytes that this takes.
    pub(super) const fn bytes(&self) -> usize {
        self.places.capacity() * size_of::<Place>() + self.ways.capacity() * size_of::<Way>()
    }

    /// The way on which an answer leads from a place, if it is known.
    pub(super) fn way(&self, from: u32, answer: Answer) -> Option<&Way> {
        self.ways_from(from).find(|way| way.answer == answer)
    }

    /// The ways that lead on from a place.
    fn ways_from(&self, place: u32) -> impl Iterator<Item = &Way> {
        let way = |at: u32| self.ways.get(at as usize);
        std::iter::successors(way(self.get(place).ways), move |last| way(last.next))
    }

    /// Whether an actor that waits at a barrier may pass: every participant waits there or has passed.
    pub(super) fn may_pass(&self, program: &Program, at: &[u32], actor: u8, id: u8) -> bool {
        let round = self.get(at[actor as usize]).passed[id as usize];
        program.barriers[id as usize].iter().all(|other| {
            let other = self.get(at[other as usize]);
            let waits = other.request.is_some_and(|request| request.op == Op::Barrier { id });
            other.passed[id as usize] + u8::from(waits) > round
        })
    }

    /// Whether there are ways from one place to another. If not, ranks are raised so that the first may come after the
    /// other.
    fn comes_before(&mut self, first: u32, last: u32) -> bool {
        let least = self.places[last as usize].rank + 1;
        let mut open = vec![(first, least)];
        let mut raised = Vec::new();
        while let Some((place, rank)) = open.pop() {
            if place == last {
                // Ranks that are too high do no harm, but are of no use.
                raised.into_iter().rev().for_each(|(place, old)| self.places[place as usize].rank = old);
                return true;
            }
            let here = &mut self.places[place as usize];
            if here.rank >= rank {
                continue;
            }
            raised.push((place, std::mem::replace(&mut here.rank, rank)));
            let mut way = here.ways;
            while let Some(next) = self.ways.get(way as usize) {
                if !next.closes {
                    open.push((next.to, rank + 1));
                }
                way = next.next;
            }
        }
        false
    }

    /// Answers that lead to a place.
    fn answers(&self, mut to: u32) -> Vec<Answer> {
        let mut answers = Vec::new();
        while self.places[to as usize].parent != NONE {
            answers.push(self.places[to as usize].answer);
            to = self.places[to as usize].parent;
        }
        answers.reverse();
        answers
    }
}
