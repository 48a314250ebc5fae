//! stateright: the step machine, searched depth first, with a fingerprint of every state.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use stateright::{Checker, Model, Property};

use crate::peer::{Collect, End, Goal, Ready, Run, Task, Words};
use crate::steps::State;
use cowrace_testkit::common_problem::Variant;

const VISIBLE: &str = "both writes are visible";

/// The number of states between two readings of the clock.
const STRIDE: u32 = 1024;

/// The data that outlives the search, which drops the model.
struct Watch {
    deadline: Instant,
    late: AtomicBool,
    lost: AtomicBool,
    outcomes: Option<Mutex<HashSet<Words>>>,
}

struct Problem {
    variant: Variant,
    goal: Goal,
    asked: AtomicU32,
    watch: Arc<Watch>,
}

impl Problem {
    /// stateright does not check its own time limit while its only thread has work.
    fn late(&self) -> bool {
        if self.asked.fetch_add(1, Relaxed).is_multiple_of(STRIDE) && Instant::now() >= self.watch.deadline {
            self.watch.late.store(true, Relaxed);
        }
        self.watch.late.load(Relaxed)
    }

    /// Judges a state; called once for each.
    fn visible(&self, state: &State) -> bool {
        if !state.done() {
            return true;
        }
        if let Some(outcomes) = &self.watch.outcomes {
            outcomes.lock().unwrap_or_else(PoisonError::into_inner).insert(state.words());
        }
        if state.lost() {
            self.watch.lost.store(true, Relaxed);
        }
        !state.lost()
    }
}

impl Model for Problem {
    type State = State;
    type Action = u8;

    fn init_states(&self) -> Vec<State> {
        vec![State::start(&self.variant)]
    }

    fn actions(&self, state: &State, actions: &mut Vec<u8>) {
        if !self.late() {
            actions.extend((0..self.variant.actors).filter(|&actor| state.enabled(actor as usize)));
        }
    }

    fn next_state(&self, state: &State, actor: u8) -> Option<State> {
        let mut next = state.clone();
        next.step(actor as usize, &self.variant);
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut properties = vec![Property::always(VISIBLE, |model: &Self, state| model.visible(state))];
        if self.goal == Goal::Whole {
            // A search ends when all properties are violated, so a property that never is keeps it running.
            properties.push(Property::always("keeps going", |_, _| true));
        }
        properties
    }
}

pub(crate) fn prepare(task: Task) -> Ready {
    Ready::library(move |collect| run(task, collect))
}

fn run(task: Task, collect: Collect) -> Run {
    let watch = Arc::new(Watch {
        deadline: Instant::now() + task.limit,
        late: AtomicBool::new(false),
        lost: AtomicBool::new(false),
        outcomes: (collect == Collect::Yes).then(Mutex::default),
    });
    let asked = AtomicU32::new(0);
    let model = Problem { variant: task.variant, goal: task.goal, asked, watch: Arc::clone(&watch) };
    let checker = model.checker().threads(1).spawn_dfs().join();
    let lost = watch.lost.load(Relaxed);
    let end = match task.goal {
        Goal::First if lost => End::Found,
        _ if watch.late.load(Relaxed) => End::Limit,
        _ => End::Complete,
    };
    let outcomes = watch.outcomes.as_ref();
    let outcomes = outcomes.map(|o| o.lock().unwrap_or_else(PoisonError::into_inner).clone());
    Run { count: checker.unique_state_count() as u64, end, lost: Some(lost), outcomes }
}
