//! The search of all states.

use std::cell::RefCell;

use cowrace_machine::{ActorSet, Program};
use cowrace_report::{Schedule, Turn};

use crate::execution::windows::Cover;
use crate::observer::{Execution, Order};
use crate::search::shared::{Settings, Shared};
use crate::states::End;
use crate::states::configuration::Configuration;
use crate::states::course::{Course, Progress, Search};
use crate::states::independence::{Touch, commute};
use crate::states::limits::Pace;
use crate::states::look_ahead::walk;
use crate::states::numbers::Numbers;
use crate::states::paths::{Known, NONE};
use crate::states::persistent_sets::persistent_set;
use crate::states::settle::{go, settle};
use crate::states::table::{Table, Visit};
use crate::states::watched::Watched;
use crate::sync::Primitives;

/// After how many visits another execution in random order is made: what is rare shows early then.
const BETWEEN: u64 = 256;

/// A search of all states.
pub(crate) struct StateSearch<'p> {
    course: Course<'p>,
    table: Table,
    /// For each actor, what its next request touches in the state that is being visited.
    touches: Vec<Vec<Touch>>,
}

impl<'p> StateSearch<'p> {
    /// A search that watches the windows that have not been open. `None` if that is not possible.
    pub(crate) fn new(program: &'p Program, settings: &Settings, cover: &[Cover]) -> Option<Self> {
        let watched = Watched::new(program, cover)?;
        Some(Self {
            course: Course::new(program, settings, watched, 1),
            table: Table::new(),
            touches: vec![Vec::new(); program.actors.len()],
        })
    }

    /// What has been seen of windows.
    pub(crate) fn cover(&self) -> &[Cover] {
        self.course.here.places.watched.cover()
    }

    /// The number of states so far.
    pub(crate) const fn states(&self) -> u64 {
        self.table.known().len() as u64
    }

    /// The memory in bytes that the states take.
    pub(crate) fn bytes(&self) -> u64 {
        (self.table.bytes() + self.course.bytes()) as u64
    }

    /// Compares actors that have been taken for the same; see [`Places::verify`](crate::states::places::Places::verify).
    pub(crate) fn verify(&mut self) -> Result<u64, String> {
        let Course { here, random, .. } = &mut self.course;
        here.places.verify(random)
    }

    /// Goes on until everything has been searched, or for this many visits.
    pub(crate) fn run<P: Primitives>(&mut self, shared: &Shared<'_, P>, visits: u64, pace: Pace) -> Progress {
        self.course.pace = pace;
        self.go_on(shared, visits)
    }

    /// Moves the actors that are to be moved in a state.
    fn move_actors<P: Primitives>(
        &mut self,
        shared: &Shared<'_, P>,
        Visit { state, mut asleep, todo }: Visit,
    ) -> Result<(), End> {
        let Self { course, table, touches } = self;
        course.here.restore(table.known().name(state));
        for actor in ActorSet(asleep.0 | todo.0).iter() {
            course.here.try_out(actor);
            course.here.touches(actor, &mut touches[actor as usize]);
        }
        for actor in todo.iter() {
            self.course.now = state;
            let mut after = asleep;
            for other in asleep.iter() {
                let (one, other_) = (&self.touches[actor as usize], &self.touches[other as usize]);
                if !commute(one, other_, &self.course.here.memory) {
                    after.remove(other);
                }
            }
            self.settle_from(shared, Some(actor), after)?;
            asleep.insert(actor);
        }
        Ok(())
    }

    /// Moves an actor, unless there is none to be moved, and notes the states that this leads to.
    fn settle_from<P: Primitives>(
        &mut self,
        shared: &Shared<'_, P>,
        actor: Option<u8>,
        asleep: ActorSet,
    ) -> Result<(), End> {
        let Self { course, table, .. } = self;
        let Course { limits, here, ends, now, name, .. } = course;
        let steps = limits.steps as usize;
        let mut arrive = |here: &mut Configuration<'p>, closes: bool| {
            here.name(name)?;
            let (state, is_new) = table.number(name, *now)?;
            if !is_new {
                table.reach(state, asleep, closes.then(|| here.enabled()));
                return Ok(());
            }
            let enabled = here.enabled();
            let todo = if closes { enabled } else { persistent_set(here, enabled) };
            table.add(Visit { state, asleep, todo });
            if enabled.is_empty() { end(shared, here, table.known(), ends, *now) } else { Ok(()) }
        };
        match actor {
            Some(actor) => go(here, actor, asleep, steps, &mut arrive),
            None => settle(here, asleep, true, steps, &mut arrive),
        }
    }
}

impl<'p> Search<'p> for StateSearch<'p> {
    fn course(&mut self) -> &mut Course<'p> {
        &mut self.course
    }

    fn course_and_known(&mut self) -> (&mut Course<'p>, &Known) {
        (&mut self.course, self.table.known())
    }

    fn bytes(&self) -> u64 {
        self.bytes()
    }

    fn begin<P: Primitives>(&mut self, shared: &Shared<'_, P>) -> Result<(), End> {
        self.course.here.begin();
        self.course.now = NONE;
        self.settle_from(shared, None, ActorSet::default())
    }

    fn look_ahead(&mut self) -> Result<(), End> {
        let Course { here, random, now, .. } = &mut self.course;
        *now = NONE;
        if walk(here, random) { Ok(()) } else { Err(End::Wrong) }
    }

    fn visit<P: Primitives>(&mut self, shared: &Shared<'_, P>) -> Result<bool, End> {
        if !self.course.here.places.can_watch {
            return Err(End::Full);
        }
        if self.course.visits().is_multiple_of(BETWEEN) {
            self.look_ahead()?;
        }
        match self.table.pop() {
            Some(visit) => self.move_actors(shared, visit).map(|()| true),
            None => Ok(false),
        }
    }

    fn repeat(&mut self, states: Vec<u32>) {
        let Self { course: Course { here, .. }, table, .. } = self;
        for state in states {
            here.restore(table.known().name(state));
            here.actors().for_each(|actor| here.try_out(actor));
            let set = persistent_set(here, here.enabled());
            table.repeat(state, set);
        }
    }
}

/// Judges a state in which no actor can move. It was reached from another one.
pub(super) fn end<'p, P: Primitives>(
    shared: &Shared<'_, P>,
    here: &mut Configuration<'p>,
    known: &Known,
    ends: &mut Numbers,
    from: u32,
) -> Result<(), End> {
    here.end();
    match here.judge(ends)? {
        None => return Ok(()),
        Some(true) => return Err(End::Wrong),
        Some(false) => {}
    }
    let last: Vec<Turn> = here.turns().collect();
    let memory = here.memory.clone();
    let here = RefCell::new(here);
    let schedule = || {
        let mut here = here.borrow_mut();
        let mut turns = known.path(&mut here, from);
        turns.extend_from_slice(&last);
        // Back to where the search is.
        if from == NONE {
            here.begin()
        } else {
            here.restore(known.name(from))
        }
        last.iter().for_each(|&turn| {
            here.make(turn);
        });
        Schedule { fingerprint: shared.program.fingerprint, turns }
    };
    let (program, order) = (shared.program, Order::Path(&schedule));
    shared.watch.execution(&Execution { program, memory: &memory, order, found: None, is_complete: true });
    Ok(())
}
