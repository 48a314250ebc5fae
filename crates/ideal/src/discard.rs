//! Who discards what `MADV_FREE` gave up: once, at any moment, or never.

use cowrace_machine::Prim;
use cowrace_mm::objects::MmStruct;
use cowrace_mm::world::{Advice, Backing, Call, MmId, Va};

use crate::cpu::{Cpu, Known};
use crate::keepers::calls;
use crate::observation::descends;

/// Where something may be given up, by an mm or one that it was forked from.
pub(crate) fn places(known: &Known) -> Vec<(MmId, Va)> {
    let world = &known.world;
    let lazy =
        world.areas.iter().enumerate().filter(|(_, area)| area.lazyfree).map(|(va, area)| (area.mm, va));
    let called = calls(world).filter_map(|(actor, spec)| match spec.call {
        // Of a file it is refused.
        Call::Madvise { va, advice: Advice::Free } if world.areas[va].backing == Backing::Anon => {
            Some((world.actors[actor].mm?, va))
        }
        _ => None,
    });
    let mut places: Vec<(MmId, Va)> = lazy
        .chain(called)
        .flat_map(|(origin, va)| {
            (0..world.mms.len()).filter(move |&mm| descends(world, mm, origin)).map(move |mm| (mm, va))
        })
        .collect();
    places.sort_unstable();
    places.dedup();
    places
}

/// The one who does it.
pub(crate) async fn run(cpu: cowrace_machine::Cpu, known: &Known, (mm, va): (MmId, Va)) {
    let cpu = Cpu::new(cpu, known);
    if cpu.choose(2, Prim::Ghost).await == 1 {
        cpu.discard(MmStruct(mm), va, true).await;
    }
}
