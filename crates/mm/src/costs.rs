//! The costs of an execution: the number of copied pages and of page faults.
//!
//! The counts are words that are not read before the end. They are only added to, with the result unused; additions
//! commute, so counting adds no execution, and the counts are the same for all executions of a trace.
//!
//! A page counts as copied when its words are copied: by write faults, by unsharing, by fork and by faults on a private
//! file, and also when the copy is thrown away because the PTE has changed meanwhile. The zero page is not copied but
//! replaced. A fault counts when `handle_mm_fault` is called, by user space or by GUP; a retried fault counts again. A
//! fault that ends in a signal before that does not count.

use std::sync::Arc;

use cowrace_machine::{Addr, Arch, Memory, Prim, Program};

use crate::cpu::Cpu;
use crate::era::Era;
use crate::objects::kernel::{COPIED, FAULTED};
use crate::rule_reads::RuleReads;
use crate::world::World;

/// Counts something, if costs are wanted.
pub(crate) async fn count(cpu: &Cpu, what: Addr) {
    if cpu.kernel().counts_costs {
        cpu.add(what, 1, Prim::Ghost).await;
    }
}

/// The costs of an execution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cost {
    /// The number of copied pages.
    pub copies: u64,
    /// The number of page faults.
    pub faults: u64,
}

impl Cost {
    /// The most of each.
    #[must_use]
    pub fn most(self, other: Self) -> Self {
        Self { copies: self.copies.max(other.copies), faults: self.faults.max(other.faults) }
    }

    /// The costs of an execution of [`counting`] that ends in this memory.
    #[must_use]
    pub fn of(memory: &Memory) -> Self {
        Self { copies: memory.get(COPIED), faults: memory.get(FAULTED) }
    }
}

/// Makes a program of a scenario under an era that counts its costs and judges nothing. Its schedules differ from those
/// of [`crate::program`], since counting makes requests, too.
#[must_use]
pub fn counting(world: &World, era: &Era, arch: Arch) -> (Program, RuleReads) {
    // To recognize unnecessary copies, the model would read words that others change; they are not judged here.
    let world = World { predicates: Vec::new(), windows: Vec::new(), ..world.clone() };
    let kernel = crate::kernel(&world, era, arch, true);
    let rule_reads = RuleReads::new(Arc::clone(&kernel));
    let memory = crate::initial_state::memory(&kernel);
    let fingerprint = crate::fingerprint(&kernel, era.rules());
    (crate::program_of(kernel, fingerprint, memory, Box::new(|_| None)), rule_reads)
}
