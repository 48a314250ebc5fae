//! The depth-first search itself.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use cowrace_machine::{ActorSet, Answer, Cond, Limits, Memory, Op, Program};
use cowrace_trace::{Finding, Schedule, Stop};

use crate::actors::Actors;
use crate::describe::{self, Holders};
use crate::explorer::{Execution, Observer, Outcome, Progress};
use crate::history::History;
use crate::moves::{Move, PLAIN};
use crate::races::{Detector, order, waited_word};
use crate::reversal::{Later, Race, Reversed, Turner};
use crate::sleep::Sleepers;
use crate::underflow::{TooMany, underflow};
use crate::wakeup::{Inserted, NONE, Wakeup};
use crate::windows::Windows;

/// What to do in a state that is new.
enum Next {
    Run(Move),
    Complete,
    Deadlock,
}

/// What is wrong with the current execution.
struct Found {
    /// After how many events it showed.
    events: usize,
    finding: Finding,
    /// What leads there, if that is not the current execution but an equivalent one.
    schedule: Option<Schedule>,
}

/// The state of a search.
pub(crate) struct Search<'p> {
    program: &'p Program,
    limits: Limits,
    exhaustive: bool,
    memory: Memory,
    actors: Actors<'p>,
    history: History,
    sleepers: Sleepers,
    wakeup: Wakeup,
    /// For each state on the way, the first of the steps to try after the move that was made from it.
    todo: Vec<u32>,
    /// The first of the steps to make from the state at hand; if there is none, all that follows is new.
    guide: u32,
    detector: Detector,
    turner: Turner,
    /// Races that have to be looked at in every execution, ordered by their later events.
    races: Vec<Race>,
    windows: Windows,
    found: Option<Found>,
    outcome: Outcome,
    started: Instant,
    reported: (Instant, u64, u64),
}

impl<'p> Search<'p> {
    pub(crate) fn new(program: &'p Program, limits: Limits, exhaustive: bool) -> Self {
        let now = Instant::now();
        Self {
            program,
            limits,
            exhaustive,
            memory: program.memory.clone(),
            actors: Actors::new(program),
            history: History::new(program.actors.len()),
            sleepers: Sleepers::default(),
            wakeup: Wakeup::default(),
            todo: Vec::new(),
            guide: NONE,
            detector: Detector::default(),
            turner: Turner::default(),
            races: Vec::new(),
            windows: Windows::new(&program.windows),
            found: None,
            outcome: Outcome {
                finding: None,
                complete: false,
                stopped: None,
                executions: 0,
                blocked: 0,
                events: 0,
                depth: 0,
                estimate: None,
                opened: vec![false; program.windows.len()],
                occurred: vec![false; program.windows.len()],
            },
            started: now,
            reported: (now, 0, 0),
        }
    }

    pub(crate) fn run(mut self, observer: &mut dyn Observer) -> Outcome {
        let flow = self.search(observer);
        match flow {
            ControlFlow::Continue(()) => self.outcome.complete = true,
            ControlFlow::Break(stop) => self.outcome.stopped = stop,
        }
        self.outcome
    }

    /// Breaks with the reason, which is none where a finding ends the search.
    fn search(&mut self, observer: &mut dyn Observer) -> ControlFlow<Option<Stop>> {
        if let Some(finding) = self.actors.first_finding() {
            self.find(finding, observer)?;
        }
        loop {
            match self.next() {
                Next::Run(made) => {
                    self.step(made, observer)?;
                    continue;
                }
                Next::Complete => {
                    self.outcome.executions += 1;
                    if self.windows.any_closed() {
                        self.windows.judge(&self.history, &self.actors, &mut self.outcome);
                    }
                    if self.found.is_none() {
                        match (self.program.check)(&self.memory) {
                            Some(finding) => self.find(finding, observer)?,
                            None => self.reorder(observer)?,
                        }
                    }
                    self.show(observer);
                }
                Next::Deadlock => {
                    self.outcome.executions += 1;
                    if self.found.is_none() {
                        // A deadlock is found whatever else is.
                        let finding = self.deadlock();
                        self.find(finding, observer)?;
                    }
                    self.show(observer);
                    self.turn_those_who_wait();
                }
            }
            self.turn_races();
            let Some(made) = self.backtrack() else { return ControlFlow::Continue(()) };
            self.pause(observer)?;
            self.step(made, observer)?;
        }
    }

    /// Decides how to go on from a state that has just been entered, and enters it in the books.
    fn next(&mut self) -> Next {
        let event = self.history.len().checked_sub(1);
        let event = event.map(|e| (self.history.events()[e].actor, self.history.accesses(e)));
        self.sleepers.enter(event);
        let mut todo = std::mem::replace(&mut self.guide, NONE);
        if let Some((made, child, _)) = self.wakeup.pop(&mut todo) {
            self.guide = child;
            self.todo.push(todo);
            return Next::Run(made);
        }
        let (actor, choices) = match self.free_choice() {
            Ok(free) => free,
            Err(end) => {
                self.sleepers.leave();
                return end;
            }
        };
        assert!(self.sleepers.of(self.todo.len()).is_empty(), "somebody sleeps where everything is new");
        for choice in 1..choices {
            self.wakeup.append(&mut todo, Move { actor, choice }, &[]);
        }
        self.todo.push(todo);
        Next::Run(Move { actor, choice: if choices > 0 { 0 } else { PLAIN } })
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
                Op::Choose { n } => return Ok((actor, n.max(1))),
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
    fn step(&mut self, made: Move, observer: &mut dyn Observer) -> ControlFlow<Option<Stop>> {
        if self.history.len() >= self.limits.steps as usize {
            return ControlFlow::Break(Some(Stop::Steps));
        }
        let Move { actor, choice } = made;
        let Some(&request) = self.actors.request(actor) else {
            panic!("an actor that has finished is to move")
        };
        let mut done = self.memory.execute_noting(&request, self.history.fresh_mut());
        if choice != PLAIN {
            done.answer = Answer { value: u64::from(choice), ok: true };
        }
        let scratch = (&mut self.memory, &self.program.memory);
        self.detector.detect(&self.history, actor, &request, self.history.fresh(), scratch);
        let by = self.history.len() as u32;
        self.races.extend(self.detector.races.iter().map(|&event| Race { event, by }));
        order(&mut self.detector.clock, self.program, &self.history, &self.actors, actor, &request);
        let finding = self.actors.answer(actor, done.answer);
        let finding = if self.found.is_none() && done.fault.is_none() { finding.cloned() } else { None };
        if let Op::Barrier { id } = request.op {
            self.actors.pass(actor, id, false);
        }
        let memory = (&self.memory, &self.program.memory);
        let effect = (done.answer, done.undo);
        self.history.push(actor, request, effect, &self.detector.clock, memory);
        self.outcome.events += 1;
        self.outcome.depth = self.outcome.depth.max(self.history.len() as u32);
        let finding = match done.fault {
            _ if self.found.is_some() => None,
            None => finding,
            Some(fault) => {
                let fresh = describe::fresh(self.history.events().iter().map(|e| &e.request));
                Some(describe::fault(self.program, &fresh, (actor, &request, done.answer), fault))
            }
        };
        let Some(finding) = finding else { return ControlFlow::Continue(()) };
        // What ends here counts as an execution; what goes on is counted at its end.
        self.outcome.executions += u64::from(!self.exhaustive);
        self.find(finding, observer)
    }

    /// Turns round the races of the execution at its end, and keeps those that later executions must look at
    /// again: where something that comes after the race made the difference.
    fn turn_races(&mut self) {
        let mut races = std::mem::take(&mut self.races);
        races.retain(|race| {
            let Self { history, sleepers, memory, program, turner, .. } = self;
            let by = race.by as usize;
            let later = Later {
                made: history.made(race.by),
                request: &history.events()[by].request,
                accesses: history.accesses(by),
                clock: history.clock(by),
                event: race.by,
            };
            match turner.turn(history, sleepers, race.event, later, (memory, program)) {
                Reversed::Asleep { for_good } => !for_good,
                Reversed::Awake => self.insert(race.event, race.by).1,
            }
        });
        self.races = races;
    }

    /// Puts the sequence at hand into the tree of the state before `event`.
    fn insert(&mut self, event: u32, by: u32) -> (Inserted, bool) {
        let Turner { sequence, waking } = &mut self.turner;
        self.wakeup.insert(&mut self.todo[event as usize], sequence, waking, by)
    }

    /// Turns round the races of requests that are not let through in this execution: earlier they would
    /// have been.
    fn turn_those_who_wait(&mut self) {
        for actor in 0..self.history.actors() as u8 {
            let Some(&request) = self.actors.request(actor) else { continue };
            let Some(addr) = waited_word(&request.op) else { continue };
            // What it would touch: let it through for a moment.
            let now = self.memory.get(addr);
            let willing = match request.op {
                Op::Await { cond: Cond::AnySet(mask), .. } => mask,
                Op::Await { cond: Cond::Differs(value), .. } => !value,
                _ => 0,
            };
            self.memory.set(addr, willing);
            let done = self.memory.execute(&request);
            self.memory.undo(done.undo);
            self.memory.set(addr, now);
            let accesses = done.footprint.accesses();
            let scratch = (&mut self.memory, &self.program.memory);
            self.detector.detect(&self.history, actor, &request, accesses, scratch);
            for at in 0..self.detector.races.len() {
                let event = self.detector.races[at];
                let by = self.history.len() as u32;
                let made = Move { actor, choice: PLAIN };
                let clock = &self.detector.clock;
                let later = Later { made, request: &request, accesses, clock, event: by };
                let scratch = (&mut self.memory, self.program);
                if self.turner.turn(&self.history, &self.sleepers, event, later, scratch) == Reversed::Awake {
                    self.insert(event, by);
                }
            }
        }
    }

    fn deadlock(&self) -> Finding {
        let mut holders = Holders::default();
        for event in self.history.events() {
            holders.note(event.actor, &event.request.op, event.answer);
        }
        let fresh = describe::fresh(self.history.events().iter().map(|e| &e.request));
        let absent = |id: u8| {
            self.program.barriers[id as usize]
                .iter()
                .filter(|&a| !self.actors.waits_at(a, id))
                .collect::<Vec<_>>()
        };
        let pending: Vec<_> = self.actors.pending().map(|(_, request)| request.copied()).collect();
        describe::deadlock(self.program, &fresh, &pending, &holders, absent)
    }

    /// Notes what is wrong with the current execution. Breaks if that ends the search.
    fn find(&mut self, finding: Finding, observer: &mut dyn Observer) -> ControlFlow<Option<Stop>> {
        self.found = Some(Found { events: self.history.len(), finding, schedule: None });
        self.record(observer)
    }

    /// Notes what is wrong with an execution that is equivalent to the current one.
    fn reorder(&mut self, observer: &mut dyn Observer) -> ControlFlow<Option<Stop>> {
        let (finding, schedule) = match underflow(&self.history, self.program) {
            Ok(Some(found)) => found,
            Ok(None) => return ControlFlow::Continue(()),
            Err(TooMany) => return ControlFlow::Break(Some(Stop::Steps)),
        };
        self.found = Some(Found { events: self.history.len(), finding, schedule: Some(schedule) });
        self.record(observer)
    }

    fn record(&mut self, observer: &mut dyn Observer) -> ControlFlow<Option<Stop>> {
        if self.outcome.finding.is_none()
            && let Some(Found { finding, schedule, .. }) = &self.found
        {
            let here = || self.history.schedule(self.program.fingerprint);
            self.outcome.finding = Some((finding.clone(), schedule.clone().unwrap_or_else(here)));
        }
        if self.exhaustive {
            return ControlFlow::Continue(());
        }
        self.show(observer);
        ControlFlow::Break(None)
    }

    fn show(&self, observer: &mut dyn Observer) {
        let finding = self.found.as_ref().map(|found| &found.finding);
        let reordered = self.found.as_ref().and_then(|found| found.schedule.as_ref());
        let Self { program, memory, history, .. } = self;
        observer.execution(&Execution { program, memory, history, finding, reordered });
    }

    /// Takes back events up to a state from which something is left to try, and gives that.
    fn backtrack(&mut self) -> Option<Move> {
        while let Some(todo) = self.todo.last_mut() {
            let last = self.history.len() - 1;
            let next = self.wakeup.pop(todo);
            if let Some((_, child, _)) = next {
                self.sleepers.add(self.history.made(last as u32), self.history.accesses(last));
                self.guide = child;
            } else {
                self.sleepers.leave();
                self.todo.pop();
            }
            while self.races.last().is_some_and(|race| race.by as usize >= last) {
                self.races.pop();
            }
            if let Some(event) = self.history.pop() {
                self.memory.undo(event.undo);
                self.actors.take_back(event.actor);
                if let Op::Barrier { id } = event.request.op {
                    self.actors.pass(event.actor, id, true);
                }
            }
            if self.found.as_ref().is_some_and(|found| found.events > last) {
                self.found = None;
            }
            if let Some((made, ..)) = next {
                return Some(made);
            }
        }
        None
    }

    /// Looks at the limits, and reports now and then.
    fn pause(&mut self, observer: &mut dyn Observer) -> ControlFlow<Option<Stop>> {
        let runs = self.outcome.executions + self.outcome.blocked;
        if self.limits.executions.is_some_and(|limit| runs >= limit) {
            return ControlFlow::Break(Some(Stop::Executions));
        }
        let (when, reported, events) = self.reported;
        // Looking at the clock costs more than a short execution.
        if runs - reported < 4096 && self.outcome.events - events < 4096 {
            return ControlFlow::Continue(());
        }
        let now = Instant::now();
        let elapsed = now - self.started;
        self.reported.2 = self.outcome.events;
        if self.limits.time.is_some_and(|limit| elapsed >= limit) {
            return ControlFlow::Break(Some(Stop::Time));
        }
        if now - when < Duration::from_millis(100) && runs - reported < 4096 {
            return ControlFlow::Continue(());
        }
        self.reported = (now, runs, self.outcome.events);
        let Outcome { executions, blocked, events, depth, .. } = self.outcome;
        if observer
            .progress(&Progress { executions, blocked, events, depth, elapsed, estimate: None })
            .is_break()
        {
            return ControlFlow::Break(Some(Stop::Interrupted));
        }
        ControlFlow::Continue(())
    }
}
