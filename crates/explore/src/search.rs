//! The depth-first search itself.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use cowrace_machine::{Access, ActorSet, Answer, Cond, Footprint, Limits, Memory, Op, Program, Request};
use cowrace_trace::{Finding, Schedule, Stop};

use crate::bench::Bench;
use crate::describe::{self, Holders};
use crate::explorer::{Execution, Observer, Outcome, Progress};
use crate::history::History;
use crate::races::{Detector, order, waited_word};
use crate::sleep::{Sleepers, first};
use crate::underflow::{TooMany, underflow};
use crate::windows::Windows;

/// A state on the way to the current one, and what has been and will be tried from it.
#[derive(Clone, Copy, Debug)]
struct Node {
    /// Who moves from here in the current execution.
    actor: u8,
    /// Whether that move is independent of everything, so that no other needs to be tried.
    alone: bool,
    /// The value chosen, and how many there are, if the move is a choice.
    choice: (u32, u32),
    /// Who slept on arrival.
    sleep: ActorSet,
    /// Who has been tried.
    done: ActorSet,
    /// Who must be tried.
    backtrack: ActorSet,
    /// Sleepers on arrival.
    sleepers: u32,
}

/// What to do in a state that is new.
enum Next {
    Run { actor: u8, alone: bool, choices: u32 },
    Complete,
    Deadlock,
    Asleep,
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
    bench: Bench<'p>,
    history: History,
    nodes: Vec<Node>,
    /// For each node and actor, where to find what the actor would touch if it sleeps there.
    numbers: Vec<u32>,
    sleepers: Sleepers,
    detector: Detector,
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
            bench: Bench::new(program),
            history: History::new(program.actors.len()),
            nodes: Vec::new(),
            numbers: Vec::new(),
            sleepers: Sleepers::default(),
            detector: Detector::default(),
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
        if let Some(finding) = self.bench.first_finding() {
            self.find(finding, observer)?;
        }
        loop {
            let sleep = self.arriving();
            match self.next(sleep) {
                Next::Run { actor, alone, choices } => {
                    self.descend(actor, alone, choices, sleep);
                    self.step(observer)?;
                    continue;
                }
                Next::Complete => {
                    self.outcome.executions += 1;
                    if self.windows.any_closed() {
                        self.windows.judge(&self.history, self.bench.seats(), &mut self.outcome);
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
                    self.race_those_who_wait();
                    if self.found.is_none() {
                        // A deadlock is found whatever else is.
                        let finding = self.deadlock();
                        self.find(finding, observer)?;
                    }
                    self.show(observer);
                }
                Next::Asleep => {
                    self.outcome.blocked += 1;
                    self.race_those_who_wait();
                }
            }
            if !self.backtrack() {
                return ControlFlow::Continue(());
            }
            self.pause(observer)?;
            self.step(observer)?;
        }
    }

    /// Decides how to go on from a state that is new. Whatever is independent of all that others may do
    /// goes first and alone; else the actor that moved last goes on, so that executions are readable.
    fn next(&self, sleep: ActorSet) -> Next {
        let mut enabled = ActorSet::default();
        let mut unfinished = false;
        for (actor, request) in self.bench.pending().iter().enumerate() {
            let Some(request) = request else { continue };
            let actor = actor as u8;
            unfinished = true;
            match request.op {
                Op::Choose { n } => return Next::Run { actor, alone: true, choices: n.max(1) },
                Op::Join { actor: other } if self.bench.pending()[other as usize].is_none() => {
                    return Next::Run { actor, alone: true, choices: 0 };
                }
                Op::Barrier { id } if self.bench.may_pass(actor, id) => {
                    return Next::Run { actor, alone: true, choices: 0 };
                }
                Op::Join { .. } | Op::Barrier { .. } => {}
                ref op if op.is_local() => return Next::Run { actor, alone: true, choices: 0 },
                ref op => {
                    if self.memory.ready(op) {
                        enabled.insert(actor);
                    }
                }
            }
        }
        if enabled.is_empty() {
            return if unfinished { Next::Deadlock } else { Next::Complete };
        }
        let awake = ActorSet(enabled.0 & !sleep.0);
        let last = self.nodes.last().map(|node| node.actor).filter(|&a| awake.contains(a));
        match last.or_else(|| first(awake)) {
            Some(actor) => Next::Run { actor, alone: false, choices: 0 },
            None => Next::Asleep,
        }
    }

    /// Who sleeps in the state that the last event led to.
    fn arriving(&self) -> ActorSet {
        let Some(node) = self.nodes.last() else { return ActorSet::default() };
        let numbers = &self.numbers[self.numbers.len() - self.history.actors()..];
        let mut asleep = ActorSet(node.sleep.0 | node.done.0);
        asleep.remove(node.actor);
        self.sleepers.undisturbed(asleep, numbers, self.history.accesses(self.nodes.len() - 1))
    }

    /// Makes a node of the current state.
    fn descend(&mut self, actor: u8, alone: bool, choices: u32, sleep: ActorSet) {
        let mut backtrack = ActorSet::default();
        backtrack.insert(actor);
        if self.nodes.is_empty() {
            self.numbers.resize(self.history.actors(), 0);
        } else {
            self.numbers.extend_from_within(self.numbers.len() - self.history.actors()..);
        }
        let done = ActorSet::default();
        let sleepers = self.sleepers.len();
        self.nodes.push(Node { actor, alone, choice: (0, choices), sleep, done, backtrack, sleepers });
    }

    /// Executes the request of the last node's actor.
    fn step(&mut self, observer: &mut dyn Observer) -> ControlFlow<Option<Stop>> {
        if self.nodes.len() > self.limits.steps as usize {
            return ControlFlow::Break(Some(Stop::Steps));
        }
        let Some(&Node { actor, choice, .. }) = self.nodes.last() else { return ControlFlow::Continue(()) };
        let Some(request) = self.bench.pending()[actor as usize] else { return ControlFlow::Continue(()) };
        let mut done = self.memory.execute(&request);
        if choice.1 > 0 {
            done.answer = Answer { value: u64::from(choice.0), ok: true };
        }
        self.race(actor, &request, &done.footprint);
        let finding = self.bench.answer(actor, done.answer, &self.history);
        if let Op::Barrier { id } = request.op {
            self.bench.pass(actor, id, false);
        }
        let memory = (&self.memory, &self.program.memory);
        self.history.push(
            actor,
            request,
            done.answer,
            (&done.footprint, done.undo),
            &self.detector.clock,
            memory,
        );
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

    /// Computes the clock of a request that has just been executed, and asks for what its races need.
    fn race(&mut self, actor: u8, request: &Request, footprint: &Footprint) {
        let scratch = (&mut self.memory, &self.program.memory);
        self.detector.detect(&self.history, actor, request, footprint.accesses(), scratch);
        self.plan();
        order(&mut self.detector.clock, self.program, &self.history, &self.bench, actor, request);
    }

    /// Sees to it that each race found is reversed somewhere: one of the actors that can start the
    /// reversed sequence must be among those tried, to be tried or asleep.
    fn plan(&mut self) {
        for race in &self.detector.races {
            let node = &mut self.nodes[race.event];
            let covered = node.backtrack.0 | node.done.0 | node.sleep.0;
            if race.initials.0 & covered == 0
                && let Some(actor) = first(race.initials)
            {
                node.backtrack.insert(actor);
            }
        }
    }

    /// Looks for the races of requests that will not be let through in this execution: earlier they would
    /// have been. Executions that are thrown away need it too, since only here does somebody wait for the
    /// events on the way: where all that sleep are woken, another may hold the lock.
    fn race_those_who_wait(&mut self) {
        for actor in 0..self.history.actors() as u8 {
            let Some(request) = self.bench.pending()[actor as usize] else { continue };
            let Some(addr) = waited_word(&request.op) else { continue };
            if self.memory.ready(&request.op) {
                continue;
            }
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
            let scratch = (&mut self.memory, &self.program.memory);
            let accesses: &[Access] = done.footprint.accesses();
            self.detector.detect(&self.history, actor, &request, accesses, scratch);
            self.plan();
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
                .filter(|&a| !self.bench.waits_at(a, id))
                .collect::<Vec<_>>()
        };
        describe::deadlock(self.program, &fresh, self.bench.pending(), &holders, absent)
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

    /// Takes back events up to a node from which something is left to try, and sets it up for that.
    fn backtrack(&mut self) -> bool {
        while let Some(node) = self.nodes.last_mut() {
            let last = self.history.len() - 1;
            let left = ActorSet(node.backtrack.0 & !node.done.0 & !node.sleep.0 & !(1 << node.actor));
            let next = first(left);
            let again = node.alone && node.choice.0 + 1 < node.choice.1;
            if again {
                node.choice.0 += 1;
            } else if let Some(next) = next {
                let number = self.sleepers.push(self.history.accesses(last));
                let numbers = self.numbers.len() - self.history.actors();
                self.numbers[numbers + node.actor as usize] = number;
                node.done.insert(node.actor);
                node.actor = next;
            } else {
                self.sleepers.truncate(node.sleepers);
                self.numbers.truncate(self.numbers.len() - self.history.actors());
                self.nodes.pop();
            }
            if let Some(event) = self.history.pop() {
                self.memory.undo(event.undo);
                self.bench.take_back(event.actor, event.request);
                if let Op::Barrier { id } = event.request.op {
                    self.bench.pass(event.actor, id, true);
                }
            }
            if self.found.as_ref().is_some_and(|found| found.events > last) {
                self.found = None;
            }
            if again || next.is_some() {
                return true;
            }
        }
        false
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
