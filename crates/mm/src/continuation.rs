//! Calls of a scenario that go on in quiescent states, in which earlier calls of it have left memory.

use std::sync::Arc;

use cowrace_machine::{Addr, Arch, Memory, Program};

use crate::check;
use crate::cpu::Kernel;
use crate::era::Era;
use crate::initial_state;
use crate::objects::tlb_entry;
use crate::quiescent::Quiescent;
use crate::world::{ActorId, World};

/// A part of a scenario under a kernel: mms, areas, variables and actors are those of the whole scenario, and calls are
/// those of the part. From one state to the next, as much as possible of the program is kept.
#[derive(Debug)]
pub struct Continuation {
    world: Arc<World>,
    era: Era,
    arch: Arch,
    counts_costs: bool,
    /// The kernel, as far as it does not depend on the state.
    kernel: Kernel,
    last: Option<Last>,
}

/// What was made for the last state.
#[derive(Debug)]
struct Last {
    kernel: Arc<Kernel>,
    program: Program,
    /// Memory with the objects of the program, and nothing of a state.
    objects: Memory,
    /// The words that were written for the state.
    written: Vec<Addr>,
}

impl Continuation {
    /// A part, before it is known where it begins. With `counts_costs`, what it costs is counted.
    #[must_use]
    pub fn new(world: &Arc<World>, era: &Era, arch: Arch, counts_costs: bool) -> Self {
        let kernel = Kernel::new(world, era, arch);
        Self { world: Arc::clone(world), era: era.clone(), arch, counts_costs, kernel, last: None }
    }

    /// The program that begins in a state, and the kernel that it runs. An execution in the program's own memory may be
    /// left there.
    pub fn begin_in(&mut self, state: &Quiescent) -> (&mut Program, &Arc<Kernel>) {
        let (cpumask, exits) = (self.cpumask(state), self.exits(state));
        let swap_slots = self.kernel.swap_slots.saturating_add(state.swap_slots());
        let kept = self.last.take().filter(|Last { kernel, .. }| {
            (&kernel.cpumask, &kernel.exits, kernel.swap_slots) == (&cpumask, &exits, swap_slots)
        });
        let mut last = kept.unwrap_or_else(|| {
            let kernel = Kernel::new(&self.world, &self.era, self.arch);
            Last::of(Kernel { cpumask, exits, swap_slots, counts_costs: self.counts_costs, ..kernel })
        });
        last.begin_in(state);
        let Last { kernel, program, .. } = self.last.insert(last);
        (program, kernel)
    }

    /// The CPUs that run each mm, with the pages that they touch, or for which they have an entry.
    fn cpumask(&self, state: &Quiescent) -> Vec<Vec<(ActorId, u16)>> {
        let mut all = self.kernel.cpumask.clone();
        for (actor, touched) in all.iter_mut().flatten() {
            let cached = (0..self.world.areas.len()).filter(|&va| state.get(tlb_entry(*actor, va)) != 0);
            *touched |= cached.fold(0, |all, va| all | 1 << va);
        }
        all
    }

    /// Whether each mm exits, or has exited.
    fn exits(&self, state: &Quiescent) -> Vec<bool> {
        let all = self.kernel.exits.iter().enumerate();
        all.map(|(mm, exits)| *exits || state.has_exited(&self.world, mm)).collect()
    }
}

impl Last {
    fn of(kernel: Kernel) -> Self {
        let kernel = Arc::new(kernel);
        let judged = Arc::clone(&kernel);
        let check = move |memory: &Memory| check::check(&judged, memory, None);
        // No schedule of a part is kept, so nothing is to be recognised.
        let objects = initial_state::objects(&kernel);
        let program = crate::program_of(Arc::clone(&kernel), 0, objects.clone(), Box::new(check));
        Self { kernel, program, objects, written: Vec::new() }
    }

    /// Writes a state in the place of the last one.
    fn begin_in(&mut self, state: &Quiescent) {
        let Self { kernel, program: Program { memory, .. }, objects, written } = self;
        memory.restore();
        written.drain(..).for_each(|addr| memory.set(addr, objects.get(addr)));
        initial_state::go_on(kernel, state, |addr, word| {
            written.push(addr);
            memory.set(addr, word);
        });
    }
}
