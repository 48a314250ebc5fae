//! A program for stateright, as somebody would write it who wants its states kept.
//!
//! A state is memory and where each actor is in the tree of all that it may be answered. An action is an actor that
//! can move, and what it chooses. What is given to stateright beyond that:
//!
//! * The tree is shared by all states, so that no future is run again where another state had its actor before.
//!   An actor that has finished is at one place however it came there.
//! * Of memory, a state keeps only the words that anybody ever writes.
//! * Fences, and joins and barriers that can be passed, belong to the step before them, since they are independent of
//!   all that others may do. A choice is too, and is offered alone.
//!
//! stateright itself keeps 64-bit fingerprints, so it might take two states for one; ours would then have seen more
//! ends.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cowrace_machine::{ActorSet, Answer, Memory, Op, Program};
use stateright::{Checker, Model, Property};

use super::answers::{Answers, Told};
use super::words::Words;

/// Actors that a state has room for.
const MOST: usize = 8;

/// States between two looks at the clock.
const STRIDE: u32 = 1024;

/// A memory that executions end with: all words that are not zero.
pub(crate) type End = Vec<(usize, u64)>;

/// What stateright came to.
pub(crate) struct Searched {
    pub(crate) states: u64,
    /// Whether it came to its end before the limit.
    pub(crate) complete: bool,
    /// Whether something is wrong with some execution.
    pub(crate) wrong: bool,
    /// The memories at the end of executions, if they were collected.
    pub(crate) ends: BTreeSet<End>,
}

/// Lets stateright search a program, depth first on one thread.
pub(crate) fn search(program: &Arc<Program>, told: Told, limit: Duration, collect: bool) -> Searched {
    let count = program.actors.len();
    assert!(count <= MOST, "no room for {count} actors");
    let answers = Answers::new(Arc::clone(program), told);
    let desk = Desk { answers, words: Words::new(program.memory.clone()), ends: BTreeSet::new() };
    let states = States {
        program: Arc::clone(program),
        desk: Mutex::new(desk),
        collect,
        deadline: Instant::now() + limit,
        asked: AtomicU32::new(0),
        late: AtomicBool::new(false),
        wrong: AtomicBool::new(false),
    };
    let checker = states.checker().threads(1).spawn_dfs().join();
    let model = checker.model();
    Searched {
        states: checker.unique_state_count() as u64,
        complete: !model.late.load(Relaxed),
        wrong: model.wrong.load(Relaxed),
        ends: std::mem::take(&mut model.desk().ends),
    }
}

/// A state of the program.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    words: Box<[u64]>,
    at: [u32; MOST],
    /// Memory or the model found something wrong on the way here.
    wrong: bool,
    /// What can be done. Follows from the rest.
    moves: Moves,
}

/// What can be done in a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Moves {
    /// Any of these may move; if there is none, nobody can.
    Any(ActorSet),
    /// One chooses between so many values.
    Choice(u8, u32),
    /// One goes on at once, since nobody can tell when it does.
    AtOnce(u8),
}

/// An actor's next step, with the value where it is a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Step {
    actor: u8,
    value: Option<u32>,
}

/// What all states share.
struct Desk {
    answers: Answers,
    words: Words,
    ends: BTreeSet<End>,
}

struct States {
    program: Arc<Program>,
    desk: Mutex<Desk>,
    collect: bool,
    deadline: Instant,
    asked: AtomicU32,
    late: AtomicBool,
    wrong: AtomicBool,
}

impl Desk {
    /// Takes a step from the state that is loaded, and all that follow at once.
    fn go(&mut self, program: &Program, at: [u32; MOST], wrong: bool, step: Option<Step>) -> State {
        let mut state = State { words: Box::default(), at, wrong, moves: Moves::Any(ActorSet::default()) };
        if let Some(step) = step {
            self.step(&mut state, step);
        }
        loop {
            state.moves = self.moves(program, &state.at);
            let Moves::AtOnce(actor) = state.moves else { break };
            self.step(&mut state, Step { actor, value: None });
        }
        state.words = self.words.keep();
        state
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

    fn moves(&self, program: &Program, at: &[u32; MOST]) -> Moves {
        let mut able = ActorSet::default();
        for actor in 0..program.actors.len() as u8 {
            let Some(request) = self.answers.request(at[actor as usize]) else { continue };
            match request.op {
                Op::Choose { n } => return Moves::Choice(actor, n),
                Op::Fence => return Moves::AtOnce(actor),
                Op::Join { actor: other } => {
                    if self.answers.request(at[other as usize]).is_none() {
                        return Moves::AtOnce(actor);
                    }
                }
                Op::Barrier { id } => {
                    let round = self.answers.passed(at[actor as usize], id, false);
                    let mut others = program.barriers[id as usize].iter();
                    if others.all(|other| self.answers.passed(at[other as usize], id, true) > round) {
                        return Moves::AtOnce(actor);
                    }
                }
                ref op => {
                    if self.words.memory().ready(op) {
                        able.insert(actor);
                    }
                }
            }
        }
        Moves::Any(able)
    }

    /// Whether every actor has finished.
    fn finished(&self, program: &Program, at: &[u32; MOST]) -> bool {
        at[..program.actors.len()].iter().all(|&at| self.answers.request(at).is_none())
    }
}

impl States {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// stateright's own time limit is not looked at while its only thread has work.
    fn late(&self) -> bool {
        if self.asked.fetch_add(1, Relaxed).is_multiple_of(STRIDE) && Instant::now() >= self.deadline {
            self.late.store(true, Relaxed);
        }
        self.late.load(Relaxed)
    }

    /// Judges a state; sees each once.
    fn holds(&self, state: &State) -> bool {
        let ended = state.moves == Moves::Any(ActorSet::default());
        let holds = !state.wrong && (!ended || self.ends_well(state));
        if !holds {
            self.wrong.store(true, Relaxed);
        }
        holds
    }

    fn ends_well(&self, state: &State) -> bool {
        let desk = &mut *self.desk();
        desk.words.load(&state.words);
        let memory: &Memory = desk.words.memory();
        if self.collect {
            desk.ends.insert(memory.nonzero().collect());
        }
        (self.program.check)(memory).is_none() && desk.finished(&self.program, &state.at)
    }
}

impl Model for States {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        let mut at = [0; MOST];
        (0..).zip(&mut at[..self.program.actors.len()]).for_each(|(place, at)| *at = place);
        let desk = &mut *self.desk();
        let wrong = at[..self.program.actors.len()].iter().any(|&at| desk.answers.wrong(at));
        vec![desk.go(&self.program, at, wrong, None)]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Step>) {
        if self.late() {
            return;
        }
        match state.moves {
            Moves::Any(able) => actions.extend(able.iter().map(|actor| Step { actor, value: None })),
            Moves::Choice(actor, n) => actions.extend((0..n).map(|v| Step { actor, value: Some(v) })),
            Moves::AtOnce(_) => {}
        }
    }

    fn next_state(&self, state: &State, step: Step) -> Option<State> {
        let desk = &mut *self.desk();
        desk.words.load(&state.words);
        Some(desk.go(&self.program, state.at, state.wrong, Some(step)))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("nothing is wrong", Self::holds)]
    }
}
