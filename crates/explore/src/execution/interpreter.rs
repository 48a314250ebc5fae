//! Runs a program one request at a time, slowly, and records everything. It shares no code with the search, so that
//! each can reveal mistakes of the other.

use std::collections::HashMap;

use cowrace_machine::{Addr, Answer, Kind, Mark, Memory, Narration, Op, Placed, Program, Request, Seat};
use cowrace_report::{Event, Finding, Schedule, Step, Trace, Turn, Waits};

use crate::execution::describe::{self, Holders};

/// One execution in the making.
pub(crate) struct Interpreter<'p> {
    program: &'p Program,
    memory: Memory,
    seats: Vec<Seat>,
    pending: Vec<Option<Request>>,
    /// How often each actor has passed each barrier, by actor and barrier.
    passed: Vec<HashMap<u8, u32>>,
    holders: Holders,
    events: Vec<Event>,
    turns: Vec<Turn>,
    finding: Option<Finding>,
}

impl<'p> Interpreter<'p> {
    pub(crate) fn new(program: &'p Program) -> Self {
        let actors = 0..program.actors.len();
        let mut seats: Vec<Seat> = actors.map(|a| program.seat(a as u8).explaining()).collect();
        let pending = seats.iter_mut().map(Seat::poll).collect();
        let finding = seats.iter().find_map(Seat::take_finding);
        Self {
            program,
            memory: program.memory.clone(),
            passed: vec![HashMap::new(); seats.len()],
            seats,
            pending,
            holders: Holders::default(),
            events: Vec::new(),
            turns: Vec::new(),
            finding,
        }
    }

    /// The request of an actor; `None` if it has finished.
    pub(crate) fn request(&self, actor: u8) -> Option<&Request> {
        self.pending[actor as usize].as_ref()
    }

    pub(crate) const fn finding(&self) -> Option<&Finding> {
        self.finding.as_ref()
    }

    /// The number of an actor's requests that have been answered.
    pub(crate) fn answered(&self, actor: u8) -> u32 {
        self.seats[actor as usize].answered()
    }

    pub(crate) fn with_marks<R>(&self, actor: u8, see: impl FnOnce(&[Placed]) -> R) -> R {
        self.seats[actor as usize].with_marks(see)
    }

    /// The actors that have not finished.
    pub(crate) fn unfinished(&self) -> Vec<u8> {
        (0..self.pending.len() as u8).filter(|&a| self.pending[a as usize].is_some()).collect()
    }

    /// The names of actors.
    pub(crate) fn names(&self, actors: &[u8]) -> Vec<String> {
        describe::names(self.program, actors)
    }

    fn rounds(&self, actor: u8, barrier: u8) -> u32 {
        self.passed[actor as usize].get(&barrier).copied().unwrap_or(0)
    }

    /// The participants that keep an actor from passing a barrier.
    fn absent(&self, actor: u8, barrier: u8) -> Vec<u8> {
        let round = self.rounds(actor, barrier);
        let there = |other: u8| {
            let waits = self.request(other).is_some_and(|r| r.op == Op::Barrier { id: barrier });
            self.rounds(other, barrier) > round || self.rounds(other, barrier) == round && waits
        };
        self.program.barriers[barrier as usize].iter().filter(|&other| !there(other)).collect()
    }

    /// Whether an actor has a request that can be executed now.
    pub(crate) fn ready(&self, actor: u8) -> bool {
        match self.request(actor).map(|r| r.op) {
            None => false,
            Some(Op::Join { actor: other }) => self.request(other).is_none(),
            Some(Op::Barrier { id }) => self.absent(actor, id).is_empty(),
            Some(op) => self.memory.ready(&op),
        }
    }

    /// Whether no actor can move, although some have not finished.
    pub(crate) fn stuck(&self) -> bool {
        let unfinished = self.unfinished();
        !unfinished.is_empty() && !unfinished.iter().any(|&a| self.ready(a))
    }

    /// What an actor that cannot move waits for.
    pub(crate) fn waits(&self, actor: u8) -> Waits {
        let Some(request) = self.request(actor) else { return Waits::Finished };
        let absent = if let Op::Barrier { id } = request.op { self.absent(actor, id) } else { Vec::new() };
        describe::waits(self.program, request, &self.holders, &absent)
    }

    /// Executes an actor's request, which must be ready, and answers a choice with `choice`.
    pub(crate) fn execute(&mut self, actor: u8, choice: Option<u32>) {
        let Some(request) = self.pending[actor as usize] else { return };
        let written = self.written(&request);
        let mut done = self.memory.execute(&request);
        if let Op::Choose { .. } = request.op {
            done.answer = Answer { value: u64::from(choice.unwrap_or(0)), ok: true };
        }
        if let Op::Barrier { id } = request.op {
            *self.passed[actor as usize].entry(id).or_default() += 1;
        }
        self.holders.note(actor, &request.op, done.answer);
        let changes: Vec<(Addr, u64, u64)> = written
            .into_iter()
            .map(|(addr, before)| (addr, before, self.memory.get(addr)))
            .filter(|(_, before, after)| before != after)
            .collect();
        self.write_down(actor, &request, done.answer, &changes);
        self.turns.push(Turn {
            actor,
            choice: matches!(request.op, Op::Choose { .. }).then_some(done.answer.value as u32),
        });
        self.seats[actor as usize].answer(done.answer);
        self.pending[actor as usize] = self.seats[actor as usize].poll();
        if self.finding.is_none() {
            self.finding = done
                .fault
                .map(|f| describe::fault(self.program, (actor, &request, done.answer), f))
                .or_else(|| self.seats[actor as usize].take_finding());
        }
    }

    /// The words that a request will write, with their current values. They are found by trying the request.
    fn written(&mut self, request: &Request) -> Vec<(Addr, u64)> {
        let done = self.memory.execute(request);
        self.memory.undo(done.undo);
        let mut words: Vec<(Addr, u64)> = Vec::new();
        for access in done.footprint.accesses() {
            let addr = access.addr;
            let is_life = addr == Addr::life(addr.obj());
            if access.kind != Kind::Read && !is_life && words.iter().all(|&(a, _)| a != addr) {
                words.push((addr, self.memory.get(addr)));
            }
        }
        words
    }

    fn write_down(&mut self, actor: u8, request: &Request, answer: Answer, changes: &[(Addr, u64, u64)]) {
        let narrate = &self.program.narrate;
        let access = narrate.access(&Narration { request, answer, changes });
        let file = request.site.file();
        let file = file.rsplit(['/', '\\']).next().unwrap_or(file);
        self.events.push(Event {
            actor,
            call: None,
            primitive: request.prim.name().to_owned(),
            function: request.function.to_owned(),
            site: format!("{file}:{}", request.site.line()),
            access,
            changes: narrate.changes(changes),
            why: Vec::new(),
            steps: Vec::new(),
        });
    }

    /// Judges an execution that has ended, in whatever way, and returns its trace.
    pub(crate) fn finish(mut self) -> Trace {
        if self.finding.is_none() {
            if self.unfinished().is_empty() {
                self.finding = (self.program.check)(&self.memory);
            } else if self.stuck() {
                let absent = |barrier: u8| {
                    let waits = |a: u8| self.request(a).is_some_and(|r| r.op == Op::Barrier { id: barrier });
                    self.program.barriers[barrier as usize].iter().filter(|&a| !waits(a)).collect()
                };
                let finding = describe::deadlock(self.program, &self.pending, &self.holders, absent);
                self.finding = Some(finding);
            }
        }
        for actor in 0..self.seats.len() {
            self.annotate(actor);
        }
        Trace {
            actors: self.program.actors.iter().map(|a| a.name.clone()).collect(),
            events: self.events,
            schedule: Schedule { fingerprint: self.program.fingerprint, turns: self.turns },
            finding: self.finding,
            variables: self.program.narrate.variables(&self.memory),
        }
    }

    /// Attaches an actor's reasons and marks to its events.
    fn annotate(&mut self, actor: usize) {
        let mut own: Vec<&mut Event> =
            self.events.iter_mut().filter(|e| usize::from(e.actor) == actor).collect();
        if own.is_empty() {
            return;
        }
        for (at, reason) in self.seats[actor].take_reasons() {
            // A reason that was given before the first event is attached to that event.
            own[(at as usize).saturating_sub(1)].why.push(reason);
        }
        self.seats[actor].with_marks(|marks| {
            for (i, &Placed { at, mark }) in marks.iter().enumerate() {
                let at = at as usize;
                match mark {
                    Mark::Begin(call) => {
                        let end = marks[i..].iter().find(|m| m.mark == Mark::End(call));
                        let end = end.map_or(own.len(), |m| m.at as usize);
                        for event in &mut own[at..end] {
                            event.call = Some(call);
                        }
                        // A call without events has neither a beginning nor an end.
                        if at < end {
                            own[at].steps.push(Step::Begin(call));
                            if marks[i..].iter().any(|m| m.mark == Mark::End(call)) {
                                own[end - 1].steps.push(Step::End(call));
                            }
                        }
                    }
                    Mark::Step(name) if at > 0 => own[at - 1].steps.push(Step::Anchor(name.to_owned())),
                    Mark::NoEffect(why) if at > 0 => own[at - 1].steps.push(Step::NoEffect(why)),
                    Mark::Step(_) | Mark::End(_) | Mark::NoEffect(_) | Mark::Limit(_) => {}
                }
            }
        });
        for event in own {
            event.steps.sort_by_key(|step| match step {
                Step::Begin(_) => 0,
                Step::Anchor(_) | Step::NoEffect(_) => 1,
                Step::End(_) => 2,
            });
        }
    }
}
