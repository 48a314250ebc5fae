//! Keepers: the variables that keep handles on memory.

use cowrace_machine::Memory;
use cowrace_mm::World;
use cowrace_mm::objects::{MmStruct, vm};
use cowrace_mm::world::{Target, Va, VarId};

use crate::promises::{Promises, Rule};
use crate::start::Start;

/// A variable that keeps a handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Keeper {
    pub(crate) variable: VarId,
    /// The memory on which it was taken.
    pub(crate) target: Target,
    pub(crate) rule: Rule,
    /// Whether it may be used for writing.
    pub(crate) write: bool,
}

impl Keeper {
    /// Where the memory is at the end, if it is mapped: `mremap` may have moved it.
    pub(crate) fn at_end(&self, world: &World, memory: &Memory) -> Option<Target> {
        let is_mapped = |va: &Va| {
            let vma = MmStruct(self.target.mm).vma(*va);
            memory.alive(vma.obj()) && memory.get(vma.vm_flags()) & vm::EXISTS != 0
        };
        let va = world.places(self.target.va).into_iter().find(is_mapped)?;
        Some(Target { va, ..self.target })
    }
}

/// The variables that keep handles: those that are held at the start, and those of the scenario, in order. A variable that several calls set is left out, since its contents are
/// ambiguous.
pub(crate) fn keepers(world: &World, promises: &Promises, start: &Start) -> Vec<Keeper> {
    let own = |actor: usize| world.actors[actor].mm.unwrap_or(0);
    let of = |variable: VarId| {
        let mut filling = world.calls().filter(|(_, call)| call.dest == Some(variable));
        let (actor, spec) = filling.next()?;
        if !spec.call.gives_handle() || filling.next().is_some() {
            return None;
        }
        let (target, write) = match spec.call.passes_on() {
            // The memory of the request, which another call has taken.
            Some(handle) => match start.held.iter().find(|keeper| keeper.variable == handle) {
                Some(request) => (request.target, false),
                None => {
                    let (actor, request) = world.calls().find(|(_, call)| call.dest == Some(handle))?;
                    (request.call.takes(Some(own(actor)))?.0, false)
                }
            },
            None => spec.call.takes(Some(own(actor)))?,
        };
        let rule = promises.rule(world, start, spec, target)?;
        Some(Keeper { variable, target, rule, write })
    };
    start.held.iter().copied().chain((0..world.variables.len()).filter_map(of)).collect()
}
