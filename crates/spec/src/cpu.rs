//! The CPU of the specification: the machine's handle, and what is known before the first step.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::Deref;
use std::sync::Arc;

use cowrace_machine::Memory;
use cowrace_mm::World;
use cowrace_mm::world::{ActorId, MmId, Va, VarId};

use crate::discard::{Place, places};
use crate::history::Histories;
use crate::keepers::{Keeper, keepers};
use crate::memory::boot;
use crate::order::before;
use crate::promises::Promises;
use crate::start::{Start, given_up};
use crate::tlb_entries::{User, evicting, users};

/// What is known before the first step.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) world: Arc<World>,
    /// What the calls before have left.
    pub(crate) start: Start,
    /// Memory, without the objects that only this scenario needs.
    pub(crate) memory: Memory,
    pub(crate) promises: Promises,
    /// The variables that keep handles.
    pub(crate) keepers: Vec<Keeper>,
    /// The reads through handles that are histories.
    pub(crate) histories: Histories,
    /// Whether needed copies and faults are counted.
    pub(crate) counts: bool,
    /// The CPUs that may have a TLB entry for an address.
    users: BTreeSet<User>,
    /// The loads and stores whose TLB entry may be evicted early.
    evicting: HashSet<u16>,
    /// The children of forks beside a call that takes memory of the parent.
    forks: BTreeMap<u16, Vec<MmId>>,
}

impl Known {
    pub(crate) fn new(world: &World, promises: Promises) -> Self {
        Self::at(&Arc::new(world.clone()), promises, Start::of(world), boot(world))
    }

    /// For a scenario that begins where other calls have ended.
    pub(crate) fn at(world: &Arc<World>, promises: Promises, start: Start, memory: Memory) -> Self {
        let known = Self::before(world, promises, start, memory);
        let histories = Histories::of(world, &known.keepers, &known.start);
        let evicting = evicting(world, &known.places());
        Self { histories, counts: false, evicting, ..known }
    }

    /// For counting needed copies and faults, which does not depend on the values that are seen, so that reads through
    /// handles make no difference.
    pub(crate) fn counting(world: &World, promises: Promises) -> Self {
        Self::before(&Arc::new(world.clone()), promises, Start::of(world), boot(world))
    }

    fn before(world: &Arc<World>, promises: Promises, start: Start, memory: Memory) -> Self {
        Self {
            world: Arc::clone(world),
            promises,
            keepers: keepers(world, &promises, &start),
            histories: Histories::default(),
            counts: true,
            users: users(world, &memory),
            evicting: HashSet::new(),
            forks: forks(world),
            start,
            memory,
        }
    }

    /// The places at which memory may be discarded that was given up.
    pub(crate) fn places(&self) -> Vec<Place> {
        places(&self.world, &given_up(&self.world, &self.memory))
    }
}

/// For each call that takes memory, the children of forks of its mm that are neither over before it nor begin after it.
fn forks(world: &World) -> BTreeMap<u16, Vec<MmId>> {
    let mut beside: BTreeMap<u16, Vec<MmId>> = BTreeMap::new();
    for (actor, taking) in world.calls() {
        let Some((target, _)) = taking.call.takes(world.actors[actor].mm) else { continue };
        for (forking, fork) in world.calls() {
            let Some(child) = fork.call.child() else { continue };
            let is_ordered = before(world, taking.id, fork.id) || before(world, fork.id, taking.id);
            if world.actors[forking].mm == Some(target.mm) && !is_ordered {
                beside.entry(taking.id).or_default().push(child);
            }
        }
    }
    beside
}

/// A CPU.
pub(crate) struct Cpu<'k> {
    pub(crate) cpu: cowrace_machine::Cpu,
    pub(crate) world: &'k World,
    pub(crate) promises: &'k Promises,
    pub(crate) start: &'k Start,
    pub(crate) keepers: &'k [Keeper],
    pub(crate) histories: &'k Histories,
    pub(crate) counts: bool,
    users: &'k BTreeSet<User>,
    evicting: &'k HashSet<u16>,
    forks: &'k BTreeMap<u16, Vec<MmId>>,
}

impl<'k> Cpu<'k> {
    /// A CPU with this knowledge.
    pub(crate) fn new(cpu: cowrace_machine::Cpu, known: &'k Known) -> Self {
        let Known { world, start, promises, keepers, histories, counts, users, evicting, forks, .. } = known;
        Self {
            cpu,
            world,
            promises,
            start,
            keepers: keepers.as_slice(),
            histories,
            counts: *counts,
            users,
            evicting,
            forks,
        }
    }

    /// What is known of the handle that a variable keeps.
    pub(crate) fn keeper(&self, variable: VarId) -> Option<Keeper> {
        self.keepers.iter().find(|keeper| keeper.variable == variable).copied()
    }

    /// The CPUs that may have a TLB entry for an address.
    pub(crate) fn users(&self, mm: MmId, va: Va) -> impl Iterator<Item = ActorId> {
        self.users.range((mm, va, 0)..=(mm, va, ActorId::MAX)).map(|&(_, _, actor)| actor)
    }

    /// The children of forks that may be under way while a call takes memory of their parent.
    pub(crate) fn forks_beside(&self, call: u16) -> &[MmId] {
        self.forks.get(&call).map_or(&[], Vec::as_slice)
    }

    /// Whether the TLB entry for a load or store may be evicted early.
    pub(crate) fn evicts(&self, call: u16) -> bool {
        self.evicting.contains(&call)
    }
}

impl AsRef<cowrace_machine::Cpu> for Cpu<'_> {
    fn as_ref(&self) -> &cowrace_machine::Cpu {
        &self.cpu
    }
}

impl Deref for Cpu<'_> {
    type Target = cowrace_machine::Cpu;

    fn deref(&self) -> &Self::Target {
        &self.cpu
    }
}
