//! Runs the specification along one execution of the kernel's model.

use std::sync::Arc;

use cowrace_explore::{Directive, Until, follow};
use cowrace_machine::{Memory, Program};
use cowrace_mm::world::ActorId;
use cowrace_mm::{Kernel, World};
use cowrace_report::{Class, Finding};

use crate::observation::{observe, sights};
use crate::oracle::probe_kernel;
use crate::probe::observations;
use crate::program::program;
use crate::promises::Promises;
use crate::start::Start;

/// Whether the specification shows the same as an execution of the kernel's model, if calls are made one after the
/// other in the order in which they ended there. This costs only one execution, so it is worth trying before the whole
/// specification is explored. If this order does not show it, another one may.
#[must_use]
pub fn shows_in_order(
    world: &World,
    promises: &Promises,
    order: &[(ActorId, u16)],
    (kernel, memory): (&Arc<Kernel>, &Memory),
) -> bool {
    let (world, promises) = (world.clone(), *promises);
    let specification = program(&world, &promises);
    let calls = order.iter().map(|&(actor, call)| Directive { actor: actor as u8, until: Until::End(call) });
    let finish = |actor| Directive { actor: actor as u8, until: Until::Finish };
    let directives: Vec<Directive> = calls.chain((0..specification.actors.len()).map(finish)).collect();
    let sights = sights(&world, &promises, &Start::of(&world));
    let due = observe(&world, &sights, memory, |sight, handle| probe_kernel(kernel, memory, sight, handle));
    let check = move |memory: &Memory| {
        // The observation that is looked for ends the attempts.
        observations(&world, &sights, memory)
            .contains(&due)
            .then(|| Finding { class: Class::Assertion, detail: "".into() })
    };
    let specification = Program { check: Box::new(check), ..specification };
    follow(&specification, &directives).is_ok_and(|trace| trace.finding.is_some())
}
