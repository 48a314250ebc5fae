//! Counts traces exactly, without exploring each: the number of traces that sleep sets leave below a state
//! is a function of the state and of who sleeps.

use std::collections::HashMap;

use cowrace_machine::{Answer, Footprint, Memory, Op, Program, Request};

/// Memory, answers so far, who sleeps.
type Key = (Vec<(usize, u64)>, Vec<Vec<Answer>>, u32);

pub(crate) struct Counter<'p> {
    program: &'p Program,
    memory: Memory,
    logs: Vec<Vec<Answer>>,
    memo: HashMap<Key, u64>,
}

impl<'p> Counter<'p> {
    /// The number of traces, and of states with sleep sets.
    pub(crate) fn count(program: &'p Program) -> (u64, usize) {
        let n = program.actors.len();
        let (memory, logs) = (program.memory.clone(), vec![Vec::new(); n]);
        let mut counter = Self { program, memory, logs, memo: HashMap::new() };
        let pending: Vec<_> = (0..n as u8).map(|a| counter.pending(a)).collect();
        (counter.below(&pending, &[]), counter.memo.len())
    }

    fn pending(&self, actor: u8) -> Option<Request> {
        let mut seat = self.program.seat(actor);
        for &answer in &self.logs[actor as usize] {
            seat.poll();
            seat.answer(answer);
        }
        seat.poll()
    }

    fn below(&mut self, pending: &[Option<Request>], sleep: &[(u8, Footprint)]) -> u64 {
        let mask = sleep.iter().fold(0, |mask, (actor, _)| mask | 1 << actor);
        let key = (self.memory.nonzero().collect(), self.logs.clone(), mask);
        if let Some(&known) = self.memo.get(&key) {
            return known;
        }
        let enabled = |a: &u8| {
            pending[*a as usize].is_some_and(|r| match r.op {
                Op::Join { actor } => pending[actor as usize].is_none(),
                Op::Barrier { .. } | Op::Choose { .. } => panic!("not made for this"),
                op => self.memory.ready(&op),
            })
        };
        let enabled: Vec<u8> = (0..pending.len() as u8).filter(enabled).collect();
        let mut total = u64::from(enabled.is_empty());
        let mut sleep = sleep.to_vec();
        for actor in enabled {
            if sleep.iter().any(|&(a, _)| a == actor) {
                continue;
            }
            let request = pending[actor as usize].unwrap();
            let done = self.memory.execute(&request);
            self.logs[actor as usize].push(done.answer);
            let mut after = pending.to_vec();
            after[actor as usize] = self.pending(actor);
            let asleep: Vec<_> =
                sleep.iter().filter(|(_, f)| !f.conflicts(&done.footprint)).copied().collect();
            total += self.below(&after, &asleep);
            self.logs[actor as usize].pop();
            self.memory.undo(done.undo);
            sleep.push((actor, done.footprint));
        }
        self.memo.insert(key, total);
        total
    }
}
