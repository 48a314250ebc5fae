//! The specification along one execution of the kernel's model.

use std::sync::Arc;

use cowrace_explore::{Directive, Until, follow};
use cowrace_machine::{Memory, Program};
use cowrace_mm::world::ActorId;
use cowrace_mm::{Kernel, World};
use cowrace_report::{Class, Finding};

use crate::observation::{observe, sights};
use crate::oracle::{probe, probe_kernel};
use crate::program::program;
use crate::promises::Promises;

/// Whether the specification shows what an execution of the kernel's model has shown, if calls are made one after the other
/// in the order in which they ended there. That costs as much as an execution, so it is worth asking before all of the
/// specification is looked at. If it does not show it, some other order may.
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
    let sights = sights(&world, &promises);
    let due = observe(&world, &sights, memory, |sight, handle| probe_kernel(kernel, memory, sight, handle));
    let check = move |memory: &Memory| {
        let seen = observe(&world, &sights, memory, |sight, handle| probe(memory, sight, handle));
        // What is looked for is what ends the attempts.
        (seen == due).then(|| Finding { class: Class::Assertion, detail: "".into() })
    };
    let specification = Program { check: Box::new(check), ..specification };
    follow(&specification, &directives).is_ok_and(|trace| trace.finding.is_some())
}
