//! Running actors to learn where they can be.

use std::collections::HashMap;

use cowrace_machine::frame::site_word;
use cowrace_machine::{Answer, Mark, Op, Placed, Program, Request, Seat};
use cowrace_report::Shown;
use foldhash::fast::FixedState;

use super::{NONE, Place, Places, Way};
use crate::execution::effects::Effects;

/// Runs the futures of actors.
#[derive(Debug)]
pub(in crate::states) struct Learner<'p> {
    program: &'p Program,
    /// Places by all that makes a difference.
    known: HashMap<Box<[u64]>, u32, FixedState>,
    /// How many words that is.
    words: usize,
    positions: HashMap<Box<[u64]>, u32, FixedState>,
    /// A future of each actor, and the place that it has reached.
    seats: Vec<(Seat, u32)>,
    effects: Effects,
    key: Vec<u64>,
    /// Whether the windows can be watched.
    pub(in crate::states) can_watch: bool,
}

impl<'p> Learner<'p> {
    /// Learns where actors begin.
    pub(in crate::states) fn new(program: &'p Program, places: &mut Places) -> Self {
        let mut learner = Self {
            program,
            known: HashMap::with_hasher(FixedState::with_seed(0)),
            words: 0,
            positions: HashMap::with_hasher(FixedState::with_seed(0)),
            seats: Vec::new(),
            effects: Effects::default(),
            key: Vec::new(),
            can_watch: true,
        };
        for actor in 0..program.actors.len() as u8 {
            let mut seat = program.seat(actor).remembering();
            let request = seat.poll();
            seat.with_marks(|marks| learner.effects.note(marks, 0));
            learner.can_watch &= seat.with_marks(|marks| places.watched.hits(None, None, marks)).is_some();
            let passed = vec![0; program.barriers.len()].into();
            let root = learner.reached(places, &seat, actor, request, passed, (NONE, Answer::default()));
            places.roots.push(root);
            learner.seats.push((seat, root));
        }
        learner
    }

    /// What calls have shown.
    pub(in crate::states) fn shown(&self) -> impl Iterator<Item = Shown> + '_ {
        self.effects.all()
    }

    /// The memory in bytes that this takes.
    pub(in crate::states) fn bytes(&self) -> usize {
        self.words * size_of::<u64>() + self.known.len() * size_of::<(Box<[u64]>, u32)>()
    }

    /// Runs an actor's future to learn where an answer leads from a place.
    pub(in crate::states) fn learn(&mut self, places: &mut Places, actor: u8, from: u32, answer: Answer) {
        let (mut seat, at) = self.seats.swap_remove(actor as usize);
        if at != from {
            seat = self.program.seat(actor).remembering();
            for answer in places.answers(from) {
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
        let here = places.get(from);
        let mut passed = here.passed.clone();
        if let Some(Op::Barrier { id }) = here.request.map(|request| request.op) {
            passed[id as usize] += 1;
        }
        let to = self.reached(places, &seat, actor, request, passed, (from, answer));
        let Place { call, request, .. } = places.get(from);
        let hits = seat.with_marks(|marks| places.watched.hits(*call, request.as_ref(), &marks[before..]));
        self.can_watch &= hits.is_some();
        let closes = places.comes_before(to, from);
        let way = places.ways.len() as u32;
        let next = std::mem::replace(&mut places.places[from as usize].ways, way);
        places.ways.push(Way { answer, to, next, closes, is_wrong, hits: hits.unwrap_or_default() });
        // The future is at this place even if another sequence of answers first led to it.
        self.seats.push((seat, to));
        let last = self.seats.len() - 1;
        self.seats.swap(actor as usize, last);
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
        places: &mut Places,
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
        let new = places.places.len() as u32;
        let rank = places.places.get(parent as usize).map_or(0, |parent| parent.rank + 1);
        let place = match self.known.get(&key[..]) {
            Some(&known) => known,
            None => {
                self.known.insert(key[..].into(), new);
                self.words += key.len();
                let position = self.position(seat, actor, request.as_ref(), call);
                places.places.push(Place {
                    request,
                    call,
                    position,
                    passed,
                    ways: NONE,
                    parent,
                    answer,
                    rank,
                });
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
