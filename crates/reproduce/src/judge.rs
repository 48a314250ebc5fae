//! What decides whether the damage was seen.

use cowrace_mm::World;
use cowrace_mm::world::{ActorId, Advice, Call, Expr, MmId, Modality, Target, Term, VarId};
use cowrace_report::{Broken, Detail, Finding, Place, Seen, Subject, Through};

/// A condition under which the damage was seen.
#[derive(Clone, Debug, PartialEq)]
pub enum Judge {
    /// A predicate of the file fails.
    Predicate {
        /// Always or never.
        modality: Modality,
        /// What is asked.
        expr: Expr,
        /// As it was written.
        text: String,
    },
    /// A variable has this value.
    Variable {
        /// The variable.
        variable: VarId,
        /// The value.
        seen: Seen,
    },
    /// A call without a variable fails, or does not fail.
    Call {
        /// The actor.
        actor: ActorId,
        /// The number of the call.
        call: u16,
        /// Whether it fails.
        fails: bool,
    },
    /// A word of memory is this at the end.
    Memory {
        /// Where.
        target: Target,
        /// The word.
        word: u8,
        /// What it is.
        seen: u64,
    },
    /// A store on one side of a handle is not seen on the other.
    CutOff {
        /// The variable that holds the handle.
        handle: VarId,
        /// The mm that it was taken on.
        owner: MmId,
        /// The area.
        target: Target,
        /// Whether the owner stores; otherwise the device.
        owner_stores: bool,
    },
}

/// The conditions for a damage; `None` if user space does not see it.
pub(crate) fn of(world: &World, finding: Option<&Finding>) -> Option<Vec<Judge>> {
    let predicates = predicates(world);
    let Some(finding) = finding else {
        let all = if predicates.is_empty() { promised(world) } else { predicates };
        return (!all.is_empty()).then_some(all);
    };
    match &finding.detail {
        Detail::Predicate { .. } => (!predicates.is_empty()).then_some(predicates),
        Detail::Promise(broken) => {
            let mut all = vec![broken_promise(world, broken)?];
            all.extend(predicates);
            Some(all)
        }
        Detail::Fault { .. }
        | Detail::Deadlock { .. }
        | Detail::BadPage { .. }
        | Detail::References { .. }
        | Detail::Exclusivity { .. }
        | Detail::Text(_) => None,
    }
}

/// What is promised of a pin that is held at the end, if no process gives its memory up: it stays the owner's memory.
fn promised(world: &World) -> Vec<Judge> {
    let gives_up = |call: Call| {
        matches!(call, Call::Munmap { .. } | Call::Exit | Call::Release { .. })
            || matches!(call, Call::Madvise { advice: Advice::DontNeed | Advice::Free, .. })
    };
    if world.calls().any(|(_, call)| gives_up(call.call)) {
        return Vec::new();
    }
    let pins = world.calls().filter_map(|(actor, call)| {
        let target = match call.call {
            Call::Gup { target, pin: true, flags, .. } if flags.write || flags.longterm => target,
            Call::IoUringRegister { va } | Call::ExtractPages { va, write: true, .. } => {
                Target { mm: world.actors[actor].mm?, va }
            }
            _ => return None,
        };
        Some(Judge::CutOff { handle: call.dest?, owner: target.mm, target, owner_stores: true })
    });
    pins.take(1).collect()
}

fn predicates(world: &World) -> Vec<Judge> {
    let predicates = world.predicates.iter().map(|predicate| Judge::Predicate {
        modality: predicate.modality,
        expr: predicate.expr.clone(),
        text: predicate.text.clone(),
    });
    predicates.collect()
}

fn broken_promise(world: &World, broken: &Broken) -> Option<Judge> {
    let variable = |name: &str| world.variables.iter().position(|variable| variable == name);
    Some(match &broken.subject {
        Subject::Variable(name) => Judge::Variable { variable: variable(name)?, seen: broken.seen.clone() },
        Subject::Call { actor, call } => Judge::Call {
            actor: world.actors.iter().position(|spec| spec.name == *actor)?,
            call: *call,
            fails: matches!(broken.seen, Seen::Errno(_)),
        },
        Subject::Memory(Place { mm, area, word }) => {
            let Seen::Number(seen) = broken.seen else { return None };
            Judge::Memory { target: target(world, mm, area)?, word: (*word)?, seen }
        }
        Subject::Handle { variable: name, mm, area } => {
            let owner_stores = match broken.seen {
                Seen::OwnerStores(Through::Missed) => true,
                Seen::DeviceStores(Through::Missed) => false,
                _ => return None,
            };
            let target = target(world, mm, area)?;
            Judge::CutOff { handle: variable(name)?, owner: target.mm, target, owner_stores }
        }
    })
}

fn target(world: &World, mm: &str, area: &str) -> Option<Target> {
    Some(Target {
        mm: world.mms.iter().position(|other| other.name == mm)?,
        va: world.areas.iter().position(|other| other.name == area)?,
    })
}

/// The words of memory that a predicate asks for.
pub(crate) fn memory(expr: &Expr, found: &mut Vec<(Target, u8)>) {
    match expr {
        Expr::Compare(left, _, right) => {
            for term in [left, right] {
                if let Term::Memory { target, word } = term
                    && !found.contains(&(*target, *word))
                {
                    found.push((*target, *word));
                }
            }
        }
        Expr::And(a, b) | Expr::Or(a, b) => {
            memory(a, found);
            memory(b, found);
        }
        Expr::Not(a) => memory(a, found),
    }
}

/// The mms whose copies a predicate counts.
pub(crate) fn copies(expr: &Expr, found: &mut Vec<MmId>) {
    match expr {
        Expr::Compare(left, _, right) => {
            for term in [left, right] {
                if let Term::Copies(mm) = term
                    && !found.contains(mm)
                {
                    found.push(*mm);
                }
            }
        }
        Expr::And(a, b) | Expr::Or(a, b) => {
            copies(a, found);
            copies(b, found);
        }
        Expr::Not(a) => copies(a, found),
    }
}
