//! What is to be done because of the races of an execution.

use cowrace_machine::{Cond, Op};

use crate::reduction::moves::{Move, PLAIN, Sequence};
use crate::reduction::races::waited_word;
use crate::reduction::reversal::{Later, Reversed, Turner};
use crate::reduction::wakeup_trees::Inserted;
use crate::search::run::Search;
use crate::sync::Primitives;

impl<P: Primitives> Search<'_, P> {
    /// Turns round the races of the execution at its end, and keeps those that later executions must look at
    /// again: where something that comes after the race made the difference.
    pub(crate) fn turn_races(&mut self) {
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
                Reversed::Awake { anew } => self.insert(race.event, race.by).1 || anew,
            }
        });
        self.races = races;
    }

    /// Puts the sequence at hand into the tree of the state before `event`.
    fn insert(&mut self, event: u32, by: u32) -> (Inserted, bool) {
        let Turner { sequence, waking } = &mut self.turner;
        let whole = ((event as usize) < self.base).then(|| sequence.clone());
        let inserted = self.wakeup.insert(&mut self.todo[event as usize], sequence, waking, by);
        if inserted.0 == Inserted::New
            && let Some(whole) = whole
        {
            self.beyond.push((event, whole));
        }
        inserted
    }

    /// Takes over a sequence that somebody else has found.
    pub(crate) fn adopt(&mut self, event: u32, sequence: &Sequence) {
        if self.turner.adopt(&self.history, &self.sleepers, event, sequence) {
            self.insert(event, u32::MAX);
        }
    }

    /// Turns round the races of requests that are not let through in this execution: earlier they would
    /// have been.
    pub(crate) fn turn_those_who_wait(&mut self) {
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
                let reversed = self.turner.turn(&self.history, &self.sleepers, event, later, scratch);
                if let Reversed::Awake { .. } = reversed {
                    self.insert(event, by);
                }
            }
        }
    }
}
