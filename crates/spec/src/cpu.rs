//! The CPU of the specification: the seam's handle, and what is known before anything runs.

use std::collections::HashSet;
use std::ops::Deref;

use cowrace_mm::World;

use crate::evict::evicting;
use crate::promises::Promises;

/// What is known before anything runs.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) world: World,
    pub(crate) promises: Promises,
    /// Whether what is needed is counted.
    pub(crate) counts: bool,
    /// The loads and stores whose TLB entry may be gone early.
    evicting: HashSet<u16>,
}

impl Known {
    pub(crate) fn new(world: &World, promises: Promises) -> Self {
        Self { world: world.clone(), promises, counts: false, evicting: evicting(world) }
    }

    /// To count what is needed. For that it makes no difference who sees what.
    pub(crate) fn counting(world: &World, promises: Promises) -> Self {
        Self { world: world.clone(), promises, counts: true, evicting: HashSet::new() }
    }
}

/// A CPU.
pub(crate) struct Cpu<'k> {
    pub(crate) cpu: cowrace_machine::Cpu,
    pub(crate) world: &'k World,
    pub(crate) promises: &'k Promises,
    pub(crate) counts: bool,
    evicting: &'k HashSet<u16>,
}

impl<'k> Cpu<'k> {
    /// A CPU that knows what is known.
    pub(crate) const fn new(cpu: cowrace_machine::Cpu, known: &'k Known) -> Self {
        let Known { world, promises, counts, evicting } = known;
        Self { cpu, world, promises, counts: *counts, evicting }
    }

    /// Whether the TLB entry for a load or store may be gone early.
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
