//! TLB entries: which CPUs may have one for an address, and which accesses use one that may be evicted before it is
//! flushed.
//!
//! An entry may be evicted at any time, and flushes reach CPUs in no particular order. The specification flushes CPUs
//! one after the other; early evictions of entries cover all other orders. This matters only if two CPUs use an entry
//! while it is flushed: if only one does, the flush itself may come that early.

use std::collections::{BTreeSet, HashSet};

use cowrace_machine::Memory;
use cowrace_mm::World;
use cowrace_mm::world::{ActorId, Call, CallSpec, MmId, Target, Va};

use crate::discard::Place;
use crate::order::before;
use crate::start::cached;

/// The loads and stores whose entry may be evicted early. `given_up` are the places at which a helper may discard memory.
pub(crate) fn evicting(world: &World, given_up: &[Place]) -> HashSet<u16> {
    let accesses: Vec<Access> = accesses(world).collect();
    let is_early = |access: &Access| {
        // A helper discards at any time.
        let lazily = given_up.iter().any(|place| (place.mm, place.va) == (access.at.mm, access.at.va));
        lazily && accesses.iter().any(|other| other.is_beside(access))
            || world.calls().any(|(actor, spec)| {
                let beside = |access: &Access| {
                    access.actor != actor
                        && flushes(world, actor, &spec.call, access.at)
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
    at: Target,
}

impl Access {
    /// Whether another CPU uses the same entry.
    fn is_beside(&self, other: &Self) -> bool {
        self.actor != other.actor && self.at == other.at
    }
}

/// A CPU that user space makes use an address of an mm.
pub(crate) type User = (MmId, Va, ActorId);

/// The CPUs that may have an entry for an address: those that have one, and those that look for one.
pub(crate) fn users(world: &World, memory: &Memory) -> BTreeSet<User> {
    let access = accesses(world).map(|Access { actor, at, .. }| (at.mm, at.va, actor));
    access.chain(cached(world, memory)).collect()
}

fn accesses(world: &World) -> impl Iterator<Item = Access> {
    world.calls().filter_map(|(actor, spec)| access(world, actor, spec))
}

fn access(world: &World, actor: ActorId, spec: &CallSpec) -> Option<Access> {
    let at = spec.call.memory(world.actors[actor].mm)?;
    spec.call.access().filter(|access| access.is_by_user()).map(|_| Access { actor, call: spec.id, at })
}

/// Whether a call flushes the TLBs of an mm for an address.
fn flushes(world: &World, actor: ActorId, call: &Call, at: Target) -> bool {
    call.change().flushes() && call.is_about(world, world.actors[actor].mm, at)
}
