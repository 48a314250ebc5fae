//! States of a program, and the steps from one to another.

use std::sync::Arc;

use cowrace_machine::{ActorSet, Answer, Memory, Op, Program};

use super::answers::{Answers, Told};
use super::words::Words;

/// The number of actors for which a state has room.
const MOST: usize = 8;

/// A state of the program.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct State {
    words: Box<[u64]>,
    /// Where each actor is.
    at: [u32; MOST],
    /// Whether memory or the model found something wrong on the way to this state.
    pub(super) wrong: bool,
    /// The possible moves, which follow from the rest.
    pub(super) moves: Moves,
}

/// The moves that are possible in a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Moves {
    /// Any of these actors may move. If there is none, no actor can.
    Any(ActorSet),
    /// An actor chooses between this many values.
    Choice(u8, u32),
}

impl Moves {
    pub(super) const NONE: Self = Self::Any(ActorSet(0));
}

/// An actor's next step, with the value if it is a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) actor: u8,
    pub(super) value: Option<u32>,
}

/// Runs a program from any of its states. What it learns on the way is shared by all states.
pub(super) struct Machine {
    program: Arc<Program>,
    answers: Answers,
    words: Words,
}

impl Machine {
    pub(super) fn new(program: Arc<Program>, told: Told) -> Self {
        let count = program.actors.len();
        assert!(count <= MOST, "no room for {count} actors");
        let words = Words::new(program.memory.clone());
        Self { answers: Answers::new(Arc::clone(&program), told), words, program }
    }

    /// The state at the beginning.
    pub(super) fn start(&mut self) -> State {
        let mut at = [0; MOST];
        (0..).zip(&mut at[..self.program.actors.len()]).for_each(|(place, at)| *at = place);
        let wrong = at.iter().any(|&at| self.answers.wrong(at));
        self.settle(State { words: Box::default(), at, wrong, moves: Moves::NONE })
    }

    /// The state after a step.
    pub(super) fn next(&mut self, state: &State, step: Step) -> State {
        self.words.load(&state.words);
        let mut next = State { words: Box::default(), ..*state };
        self.step(&mut next, step);
        self.settle(next)
    }

    /// Memory in a state, and whether every actor has finished.
    pub(super) fn end(&mut self, state: &State) -> (&Memory, bool) {
        self.words.load(&state.words);
        let finished = self.actors().all(|actor| self.answers.request(state.at[actor as usize]).is_none());
        (self.words.memory(), finished)
    }

    fn actors(&self) -> impl Iterator<Item = u8> + use<> {
        0..self.program.actors.len() as u8
    }

    fn step(&mut self, state: &mut State, step: Step) {
        let at = &mut state.at[step.actor as usize];
        let Some(request) = self.answers.request(*at) else {
            panic!("an actor that has finished is to move")
        };
        let (answer, fault) = self.words.execute(request);
        let answer = step.value.map_or(answer, |value| Answer { value: u64::from(value), ok: true });
        *at = self.answers.after(*at, answer);
        state.wrong |= fault || self.answers.wrong(*at);
    }

    /// Makes the steps that follow at once, and determines the moves that are possible then.
    fn settle(&mut self, mut state: State) -> State {
        while let Some(actor) = self.actors().find(|&actor| self.follows(&state, actor)) {
            self.step(&mut state, Step { actor, value: None });
        }
        state.moves = self.moves(&state);
        state.words = self.words.keep();
        state
    }

    /// Whether an actor continues at once, since its next step cannot be observed by others.
    fn follows(&self, state: &State, actor: u8) -> bool {
        let at = state.at[actor as usize];
        match self.answers.request(at).map(|request| request.op) {
            Some(Op::Fence) => true,
            Some(Op::Join { actor: other }) => self.answers.request(state.at[other as usize]).is_none(),
            Some(Op::Barrier { id }) => {
                let round = self.answers.passed(at, id, false);
                let came = |other: u8| self.answers.passed(state.at[other as usize], id, true);
                self.program.barriers[id as usize].iter().all(|other| came(other) > round)
            }
            _ => false,
        }
    }

    fn moves(&self, state: &State) -> Moves {
        let mut able = ActorSet::default();
        for actor in self.actors() {
            match self.answers.request(state.at[actor as usize]).map(|request| request.op) {
                None | Some(Op::Join { .. } | Op::Barrier { .. }) => {}
                Some(Op::Choose { n }) => return Moves::Choice(actor, n),
                Some(op) if self.words.memory().ready(&op) => able.insert(actor),
                Some(_) => {}
            }
        }
        Moves::Any(able)
    }
}
