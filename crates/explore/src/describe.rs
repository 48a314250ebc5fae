//! Findings of the engine in words; shared by all that can make them, so that they say the same.

use std::collections::HashMap;

use cowrace_machine::{Acquire, Answer, Fault, Narration, Obj, Op, Program, Request};
use cowrace_report::{Class, Finding};

/// The objects allocated by a sequence of requests, numbered in order.
pub(crate) fn fresh<'r>(requests: impl Iterator<Item = &'r Request>) -> HashMap<Obj, usize> {
    let mut fresh = HashMap::new();
    for request in requests {
        if let Op::Alloc { obj, .. } = request.op {
            let next = fresh.len();
            fresh.entry(obj).or_insert(next);
        }
    }
    fresh
}

/// A request in words.
pub(crate) fn text(
    program: &Program,
    fresh: &HashMap<Obj, usize>,
    actor: u8,
    request: &Request,
    answer: Answer,
) -> String {
    program.narrate.event(&Narration { actor, request, answer, changes: &[], fresh }).0
}

/// What memory found wrong with a request.
pub(crate) fn fault(
    program: &Program,
    fresh: &HashMap<Obj, usize>,
    (actor, request, answer): (u8, &Request, Answer),
    fault: Fault,
) -> Finding {
    let text = text(program, fresh, actor, request, answer);
    let name = &program.actors[actor as usize].name;
    let (class, what) = match fault {
        Fault::Dead(_) => (Class::UseAfterFree, "uses freed memory"),
        Fault::Underflow(_) => (Class::Refcount, "takes a count below zero"),
        Fault::NotHeld(_) => (Class::Refcount, "releases what nobody holds, a defect of the model"),
        Fault::Twice(_) => (Class::Refcount, "allocates what is alive or frees what is dead"),
    };
    Finding { class, detail: format!("{name}: `{text}` in {} {what}", request.function) }
}

/// The locks that each actor holds, from what happened.
#[derive(Clone, Debug, Default)]
pub(crate) struct Holders {
    held: Vec<(u8, Acquire)>,
}

impl Holders {
    /// Notes a request that was answered.
    pub(crate) fn note(&mut self, actor: u8, op: &Op, answer: Answer) {
        if let Some(lock) = op.acquired(answer) {
            self.held.push((actor, lock));
            return;
        }
        let (addr, bit) = match *op {
            Op::Unlock { addr, bit } => (addr, bit),
            Op::ReadUnlock { addr } | Op::WriteUnlock { addr } => (addr, u64::MAX),
            Op::Downgrade { addr } => {
                if let Some((_, lock)) = self.held.iter_mut().find(|(a, l)| *a == actor && l.addr == addr) {
                    lock.shared = true;
                }
                return;
            }
            _ => return,
        };
        // A lock may be released by another actor than its holder.
        let of = |by: u8| move |(a, l): &(u8, Acquire)| *a == by && l.addr == addr && l.bit == bit;
        let found = self.held.iter().position(of(actor));
        let found = found.or_else(|| self.held.iter().position(|(_, l)| l.addr == addr && l.bit == bit));
        if let Some(at) = found {
            self.held.remove(at);
        }
    }

    /// Those who hold what `op` waits for.
    pub(crate) fn in_the_way(&self, op: &Op) -> Vec<u8> {
        let Some(lock) = op.waits_for() else { return Vec::new() };
        let blocks = |l: &Acquire| l.addr == lock.addr && l.bit & lock.bit != 0 && !(l.shared && lock.shared);
        self.held.iter().filter(|(_, l)| blocks(l)).map(|&(actor, _)| actor).collect()
    }
}

/// Names joined as a sentence needs them.
pub(crate) fn names(program: &Program, actors: &[u8]) -> String {
    let names: Vec<&str> = actors.iter().map(|&a| program.actors[a as usize].name.as_str()).collect();
    names.join(" and ")
}

/// What an actor that cannot move waits for, as `waits for lock_page(X), which B holds`.
/// `absent` are the participants that have not come to a barrier.
pub(crate) fn waiting(
    program: &Program,
    fresh: &HashMap<Obj, usize>,
    (actor, request): (u8, &Request),
    holders: &Holders,
    absent: &[u8],
) -> String {
    match request.op {
        Op::Join { actor: other } => format!("waits for {} to finish", names(program, &[other])),
        Op::Barrier { .. } => format!("waits at a barrier for {}", names(program, absent)),
        ref op => {
            let text = text(program, fresh, actor, request, Answer::default());
            let mut holding = holders.in_the_way(op);
            holding.dedup();
            if let Op::Await { .. } = op {
                format!("waits at `{text}`")
            } else if holding.is_empty() {
                format!("waits for `{text}`")
            } else {
                format!("waits for `{text}`, which {} has in hand", names(program, &holding))
            }
        }
    }
}

/// Nobody can move.
pub(crate) fn deadlock(
    program: &Program,
    fresh: &HashMap<Obj, usize>,
    pending: &[Option<Request>],
    holders: &Holders,
    absent: impl Fn(u8) -> Vec<u8>,
) -> Finding {
    let mut parts = Vec::new();
    for (actor, request) in pending.iter().enumerate() {
        let Some(request) = request else { continue };
        let absent = if let Op::Barrier { id } = request.op { absent(id) } else { Vec::new() };
        let waits = waiting(program, fresh, (actor as u8, request), holders, &absent);
        parts.push(format!("{} {waits}", program.actors[actor].name));
    }
    Finding { class: Class::Deadlock, detail: parts.join("; ") }
}
