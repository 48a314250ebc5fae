//! The CPU of ideal memory: the seam's handle, and what is known before anything runs.

use std::ops::Deref;

use cowrace_mm::World;

use crate::promises::Promises;

/// What is known before anything runs.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) world: World,
    pub(crate) promises: Promises,
    /// Whether what is needed is counted.
    pub(crate) counts: bool,
}

/// A CPU.
pub(crate) struct Cpu<'k> {
    pub(crate) cpu: cowrace_machine::Cpu,
    pub(crate) world: &'k World,
    pub(crate) promises: &'k Promises,
    pub(crate) counts: bool,
}

impl<'k> Cpu<'k> {
    /// A CPU that knows what is known.
    pub(crate) const fn new(cpu: cowrace_machine::Cpu, known: &'k Known) -> Self {
        Self { cpu, world: &known.world, promises: &known.promises, counts: known.counts }
    }
}

impl Deref for Cpu<'_> {
    type Target = cowrace_machine::Cpu;

    fn deref(&self) -> &Self::Target {
        &self.cpu
    }
}
