//! A search that reduces only with sleep sets, or not at all, written to be obviously right: it shares only memory and
//! seats with the engine, and finds dependencies by comparing all pairs of events.

use std::collections::BTreeMap;

use cowrace_explore::{Execution, Observer};
use cowrace_machine::{Answer, Footprint, Memory, Op, Program, Request};

/// A request that was executed.
#[derive(Clone, Copy)]
pub struct Event {
    /// The actor that made it.
    pub actor: u8,
    /// The request.
    pub request: Request,
    /// The answer.
    pub answer: Answer,
    /// Its footprint.
    pub footprint: Footprint,
}

/// For each canonical trace, how often it was found, and memory at its end.
pub type Traces = BTreeMap<Vec<u64>, (u32, Vec<(usize, u64)>)>;

/// Collects the traces of the engine for comparison.
#[derive(Default)]
pub struct Collect(pub Traces);

impl Observer for Collect {
    fn execution(&mut self, execution: &Execution<'_>) {
        let entry = self.0.entry(execution.canonical().expect("an execution of the search of traces"));
        entry.or_insert_with(|| (0, execution.memory().nonzero().collect())).0 += 1;
    }
}

/// The search.
pub struct Naive<'p> {
    program: &'p Program,
    memory: Memory,
    logs: Vec<Vec<Answer>>,
    events: Vec<Event>,
    sleep_sets: bool,
    /// How often an actor that could go on may be stopped.
    preemptions: u32,
    budget: u32,
    traces: Traces,
}

impl<'p> Naive<'p> {
    /// All traces; `None` if that takes more than `budget` events.
    pub fn explore(program: &'p Program, sleep_sets: bool, budget: u32) -> Option<Traces> {
        Self::search(program, sleep_sets, u32::MAX, budget)
    }

    /// The traces of all executions with at most this many preemptions; `None` if that takes more than `budget` events.
    pub fn within(program: &'p Program, preemptions: u32, budget: u32) -> Option<Traces> {
        Self::search(program, false, preemptions, budget)
    }

    fn search(program: &'p Program, sleep_sets: bool, preemptions: u32, budget: u32) -> Option<Traces> {
        let n = program.actors.len();
        let mut naive = Self {
            program,
            memory: program.memory.clone(),
            logs: vec![Vec::new(); n],
            events: Vec::new(),
            sleep_sets,
            preemptions,
            budget,
            traces: Traces::new(),
        };
        let pending: Vec<_> = (0..n).map(|a| naive.pending(a as u8)).collect();
        naive.go(&pending, Vec::new()).then_some(naive.traces)
    }

    fn pending(&self, actor: u8) -> Option<Request> {
        let mut seat = self.program.seat(actor);
        for &answer in &self.logs[actor as usize] {
            seat.poll();
            seat.answer(answer);
        }
        seat.poll()
    }

    fn has_passed(&self, actor: u8, op: Op) -> bool {
        self.events.iter().any(|e| e.actor == actor && e.request.op == op)
    }

    fn enabled(&self, op: Op, pending: &[Option<Request>]) -> bool {
        match op {
            Op::Join { actor } => pending[actor as usize].is_none(),
            Op::Barrier { id } => self.program.barriers[id as usize]
                .iter()
                .all(|a| pending[a as usize].is_some_and(|r| r.op == op) || self.has_passed(a, op)),
            op => self.memory.ready(&op),
        }
    }

    fn go(&mut self, pending: &[Option<Request>], mut sleep: Vec<(u8, Footprint)>) -> bool {
        let enabled: Vec<u8> = (0..pending.len() as u8)
            .filter(|&a| pending[a as usize].is_some_and(|r| self.enabled(r.op, pending)))
            .collect();
        if enabled.is_empty() {
            let form = canonical(self.program, &self.events);
            self.traces.entry(form).or_insert_with(|| (0, self.memory.nonzero().collect())).0 += 1;
            return true;
        }
        let last = self.events.last().map(|last| last.actor).filter(|last| enabled.contains(last));
        for actor in enabled {
            if sleep.iter().any(|&(a, _)| a == actor) {
                continue;
            }
            let preempted = u32::from(last.is_some_and(|last| last != actor));
            let Some(left) = self.preemptions.checked_sub(preempted) else { continue };
            let before = std::mem::replace(&mut self.preemptions, left);
            let request = pending[actor as usize].unwrap();
            let choices = if let Op::Choose { n } = request.op { n } else { 1 };
            let mut footprint = Footprint::EMPTY;
            for choice in 0..choices {
                if self.budget == 0 {
                    return false;
                }
                self.budget -= 1;
                let mut done = self.memory.execute(&request);
                if let Op::Choose { .. } = request.op {
                    done.answer.value = u64::from(choice);
                }
                footprint = done.footprint;
                self.logs[actor as usize].push(done.answer);
                self.events.push(Event { actor, request, answer: done.answer, footprint });
                let mut after = pending.to_vec();
                after[actor as usize] = self.pending(actor);
                let asleep = sleep.iter().filter(|(_, f)| !f.conflicts(&footprint)).copied().collect();
                let finished = self.go(&after, asleep);
                self.events.pop();
                self.logs[actor as usize].pop();
                self.memory.undo(done.undo);
                if !finished {
                    return false;
                }
            }
            self.preemptions = before;
            if self.sleep_sets {
                sleep.push((actor, footprint));
            }
        }
        true
    }
}

/// The same canonical form as the engine's, computed from all pairs of events.
pub fn canonical(program: &Program, events: &[Event]) -> Vec<u64> {
    let n = program.actors.len();
    let mut clocks: Vec<Vec<u64>> = Vec::new();
    for (j, event) in events.iter().enumerate() {
        let mut clock = vec![0; n];
        for i in 0..j {
            let earlier = &events[i];
            let depends = earlier.actor == event.actor
                || earlier.footprint.conflicts(&event.footprint)
                || match event.request.op {
                    Op::Join { actor } => earlier.actor == actor,
                    Op::Barrier { id } => {
                        let passed = |e: &Event| e.actor == earlier.actor && e.request.op == event.request.op;
                        program.barriers[id as usize].contains(earlier.actor)
                            && !events[..=i].iter().any(passed)
                    }
                    _ => false,
                };
            if depends {
                for (mine, theirs) in clock.iter_mut().zip(&clocks[i]) {
                    *mine = (*mine).max(*theirs);
                }
            }
        }
        clock[event.actor as usize] += 1;
        clocks.push(clock);
    }
    let mut form = Vec::new();
    for actor in 0..n as u8 {
        let own = || events.iter().zip(&clocks).filter(move |(e, _)| e.actor == actor);
        form.push(own().count() as u64);
        for (event, clock) in own() {
            form.extend([event.answer.value, u64::from(event.answer.ok)]);
            form.extend(clock);
        }
    }
    form
}
