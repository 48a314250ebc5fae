//! The place of an actor after the answers that it got. All states share one tree of answers, so that an actor's future
//! is run once for each place in it, however many states have the actor there.

use std::collections::HashMap;
use std::sync::Arc;

use cowrace_machine::{Answer, Mark, Op, Program, Request, Seat};

/// What the place of an actor depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// All answers that it got.
    Answers,
    /// The answers that it got in its current call. This relies on a property of the model, which forgets answers at
    /// the end of each call; our search uses it only at barriers.
    Calls,
}

impl Told {
    pub(super) const BOTH: [Self; 2] = [Self::Answers, Self::Calls];
}

/// How often an actor has passed each barrier.
type Passed = Box<[u8]>;

/// A place that does not depend on how an actor got there: actor, last mark if it has not finished, passed barriers,
/// allocated objects, whether something is wrong.
type Meeting = (u8, Option<Mark>, Passed, u16, bool);

struct Place {
    actor: u8,
    /// The place before, and the answer that led here; `None` at the beginning.
    parent: Option<(u32, Answer)>,
    /// Where each answer leads, as far as it is known.
    ways: Vec<(Answer, u32)>,
    request: Option<Request>,
    passed: Passed,
    /// Whether the model found something wrong on the way to this place.
    wrong: bool,
}

/// All places that actors have reached so far.
pub(super) struct Answers {
    program: Arc<Program>,
    told: Told,
    places: Vec<Place>,
    meetings: HashMap<Meeting, u32>,
}

impl Answers {
    /// The tree in which each actor has its beginning: place `n` is that of actor `n`.
    pub(super) fn new(program: Arc<Program>, told: Told) -> Self {
        let mut answers = Self { program, told, places: Vec::new(), meetings: HashMap::new() };
        for actor in 0..answers.program.actors.len() as u8 {
            let mut seat = answers.program.seat(actor);
            let request = seat.poll();
            let passed = vec![0; answers.program.barriers.len()].into();
            let wrong = seat.take_finding().is_some();
            answers.places.push(Place { actor, parent: None, ways: Vec::new(), request, passed, wrong });
        }
        answers
    }

    /// The request at a place, unless the actor has finished there.
    pub(super) fn request(&self, at: u32) -> Option<&Request> {
        self.places[at as usize].request.as_ref()
    }

    /// Whether the model found something wrong on the way to a place.
    pub(super) fn wrong(&self, at: u32) -> bool {
        self.places[at as usize].wrong
    }

    /// How often an actor has reached a barrier; `waiting` adds its current wait there.
    pub(super) fn passed(&self, at: u32, barrier: u8, waiting: bool) -> u8 {
        let waits = waiting && self.request(at).is_some_and(|r| r.op == Op::Barrier { id: barrier });
        self.places[at as usize].passed[barrier as usize] + u8::from(waits)
    }

    /// Where an answer leads.
    pub(super) fn after(&mut self, at: u32, answer: Answer) -> u32 {
        let known = self.places[at as usize].ways.iter().find(|(other, _)| *other == answer);
        let known = known.map(|&(_, to)| to);
        known.unwrap_or_else(|| self.learn(at, answer))
    }

    /// Runs the actor's future from its beginning to learn where an answer leads.
    fn learn(&mut self, at: u32, answer: Answer) -> u32 {
        let mut seat = self.seat(at);
        seat.answer(answer);
        let request = seat.poll();
        let here = &self.places[at as usize];
        let (actor, mut passed) = (here.actor, here.passed.clone());
        if let Some(Op::Barrier { id }) = here.request.map(|r| r.op) {
            passed[id as usize] += 1;
        }
        let wrong = seat.take_finding().is_some();
        let new = self.places.len() as u32;
        let to = match self.meeting(&seat, request.is_none()) {
            None => new,
            Some((mark, allocated)) => {
                *self.meetings.entry((actor, mark, passed.clone(), allocated, wrong)).or_insert(new)
            }
        };
        if to == new {
            let parent = Some((at, answer));
            self.places.push(Place { actor, parent, ways: Vec::new(), request, passed, wrong });
        }
        self.places[at as usize].ways.push((answer, to));
        to
    }

    /// If an actor has forgotten at this place how it got there: its current mark, and what it has allocated.
    fn meeting(&self, seat: &Seat, finished: bool) -> Option<(Option<Mark>, u16)> {
        if finished {
            return Some((None, 0));
        }
        let last = seat.with_marks(|marks| marks.last().copied()).filter(|last| last.at == seat.answered());
        match (self.told, last?.mark) {
            (Told::Calls, mark @ (Mark::Begin(_) | Mark::End(_))) => Some((Some(mark), seat.allocated())),
            _ => None,
        }
    }

    /// An actor at a place, its request polled and its findings taken.
    fn seat(&self, at: u32) -> Seat {
        let mut path = Vec::new();
        let mut place = &self.places[at as usize];
        while let Some((parent, answer)) = place.parent {
            path.push(answer);
            place = &self.places[parent as usize];
        }
        let mut seat = self.program.seat(place.actor);
        seat.poll();
        for &answer in path.iter().rev() {
            seat.answer(answer);
            seat.poll();
        }
        drop(seat.take_finding());
        seat
    }
}
