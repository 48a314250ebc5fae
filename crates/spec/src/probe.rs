//! Probes of handles at the end of the specification. Nothing moves any more, so reading its memory is sufficient.

use cowrace_machine::{Memory, mmu};
use cowrace_mm::World;
use cowrace_mm::objects::MmStruct;
use cowrace_mm::probe::Through;
use cowrace_mm::value::Handle;
use cowrace_mm::world::VarId;

use crate::heir::{Heirs, Share};
use crate::keepers::Keeper;
use crate::layout::{EMPTY, heirs};
use crate::observation::{Observation, Sight, live, observe};
use crate::promises::Rule;
use crate::pte::populated;

/// Everything that memory at the end may show: what a handle is to its owner may be undecided.
pub(crate) fn observations(world: &World, sights: &[Sight], memory: &Memory) -> Vec<Observation> {
    let mut all: Vec<Vec<(VarId, Share)>> = vec![Vec::new()];
    for keeper in sights.iter().filter_map(Sight::probed) {
        let is_known = all[0].iter().any(|(variable, _)| *variable == keeper.variable);
        if is_known || live(world, memory, keeper).is_none() {
            continue;
        }
        let shares = shares(memory, keeper);
        let with = |known: &Vec<(VarId, Share)>, share| {
            known.iter().copied().chain([(keeper.variable, share)]).collect::<Vec<_>>()
        };
        all = all.iter().flat_map(|known| shares.iter().map(|&share| with(known, share))).collect();
    }
    let see = |shares: Vec<(VarId, Share)>| {
        observe(world, sights, memory, |sight, handle| {
            let share = |keeper: &Keeper| shares.iter().find(|(variable, _)| *variable == keeper.variable);
            let share = sight.probed().and_then(share).map_or(Share::Own, |&(_, share)| share);
            probe(world, memory, sight, handle, share)
        })
    };
    all.into_iter().map(see).collect()
}

fn shares(memory: &Memory, keeper: &Keeper) -> Vec<Share> {
    match keeper.rule {
        Rule::AliasUntilFork => {
            let heirs = Heirs::decode(memory.get(heirs(keeper.variable)));
            heirs.shares(memory, keeper)
        }
        _ => vec![Share::Own],
    }
}

/// The result that a store would have.
fn probe(world: &World, memory: &Memory, sight: &Sight, handle: Handle, share: Share) -> Through {
    let (Sight::ToDevice(keeper) | Sight::ToOwner(keeper)) = sight else { return Through::Refused };
    let Some(owner) = keeper.at_end(world, memory) else { return Through::Refused };
    let pte = memory.get(MmStruct(owner.mm).pte(owner.va));
    // Memory that is touched is populated.
    let pte = if pte & EMPTY != 0 { populated(pte) } else { pte };
    let needs = if matches!(sight, Sight::ToDevice(_)) { mmu::PRESENT | mmu::WRITE } else { mmu::PRESENT };
    // A store of the device reaches all that have the page; with a store of its own, an mm may part from it.
    let at_hand = match share {
        Share::Own => true,
        Share::UntilStore => matches!(sight, Sight::ToOwner(_)),
        Share::None => false,
    };
    match pte & needs == needs {
        false => Through::Refused,
        true if at_hand && mmu::page(pte) == handle.page => Through::Yes,
        true => Through::No,
    }
}
