//! The CPU of the specification: the machine's handle, and what is known before the first step.

use std::collections::HashSet;
use std::ops::Deref;

use cowrace_mm::World;
use cowrace_mm::world::VarId;

use crate::evict::evicting;
use crate::keepers::{Keeper, keepers};
use crate::promises::Promises;

/// What is known before the first step.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) world: World,
    pub(crate) promises: Promises,
    /// The variables that keep handles.
    pub(crate) keepers: Vec<Keeper>,
    /// Whether needed copies and faults are counted.
    pub(crate) counts: bool,
    /// The loads and stores whose TLB entry may be evicted early.
    evicting: HashSet<u16>,
}

impl Known {
    pub(crate) fn new(world: &World, promises: Promises) -> Self {
        Self { counts: false, evicting: evicting(world), ..Self::counting(world, promises) }
    }

    /// For counting needed copies and faults, which does not depend on the values that are seen.
    pub(crate) fn counting(world: &World, promises: Promises) -> Self {
        let (keepers, evicting) = (keepers(world, &promises), HashSet::new());
        Self { world: world.clone(), promises, keepers, counts: true, evicting }
    }
}

/// A CPU.
pub(crate) struct Cpu<'k> {
    pub(crate) cpu: cowrace_machine::Cpu,
    pub(crate) world: &'k World,
    pub(crate) promises: &'k Promises,
    pub(crate) keepers: &'k [Keeper],
    pub(crate) counts: bool,
    evicting: &'k HashSet<u16>,
}

impl<'k> Cpu<'k> {
    /// A CPU with this knowledge.
    pub(crate) const fn new(cpu: cowrace_machine::Cpu, known: &'k Known) -> Self {
        let Known { world, promises, keepers, counts, evicting } = known;
        Self { cpu, world, promises, keepers: keepers.as_slice(), counts: *counts, evicting }
    }

    /// What is known of the handle that a variable keeps.
    pub(crate) fn keeper(&self, variable: VarId) -> Option<Keeper> {
        self.keepers.iter().find(|keeper| keeper.variable == variable).copied()
    }

    /// Whether the TLB entry for a load or store may be evicted early.
    pub(crate) fn evicts(&self, call: u16) -> bool {
        self.evicting.contains(&call)
    }
}

impl Deref for Cpu<'_> {
    type Target = cowrace_machine::Cpu;

    fn deref(&self) -> &Self::Target {
        &self.cpu
    }
}
