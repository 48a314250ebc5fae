//! A program for stateright, written so that its states can be cached.
//!
//! A state consists of memory and the place of each actor in the tree of its possible answers. An action is an actor
//! that can move, and the value that it chooses. stateright gets some further help:
//!
//! * The tree is shared by all states, so that no future is run again for a place at which another state has had the
//!   actor. An actor that has finished is at one place, however it got there.
//! * A state keeps only the words of memory that are ever written.
//! * Fences, and joins and barriers that can be passed, belong to the step before them, since they are independent of
//!   everything that others may do. So is a choice, which is offered alone.
//!
//! stateright itself keeps 64-bit fingerprints, so it might confuse two states; our search would then have seen more
//! ends.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cowrace_machine::Program;
use stateright::{Checker, Model, Property};

use super::answers::Told;
use super::state::{Machine, Moves, State, Step};

/// The number of states between two readings of the clock.
const STRIDE: u32 = 1024;

/// A memory with which executions end: all words that are not zero.
pub(super) type End = Vec<(usize, u64)>;

/// The result of stateright.
pub(super) struct Searched {
    pub(super) states: u64,
    /// Whether it was completed before the limit.
    pub(super) complete: bool,
    /// Whether there is something wrong with some execution.
    pub(super) wrong: bool,
    /// The memories at the ends of executions, if they were collected.
    pub(super) ends: BTreeSet<End>,
}

/// Lets stateright search a program, depth first on one thread.
pub(super) fn search(program: &Arc<Program>, told: Told, limit: Duration, collect: bool) -> Searched {
    let states = States {
        program: Arc::clone(program),
        machine: Mutex::new(Machine::new(Arc::clone(program), told)),
        ends: collect.then(Mutex::default),
        deadline: Instant::now() + limit,
        asked: AtomicU32::new(0),
        late: AtomicBool::new(false),
        wrong: AtomicBool::new(false),
    };
    let checker = states.checker().threads(1).spawn_dfs().join();
    let States { ends, late, wrong, .. } = checker.model();
    Searched {
        states: checker.unique_state_count() as u64,
        complete: !late.load(Relaxed),
        wrong: wrong.load(Relaxed),
        ends: ends.as_ref().map(|ends| lock(ends).clone()).unwrap_or_default(),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The model that stateright gets.
struct States {
    program: Arc<Program>,
    machine: Mutex<Machine>,
    ends: Option<Mutex<BTreeSet<End>>>,
    deadline: Instant,
    asked: AtomicU32,
    late: AtomicBool,
    wrong: AtomicBool,
}

impl States {
    /// stateright does not check its own time limit while its only thread has work.
    fn late(&self) -> bool {
        if self.asked.fetch_add(1, Relaxed).is_multiple_of(STRIDE) && Instant::now() >= self.deadline {
            self.late.store(true, Relaxed);
        }
        self.late.load(Relaxed)
    }

    /// Judges a state; called once for each.
    fn holds(&self, state: &State) -> bool {
        let holds = !state.wrong && (state.moves != Moves::NONE || self.ends_well(state));
        if !holds {
            self.wrong.store(true, Relaxed);
        }
        holds
    }

    fn ends_well(&self, state: &State) -> bool {
        let mut machine = lock(&self.machine);
        let (memory, finished) = machine.end(state);
        if let Some(ends) = &self.ends {
            lock(ends).insert(memory.nonzero().collect());
        }
        finished && (self.program.check)(memory).is_none()
    }
}

impl Model for States {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        vec![lock(&self.machine).start()]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Step>) {
        if self.late() {
            return;
        }
        match state.moves {
            Moves::Any(able) => actions.extend(able.iter().map(|actor| Step { actor, value: None })),
            Moves::Choice(actor, n) => actions.extend((0..n).map(|v| Step { actor, value: Some(v) })),
        }
    }

    fn next_state(&self, state: &State, step: Step) -> Option<State> {
        Some(lock(&self.machine).next(state, step))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("nothing is wrong", Self::holds)]
    }
}
