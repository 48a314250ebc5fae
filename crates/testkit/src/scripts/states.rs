//! The states of a program, distinguished exactly and stored in few bytes: memory is represented by the number that its
//! contents got when they were first seen, an actor by the answers that it got. This shares only memory and seats with
//! the engine.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use cowrace_machine::{
    ActorSet, Addr, Answer, Footprint, Kind, Mark, Memory, Obj, Op, Program, Request, Seat, Undo,
};

/// The number of actors for which a state has room.
const MOST: usize = 7;
const NONE: u32 = u32::MAX;

/// Memory, and where each actor is.
pub type State = [u32; MOST + 1];

/// Far from cryptographic, which it need not be, since keys with equal hashes are compared.
#[derive(Default)]
pub struct Fast(u64);

impl Fast {
    fn mix(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}

impl Hasher for Fast {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks();
        words.iter().for_each(|&word| self.mix(u64::from_le_bytes(word)));
        rest.iter().for_each(|&byte| self.mix(u64::from(byte)));
    }

    fn write_u32(&mut self, word: u32) {
        self.mix(u64::from(word));
    }

    fn write_usize(&mut self, word: usize) {
        self.mix(word as u64);
    }

    /// Hash tables use the lowest and the highest bits.
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }
}

/// A map with this hash.
pub type FastMap<K, V> = HashMap<K, V, BuildHasherDefault<Fast>>;

/// An actor after some answers: a place in the tree of its possible answers.
struct Place {
    /// The last answer, and the place before it.
    answer: Answer,
    parent: u32,
    /// The first of the ways that lead on.
    ways: u32,
    request: Option<Request>,
    /// How often the actor has passed each barrier.
    passed: Box<[u8]>,
    /// Whether the model found something wrong on the way to this place.
    wrong: bool,
}

/// The way on which an answer leads from a place.
#[derive(Clone, Copy)]
struct Way {
    answer: Answer,
    to: u32,
    /// The next way from the same place.
    next: u32,
}

/// A place that does not depend on how an actor got there: actor, what it remembers if it has not finished, passed
/// barriers, allocated objects, whether something is wrong.
type Meeting = (u8, Option<Remembered>, Box<[u8]>, u16, bool);

/// What an actor remembers.
#[derive(PartialEq, Eq, Hash)]
enum Remembered {
    /// Nothing but the call that it is at.
    Call(Mark),
    /// What its frames remember.
    Frames(Box<[u64]>),
}

/// What is considered the memory of an actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Local {
    /// All answers that it got. This is right for every program.
    Answers,
    /// The answers that it got in its current call. This is right for actors of the model: only variables of the
    /// scenario outlive a call, and these are words of memory.
    Calls,
    /// What its [frames](cowrace_machine::Seat::with_remembered) remember.
    Frames,
}

/// How an actor continues from a place: its request, how often it has passed each barrier, whether something is wrong,
/// and where each answer leads.
type Future<'s> = (Option<(Op, bool)>, &'s [u8], bool, Vec<(Answer, u32)>);

/// The words of an object.
type Words = [u64; 16];

/// The moves that are possible in a state.
pub enum Moves {
    /// An actor's request is independent of everything that others may do, so that nothing else need be tried; if it is
    /// a choice, the number of values.
    Alone(u8, Option<u32>),
    /// Any of these actors may move; if there is none, no actor can.
    Any(ActorSet),
}

/// What a move did.
pub struct Moved {
    /// Memory or the model found something wrong.
    pub wrong: bool,
    actor: u8,
    from: u32,
    undo: Undo,
    /// The number of contents that had been replaced before.
    replaced: usize,
}

/// The current state, and everything that was learned on the way to it.
pub struct States<'p> {
    program: &'p Program,
    memory: Memory,
    places: Vec<Place>,
    ways: Vec<Way>,
    /// The places that do not depend on how an actor got there.
    meetings: FastMap<Meeting, u32>,
    /// What distinguishes the places of an actor.
    local: Local,
    at: Vec<u32>,
    /// A future of each actor, and the place that it has reached.
    seats: Vec<(Seat, u32)>,
    /// The objects that were ever written, and their numbers by the object's index.
    objects: Vec<Obj>,
    numbers: Vec<u32>,
    /// For each of these objects, all contents that it has ever had, its current contents, and what to undo.
    contents: Vec<FastMap<Words, u32>>,
    now: Vec<u32>,
    replaced: Vec<(u32, u32)>,
    /// The contents of all objects, without the trailing ones that are as they were at the beginning.
    memories: FastMap<Box<[u32]>, u32>,
}

impl<'p> States<'p> {
    /// The first state of a program.
    #[must_use]
    pub fn new(program: &'p Program, local: Local) -> Self {
        let count = program.actors.len();
        assert!(count <= MOST, "no room for {count} actors");
        let mut states = Self {
            program,
            memory: program.memory.clone(),
            places: Vec::new(),
            ways: Vec::new(),
            meetings: FastMap::default(),
            local,
            at: Vec::new(),
            seats: Vec::new(),
            objects: Vec::new(),
            numbers: Vec::new(),
            contents: Vec::new(),
            now: Vec::new(),
            replaced: Vec::new(),
            memories: FastMap::default(),
        };
        for actor in 0..count as u8 {
            let mut seat = states.seat(actor);
            let request = seat.poll();
            let passed = vec![0; program.barriers.len()].into();
            let wrong = seat.take_finding().is_some();
            let (answer, parent, ways) = (Answer::default(), NONE, NONE);
            let place = states.places.len() as u32;
            states.places.push(Place { answer, parent, ways, request, passed, wrong });
            states.at.push(place);
            states.seats.push((seat, place));
        }
        states
    }

    /// An actor that has not moved.
    fn seat(&self, actor: u8) -> Seat {
        let seat = self.program.seat(actor);
        if self.local == Local::Frames { seat.remembering() } else { seat }
    }

    /// The program.
    #[must_use]
    pub fn program(&self) -> &'p Program {
        self.program
    }

    /// Memory in this state.
    #[must_use]
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Whether every actor has finished.
    pub fn finished(&self) -> bool {
        self.at.iter().all(|&at| self.places[at as usize].request.is_none())
    }

    /// Whether the model found something wrong before any actor moved.
    pub fn wrong_at_once(&self) -> bool {
        self.at.iter().any(|&at| self.places[at as usize].wrong)
    }

    /// What distinguishes the current state from all others.
    pub fn state(&mut self) -> State {
        let len = self.now.len() - self.now.iter().rev().take_while(|&&contents| contents == 0).count();
        let mut state = [0; MOST + 1];
        state[0] = match self.memories.get(&self.now[..len]) {
            Some(&known) => known,
            None => {
                let new = self.memories.len() as u32;
                self.memories.insert(self.now[..len].into(), new);
                new
            }
        };
        state[1..=self.at.len()].copy_from_slice(&self.at);
        state
    }

    /// For each place, one from which the actor continues in the same way, as far as its answers have been learned.
    pub fn same(&self) -> Vec<u32> {
        let (mut known, mut same) = (FastMap::default(), vec![NONE; self.places.len()]);
        for at in 0..self.places.len() as u32 {
            self.find_same(at, &mut known, &mut same);
        }
        same
    }

    fn find_same<'s>(&'s self, at: u32, known: &mut FastMap<Future<'s>, u32>, same: &mut [u32]) -> u32 {
        if same[at as usize] == NONE {
            let place = &self.places[at as usize];
            let ways = self.ways(place).map(|way| (way.answer, self.find_same(way.to, known, same)));
            let mut ways: Vec<_> = ways.collect();
            ways.sort_unstable_by_key(|&(answer, _)| (answer.value, answer.ok));
            let asks = place.request.map(|r| (r.op, r.speculative));
            same[at as usize] = *known.entry((asks, &place.passed, place.wrong, ways)).or_insert(at);
        }
        same[at as usize]
    }

    /// The possible moves.
    pub fn moves(&self) -> Moves {
        let mut able = ActorSet::default();
        for (actor, &at) in (0..).zip(&self.at) {
            let Some(request) = &self.places[at as usize].request else { continue };
            match request.op {
                Op::Choose { n } => return Moves::Alone(actor, Some(n)),
                Op::Fence => return Moves::Alone(actor, None),
                Op::Join { actor: other } => {
                    if self.places[self.at[other as usize] as usize].request.is_none() {
                        return Moves::Alone(actor, None);
                    }
                }
                Op::Barrier { id } => {
                    if self.passable(at, id) {
                        return Moves::Alone(actor, None);
                    }
                }
                ref op => {
                    if self.memory.ready(op) {
                        able.insert(actor);
                    }
                }
            }
        }
        Moves::Any(able)
    }

    fn ways(&self, from: &Place) -> impl Iterator<Item = &Way> {
        let way = |at: u32| self.ways.get(at as usize);
        std::iter::successors(way(from.ways), move |last| way(last.next))
    }

    /// Whether all actors have reached a barrier as often as the actor that waits there at `at`.
    fn passable(&self, at: u32, id: u8) -> bool {
        let round = self.places[at as usize].passed[id as usize];
        self.program.barriers[id as usize].iter().all(|other| {
            let other = &self.places[self.at[other as usize] as usize];
            let waits = other.request.is_some_and(|r| r.op == Op::Barrier { id });
            other.passed[id as usize] + u8::from(waits) > round
        })
    }

    /// What an actor's request would touch.
    pub fn footprint(&mut self, actor: u8) -> Footprint {
        let Some(request) = &self.places[self.at[actor as usize] as usize].request else {
            panic!("an actor that has finished has no footprint")
        };
        let done = self.memory.execute(request);
        self.memory.undo(done.undo);
        done.footprint
    }

    /// Executes an actor's request; `choice` is the value chosen if it is a choice.
    pub fn go(&mut self, actor: u8, choice: Option<u32>) -> Moved {
        let at = self.at[actor as usize];
        let Some(request) = &self.places[at as usize].request else {
            panic!("an actor that has finished is to move")
        };
        let mut done = self.memory.execute(request);
        if let Some(value) = choice {
            done.answer = Answer { value: u64::from(value), ok: true };
        }
        let known = self.ways(&self.places[at as usize]).find(|way| way.answer == done.answer).map(|w| w.to);
        let next = known.unwrap_or_else(|| self.learn(actor, done.answer));
        self.at[actor as usize] = next;
        let replaced = self.replaced.len();
        let mut last = None;
        for access in done.footprint.accesses() {
            let obj = access.addr.obj();
            if access.kind != Kind::Read && last != Some(obj) {
                self.replace(obj);
                last = Some(obj);
            }
        }
        let wrong = done.fault.is_some() || self.places[next as usize].wrong;
        Moved { wrong, actor, from: at, undo: done.undo, replaced }
    }

    /// Undoes the last move.
    pub fn back(&mut self, moved: &Moved) {
        self.memory.undo(moved.undo);
        self.at[moved.actor as usize] = moved.from;
        for (number, contents) in self.replaced.drain(moved.replaced..).rev() {
            self.now[number as usize] = contents;
        }
    }

    /// Notes that an object was written.
    fn replace(&mut self, obj: Obj) {
        let index = obj.pfn() as usize;
        if index >= self.numbers.len() {
            self.numbers.resize(index + 1, NONE);
        }
        if self.numbers[index] == NONE {
            self.numbers[index] = self.objects.len() as u32;
            self.objects.push(obj);
            self.contents.push([(words(&self.program.memory, obj), 0)].into_iter().collect());
            self.now.push(0);
        }
        let number = self.numbers[index] as usize;
        let contents = &mut self.contents[number];
        let new = contents.len() as u32;
        let new = *contents.entry(words(&self.memory, obj)).or_insert(new);
        self.replaced.push((number as u32, self.now[number]));
        self.now[number] = new;
    }

    /// Runs an actor's future to learn where an answer leads.
    fn learn(&mut self, actor: u8, answer: Answer) -> u32 {
        let at = self.at[actor as usize];
        let (mut seat, known) = self.seats.swap_remove(actor as usize);
        if known != at {
            let mut path = Vec::new();
            let mut place = at;
            while self.places[place as usize].parent != NONE {
                path.push(self.places[place as usize].answer);
                place = self.places[place as usize].parent;
            }
            seat = self.seat(actor);
            for &answer in path.iter().rev() {
                seat.poll();
                seat.answer(answer);
            }
            seat.poll();
            drop(seat.take_finding());
        }
        seat.answer(answer);
        let request = seat.poll();
        let here = &self.places[at as usize];
        let mut passed = here.passed.clone();
        if let Some(Op::Barrier { id }) = here.request.map(|r| r.op) {
            passed[id as usize] += 1;
        }
        let allocated = if request.is_some() { seat.allocated() } else { 0 };
        let new = self.places.len() as u32;
        let wrong = seat.take_finding().is_some();
        let mark = seat.with_marks(|marks| marks.last().copied()).filter(|last| last.at == seat.answered());
        let meeting = match (request, self.local, mark.map(|last| last.mark)) {
            (None, ..) => Some(None),
            (_, Local::Calls, Some(mark @ (Mark::Begin(_) | Mark::End(_)))) => {
                Some(Some(Remembered::Call(mark)))
            }
            (_, Local::Frames, _) => {
                Some(Some(Remembered::Frames(seat.with_remembered(|words| words.into()))))
            }
            _ => None,
        };
        let to = meeting.map_or(new, |remembered| {
            let meeting = (actor, remembered, passed.clone(), allocated, wrong);
            *self.meetings.entry(meeting).or_insert(new)
        });
        if to == new {
            let (parent, ways) = (at, NONE);
            self.places.push(Place { answer, parent, ways, request, passed, wrong });
        }
        let next = self.places[at as usize].ways;
        self.places[at as usize].ways = self.ways.len() as u32;
        self.ways.push(Way { answer, to, next });
        self.seats.push((seat, to));
        let last = self.seats.len() - 1;
        self.seats.swap(actor as usize, last);
        to
    }
}

fn words(memory: &Memory, obj: Obj) -> Words {
    std::array::from_fn(|word| {
        let word = word as u8;
        memory.get(if word == Obj::WORDS { Addr::life(obj) } else { Addr::new(obj, word) })
    })
}
