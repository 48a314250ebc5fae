//! Random schedules, tried before a long search goes on.
//!
//! A depth-first search changes the end of an execution first, and changes the decisions at its beginning only late.
//! Random priorities with a few random changes (PCT; Burckhardt, Kothari, Musuvathi and Nagarakatte, 2010) find a race
//! that needs few decisions, wherever in the execution these are.

use std::cmp::Reverse;

use cowrace_machine::{Answer, Memory, Op};
use cowrace_report::{Finding, Schedule, Turn};

use crate::execution::answer_tree::{Actors, Spare};
use crate::execution::describe;
use crate::random::Random;
use crate::search::shared::Shared;
use crate::sync::Primitives;

/// How many schedules to try.
pub(crate) const SCHEDULES: u64 = 1000;
/// How often priorities change in each.
const CHANGES: usize = 3;

/// The result of trying random schedules.
pub(crate) struct Tried {
    /// The first bad schedule, and its finding.
    pub(crate) finding: Option<(Finding, Schedule)>,
    /// How many were tried.
    pub(crate) schedules: u64,
}

/// Tries random schedules of executions about `length` requests long.
pub(crate) fn try_schedules<'s, P: Primitives>(
    shared: &Shared<'s, P>,
    spare: &mut Spare<'s>,
    length: u32,
) -> Tried {
    let limit = shared.settings.limits.time;
    let mut memory = shared.program.memory.clone();
    for seed in 0..SCHEDULES {
        if shared.stopped().is_some() || limit.is_some_and(|limit| shared.started.elapsed() >= limit) {
            return Tried { finding: None, schedules: seed };
        }
        memory.clone_from(&shared.program.memory);
        let actors = spare.take(shared.program).begin();
        let mut run = Run { shared, memory: &mut memory, actors, turns: Vec::new() };
        let found = run.execute(&mut Random(seed), length);
        let Run { turns, actors, .. } = run;
        spare.keep(actors);
        if let Some(finding) = found {
            let schedule = Schedule { fingerprint: shared.program.fingerprint, turns };
            return Tried { finding: Some((finding, schedule)), schedules: seed + 1 };
        }
    }
    Tried { finding: None, schedules: SCHEDULES }
}

struct Run<'r, 's, P: Primitives> {
    shared: &'r Shared<'s, P>,
    memory: &'r mut Memory,
    actors: Actors<'s>,
    turns: Vec<Turn>,
}

impl<P: Primitives> Run<'_, '_, P> {
    fn execute(&mut self, random: &mut Random, length: u32) -> Option<Finding> {
        let program = self.shared.program;
        let count = program.actors.len();
        let mut priorities: Vec<u64> = (0..count).map(|_| random.next() | 1 << 63).collect();
        let changes: Vec<u64> = (0..CHANGES).map(|_| random.below(u64::from(length.max(1)))).collect();
        // The actors, from the most urgent one on.
        let mut order: Vec<u8> = (0..count as u8).collect();
        order.sort_by_key(|&actor| Reverse(priorities[actor as usize]));
        let mut touched = Vec::new();
        while self.turns.len() < self.shared.settings.limits.steps as usize {
            let mut able = order.iter().filter(|&&actor| self.actors.is_enabled(actor, self.memory));
            let Some(&actor) = able.next() else { break };
            if let Some(place) = changes.iter().position(|&at| at == self.turns.len() as u64) {
                priorities[actor as usize] = place as u64;
                order.sort_by_key(|&actor| Reverse(priorities[actor as usize]));
            }
            let request = *self.actors.request(actor)?;
            touched.clear();
            let mut done = self.memory.execute_noting(&request, &mut touched);
            let mut choice = None;
            if let Op::Choose { n } = request.op {
                let value = random.below(u64::from(n.max(1)));
                choice = Some(value as u32);
                done.answer = Answer { value, ok: true };
            }
            self.turns.push(Turn { actor, choice });
            let finding = self.actors.answer(actor, done.answer).cloned();
            if let Op::Barrier { id } = request.op {
                self.actors.pass(actor, id, false);
            }
            if let Some(fault) = done.fault {
                return Some(describe::fault(program, (actor, &request, done.answer), fault));
            }
            if finding.is_some() {
                return finding;
            }
        }
        // A deadlock is left to the search, which can tell which actors hold the locks.
        let is_over = self.actors.pending().all(|(_, request)| request.is_none());
        if is_over { (program.check)(self.memory) } else { None }
    }
}
