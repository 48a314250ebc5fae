//! The depth-first search itself.

use std::ops::ControlFlow;
use std::time::Duration;

use cowrace_machine::{ActorSet, Addr, Answer, Memory, Op, Program};
use cowrace_report::Stop;

use crate::effort::Effort;
use crate::estimate::estimates::Estimates;
use crate::execution::answer_tree::{Actors, Fresh, Spare};
use crate::execution::coverage::Seen;
use crate::execution::describe;
use crate::execution::history::History;
use crate::execution::preemptions::Preemptions;
use crate::execution::windows::Windows;
use crate::explorer::Outcome;
use crate::reduction::moves::{Move, PLAIN, Sequence};
use crate::reduction::races::{Detector, order};
use crate::reduction::reversal::{Race, Turner};
use crate::reduction::sleep_sets::SleepSets;
use crate::reduction::wakeup_trees::{First, NONE, WakeupTrees};
use crate::search::barriers::{Reached, Visit};
use crate::search::conclude::Found;
use crate::search::shared::Shared;
use crate::search::subtree::Given;
use crate::sync::Primitives;

/// Breaks with the reason, which is none where a finding ends the search.
pub(crate) type Flow = ControlFlow<Option<Stop>>;

/// What to do in a state that is new.
enum Next {
    Guided(First),
    Run(Move),
    /// All that follows has been searched.
    Known,
    Complete,
    Deadlock,
}

/// The state of a search of all executions that begin in the same way.
pub(crate) struct Search<'s, P: Primitives> {
    pub(crate) program: &'s Program,
    pub(crate) shared: &'s Shared<'s, P>,
    pub(crate) memory: Memory,
    pub(crate) actors: Actors<'s>,
    pub(crate) history: History,
    pub(crate) sleepers: SleepSets,
    pub(crate) wakeup: WakeupTrees,
    /// For each state on the way, the first of the steps to try after the move that was made from it.
    pub(crate) todo: Vec<u32>,
    /// The first of the steps to make from the state at hand; if there is none, all that follows is new.
    guide: u32,
    /// The step to go on with after a rest.
    rest: Option<First>,
    /// Events that all executions have in common. What is to be tried before their end is for somebody else.
    pub(crate) base: usize,
    /// Sequences to be executed from states before the base, each with the number of the state.
    pub(crate) beyond: Vec<(u32, Sequence)>,
    /// Subtrees that were given away, by number.
    pub(crate) given: Vec<Option<Given<'s, P>>>,
    /// Actors for the search of subtrees of others.
    pub(crate) spare: Spare<'s>,
    /// Whether nobody else is to search parts of it. That is so at first, since what is done then depends on how far
    /// the search has come, in its own order.
    pub(crate) is_alone: bool,
    /// How to take on another thread.
    pub(crate) spawn: Option<&'s dyn Fn()>,
    pub(crate) detector: Detector,
    pub(crate) turner: Turner,
    /// Races that have to be looked at in every execution, ordered by their later events.
    pub(crate) races: Vec<Race>,
    pub(crate) windows: Windows,
    /// What all executions have shown, if that is wanted.
    pub(crate) seen: Seen,
    pub(crate) found: Option<Found>,
    /// A count that is not as far from zero as it was taken to be.
    pub(crate) near: Option<Addr>,
    preemptions: Preemptions,
    /// Barriers of the path after which the search is under way.
    pub(crate) visits: Vec<Visit>,
    pub(crate) outcome: Outcome,
    /// The states at barriers that it has reached and that have been done with.
    pub(crate) reached: Reached,
    /// The numbers of those that stand in the checkpoint from which it goes on.
    pub(crate) earlier: Vec<u32>,
    /// What was done here, and as much of that as is in the books of all threads.
    pub(crate) made: Effort,
    pub(crate) booked: Effort,
    /// How many requests there had been when the limits were looked at last.
    pub(crate) looked: u64,
    /// When progress was reported last, and how many executions there had been.
    pub(crate) reported: (Duration, u64),
    pub(crate) estimates: Estimates,
}

impl<'s, P: Primitives> Search<'s, P> {
    /// A search of all executions.
    pub(crate) fn new(shared: &'s Shared<'s, P>, actors: Fresh<'s>) -> Self {
        let program = shared.program;
        Self {
            program,
            shared,
            memory: shared.memory.clone(),
            actors: actors.begin(),
            history: History::new(program.actors.len()),
            sleepers: SleepSets::default(),
            wakeup: WakeupTrees::default(),
            todo: Vec::new(),
            guide: NONE,
            rest: None,
            base: 0,
            beyond: Vec::new(),
            given: Vec::new(),
            spare: Spare::default(),
            is_alone: false,
            spawn: None,
            detector: Detector::default(),
            turner: Turner::default(),
            races: Vec::new(),
            windows: Windows::new(&program.windows),
            seen: Seen::default(),
            found: None,
            near: None,
            preemptions: Preemptions::new(shared.preemptions),
            visits: Vec::new(),
            outcome: Outcome::nothing(program),
            reached: Reached::default(),
            earlier: Vec::new(),
            made: Effort::default(),
            booked: Effort::default(),
            looked: 0,
            reported: (Duration::ZERO, 0),
            estimates: Estimates::default(),
        }
    }

    /// Searches on until there have been so many executions.
    pub(crate) fn run(&mut self, executions: u64) -> Flow {
        if self.history.len() == 0
            && self.rest.is_none()
            && let Some(finding) = self.actors.first_finding()
        {
            self.find(finding)?;
        }
        let mut first = self.rest.take();
        loop {
            let step = match first.take() {
                Some(step) => step,
                None => match self.enter()? {
                    Some(step) => step,
                    None => {
                        self.turn_races();
                        let Some(step) = self.backtrack() else { return ControlFlow::Continue(()) };
                        self.pause(executions, step)?;
                        step
                    }
                },
            };
            if !self.preemptions.allow(step.made.actor, &self.history, &self.actors, &self.memory) {
                let Some(other) = self.skip() else { return ControlFlow::Continue(()) };
                // There may be much to skip before the next execution is complete.
                self.pause(executions, other)?;
                first = Some(other);
                continue;
            }
            self.guide = step.child;
            self.step(step.made)?;
            if step.given != NONE && self.take_back(step, executions)? {
                let Some(step) = self.backtrack() else { return ControlFlow::Continue(()) };
                first = Some(step);
            }
        }
    }

    /// Whether there is something to go on with.
    pub(crate) const fn is_resting(&self) -> bool {
        self.rest.is_some()
    }

    /// The step to go on with.
    pub(crate) const fn resting(&self) -> Option<First> {
        self.rest
    }

    /// Where to go on after a stop.
    pub(crate) const fn rest_at(&mut self, step: First) {
        self.rest = Some(step);
    }

    /// It is no stop: the caller has the step, and goes on with it.
    pub(crate) const fn go_on_from_rest(&mut self) {
        self.rest = None;
    }

    pub(crate) const fn preemptions_are_bounded(&self) -> bool {
        self.shared.preemptions.is_some()
    }

    /// Decides how to go on from a state that has just been reached; none if the execution has come to its
    /// end.
    fn enter(&mut self) -> ControlFlow<Option<Stop>, Option<First>> {
        match self.next()? {
            Next::Guided(first) => ControlFlow::Continue(Some(first)),
            Next::Run(made) => ControlFlow::Continue(Some(First { made, child: NONE, given: NONE })),
            Next::Known => ControlFlow::Continue(None),
            Next::Complete => {
                self.complete()?;
                ControlFlow::Continue(None)
            }
            Next::Deadlock => {
                self.stuck()?;
                ControlFlow::Continue(None)
            }
        }
    }

    /// Decides how to go on from a state that has just been entered, and enters it in the books.
    fn next(&mut self) -> ControlFlow<Option<Stop>, Next> {
        let event = self.history.len().checked_sub(1);
        let event = event.map(|e| (self.history.events()[e].actor, self.history.accesses(e)));
        self.sleepers.enter(event);
        let mut todo = std::mem::replace(&mut self.guide, NONE);
        if let Some(first) = self.wakeup.pop(&mut todo) {
            self.todo.push(todo);
            return ControlFlow::Continue(Next::Guided(first));
        }
        let (actor, choices) = match self.free_choice() {
            Ok(free) => free,
            Err(end) => {
                self.sleepers.leave();
                return ControlFlow::Continue(end);
            }
        };
        assert!(self.sleepers.of(self.todo.len()).is_empty(), "somebody sleeps where everything is new");
        if self.arrive(actor)? {
            self.sleepers.leave();
            return ControlFlow::Continue(Next::Known);
        }
        for choice in 1..choices {
            self.wakeup.append(&mut todo, Move { actor, choice }, &[]);
        }
        self.todo.push(todo);
        ControlFlow::Continue(Next::Run(Move { actor, choice: if choices > 0 { 0 } else { PLAIN } }))
    }

    /// Whom to move where everything is new, and between how many values it chooses, if it does. Whatever is
    /// independent of all that others may do goes first; else the actor that moved last goes on, so that
    /// executions are readable.
    fn free_choice(&self) -> Result<(u8, u32), Next> {
        let mut enabled = ActorSet::default();
        let mut unfinished = false;
        for (actor, request) in self.actors.pending() {
            let Some(request) = request else { continue };
            unfinished = true;
            match request.op {
                Op::Choose { n } => return Ok((actor, self.memory.choices(request.prim, n))),
                Op::Join { actor: other } => {
                    if self.actors.request(other).is_none() {
                        return Ok((actor, 0));
                    }
                }
                Op::Barrier { id } => {
                    if self.actors.may_pass(actor, id) {
                        return Ok((actor, 0));
                    }
                }
                ref op if op.is_local() => return Ok((actor, 0)),
                ref op => {
                    if self.memory.ready(op) {
                        enabled.insert(actor);
                    }
                }
            }
        }
        let last = self.history.events().last().map(|event| event.actor).filter(|&a| enabled.contains(a));
        match last.or_else(|| enabled.iter().next()) {
            Some(actor) => Ok((actor, 0)),
            None if unfinished => Err(Next::Deadlock),
            None => Err(Next::Complete),
        }
    }

    /// Executes the request of an actor.
    pub(crate) fn step(&mut self, made: Move) -> Flow {
        if self.history.len() >= self.shared.limits.steps as usize {
            return ControlFlow::Break(Some(Stop::Steps));
        }
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
        if self.shared.coverage {
            self.seen.note(&self.history, &self.actors, actor);
        }
        let by = self.history.len() as u32;
        self.races.extend(self.detector.races.iter().map(|&event| Race { event, by }));
        order(&mut self.detector.clock, self.program, &self.history, &self.actors, actor, request);
        let memory = (&self.memory, &self.program.memory);
        self.history.push(actor, request, (done.answer, done.undo), &self.detector.clock, memory);
        if let Op::Barrier { id } = request.op {
            self.actors.pass(actor, id, false);
        }
        let finding = self.actors.answer(actor, done.answer);
        let finding = if self.found.is_none() && done.fault.is_none() { finding.cloned() } else { None };
        if self.actors.effects().has_news() {
            self.shared.showings.add(self.actors.effects().news());
        }
        self.outcome.events += 1;
        self.made.requests += 1;
        self.outcome.depth = self.outcome.depth.max(self.history.len() as u32);
        let finding = match done.fault {
            _ if self.found.is_some() => None,
            None => finding,
            Some(fault) => {
                let events = self.history.events();
                let request = &events[events.len() - 1].request;
                Some(describe::fault(self.program, (actor, request, done.answer), fault))
            }
        };
        let Some(finding) = finding else { return ControlFlow::Continue(()) };
        // What ends here counts as an execution; what goes on is counted at its end.
        if !self.shared.exhaustive {
            self.count_execution();
        }
        self.find(finding)
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
        let last = self.history.len();
        if self.found.as_ref().is_some_and(|found| found.events > last) {
            self.found = None;
        }
        while self.races.last().is_some_and(|race| race.by as usize >= last) {
            self.races.pop();
        }
    }

    /// Takes back events up to a state from which something is left to try, and gives that.
    fn backtrack(&mut self) -> Option<First> {
        while self.todo.len() > self.base {
            let last = self.history.len() - 1;
            let next = self.wakeup.pop(&mut self.todo[last]);
            if next.is_some() {
                self.sleepers.add(self.history.made(last as u32), self.history.accesses(last));
            } else {
                self.depart();
                self.sleepers.leave();
                self.todo.pop();
            }
            self.undo();
            if next.is_some() {
                return next;
            }
        }
        None
    }

    /// Leaves out a step from the last state.
    fn skip(&mut self) -> Option<First> {
        let next = self.wakeup.pop(self.todo.last_mut()?);
        if next.is_some() {
            return next;
        }
        self.sleepers.leave();
        self.todo.pop();
        self.backtrack()
    }
}
