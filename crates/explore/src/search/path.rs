//! The path: everything that leads to the current state. It is undone event by event.

use cowrace_machine::{Answer, Memory, Op, Program};
use cowrace_report::Finding;

use crate::execution::answer_tree::{Actors, Fresh};
use crate::execution::coverage::Seen;
use crate::execution::describe;
use crate::execution::found::Found;
use crate::execution::history::History;
use crate::execution::moves::{Move, PLAIN};
use crate::execution::preemptions::Preemptions;
use crate::reduction::races::{Detector, order};
use crate::reduction::sleep_sets::SleepSets;

/// An execution so far, with the moves that sleep in each of its states.
pub(crate) struct Path<'s> {
    pub(crate) program: &'s Program,
    pub(crate) memory: Memory,
    pub(crate) actors: Actors<'s>,
    pub(crate) history: History,
    pub(crate) sleepers: SleepSets,
    /// What is wrong with the execution, if anything.
    pub(crate) found: Option<Found>,
    pub(crate) detector: Detector,
    preemptions: Preemptions,
}

impl<'s> Path<'s> {
    /// The beginning of an execution in which at most this many preemptions are allowed.
    pub(crate) fn new(
        program: &'s Program,
        memory: &Memory,
        actors: Fresh<'s>,
        preemptions: Option<u32>,
    ) -> Self {
        Self {
            program,
            memory: memory.clone(),
            actors: actors.begin(),
            history: History::new(program.actors.len()),
            sleepers: SleepSets::default(),
            found: None,
            detector: Detector::default(),
            preemptions: Preemptions::new(preemptions),
        }
    }

    /// The number of events.
    pub(crate) const fn len(&self) -> usize {
        self.history.len()
    }

    /// Enters the state to which the last event leads: moves that slept before still sleep, unless the event wakes
    /// them.
    pub(crate) fn enter(&mut self) {
        let event = self.len().checked_sub(1);
        let event = event.map(|e| (self.history.events()[e].actor, self.history.accesses(e)));
        self.sleepers.enter(event);
    }

    /// Whether the bound on preemptions lets an actor move next.
    pub(crate) fn allows(&mut self, actor: u8) -> bool {
        self.preemptions.allow(actor, &self.history, &self.actors, &self.memory)
    }

    /// Whether a move is possible: a checkpoint may have been changed since it was made.
    pub(crate) fn can_make(&self, Move { actor, choice }: Move) -> bool {
        let request = (actor < self.history.actors() as u8).then(|| self.actors.request(actor)).flatten();
        let fits = request.is_some_and(|request| match request.op {
            Op::Choose { n } => choice < n,
            _ => choice == PLAIN,
        });
        fits && self.actors.is_enabled(actor, &self.memory)
    }

    /// Executes the request of an actor. The detector then has the races of the event. Returns a finding if the event
    /// is the first one to show any.
    pub(crate) fn step(&mut self, made: Move, coverage: Option<&mut Seen>) -> Option<Finding> {
        let Move { actor, choice } = made;
        let Some(request) = self.actors.request(actor) else {
            panic!("an actor that has finished is to move")
        };
        let mut done = self.memory.execute_noting(request, self.history.fresh_mut());
        if choice != PLAIN {
            done.answer = Answer { value: u64::from(choice), ok: true };
        }
        let scratch = (&mut self.memory, &self.program.memory);
        self.detector.detect(&self.history, actor, request, self.history.fresh(), scratch);
        if let Some(seen) = coverage {
            seen.note(&self.history, &self.actors, actor);
        }
        order(&mut self.detector.clock, self.program, &self.history, &self.actors, actor, request);
        let memory = (&self.memory, &self.program.memory);
        self.history.push(actor, request, (done.answer, done.undo), &self.detector.clock, memory);
        if let Op::Barrier { id } = request.op {
            self.actors.pass(actor, id, false);
        }
        let finding = self.actors.answer(actor, done.answer);
        if self.found.is_some() {
            return None;
        }
        let Some(fault) = done.fault else { return finding.cloned() };
        let events = self.history.events();
        let request = &events[events.len() - 1].request;
        Some(describe::fault(self.program, (actor, request, done.answer), fault))
    }

    /// Takes back the last event.
    pub(crate) fn undo(&mut self) {
        if let Some(event) = self.history.pop() {
            self.memory.undo(event.undo);
            self.actors.take_back(event.actor);
            if let Op::Barrier { id } = event.request.op {
                self.actors.pass(event.actor, id, true);
            }
        }
        let last = self.len();
        if self.found.as_ref().is_some_and(|found| found.events > last) {
            self.found = None;
        }
    }
}
