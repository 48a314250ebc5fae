//! Linux mm, cut to what the copy-on-write and pinning races need.
//!
//! Functions carry the name of the kernel function that they follow, take the kernel's steps in the
//! kernel's order, and read the rule of the era at the place where kernels differ. What differs between
//! kernels is data: [`era`]. What a scenario asks for is data, too: [`world`]; and what there is to know of a syscall is a
//! row: [`syscall`].

mod call;
mod check;
mod continuation;
pub mod costs;
mod cpu;
pub mod era;
pub mod fault;
pub mod folio;
pub mod fork;
mod functions;
pub mod gup;
pub mod huge_memory;
pub mod hugetlb;
mod initial_state;
pub mod khugepaged;
pub mod madvise;
pub mod migrate;
pub mod mmap;
pub mod mmu_gather;
pub mod mprotect;
pub mod mremap;
mod names;
mod narrate;
pub mod objects;
pub mod observe;
pub mod page_alloc;
pub mod pgtable;
pub mod probe;
mod quiescent;
pub mod result;
pub mod rmap;
mod rule_reads;
pub mod sched_mm;
pub mod source;
pub mod swap;
pub mod swapfile;
pub mod syscall;
pub mod task_mmu;
pub mod tlb;
pub mod user;
pub mod userfaultfd;
pub mod userfaultfd_k;
pub mod value;
mod vma;
pub mod vmscan;
pub mod world;

use std::sync::Arc;

use cowrace_machine::{Actor, ActorSet, Arch, Check, Memory, Program};

pub use check::Judge;
pub use continuation::Continuation;
pub use cpu::{Cpu, Kernel};
pub use era::Era;
pub use functions::FUNCTIONS;
pub use quiescent::{Contents, Quiescent, start};
pub use rule_reads::RuleReads;
pub use source::{Reach, Steps, place};
pub use world::World;

use crate::era::Rules;

/// Makes a program of a scenario under an era.
#[must_use]
pub fn program(world: &World, era: &Era, arch: Arch) -> Program {
    program_and_rule_reads(world, era, arch, None).0
}

/// As [`program`], with a handle that tells which of the era's rules the program has read by then. Ends of executions
/// are also judged by `judge`.
#[must_use]
pub fn program_and_rule_reads(
    world: &World,
    era: &Era,
    arch: Arch,
    judge: Option<Judge>,
) -> (Program, RuleReads) {
    let kernel = kernel(world, era, arch, false);
    let (judged, rule_reads) = (Arc::clone(&kernel), RuleReads::new(Arc::clone(&kernel)));
    let check = move |memory: &Memory| check::check(&judged, memory, judge.as_ref());
    let memory = initial_state::memory(&kernel);
    let fingerprint = fingerprint(&kernel, era.rules());
    (program_of(kernel, fingerprint, memory, Box::new(check)), rule_reads)
}

fn kernel(world: &World, era: &Era, arch: Arch, counts_costs: bool) -> Arc<Kernel> {
    Arc::new(Kernel { counts_costs, ..Kernel::new(&Arc::new(world.clone()), era, arch) })
}

fn program_of(kernel: Arc<Kernel>, fingerprint: u32, memory: Memory, check: Check) -> Program {
    let world = &kernel.world;
    let actors = world.actors.iter().enumerate().map(|(index, spec)| {
        if spec.steps.is_empty() {
            return Actor::idle(spec.name.clone());
        }
        let kernel = Arc::clone(&kernel);
        Actor::new(spec.name.clone(), move |cpu| {
            Box::pin(call::run(Cpu::new(cpu, Arc::clone(&kernel)), index))
        })
    });
    let barriers = world.barriers.iter().map(|members| {
        let mut set = ActorSet::default();
        members.iter().for_each(|&actor| set.insert(actor as u8));
        set
    });
    Program {
        memory,
        actors: actors.collect(),
        barriers: barriers.collect(),
        // Barriers stand between calls, and a call leaves everything in memory.
        forgetful: true,
        windows: world.windows.clone(),
        check,
        fingerprint,
        narrate: Box::new(narrate::Narrator::new(kernel)),
    }
}

/// Hash of everything that the meaning of a schedule depends on: the source of the model, the rules, the
/// architecture and the scenario. All rules count, read or not. The windows, the
/// promises and the way in which predicates are written do not count.
fn fingerprint(kernel: &Kernel, rules: &Rules) -> u32 {
    let world = &kernel.world;
    let text = format!(
        "{} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
        env!("COWRACE_MODEL_HASH"),
        rules,
        kernel.arch,
        world.mms,
        world.areas,
        world.variables,
        world.actors,
        world.barriers,
        world.environment,
    );
    // FNV-1a: fixed for ever, so that a schedule means the same on every machine.
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
