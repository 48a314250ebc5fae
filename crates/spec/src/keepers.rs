//! Who holds what: the calls that take hold of memory, and the variables that keep it.

use cowrace_mm::World;
use cowrace_mm::world::{Call, CallSpec, MmId, Step, Target, VarId};

use crate::promises::{Promises, Rule};

/// A variable that keeps a handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Keeper {
    pub(crate) variable: VarId,
    /// The memory that it was taken on.
    pub(crate) target: Target,
    pub(crate) rule: Rule,
    /// It may be written through.
    pub(crate) write: bool,
}

/// The calls of all actors, each with its actor.
pub(crate) fn calls(world: &World) -> impl Iterator<Item = (usize, &CallSpec)> {
    world.actors.iter().enumerate().flat_map(|(actor, spec)| {
        spec.steps.iter().filter_map(move |step| match step {
            Step::Call(call) => Some((actor, call)),
            Step::Barrier(_) => None,
        })
    })
}

/// The memory that a call takes hold of, and whether to write through it.
pub(crate) fn taken(call: &Call, own: Option<MmId>) -> Option<(Target, bool)> {
    let own = |va| Target { mm: own.unwrap_or(0), va };
    match *call {
        Call::Gup { target, flags, .. } => Some((target, flags.write)),
        Call::ExtractPages { va, write, .. } => Some((own(va), write)),
        Call::Vmsplice { va } | Call::DirectWrite { va, .. } => Some((own(va), false)),
        Call::IoUringRegister { va } | Call::DirectRead { va, .. } | Call::Recvmsg { va, .. } => {
            Some((own(va), true))
        }
        _ => None,
    }
}

/// The variables that keep handles, in order. A variable that several calls fill is left out: it does not say
/// what it holds.
pub(crate) fn keepers(world: &World, promises: &Promises) -> Vec<Keeper> {
    let of = |variable: VarId| {
        let mut filling = calls(world).filter(|(_, call)| call.dest == Some(variable));
        let (actor, spec) = filling.next()?;
        let keeps = matches!(
            spec.call,
            Call::Gup { .. }
                | Call::ExtractPages { .. }
                | Call::Vmsplice { .. }
                | Call::IoUringRegister { .. }
                | Call::FuseSplice { .. }
        );
        if !keeps || filling.next().is_some() {
            return None;
        }
        let (target, write) = match spec.call {
            // The memory of the request, which another call took hold of.
            Call::FuseSplice { handle } => {
                let (actor, request) = calls(world).find(|(_, call)| call.dest == Some(handle))?;
                (taken(&request.call, world.actors[actor].mm)?.0, false)
            }
            call => taken(&call, world.actors[actor].mm)?,
        };
        let rule = promises.rule(world, spec, target)?;
        Some(Keeper { variable, target, rule, write })
    };
    (0..world.variables.len()).filter_map(of).collect()
}
