//! Which accesses may find that their TLB entry is gone early.
//!
//! An entry may go at any time, and flushes reach CPUs in no particular order. The specification flushes them one after the
//! other; an entry that goes before its turn comes makes up for the order. It matters only where two CPUs go through an
//! entry while somebody flushes it: if there is one, the flush may come as early for it.

use std::collections::HashSet;

use cowrace_mm::World;
use cowrace_mm::world::{ActorId, Advice, Call, CallSpec, MmId, Va};

use crate::discard::places;
use crate::keepers::calls;
use crate::order::before;

/// The calls, loads and stores, whose entry may be gone early.
pub(crate) fn evicting(world: &World) -> HashSet<u16> {
    let accesses: Vec<Access> = calls(world).filter_map(|(actor, spec)| access(world, actor, spec)).collect();
    let given_up = places(world);
    let is_early = |access: &Access| {
        // Whoever discards does so at any time.
        let lazily = given_up.iter().any(|place| (place.mm, place.va) == (access.mm, access.va));
        lazily && accesses.iter().any(|other| other.is_beside(access))
            || calls(world).any(|(actor, spec)| {
                let beside = |access: &Access| {
                    access.actor != actor
                        && flushes(world, actor, &spec.call, access.mm, access.va)
                        && !before(world, spec.id, access.call)
                        && !before(world, access.call, spec.id)
                };
                beside(access) && accesses.iter().any(|other| other.is_beside(access) && beside(other))
            })
    };
    accesses.iter().filter(|access| is_early(access)).map(|access| access.call).collect()
}

/// An access by user space.
#[derive(Clone, Copy, Debug)]
struct Access {
    actor: ActorId,
    call: u16,
    mm: MmId,
    va: Va,
}

impl Access {
    /// Whether another CPU goes through the same entry.
    fn is_beside(&self, other: &Self) -> bool {
        self.actor != other.actor && (self.mm, self.va) == (other.mm, other.va)
    }
}

fn access(world: &World, actor: ActorId, spec: &CallSpec) -> Option<Access> {
    let mm = world.actors[actor].mm?;
    match spec.call {
        Call::Load { va, .. } | Call::Store { va, .. } => Some(Access { actor, call: spec.id, mm, va }),
        _ => None,
    }
}

/// Whether a call flushes the TLBs of an mm for an address.
fn flushes(world: &World, actor: ActorId, call: &Call, mm: MmId, va: Va) -> bool {
    let is_here = |at: Va| at == va && world.actors[actor].mm == Some(mm);
    match *call {
        Call::Munmap { va } | Call::Mprotect { va, write: false } => is_here(va),
        Call::Madvise { va, advice: Advice::DontNeed | Advice::Free } => is_here(va),
        Call::ClearRefs { mm: cleared } => cleared == mm,
        Call::UffdWriteProtect { target, protect: true } => (target.mm, target.va) == (mm, va),
        _ => false,
    }
}
