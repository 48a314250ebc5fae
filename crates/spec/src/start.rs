//! Where the specification begins: with a scenario, or where the first calls of one have ended.

use std::collections::BTreeSet;

use cowrace_machine::{Memory, mmu};
use cowrace_mm::World;
use cowrace_mm::objects::{MmStruct, tlb_entry};
use cowrace_mm::world::{MmId, Va};

use crate::keepers::Keeper;
use crate::layout::LAZY;
use crate::promises::is_shared;
use crate::tlb_entries::User;

/// What the calls before have left, beside memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Start {
    /// The handles that are held.
    pub(crate) held: Vec<Keeper>,
    /// The memory of which the owner may have no page of its own: it had none at the start, or may have discarded it.
    pub(crate) foreign: BTreeSet<(MmId, Va)>,
    /// Whether calls are to come after those of the scenario.
    pub(crate) goes_on: bool,
}

impl Start {
    /// That of a whole scenario.
    pub(crate) fn of(world: &World) -> Self {
        let areas = world.areas.iter().enumerate();
        let foreign = areas.filter(|(_, area)| is_shared(area) || area.lazyfree);
        Self { foreign: foreign.map(|(va, area)| (area.mm, va)).collect(), ..Self::default() }
    }
}

/// The memory that has been given up with `MADV_FREE`.
pub(crate) fn given_up(world: &World, memory: &Memory) -> Vec<(MmId, Va)> {
    let lazy = |&(mm, va): &(MmId, Va)| {
        let pte = memory.get(MmStruct(mm).pte(va));
        pte & LAZY != 0 && pte & mmu::DIRTY == 0
    };
    let places = (0..world.mms.len()).flat_map(|mm| (0..world.areas.len()).map(move |va| (mm, va)));
    places.filter(lazy).collect()
}

/// The CPUs that have an entry for an address.
pub(crate) fn cached(world: &World, memory: &Memory) -> impl Iterator<Item = User> {
    let users = world.actors.iter().enumerate().filter_map(|(actor, spec)| Some((spec.mm?, actor)));
    let all = users.flat_map(|(mm, actor)| (0..world.areas.len()).map(move |va| (mm, va, actor)));
    all.filter(|&(_, va, actor)| memory.get(tlb_entry(actor, va)) != 0)
}
