//! Memory and actors in the state at hand.

pub(super) mod learning;

use std::sync::Arc;

use cowrace_machine::{
    ALL_COUNTS, Access, ActorSet, Answer, DRAIN_ORDER, Effect, FLUSH_ORDER, Memory, Op, Program, Request,
    Undo, Window,
};
use cowrace_report::Turn;

use crate::execution::windows::Cover;
use crate::search::shared::Settings;
use crate::states::configuration::learning::Knowledge;
use crate::states::contents::Now;
use crate::states::futures::{Footprints, Reliance};
use crate::states::independence::{Touch, in_any_state, touches};
use crate::states::numbers::{Full, Numbers};
use crate::states::places::learner::Learner;
use crate::states::places::{Place, Places, Way};
use crate::states::watched::{Hits, Progress, Watched};
use crate::states::{End, Unknown};

/// An executed request, and how to undo it.
#[derive(Clone, Copy, Debug)]
struct Made {
    turn: Turn,
    from: u32,
    undo: Undo,
    /// How many writes had been noted before.
    writes: usize,
    /// How many accesses had been recorded before.
    recorded: usize,
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

/// How a search of states treats what it comes upon.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Treatment {
    /// Whether it does not look ahead.
    pub(super) is_blind: bool,
    /// Whether it goes on after something that is wrong.
    pub(super) goes_on: bool,
    /// Whether changes of a count never commute where one of them tests it, however large the count is: so that it does
    /// not depend on the count which of them meet.
    pub(super) counts_conflict: bool,
}

impl Treatment {
    /// That of a search with these settings.
    pub(super) const fn of(settings: &Settings) -> Self {
        let Settings { is_blind, exhaustive, coverage, .. } = *settings;
        Self { is_blind, goes_on: exhaustive && coverage, counts_conflict: coverage }
    }

    /// The memory with which a program begins.
    fn memory(self, program: &Program) -> Memory {
        let mut memory = program.memory.clone();
        // Counts are looked at where it matters (see `independence`), but every order is tried.
        let mut near = vec![FLUSH_ORDER, DRAIN_ORDER];
        near.extend(self.counts_conflict.then_some(ALL_COUNTS));
        memory.assume_far_from_zero(near);
        memory
    }
}

/// Memory and actors.
pub(super) struct Configuration<'p> {
    pub(super) program: &'p Program,
    pub(super) memory: Memory,
    knowledge: Arc<Knowledge>,
    /// Learns what is not known. `None` if what is known is only read.
    learner: Option<Learner<'p>>,
    /// Whether something may be learned now.
    pub(super) may_learn: bool,
    pub(super) treatment: Treatment,
    /// The first turns since the configuration was put into some state after which something was wrong, if the search
    /// goes on then.
    wrong: Option<Vec<Turn>>,
    /// The accesses of all that was executed since, if they are recorded.
    recorded: Option<Vec<Access>>,
    now: Now,
    footprints: Footprints,
    /// What was relied on that is not known to be.
    relied: Vec<Reliance>,
    /// What has been seen of each window of the program.
    cover: Vec<Cover>,
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
    pub(super) fn new(program: &'p Program, watched: Watched, treatment: Treatment) -> Self {
        let mut places = Places::new(watched);
        let learner = Learner::new(program, &mut places);
        let at = places.roots().to_vec();
        let knowledge = Arc::new(Knowledge::of(places));
        Self { at, learner: Some(learner), ..Self::reading(program, knowledge, treatment) }
    }

    /// The beginning, with what has been learned by another one. This one learns nothing.
    pub(super) fn reading(program: &'p Program, knowledge: Arc<Knowledge>, treatment: Treatment) -> Self {
        let unseen = |window: &Window| Cover::nothing(window.points.len());
        Self {
            program,
            memory: treatment.memory(program),
            learner: None,
            may_learn: true,
            treatment,
            wrong: None,
            recorded: None,
            now: Now::default(),
            footprints: Footprints::default(),
            relied: Vec::new(),
            cover: program.windows.iter().map(unseen).collect(),
            at: vec![0; program.actors.len()],
            knowledge,
            began_at: Vec::new(),
            progress: Progress::default(),
            trail: Vec::new(),
            noted: Vec::new(),
            strict: Vec::new(),
        }
    }

    /// What has been seen of each window of the program.
    pub(super) fn cover(&self) -> &[Cover] {
        &self.cover
    }

    /// Goes back to where no actor has moved.
    pub(super) fn begin(&mut self) {
        self.trail.clear();
        self.recorded.iter_mut().for_each(Vec::clear);
        self.memory.keep();
        self.progress = Progress::default();
        self.at.copy_from_slice(self.knowledge.places.roots());
        self.note_positions();
        self.now.restore_first(&self.knowledge.contents, &mut self.memory);
    }

    /// Goes to a state.
    pub(super) fn restore(&mut self, state: &[u32]) {
        let (&memory, rest) = state.split_first().unwrap_or((&0, &[]));
        let (at, progress) = rest.split_at(self.at.len());
        self.trail.clear();
        self.recorded.iter_mut().for_each(Vec::clear);
        self.memory.keep();
        self.progress = Progress::of(progress);
        self.at.copy_from_slice(at);
        self.note_positions();
        self.now.restore(&self.knowledge.contents, &mut self.memory, memory);
    }

    fn note_positions(&mut self) {
        self.began_at.clear();
        self.began_at.extend(self.at.iter().map(|&place| self.knowledge.places.get(place).position));
    }

    /// Gives the state a name: the number of memory, the places of the actors, and how far windows are.
    ///
    /// # Errors
    ///
    /// If there are too many, or others read what is known.
    pub(super) fn name(&mut self, into: &mut Vec<u32>) -> Result<(), End> {
        let Self { knowledge, now, .. } = self;
        let memory = match now.restored() {
            Some(known) => known,
            None => Arc::get_mut(knowledge).ok_or(Unknown)?.contents.number(now.memory())?,
        };
        into.clear();
        into.push(memory);
        self.name_actors(into);
        Ok(())
    }

    /// The number of memory, if it has one.
    pub(super) fn memory_number(&self) -> Option<u32> {
        self.now.number(&self.knowledge.contents)
    }

    /// What objects contain that have been written.
    pub(super) fn contents(&self) -> &[u32] {
        self.now.memory()
    }

    /// Adds the places of the actors and how far windows are to the name of a state.
    pub(super) fn name_actors(&self, into: &mut Vec<u32>) {
        into.extend_from_slice(&self.at);
        into.extend(self.progress.words(&self.knowledge.places.watched));
    }

    /// The turns since the configuration was put into a state.
    fn turns(&self) -> impl Iterator<Item = Turn> + '_ {
        self.trail.iter().map(|made| made.turn)
    }

    /// Something is wrong with what was executed last.
    ///
    /// # Errors
    ///
    /// If that ends the search.
    pub(super) fn note_wrong(&mut self) -> Result<(), End> {
        let turns = self.turns().collect();
        if !self.treatment.goes_on {
            return Err(End::Wrong(turns));
        }
        self.wrong.get_or_insert(turns);
        Ok(())
    }

    /// The first turns since the configuration was put into some state after which something was wrong, if the search
    /// went on; unless that was asked before.
    pub(super) const fn take_wrong(&mut self) -> Option<Vec<Turn>> {
        self.wrong.take()
    }

    /// From now on, records what is accessed.
    pub(super) fn record(&mut self) {
        self.recorded = Some(Vec::new());
    }

    /// What was executed since the configuration was put into some state, if that is recorded: the actor, the place, and
    /// the accesses of each request.
    pub(super) fn recorded(&self) -> impl Iterator<Item = (u8, &Place, &[Access])> + '_ {
        let all = self.recorded.as_deref().unwrap_or_default();
        let ends = self.trail.iter().skip(1).map(|made| made.recorded).chain([all.len()]);
        self.trail.iter().zip(ends).map(|(made, end)| {
            (made.turn.actor, self.knowledge.places.get(made.from), &all[made.recorded..end])
        })
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
        self.knowledge.places.get(self.place(actor)).request.as_ref()
    }

    /// The place of an actor.
    pub(super) fn place(&self, actor: u8) -> u32 {
        self.at[actor as usize]
    }

    /// The call to which the next request of an actor belongs.
    pub(super) fn call(&self, actor: u8) -> Option<u16> {
        self.knowledge.places.get(self.place(actor)).call
    }

    /// The place of an actor in the state with a name.
    pub(super) fn place_in(&self, name: &[u32], actor: u8) -> u32 {
        name[1 + usize::from(actor)]
    }

    /// The places of the actors.
    pub(super) fn places(&self) -> impl Iterator<Item = &Place> + '_ {
        self.at.iter().map(|&place| self.knowledge.places.get(place))
    }

    /// A number for the state with a name that is greater than those of all states before it, but for those from which it
    /// is reached by a way that closes a circle.
    pub(super) fn rank_of(&self, name: &[u32]) -> u64 {
        name[1..=self.at.len()].iter().map(|&place| u64::from(self.knowledge.places.get(place).rank)).sum()
    }

    /// The positions of the actors in the state with a name.
    pub(super) fn positions_in<'n>(&self, name: &'n [u32]) -> impl Iterator<Item = u32> + use<'_, 'n, 'p> {
        name[1..=self.at.len()].iter().map(|&place| self.knowledge.places.get(place).position)
    }

    /// The positions of the actors when the configuration was last put into some state.
    pub(super) fn began_at(&self) -> &[u32] {
        &self.began_at
    }

    /// The position of an actor in its program.
    pub(super) fn position(&self, actor: u8) -> u32 {
        self.knowledge.places.get(self.place(actor)).position
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
            Op::Barrier { id } => self.knowledge.places.may_pass(self.program, &self.at, actor, id),
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
        self.request(actor).is_some_and(commutes) && self.footprints.of(self.place(actor)).is_empty()
    }

    /// Whether something that an actor may still do may get in the way of the request of another, which has been tried.
    pub(super) fn may_get_in_the_way(&self, other: u8, actor: u8) -> bool {
        let touched = self.footprints.of(self.place(actor));
        self.knowledge.futures.may_disturb(self.position(other), touched)
    }

    /// Tries the next request of an actor, and notes what it touches.
    ///
    /// # Errors
    ///
    /// If that is not known, and nothing can be learned now.
    pub(super) fn try_out(&mut self, actor: u8) -> Result<(), Unknown> {
        let place = self.place(actor);
        let here = self.knowledge.places.get(place);
        let position = here.position;
        self.noted.clear();
        let Some(request) = here.request else { return Ok(()) };
        let Effect { answer, undo, .. } = self.memory.execute_noting(&request, &mut self.noted);
        self.memory.undo(undo);
        if !self.knowledge.places.watched.is_empty() {
            let mut hits = Hits::default();
            for value in 0..self.values(actor).max(1) {
                let is_choice = matches!(request.op, Op::Choose { .. });
                let answer = if is_choice { Answer { value: value.into(), ok: true } } else { answer };
                hits.add(self.way(actor, place, answer)?.hits);
            }
            self.noted.extend(self.knowledge.places.watched.accesses(hits));
        }
        self.strict.clear();
        self.strict.extend(self.noted.iter().map(|&access| in_any_state(&request.op, access)));
        if !self.footprints.note(&self.knowledge.futures, place, position, &self.strict) {
            let strict = std::mem::take(&mut self.strict);
            self.learn()?.0.futures.touch(position, &strict);
            self.strict = strict;
            self.footprints.note(&self.knowledge.futures, place, position, &self.strict);
        }
        Ok(())
    }

    /// Tries the next request of every actor.
    ///
    /// # Errors
    ///
    /// If what it touches is not known, and nothing can be learned now.
    pub(super) fn try_out_all(&mut self) -> Result<(), Unknown> {
        self.actors().try_for_each(|actor| self.try_out(actor))
    }

    /// Writes down what the request of an actor touches that was tried last.
    pub(super) fn touches(&self, actor: u8, into: &mut Vec<Touch>) {
        into.clear();
        into.extend(self.request(actor).into_iter().flat_map(|request| touches(request, &self.noted)));
    }

    /// Executes the next request of an actor.
    ///
    /// # Errors
    ///
    /// If what it does is not known, and nothing can be learned now. It is not executed then.
    pub(super) fn make(&mut self, turn: Turn) -> Result<Step, Unknown> {
        let Turn { actor, choice } = turn;
        let from = self.place(actor);
        let Some(request) = self.knowledge.places.get(from).request else {
            panic!("an actor that has finished is to move")
        };
        self.noted.clear();
        let Effect { mut answer, fault, undo } = self.memory.execute_noting(&request, &mut self.noted);
        if let Some(value) = choice {
            answer = Answer { value: u64::from(value), ok: true };
        }
        let writes = self.now.depth();
        let recorded = self.recorded.as_ref().map_or(0, Vec::len);
        let known = self.note_writes().and_then(|()| self.arrive(actor, from, answer));
        let (way, is_new) = match known {
            Ok(known) => known,
            Err(Unknown) => {
                self.memory.undo(undo);
                self.now.undo(writes);
                return Err(Unknown);
            }
        };
        self.recorded.iter_mut().for_each(|recorded| recorded.extend_from_slice(&self.noted));
        self.trail.push(Made { turn, from, undo, writes, recorded, progress: self.progress });
        let Way { to, closes, is_wrong, hits, .. } = way;
        self.at[actor as usize] = to;
        self.knowledge.places.watched.note(&mut self.progress, hits, &mut self.cover);
        Ok(Step { is_wrong: is_wrong || fault.is_some(), closes, is_new })
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
        let (_, is_new) = ends.number(self.now.memory())?;
        Ok(is_new.then(|| (self.program.check)(&self.memory).is_some()))
    }

    /// Notes that an execution has ended.
    pub(super) fn end(&mut self) {
        self.knowledge.places.watched.end(self.progress, &mut self.cover);
    }

    /// Notes what another configuration has seen of windows.
    pub(super) fn add_cover(&mut self, other: &[Cover]) {
        self.cover.iter_mut().zip(other).for_each(|(mine, theirs)| mine.add(theirs));
    }

    /// Undoes what was executed last, until this many turns are left.
    pub(super) fn rewind(&mut self, len: usize) {
        for made in self.trail.drain(len..).rev() {
            self.memory.undo(made.undo);
            self.now.undo(made.writes);
            self.recorded.iter_mut().for_each(|recorded| recorded.truncate(made.recorded));
            self.at[made.turn.actor as usize] = made.from;
            self.progress = made.progress;
        }
    }
}
