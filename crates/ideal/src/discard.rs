//! Who discards what `MADV_FREE` gave up: once, at any moment, or never.

use cowrace_machine::Prim;
use cowrace_mm::layout::MmStruct;
use cowrace_mm::world::{Advice, Call, MmId, Va};

use crate::cpu::{Cpu, Known};
use crate::keepers::calls;

/// Where something may be given up.
pub(crate) fn places(known: &Known) -> Vec<(MmId, Va)> {
    let world = &known.world;
    let mut places: Vec<(MmId, Va)> = (world.areas.iter().enumerate())
        .filter(|(_, area)| area.lazyfree)
        .map(|(va, area)| (area.mm, va))
        .collect();
    for (actor, spec) in calls(world) {
        if let (Call::Madvise { va, advice: Advice::Free }, Some(mm)) = (spec.call, world.actors[actor].mm)
            && !places.contains(&(mm, va))
        {
            places.push((mm, va));
        }
    }
    places
}

/// The one who does it.
pub(crate) async fn run(cpu: cowrace_machine::Cpu, known: &Known, (mm, va): (MmId, Va)) {
    let cpu = Cpu { cpu, world: &known.world, promises: &known.promises };
    if cpu.choose(2, Prim::Ghost).await == 1 {
        cpu.discard(MmStruct(mm), va, true).await;
    }
}
