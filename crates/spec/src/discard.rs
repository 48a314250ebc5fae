//! Helpers that discard the memory which `MADV_FREE` gave up: as often as it was given up, at any moment, or never.

use cowrace_machine::Prim;
use cowrace_mm::objects::MmStruct;
use cowrace_mm::syscall::Change;
use cowrace_mm::world::{Backing, MmId, Va, World};

use crate::cpu::{Cpu, Known};

/// A place at which memory may be given up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) mm: MmId,
    pub(crate) va: Va,
    /// Whether it is given up at the start.
    at_first: bool,
    /// The number of calls that may give it up.
    calls: u32,
}

/// The places at which memory may be given up, by an mm or by one from which it was forked. `lazy` are those at which it
/// is given up at the start.
pub(crate) fn places(world: &World, lazy: &[(MmId, Va)]) -> Vec<Place> {
    let called = || {
        let giving_up = world.calls().filter(|(_, spec)| spec.call.change() == Change::GivesUp);
        let given_up = giving_up.filter_map(|(actor, spec)| spec.call.memory(world.actors[actor].mm));
        // For a file it is refused.
        let anonymous = given_up.filter(|at| world.areas[at.va].backing == Backing::Anon);
        anonymous.flat_map(|at| world.pages(at.va).map(move |va| (at.mm, va)))
    };
    let mut places = Vec::new();
    for mm in 0..world.mms.len() {
        for va in world.addresses() {
            let kin = world.places(va);
            let is_here = |(origin, at): &(MmId, Va)| kin.contains(at) && world.descends(mm, *origin);
            let (at_first, calls) = (lazy.iter().any(is_here), called().filter(is_here).count());
            if at_first || calls > 0 {
                places.push(Place { mm, va, at_first, calls: calls as u32 });
            }
        }
    }
    places
}

/// The helper for a place. An attempt before a call has given the memory up has no effect.
pub(crate) async fn run(cpu: cowrace_machine::Cpu, known: &Known, place: Place) {
    let cpu = Cpu::new(cpu, known);
    let Place { mm, va, at_first, calls } = place;
    let times = if at_first { cpu.choose(calls + 2, Prim::Ghost).await } else { calls };
    for _ in 0..times {
        cpu.discard(MmStruct(mm), va..va + 1, true).await;
    }
}
