//! Findings of the engine, made in one place so that the search and the interpreter describe them alike.

use cowrace_machine::{Acquire, Answer, Fault, Narration, Op, Program, Request};
use cowrace_report::{self as report, Access, Class, Detail, Faulty, Finding, Waiting, Waits};

/// The access of a request that changed nothing.
fn access(program: &Program, request: &Request, answer: Answer) -> Access {
    program.narrate.access(&Narration { request, answer, changes: &[] })
}

/// What memory found wrong with a request.
pub(crate) fn fault(
    program: &Program,
    (actor, request, answer): (u8, &Request, Answer),
    fault: Fault,
) -> Finding {
    let (class, fault) = match fault {
        Fault::Dead(_) => (Class::UseAfterFree, report::Fault::Freed),
        Fault::Underflow(_) => (Class::Refcount, report::Fault::BelowZero),
        Fault::NotHeld(_) => (Class::Refcount, report::Fault::NotHeld),
        Fault::Twice(_) => (Class::Refcount, report::Fault::Twice),
    };
    let access = Faulty {
        actor: program.actors[actor as usize].name.clone(),
        primitive: request.prim.name().to_owned(),
        access: access(program, request, answer),
        function: request.function.to_owned(),
    };
    Finding { class, detail: Detail::Fault { fault, access: Some(Box::new(access)) } }
}

/// The locks that each actor holds, derived from the events.
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

    /// The actors that hold the lock that `op` waits for.
    pub(crate) fn in_the_way(&self, op: &Op) -> Vec<u8> {
        let Some(lock) = op.waits_for() else { return Vec::new() };
        let blocks = |l: &Acquire| l.addr == lock.addr && l.bit & lock.bit != 0 && !(l.shared && lock.shared);
        self.held.iter().filter(|(_, l)| blocks(l)).map(|&(actor, _)| actor).collect()
    }
}

/// The names of actors.
pub(crate) fn names(program: &Program, actors: &[u8]) -> Vec<String> {
    actors.iter().map(|&actor| program.actors[actor as usize].name.clone()).collect()
}

/// What an actor that cannot move waits for. `absent` are the participants that have not reached a barrier.
pub(crate) fn waits(program: &Program, request: &Request, holders: &Holders, absent: &[u8]) -> Waits {
    match request.op {
        Op::Join { actor } => Waits::Actor(program.actors[actor as usize].name.clone()),
        Op::Barrier { .. } => Waits::Barrier { absent: names(program, absent) },
        ref op => {
            let mut holding = holders.in_the_way(op);
            holding.dedup();
            Waits::Access {
                primitive: request.prim.name().to_owned(),
                access: Box::new(access(program, request, Answer::default())),
                holders: names(program, &holding),
            }
        }
    }
}

/// The finding that no actor can move.
pub(crate) fn deadlock(
    program: &Program,
    pending: &[Option<Request>],
    holders: &Holders,
    absent: impl Fn(u8) -> Vec<u8>,
) -> Finding {
    let pending =
        pending.iter().zip(&program.actors).filter_map(|(request, actor)| Some((request.as_ref()?, actor)));
    let waiting = pending.map(|(request, actor)| {
        let absent = if let Op::Barrier { id } = request.op { absent(id) } else { Vec::new() };
        Waiting { actor: actor.name.clone(), waits: waits(program, request, holders, &absent) }
    });
    Finding { class: Class::Deadlock, detail: Detail::Deadlock { waiting: waiting.collect() } }
}
