//! The CPU of ideal memory: the seam's handle, and what is known before anything runs.

use std::ops::Deref;

use cowrace_mm::World;

use crate::promises::Promises;

/// What is known before anything runs.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) world: World,
    pub(crate) promises: Promises,
}

/// A CPU.
pub(crate) struct Cpu<'k> {
    pub(crate) cpu: cowrace_machine::Cpu,
    pub(crate) world: &'k World,
    pub(crate) promises: &'k Promises,
}

impl Deref for Cpu<'_> {
    type Target = cowrace_machine::Cpu;

    fn deref(&self) -> &Self::Target {
        &self.cpu
    }
}
