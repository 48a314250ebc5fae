//! Memory and actors in the state at hand, and what has been learned about them.

use cowrace_machine::{
    Access, ActorSet, Answer, DRAIN_ORDER, Effect, FLUSH_ORDER, Kind, Memory, Op, Program, Request, Undo,
};
use cowrace_report::Turn;

use crate::states::contents::Contents;
use crate::states::futures::Futures;
use crate::states::independence::{Touch, in_any_state, touches};
use crate::states::numbers::{Full, Numbers};
use crate::states::places::{Places, Way};
use crate::states::watched::{Hits, Progress, Watched};

/// An executed request, and how to undo it.
#[derive(Clone, Copy, Debug)]
struct Made {
    turn: Turn,
    from: u32,
    undo: Undo,
    /// How many writes had been noted before.
    writes: usize,
    /// How far windows were before.
    progress: Progress,
}

/// What an executed request did.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// Whether something is wrong with it.
    pub(super) is_wrong: bool,
    /// Whether the actor may have come round in a circle.
    pub(super) closes: bool,
    /// Whether the actor is where no actor has been seen before.
    pub(super) is_new: bool,
}

/// Memory and actors.
pub(super) struct Configuration<'p> {
    pub(super) program: &'p Program,
    pub(super) memory: Memory,
    contents: Contents<'p>,
    pub(super) places: Places<'p>,
    pub(super) futures: Futures,
    /// Whether the search does not look ahead.
    pub(super) is_blind: bool,
    at: Vec<u32>,
    /// The positions of the actors when the configuration was last put into some state.
    began_at: Vec<u32>,
    /// How far windows are that are watched.
    progress: Progress,
    /// What was executed since the configuration was last put into some state.
    trail: Vec<Made>,
    noted: Vec<Access>,
    strict: Vec<Access>,
}

impl<'p> Configuration<'p> {
    /// The beginning.
    pub(super) fn new(program: &'p Program, watched: Watched, is_blind: bool) -> Self {
        let places = Places::new(program, watched);
        let mut memory = program.memory.clone();
        // Counts are looked at where it matters (see `independence`), but every order is tried.
        memory.assume_far_from_zero(vec![FLUSH_ORDER, DRAIN_ORDER]);
        Self {
            program,
            memory,
            contents: Contents::new(&program.memory),
            futures: Futures::new(),
            is_blind,
            at: places.roots().to_vec(),
            began_at: Vec::new(),
            places,
            progress: Progress::default(),
            trail: Vec::new(),
            noted: Vec::new(),
            strict: Vec::new(),
        }
    }

    /// Goes back to where no actor has moved.
    pub(super) fn begin(&mut self) {
        self.trail.clear();
        self.memory.keep();
        self.progress = Progress::default();
        self.at.copy_from_slice(self.places.roots());
        self.note_positions();
        self.contents.restore_first(&mut self.memory);
    }

    /// Goes to a state.
    pub(super) fn restore(&mut self, state: &[u32]) {
        let (&memory, rest) = state.split_first().unwrap_or((&0, &[]));
        let (at, progress) = rest.split_at(self.at.len());
        self.trail.clear();
        self.memory.keep();
        self.progress = Progress::of(progress);
        self.at.copy_from_slice(at);
        self.note_positions();
        self.contents.restore(&mut self.memory, memory);
    }

    fn note_positions(&mut self) {
        self.began_at.clear();
        self.began_at.extend(self.at.iter().map(|&place| self.places.get(place).position));
    }

    /// Gives the state a name: the number of memory, the places of the actors, and how far windows are.
    ///
    /// # Errors
    ///
    /// If there are too many.
    pub(super) fn name(&mut self, into: &mut Vec<u32>) -> Result<(), Full> {
        into.clear();
        into.push(self.contents.number()?.0);
        into.extend_from_slice(&self.at);
        into.extend(self.progress.words(&self.places.watched));
        Ok(())
    }

    /// The turns since the configuration was put into a state.
    pub(super) fn turns(&self) -> impl Iterator<Item = Turn> + '_ {
        self.trail.iter().map(|made| made.turn)
    }

    /// The number of these turns.
    pub(super) const fn len(&self) -> usize {
        self.trail.len()
    }

    /// All actors.
    pub(super) fn actors(&self) -> std::ops::Range<u8> {
        0..self.at.len() as u8
    }

    /// The next request of an actor; `None` if it has finished.
    pub(super) fn request(&self, actor: u8) -> Option<&Request> {
        self.places.get(self.place(actor)).request.as_ref()
    }

    /// The place of an actor.
    pub(super) fn place(&self, actor: u8) -> u32 {
        self.at[actor as usize]
    }

    /// The place of an actor in the state with a name.
    pub(super) fn place_in(&self, name: &[u32], actor: u8) -> u32 {
        name[1 + usize::from(actor)]
    }

    /// The positions of the actors in the state with a name.
    pub(super) fn positions_in<'n>(&self, name: &'n [u32]) -> impl Iterator<Item = u32> + use<'_, 'n, 'p> {
        name[1..=self.at.len()].iter().map(|&place| self.places.get(place).position)
    }

    /// The positions of the actors when the configuration was last put into some state.
    pub(super) fn began_at(&self) -> &[u32] {
        &self.began_at
    }

    /// The position of an actor in its program.
    pub(super) fn position(&self, actor: u8) -> u32 {
        self.places.get(self.place(actor)).position
    }

    /// Whether every actor has finished.
    pub(super) fn is_over(&self) -> bool {
        self.actors().all(|actor| self.request(actor).is_none())
    }

    /// How many values there are to choose from; 0 if an actor's request is not a choice.
    pub(super) fn values(&self, actor: u8) -> u32 {
        match self.request(actor).map(|request| (request.op, request.prim)) {
            Some((Op::Choose { n }, prim)) => self.memory.choices(prim, n),
            _ => 0,
        }
    }

    /// Whether an actor has a request that can be executed now.
    pub(super) fn is_enabled(&self, actor: u8) -> bool {
        self.request(actor).is_some_and(|request| match request.op {
            Op::Join { actor: other } => self.request(other).is_none(),
            Op::Barrier { id } => self.places.may_pass(&self.at, actor, id),
            ref op => self.memory.ready(op),
        })
    }

    /// The actors that can move.
    pub(super) fn enabled(&self) -> ActorSet {
        let mut enabled = ActorSet::default();
        self.actors().filter(|&actor| self.is_enabled(actor)).for_each(|actor| enabled.insert(actor));
        enabled
    }

    /// Whether an actor can move, and its request commutes with everything whatever the others do. The request has been
    /// tried.
    pub(super) fn is_free(&self, actor: u8) -> bool {
        let commutes = |request: &Request| match request.op {
            Op::Join { .. } | Op::Barrier { .. } => self.is_enabled(actor),
            ref op => op.is_local(),
        };
        self.request(actor).is_some_and(commutes) && !self.futures.touches_anything(self.place(actor))
    }

    /// Tries the next request of an actor, and notes what it touches.
    pub(super) fn try_out(&mut self, actor: u8) {
        let place = self.place(actor);
        let here = self.places.get(place);
        let position = here.position;
        self.noted.clear();
        let Some(request) = here.request else { return };
        let Effect { answer, undo, .. } = self.memory.execute_noting(&request, &mut self.noted);
        self.memory.undo(undo);
        if !self.places.watched.is_empty() {
            let mut hits = Hits::default();
            for value in 0..self.values(actor).max(1) {
                let is_choice = matches!(request.op, Op::Choose { .. });
                let answer = if is_choice { Answer { value: value.into(), ok: true } } else { answer };
                hits.add(self.way(actor, place, answer).hits);
            }
            self.noted.extend(self.places.watched.accesses(hits));
        }
        self.strict.clear();
        self.strict.extend(self.noted.iter().map(|&access| in_any_state(&request.op, access)));
        self.futures.touch(place, position, &self.strict);
    }

    /// Where an answer leads.
    fn way(&mut self, actor: u8, from: u32, answer: Answer) -> Way {
        let (way, is_new) = self.places.answer(actor, from, answer);
        let way = *self.places.way(way);
        if is_new {
            self.futures.connect(self.places.get(from).position, self.places.get(way.to).position);
        }
        way
    }

    /// Writes down what the request of an actor touches that was tried last.
    pub(super) fn touches(&self, actor: u8, into: &mut Vec<Touch>) {
        into.clear();
        into.extend(self.request(actor).into_iter().flat_map(|request| touches(request, &self.noted)));
    }

    /// Executes the next request of an actor.
    pub(super) fn make(&mut self, turn: Turn) -> Step {
        let Turn { actor, choice } = turn;
        let from = self.place(actor);
        let Some(request) = self.places.get(from).request else {
            panic!("an actor that has finished is to move")
        };
        self.noted.clear();
        let Effect { mut answer, fault, undo } = self.memory.execute_noting(&request, &mut self.noted);
        if let Some(value) = choice {
            answer = Answer { value: u64::from(value), ok: true };
        }
        let writes = self.contents.depth();
        let mut last = None;
        for access in self.noted.iter().filter(|access| access.kind != Kind::Read) {
            let obj = access.addr.obj();
            if last != Some(obj) {
                self.contents.written(&self.memory, obj);
                last = Some(obj);
            }
        }
        self.trail.push(Made { turn, from, undo, writes, progress: self.progress });
        let Way { to, closes, is_wrong, hits, .. } = self.way(actor, from, answer);
        let is_new = self.futures.arrive(self.places.get(to).position);
        self.at[actor as usize] = to;
        self.places.watched.note(&mut self.progress, hits);
        Step { is_wrong: is_wrong || fault.is_some(), closes, is_new }
    }

    /// Judges a state in which no actor can move: whether something is wrong with it. `ends` has the contents of memory
    /// with which executions have ended before, which need not be looked at again. Returns `None` for these.
    ///
    /// # Errors
    ///
    /// If there are too many ends.
    pub(super) fn judge(&mut self, ends: &mut Numbers) -> Result<Option<bool>, Full> {
        if !self.is_over() {
            return Ok(Some(true));
        }
        let (memory, _) = self.contents.number()?;
        let (_, is_new) = ends.number(&[memory])?;
        Ok(is_new.then(|| (self.program.check)(&self.memory).is_some()))
    }

    /// Notes that an execution has ended.
    pub(super) fn end(&mut self) {
        self.places.watched.end(self.progress);
    }

    /// Undoes what was executed last, until this many turns are left.
    pub(super) fn rewind(&mut self, len: usize) {
        for made in self.trail.drain(len..).rev() {
            self.memory.undo(made.undo);
            self.contents.undo(made.writes);
            self.at[made.turn.actor as usize] = made.from;
            self.progress = made.progress;
        }
    }

    /// The memory in bytes that all contents take, and all that was learned about actors.
    pub(super) fn bytes(&self) -> usize {
        self.contents.bytes() + self.places.bytes() + self.futures.bytes()
    }
}
