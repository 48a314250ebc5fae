//! What an execution costs: how many pages were copied, and how many page faults were taken.
//!
//! The counts are words that nobody looks at before the end. They are only added to, with the result unused; additions
//! commute, so counting adds no execution, and what is counted is the same for all executions of a trace.
//!
//! A page counts as copied when its words are: by write faults, by unsharing, by fork and by faults on a private file,
//! and also when the copy is thrown away, because somebody was faster. The zero page is not copied but replaced. A fault
//! counts when `handle_mm_fault` is called, by user space or by GUP; one that is tried again counts again. One that ends
//! in a signal before that does not count.

use std::sync::Arc;

use cowrace_machine::{Addr, Arch, Memory, Prim, Program};

use crate::cpu::Cpu;
use crate::era::Era;
use crate::objects::kernel::{COPIED, FAULTED};
use crate::rule_reads::RuleReads;
use crate::world::World;

/// Counts something, if somebody wants to know.
pub(crate) async fn count(cpu: &Cpu, what: Addr) {
    if cpu.kernel().counts_costs {
        cpu.add(what, 1, Prim::Ghost).await;
    }
}

/// What an execution has cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Pages that were copied.
    pub copies: u64,
    /// Page faults that were taken.
    pub faults: u64,
}

impl Cost {
    /// That of an execution of [`counting`] that ends in this memory.
    #[must_use]
    pub fn of(memory: &Memory) -> Self {
        Self { copies: memory.get(COPIED), faults: memory.get(FAULTED) }
    }
}

/// Makes a program of a scenario under an era that counts what it costs and judges nothing. Its schedules are not those
/// of [`crate::program`]: counting is requests, too.
#[must_use]
pub fn counting(world: &World, era: &Era, arch: Arch) -> (Program, RuleReads) {
    // Who asks for copies that nobody needed looks at what others change, and nobody judges them here.
    let world = World { predicates: Vec::new(), windows: Vec::new(), ..world.clone() };
    let kernel = crate::kernel(&world, era, arch, true);
    let rule_reads = RuleReads::new(Arc::clone(&kernel));
    (crate::program_of(kernel, era, Box::new(|_| None)), rule_reads)
}
