//! The places of actors: where an actor can be, as far as it makes a difference for what it does next.
//!
//! An actor is a pure function of the answers that it gets. What it does next depends only on what it still
//! *remembers*: what its open frames and the results of those that have ended say ([`Seat::with_remembered`]), how many
//! objects it has named, how often it has passed each barrier, and which call it is in. Two sequences of answers after
//! which all of this agrees lead to the same place. So the tree of an actor's answers becomes a graph.
//!
//! What an actor has found wrong, and the marks that it has set, belong to the way between two places. The reasons why
//! a call has no effect are reported when the call ends, so they are part of the place until then.

mod verify;

use std::collections::HashMap;

use cowrace_machine::frame::site_word;
use cowrace_machine::{Answer, Mark, Op, Placed, Program, Request, Seat};
use cowrace_report::Shown;
use foldhash::fast::FixedState;

use crate::execution::effects::Effects;
use crate::states::watched::{Hits, Watched};

/// No place, no way, or no call.
pub(super) const NONE: u32 = u32::MAX;

/// A place of an actor.
#[derive(Debug)]
pub(super) struct Place {
    /// The actor's request here; `None` if it has finished.
    pub(super) request: Option<Request>,
    /// The call to which the request belongs.
    call: Option<u16>,
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
    rank: u32,
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
#[derive(Debug)]
pub(super) struct Places<'p> {
    program: &'p Program,
    places: Vec<Place>,
    ways: Vec<Way>,
    /// Places by all that makes a difference.
    known: HashMap<Box<[u64]>, u32, FixedState>,
    positions: HashMap<Box<[u64]>, u32, FixedState>,
    /// Where each actor begins.
    roots: Vec<u32>,
    /// A future of each actor, and the place that it has reached.
    seats: Vec<(Seat, u32)>,
    effects: Effects,
    key: Vec<u64>,
    /// The windows that are watched, and whether that is possible.
    pub(super) watched: Watched,
    pub(super) can_watch: bool,
}

impl<'p> Places<'p> {
    pub(super) fn new(program: &'p Program, watched: Watched) -> Self {
        let mut places = Self {
            program,
            places: Vec::new(),
            ways: Vec::new(),
            known: HashMap::with_hasher(FixedState::with_seed(0)),
            positions: HashMap::with_hasher(FixedState::with_seed(0)),
            roots: Vec::new(),
            seats: Vec::new(),
            effects: Effects::default(),
            key: Vec::new(),
            can_watch: true,
            watched,
        };
        for actor in 0..program.actors.len() as u8 {
            let mut seat = program.seat(actor).remembering();
            let request = seat.poll();
            seat.with_marks(|marks| places.effects.note(marks, 0));
            places.can_watch &= seat.with_marks(|marks| places.watched.hits(None, None, marks)).is_some();
            let passed = vec![0; program.barriers.len()].into();
            let root = places.reached(&seat, actor, request, passed, (NONE, Answer::default()));
            places.roots.push(root);
            places.seats.push((seat, root));
        }
        places
    }

    /// Where each actor begins.
    pub(super) fn roots(&self) -> &[u32] {
        &self.roots
    }

    pub(super) fn get(&self, place: u32) -> &Place {
        &self.places[place as usize]
    }

    /// The memory in bytes that this takes.
    pub(super) fn bytes(&self) -> usize {
        let keys = self.known.keys().map(|key| size_of_val(&**key) + size_of::<(Box<[u64]>, u32)>());
        self.places.capacity() * size_of::<Place>()
            + self.ways.capacity() * size_of::<Way>()
            + keys.sum::<usize>()
    }

    /// What calls have shown.
    pub(super) fn shown(&self) -> impl Iterator<Item = Shown> + '_ {
        self.effects.all()
    }

    pub(super) fn way(&self, way: u32) -> &Way {
        &self.ways[way as usize]
    }

    /// The way on which an answer leads from a place of an actor, and whether it is new.
    pub(super) fn answer(&mut self, actor: u8, from: u32, answer: Answer) -> (u32, bool) {
        let mut way = self.places[from as usize].ways;
        while way != NONE && self.ways[way as usize].answer != answer {
            way = self.ways[way as usize].next;
        }
        if way == NONE { (self.learn(actor, from, answer), true) } else { (way, false) }
    }

    /// Whether an actor that waits at a barrier may pass: every participant waits there or has passed.
    pub(super) fn may_pass(&self, at: &[u32], actor: u8, id: u8) -> bool {
        let round = self.get(at[actor as usize]).passed[id as usize];
        self.program.barriers[id as usize].iter().all(|other| {
            let other = self.get(at[other as usize]);
            let waits = other.request.is_some_and(|request| request.op == Op::Barrier { id });
            other.passed[id as usize] + u8::from(waits) > round
        })
    }

    /// Runs an actor's future to learn where an answer leads.
    fn learn(&mut self, actor: u8, from: u32, answer: Answer) -> u32 {
        let (mut seat, at) = self.seats.swap_remove(actor as usize);
        if at != from {
            seat = self.program.seat(actor).remembering();
            for answer in self.answers(from) {
                seat.poll();
                seat.answer(answer);
            }
            seat.poll();
            // A finding on the way is stored where it was found.
            drop(seat.take_finding());
        }
        let before = seat.with_marks(<[Placed]>::len);
        seat.answer(answer);
        let request = seat.poll();
        seat.with_marks(|marks| self.effects.note(marks, before));
        let is_wrong = seat.take_finding().is_some();
        let here = &self.places[from as usize];
        let mut passed = here.passed.clone();
        if let Some(Op::Barrier { id }) = here.request.map(|request| request.op) {
            passed[id as usize] += 1;
        }
        let to = self.reached(&seat, actor, request, passed, (from, answer));
        let Place { call, request, .. } = &self.places[from as usize];
        let hits = seat.with_marks(|marks| self.watched.hits(*call, request.as_ref(), &marks[before..]));
        self.can_watch &= hits.is_some();
        let closes = self.comes_before(to, from);
        let way = self.ways.len() as u32;
        let next = std::mem::replace(&mut self.places[from as usize].ways, way);
        self.ways.push(Way { answer, to, next, closes, is_wrong, hits: hits.unwrap_or_default() });
        // The future is at this place even if another sequence of answers first led to it.
        self.seats.push((seat, to));
        let last = self.seats.len() - 1;
        self.seats.swap(actor as usize, last);
        way
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

    /// The position of an actor in its program: its call, the open frames, and the request. Without frames, the number
    /// of answers.
    fn position(&mut self, seat: &Seat, actor: u8, request: Option<&Request>, call: Option<u16>) -> u32 {
        let mut key = vec![u64::from(actor), call.map_or(u64::MAX, u64::from)];
        if let Some(request) = request {
            seat.with_call_sites(|sites| key.extend(sites.map(site_word)));
            key.push(if key.len() == 2 { u64::from(seat.answered()) } else { site_word(request.site) });
        }
        let new = self.positions.len() as u32;
        *self.positions.entry(key.into()).or_insert(new)
    }

    /// The place that a seat has reached.
    fn reached(
        &mut self,
        seat: &Seat,
        actor: u8,
        request: Option<Request>,
        passed: Box<[u8]>,
        (parent, answer): (u32, Answer),
    ) -> u32 {
        let mut key = std::mem::take(&mut self.key);
        key.clear();
        key.push(u64::from(actor));
        key.extend(passed.iter().map(|&passed| u64::from(passed)));
        let mut call = None;
        if request.is_some() {
            // What an actor that has finished remembers makes no difference.
            call = seat.with_marks(|marks| note_call(marks, &mut key));
            key.push(u64::from(seat.allocated()));
            seat.with_remembered(|words| key.extend_from_slice(words));
        }
        let new = self.places.len() as u32;
        let rank = self.places.get(parent as usize).map_or(0, |parent| parent.rank + 1);
        let place = match self.known.get(&key[..]) {
            Some(&known) => known,
            None => {
                self.known.insert(key[..].into(), new);
                let position = self.position(seat, actor, request.as_ref(), call);
                self.places.push(Place { request, call, position, passed, ways: NONE, parent, answer, rank });
                new
            }
        };
        self.key = key;
        place
    }
}

/// Adds the call that is under way and the reasons why it has no effect to a key. Returns the call.
fn note_call(marks: &[Placed], key: &mut Vec<u64>) -> Option<u16> {
    let mut call = None;
    let mut begin = 0;
    for (at, placed) in marks.iter().enumerate() {
        match placed.mark {
            Mark::Begin(begun) => (call, begin) = (Some(begun), at),
            Mark::End(_) => call = None,
            Mark::Step(_) | Mark::NoEffect(_) | Mark::Limit(_) => {}
        }
    }
    key.push(call.map_or(u64::MAX, u64::from));
    if call.is_some() {
        let mut reasons: Vec<u64> = Vec::new();
        for placed in &marks[begin..] {
            if let Mark::NoEffect(why) = placed.mark {
                reasons.push((why.aim as u64) << 32 | why.why as u64);
            }
        }
        reasons.sort_unstable();
        reasons.dedup();
        key.push(reasons.len() as u64);
        key.append(&mut reasons);
    }
    call
}
