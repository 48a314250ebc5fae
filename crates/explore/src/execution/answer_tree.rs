//! The actors of the current execution, and what is known about how they continue.
//!
//! An actor is a pure function of the answers it has got. So its next request is remembered under those answers, in a
//! tree for each actor, and a future is run only where the tree ends. A search sees the same answers over and over:
//! after the first few executions hardly any future is run at all, and going back is a step to the parent.

use std::collections::HashSet;
use std::hash::BuildHasher;

use cowrace_machine::{Answer, Mark, Memory, Op, Placed, Program, Request, Seat};
use cowrace_report::Finding;
use foldhash::fast::FixedState;

use crate::execution::effects::Effects;
use crate::execution::sites::Sites;

/// How many places are remembered before all of them are forgotten; a place takes about 300 bytes.
const MOST: usize = 100_000;

/// How many answers can be given after [`Actors::make_room`] before any place is forgotten.
pub(crate) const MOST_AT_ONCE: u64 = MOST as u64 / 2;

/// No place, or no call.
const NONE: u32 = u32::MAX;

/// An actor after some answers.
#[derive(Debug)]
struct Place {
    /// The answer that led here.
    answer: Answer,
    parent: u32,
    /// The first of the places that the next answer leads to.
    child: u32,
    /// The next place that the parent's next answer leads to.
    sibling: u32,
    /// The actor's request here; `None` if it has finished.
    request: Option<Request>,
    /// The innermost call to which the request belongs.
    call: u32,
    /// How many objects the actor has named.
    allocated: u16,
    /// What the actor found wrong on the step to this place.
    finding: Option<Box<Finding>>,
    /// The marks that the actor set on the step to this place.
    marks: Box<[Placed]>,
}

/// Where all actors are, and how often they have passed barriers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spot {
    at: Vec<u32>,
    passed: Vec<Vec<u32>>,
}

/// A step that an actor may take whatever the others do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Free {
    pub(crate) actor: u8,
    /// The number of values to choose from; zero if the step is not a choice.
    pub(crate) choices: u32,
}

/// All actors.
#[derive(Debug)]
pub(crate) struct Actors<'p> {
    program: &'p Program,
    places: Vec<Place>,
    /// Where each actor begins.
    roots: Vec<u32>,
    /// Where each actor is.
    at: Vec<u32>,
    /// A future of each actor, and the place that it has reached.
    seats: Vec<(Seat, u32)>,
    /// How often each actor has passed each barrier, by barrier and actor.
    passed: Vec<Vec<u32>>,
    /// Where all requests come from, including those of forgotten places.
    sites: Sites,
    /// What calls have shown, including those of forgotten places.
    effects: Effects,
    /// Hashes of what actors have remembered, and how many different things they have been told.
    remembered: HashSet<u64, FixedState>,
    told: u64,
}

/// Actors none of which has moved. Everything that moves actors starts from this type, so nothing can start with actors
/// that something else has left in the middle of an execution.
#[derive(Debug)]
pub(crate) struct Fresh<'p>(Actors<'p>);

impl<'p> Fresh<'p> {
    pub(crate) fn new(program: &'p Program) -> Self {
        Self(Actors::new(program))
    }

    /// The actors, ready to be moved.
    pub(crate) fn begin(self) -> Actors<'p> {
        self.0
    }
}

impl<'p> From<Actors<'p>> for Fresh<'p> {
    /// Takes back everything that the actors have done; what has been learned about them is kept.
    fn from(mut actors: Actors<'p>) -> Self {
        actors.restart();
        Self(actors)
    }
}

/// Actors that are not in use, kept for what has been learned about them.
#[derive(Debug, Default)]
pub(crate) struct Spare<'p>(Option<Fresh<'p>>);

impl<'p> Spare<'p> {
    pub(crate) fn take(&mut self, program: &'p Program) -> Fresh<'p> {
        self.0.take().unwrap_or_else(|| Fresh::new(program))
    }

    pub(crate) fn keep(&mut self, actors: Actors<'p>) {
        self.0 = Some(actors.into());
    }
}

impl<'p> Actors<'p> {
    fn new(program: &'p Program) -> Self {
        let count = program.actors.len();
        let mut actors = Self {
            program,
            places: Vec::new(),
            roots: Vec::new(),
            at: Vec::new(),
            seats: Vec::new(),
            passed: vec![vec![0; count]; program.barriers.len()],
            sites: Sites::default(),
            effects: Effects::default(),
            remembered: HashSet::with_hasher(FixedState::with_seed(0)),
            told: 0,
        };
        for actor in 0..count as u8 {
            actors.plant(actor);
        }
        actors
    }

    /// Places an actor at its beginning.
    fn plant(&mut self, actor: u8) {
        let mut seat = self.program.seat(actor).remembering();
        let request = seat.poll();
        request.iter().for_each(|request| self.sites.insert(request.site));
        seat.with_marks(|marks| self.effects.note(marks, 0));
        let place = self.places.len() as u32;
        self.places.push(reached(&seat, request, NONE, NONE, Answer::default(), 0));
        self.roots.push(place);
        self.at.push(place);
        self.seats.push((seat, place));
    }

    /// The next request of an actor; `None` if it has finished.
    pub(crate) fn request(&self, actor: u8) -> Option<&Request> {
        self.places[self.at[actor as usize] as usize].request.as_ref()
    }

    /// The next request of each actor; `None` if it has finished.
    pub(crate) fn pending(&self) -> impl Iterator<Item = (u8, Option<&Request>)> {
        (0..self.at.len() as u8).map(|actor| (actor, self.request(actor)))
    }

    /// What the actors found wrong before their first request.
    pub(crate) fn first_finding(&self) -> Option<Finding> {
        self.at.iter().find_map(|&at| self.places[at as usize].finding.as_deref().cloned())
    }

    /// How many objects an actor has named so far.
    pub(crate) fn allocated(&self, actor: u8) -> u16 {
        self.places[self.at[actor as usize] as usize].allocated
    }

    /// The call to which an actor's next request belongs.
    pub(crate) fn call(&self, actor: u8) -> Option<u16> {
        let call = self.places[self.at[actor as usize] as usize].call;
        (call != NONE).then_some(call as u16)
    }

    /// Answers an actor's request. Returns what the actor finds wrong, if anything.
    pub(crate) fn answer(&mut self, actor: u8, answer: Answer) -> Option<&Finding> {
        let here = self.at[actor as usize];
        let mut next = self.places[here as usize].child;
        while next != NONE && self.places[next as usize].answer != answer {
            next = self.places[next as usize].sibling;
        }
        if next == NONE {
            next = self.learn(actor, answer);
        }
        let place = &self.places[next as usize];
        self.at[actor as usize] = next;
        place.finding.as_deref()
    }

    /// Takes back the last answer of an actor.
    pub(crate) fn take_back(&mut self, actor: u8) {
        self.at[actor as usize] = self.places[self.at[actor as usize] as usize].parent;
    }

    /// Takes everything back.
    pub(crate) fn restart(&mut self) {
        self.at.clone_from(&self.roots);
        self.passed.iter_mut().for_each(|passed| passed.fill(0));
    }

    /// Ensures that no place is forgotten during the next [`MOST_AT_ONCE`] answers.
    pub(crate) fn make_room(&mut self) {
        if self.places.len() as u64 + MOST_AT_ONCE > MOST as u64 {
            self.restart();
            self.forget();
        }
    }

    /// Notes where all actors are now. Valid until places are forgotten.
    pub(crate) fn note_spot(&self, spot: &mut Spot) {
        spot.at.clone_from(&self.at);
        spot.passed.clone_from(&self.passed);
    }

    /// Goes to where all actors were before.
    pub(crate) fn go_to(&mut self, spot: &Spot) {
        self.at.clone_from(&spot.at);
        self.passed.clone_from(&spot.passed);
    }

    /// Runs the actor's future to learn where the answer leads.
    fn learn(&mut self, actor: u8, answer: Answer) -> u32 {
        if self.places.len() >= MOST {
            self.forget();
        }
        let here = self.at[actor as usize];
        let (seat, at) = &mut self.seats[actor as usize];
        if *at != here {
            *seat = self.program.seat(actor).remembering();
            let path = path(&self.places, here);
            for &place in path.iter().rev().skip(1) {
                seat.poll();
                seat.answer(self.places[place as usize].answer);
            }
            seat.poll();
            // A finding on the way is stored where it was found.
            drop(seat.take_finding());
        }
        let before = seat.with_marks(<[Placed]>::len);
        seat.answer(answer);
        let request = seat.poll();
        request.iter().for_each(|request| self.sites.insert(request.site));
        seat.with_marks(|marks| self.effects.note(marks, before));
        let hash = |words: &[u64]| self.remembered.hasher().hash_one((actor, seat.allocated(), words));
        let hash = seat.with_remembered(hash);
        self.remembered.insert(hash);
        self.told += 1;
        let next = self.places.len() as u32;
        *at = next;
        let call = self.places[here as usize].call;
        let mut place = reached(seat, request, here, call, answer, before);
        place.sibling = std::mem::replace(&mut self.places[here as usize].child, next);
        self.places.push(place);
        next
    }

    /// Forgets all places but those of the current execution.
    fn forget(&mut self) {
        let mut kept = Vec::new();
        for (actor, at) in self.at.iter_mut().enumerate() {
            let mut parent = NONE;
            for place in path(&self.places, *at).into_iter().rev() {
                let new = kept.len() as u32;
                if parent == NONE {
                    self.roots[actor] = new;
                }
                let old = &mut self.places[place as usize];
                let (finding, marks) = (old.finding.take(), std::mem::take(&mut old.marks));
                let Place { answer, request, call, allocated, .. } = *old;
                kept.push(Place {
                    parent,
                    child: NONE,
                    sibling: NONE,
                    answer,
                    request,
                    call,
                    allocated,
                    finding,
                    marks,
                });
                if let Some(parent) = kept.get_mut(parent as usize) {
                    parent.child = new;
                }
                parent = new;
            }
            *at = parent;
            self.seats[actor].1 = NONE;
        }
        self.places = kept;
    }

    /// The marks that an actor has set so far, in order.
    pub(crate) fn marks(&self, actor: u8) -> Vec<Placed> {
        let path = path(&self.places, self.at[actor as usize]);
        path.iter().rev().flat_map(|&place| self.places[place as usize].marks.iter().copied()).collect()
    }

    /// How many different things actors have been told for each that they have remembered.
    pub(crate) fn told_for_each_remembered(&self) -> f64 {
        self.told as f64 / self.remembered.len().max(1) as f64
    }

    /// What calls have shown that the search has not collected yet.
    pub(crate) const fn effects(&mut self) -> &mut Effects {
        &mut self.effects
    }

    /// The source locations of all requests that actors have made so far.
    pub(crate) const fn sites(&self) -> &Sites {
        &self.sites
    }

    /// Notes that an actor passes a barrier, or takes that back.
    pub(crate) fn pass(&mut self, actor: u8, barrier: u8, back: bool) {
        let passed = &mut self.passed[barrier as usize][actor as usize];
        *passed = if back { *passed - 1 } else { *passed + 1 };
    }

    /// How often an actor has passed a barrier.
    pub(crate) fn passed(&self, actor: u8, barrier: u8) -> u32 {
        self.passed[barrier as usize][actor as usize]
    }

    /// Whether an actor that waits at a barrier may pass: every participant waits there or has passed.
    pub(crate) fn may_pass(&self, actor: u8, barrier: u8) -> bool {
        let round = self.passed(actor, barrier);
        self.program.barriers[barrier as usize].iter().all(|other| {
            let theirs = self.passed(other, barrier);
            theirs > round || theirs == round && self.waits_at(other, barrier)
        })
    }

    /// Whether an actor has a request that can be executed now.
    pub(crate) fn is_enabled(&self, actor: u8, memory: &Memory) -> bool {
        self.request(actor).is_some_and(|request| match request.op {
            Op::Join { actor: other } => self.request(other).is_none(),
            Op::Barrier { id } => self.may_pass(actor, id),
            ref op => memory.ready(op),
        })
    }

    /// The request of an actor as a step that need not be compared with others, if it can be executed and is
    /// independent of everything that others may do.
    pub(crate) fn independent(&self, actor: u8, request: &Request, memory: &Memory) -> Option<Free> {
        let plain = Free { actor, choices: 0 };
        match request.op {
            Op::Choose { n } => Some(Free { actor, choices: memory.choices(request.prim, n) }),
            Op::Join { actor: other } => self.request(other).is_none().then_some(plain),
            Op::Barrier { id } => self.may_pass(actor, id).then_some(plain),
            ref op => op.is_local().then_some(plain),
        }
    }

    /// How often each actor has passed each barrier, one after the other.
    pub(crate) fn all_passed(&self) -> impl Iterator<Item = u32> {
        self.passed.iter().flatten().copied()
    }

    /// Whether an actor is waiting at a barrier.
    pub(crate) fn waits_at(&self, actor: u8, barrier: u8) -> bool {
        self.request(actor).is_some_and(|r| r.op == Op::Barrier { id: barrier })
    }
}

/// The places from `at` up to the beginning.
fn path(places: &[Place], mut at: u32) -> Vec<u32> {
    let mut path = Vec::new();
    while at != NONE {
        path.push(at);
        at = places[at as usize].parent;
    }
    path
}

/// The place that a seat has reached now; its first `before` marks are older.
fn reached(
    seat: &Seat,
    request: Option<Request>,
    parent: u32,
    mut call: u32,
    answer: Answer,
    before: usize,
) -> Place {
    let marks: Box<[Placed]> = seat.with_marks(|marks| marks[before..].into());
    for placed in &marks {
        match placed.mark {
            Mark::Begin(begun) => call = u32::from(begun),
            Mark::End(_) => call = NONE,
            Mark::Step(_) | Mark::NoEffect(_) | Mark::Limit(_) => {}
        }
    }
    let finding = seat.take_finding().map(Box::new);
    let allocated = seat.allocated();
    Place { answer, parent, child: NONE, sibling: NONE, request, call, allocated, finding, marks }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::counter;

    #[test]
    fn an_actor_goes_on_as_its_answers_say_and_back() {
        let program = counter(2);
        let mut actors = Fresh::new(&program).begin();
        let first = actors.request(0).map(|r| r.op);
        for value in [3, 4, 3] {
            actors.answer(0, Answer { value, ok: true });
            let store = actors.request(0).map(|r| r.op);
            assert!(matches!(store, Some(Op::Store { value: v, .. }) if v == value + 1), "{store:?}");
            actors.take_back(0);
            assert_eq!(actors.request(0).map(|r| r.op), first);
        }
        assert_eq!(actors.places.len(), 4, "two beginnings and two answers");
    }

    #[test]
    fn those_kept_begin_anew() {
        let program = counter(2);
        let mut spare = Spare::default();
        let mut actors = spare.take(&program).begin();
        let first = actors.request(0).map(|r| r.op);
        actors.answer(0, Answer { value: 3, ok: true });
        spare.keep(actors);
        let actors = spare.take(&program).begin();
        assert_eq!(actors.request(0).map(|r| r.op), first);
        assert_eq!(actors.places.len(), 3, "what was learned is known");
    }

    #[test]
    fn what_is_forgotten_is_learned_again() {
        let program = counter(2);
        let mut actors = Fresh::new(&program).begin();
        actors.answer(0, Answer { value: 7, ok: true });
        actors.answer(1, Answer { value: 1, ok: true });
        actors.forget();
        assert_eq!(actors.places.len(), 4);
        actors.answer(0, Answer { value: 0, ok: true });
        assert!(actors.request(0).is_none());
        actors.take_back(0);
        let store = actors.request(0).map(|r| r.op);
        assert!(matches!(store, Some(Op::Store { value: 8, .. })), "{store:?}");
    }
}
