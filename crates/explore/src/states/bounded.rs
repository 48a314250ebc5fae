//! The search of states within a bound on preemptions: all executions without any, then all with one, and so on.
//!
//! A race in a long scenario often needs few preemptions, at places that a depth-first search reaches late. Here states
//! are searched in the order of the fewest preemptions with which they can be reached, so a bound is complete when
//! nothing is left to do within it (Musuvathi and Qadeer, *Iterative Context Bounding for Systematic Testing of
//! Multithreaded Programs*, PLDI 2007).
//!
//! What is to be done is a state and the actor to move next. Sleep sets, and persistent sets of several actors, may leave
//! out the one order of a trace that has few preemptions, so there are none. But a request in whose way no other actor
//! can ever get is executed together with the one before it, by the same actor. That costs no preemption: in an
//! execution in which the actor is stopped before such a request, the request can be moved up to where it was stopped.
//! The actor is then stopped after the request, or not at all if it has to wait there, and where it went on later it goes
//! on with what comes next. Only the last request of an actor is not moved up: those that wait for its end could go on
//! then, and would have to be stopped.

use cowrace_machine::Program;
use cowrace_report::{Stop, Turn};

use crate::search::shared::{Settings, Shared};
use crate::states::End;
use crate::states::configuration::Configuration;
use crate::states::course::{Course, Progress, Search};
use crate::states::ends::end;
use crate::states::limits::Pace;
use crate::states::look_ahead::{run_ahead, walk};
use crate::states::paths::{Known, NONE};
use crate::states::persistent_sets::is_alone;
use crate::states::settle::Arrive;
use crate::states::watched::Watched;
use crate::sync::Primitives;

/// More preemptions than any bound allows.
const TOO_MANY: u16 = u16::MAX;

/// A search of states in the order of preemptions.
pub(crate) struct BoundedSearch<'p> {
    course: Course<'p>,
    /// The largest bound.
    most: u16,
    known: Known,
    /// For each state and each actor the fewest preemptions with which the actor is to move next there.
    fewest: Vec<u16>,
    /// For each number of preemptions the states and actors that are to be looked at.
    open: Vec<Vec<(u32, u8)>>,
    /// The preemptions up to the state that is being visited.
    bound: u16,
    /// The number of bounds within which every execution has been explored: those below.
    complete: u16,
}

impl<'p> BoundedSearch<'p> {
    /// A search of all executions with at most this many preemptions; there is a largest number. It may take this part
    /// of the memory that states may take.
    pub(crate) fn new(program: &'p Program, settings: &Settings, most: u32, part: u64) -> Self {
        let most = u16::try_from(most).unwrap_or(TOO_MANY).min(TOO_MANY - 1);
        Self {
            course: Course::new(program, settings, Watched::nothing(), part),
            most,
            known: Known::default(),
            fewest: Vec::new(),
            open: vec![Vec::new(); usize::from(most) + 1],
            bound: 0,
            complete: 0,
        }
    }

    /// The number of states so far.
    pub(crate) const fn states(&self) -> u64 {
        self.known.len() as u64
    }

    /// The memory in bytes that the states may take.
    pub(crate) const fn room(&self) -> u64 {
        self.course.room()
    }

    /// The memory in bytes that the states take.
    pub(crate) fn bytes(&self) -> u64 {
        let open: usize = self.open.iter().map(Vec::capacity).sum();
        let visits = self.fewest.capacity() * size_of::<u16>() + open * size_of::<(u32, u8)>();
        (self.known.bytes() + visits + self.course.bytes()) as u64
    }

    /// The largest bound within which every execution has been explored.
    pub(crate) fn completed(&self) -> Option<u32> {
        self.complete.checked_sub(1).map(u32::from)
    }

    /// Goes on until all bounds are complete, or for this many visits.
    pub(crate) fn run<P: Primitives>(&mut self, shared: &Shared<'_, P>, visits: u64, pace: Pace) -> Progress {
        self.course.pace = pace;
        self.go_on(shared, visits, &mut ())
    }

    fn at(&self, state: u32, actor: u8) -> usize {
        state as usize * self.course.here.actors().len() + usize::from(actor)
    }

    /// Moves an actor, unless there is none to be moved, and notes what is to be done where this leads.
    fn move_actor<P: Primitives>(&mut self, shared: &Shared<'_, P>, actor: Option<u8>) -> Result<(), End> {
        let Self { course, most, known, fewest, open, bound, .. } = self;
        let Course { limits, here, ends, now, name, .. } = course;
        let steps = limits.steps as usize;
        let mut ended = Vec::new();
        let mut arrive = |here: &mut Configuration<'p>, _: bool| {
            here.name(name)?;
            let (state, is_new) = known.number(name, *now)?;
            let enabled = here.enabled();
            let actors = here.actors().len();
            if is_new {
                fewest.resize(fewest.len() + actors, TOO_MANY);
                if enabled.is_empty() {
                    ended.push(state);
                }
            }
            for next in enabled.iter() {
                let is_preempted = actor.is_some_and(|actor| actor != next && enabled.contains(actor));
                let preemptions = *bound + u16::from(is_preempted);
                let least = &mut fewest[state as usize * actors + usize::from(next)];
                if preemptions < *least && preemptions <= *most {
                    *least = preemptions;
                    open[preemptions as usize].push((state, next));
                }
            }
            Ok::<(), End>(())
        };
        let made = match actor {
            Some(actor) => go(here, actor, steps, &mut arrive),
            None => arrive(here, false),
        };
        if !matches!(made, Err(End::Wrong(_))) {
            for state in ended {
                *now = state;
                end(shared, here, known, ends, state)?;
            }
        }
        made
    }
}

impl<'p> Search<'p> for BoundedSearch<'p> {
    type Team<'t> = ();

    fn course(&mut self) -> &mut Course<'p> {
        &mut self.course
    }

    fn course_and_known(&mut self) -> (&mut Course<'p>, &Known) {
        (&mut self.course, &self.known)
    }

    fn bytes(&self) -> u64 {
        self.bytes()
    }

    fn begin<P: Primitives>(&mut self, shared: &Shared<'_, P>) -> Result<(), End> {
        self.course.here.begin();
        self.course.now = NONE;
        self.move_actor(shared, None)
    }

    fn look_ahead(&mut self) -> Result<(), End> {
        let Course { here, random, .. } = &mut self.course;
        // What is wrong beyond the bound is no finding here.
        match walk(here, random) {
            Ok(()) | Err(End::Wrong(_)) => Ok(()),
            Err(end) => Err(end),
        }
    }

    fn visit<P: Primitives>(&mut self, shared: &Shared<'_, P>, (): &mut (), _: u64) -> Result<u64, End> {
        while self.bound <= self.most {
            let Some((state, actor)) = self.open[self.bound as usize].pop() else {
                if !self.course.is_sound() {
                    break;
                }
                self.bound += 1;
                self.complete = self.complete.max(self.bound);
                continue;
            };
            // It may have been reached with fewer preemptions meanwhile.
            if self.fewest[self.at(state, actor)] == self.bound {
                self.course.now = state;
                self.course.here.restore(self.known.name(state));
                return self.move_actor(shared, Some(actor)).map(|()| 1);
            }
        }
        Ok(0)
    }

    fn repeat(&mut self, states: Vec<u32>) -> Result<(), End> {
        for state in states {
            for actor in self.course.here.actors() {
                let fewest = self.fewest[self.at(state, actor)];
                // No larger bound has begun, though that at hand may be less.
                if fewest <= self.complete {
                    self.open[fewest as usize].push((state, actor));
                    self.bound = self.bound.min(fewest);
                }
            }
        }
        Ok(())
    }
}

/// Executes the next request of an actor, with every value if it is a choice; then those that follow, as long as no
/// other actor can get in their way, but for its last one.
fn go<'p>(here: &mut Configuration<'p>, actor: u8, steps: usize, arrive: Arrive<'_, 'p>) -> Result<(), End> {
    here.try_out(actor)?;
    let values = here.values(actor);
    for value in 0..values.max(1) {
        let mut closes = make(here, Turn { actor, choice: (values > 0).then_some(value) })?;
        loop {
            here.try_out(actor)?;
            let values = here.values(actor);
            if closes || values > 1 || !here.is_free(actor) && !is_alone(here, actor) {
                break;
            }
            if here.len() > steps {
                return Err(End::Stopped(Stop::Steps));
            }
            let before = here.len();
            closes = make(here, Turn { actor, choice: (values > 0).then_some(0) })?;
            if here.request(actor).is_none() {
                // Those that wait for its end go on only after this request.
                here.rewind(before);
                break;
            }
        }
        arrive(here, false)?;
        here.rewind(0);
    }
    Ok(())
}

/// Executes the next request of an actor. Returns whether the actor may have come round in a circle.
fn make(here: &mut Configuration<'_>, turn: Turn) -> Result<bool, End> {
    let step = here.make(turn)?;
    if step.is_wrong {
        here.note_wrong()?;
    }
    let len = here.len();
    if step.is_new {
        match run_ahead(here, turn.actor) {
            Err(End::Wrong(_)) => {
                here.rewind(len);
                here.try_out_all()?;
            }
            other => other?,
        }
    }
    Ok(step.closes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::counter;

    /// A second surprise may come when the bound at hand is lower than those that have begun.
    #[test]
    fn what_was_done_within_a_larger_bound_is_repeated_as_well() {
        let program = counter(2);
        let mut search = BoundedSearch::new(&program, &Settings::default(), 2, 1);
        (search.bound, search.complete) = (2, 2);
        search.fewest = vec![0, TOO_MANY, 1, TOO_MANY];
        assert_eq!((search.repeat(vec![0]), search.repeat(vec![1])), (Ok(()), Ok(())));
        assert_eq!((search.bound, search.open), (0, vec![vec![(0, 0)], vec![(1, 0)], vec![]]));
    }
}
