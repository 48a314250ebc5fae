//! Observations: everything that user space sees of an execution.

use cowrace_machine::Memory;
use cowrace_mm::World;
use cowrace_mm::objects::{MmStruct, variable, vm};
use cowrace_mm::observe::owner_view;
use cowrace_mm::probe::Through;
use cowrace_mm::result::failure;
use cowrace_mm::value::{Handle, Value};
use cowrace_mm::world::{Target, VarId};

use crate::keepers::{Keeper, keepers};
use crate::promises::{Promises, Rule};
use crate::start::Start;

/// One item of an observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    /// A variable.
    Variable(VarId),
    /// The failure of a call whose result is kept in no variable.
    Failure(u16),
    /// A word of a process at the end.
    Memory(Target, u8),
    /// Whether a handle still refers to its owner's memory: the owner stores.
    ToDevice(Keeper),
    /// The same: the device stores.
    ToOwner(Keeper),
}

/// The values that were seen, in the order of the sights.
pub(crate) type Observation = Vec<u64>;

/// There is nothing to be seen.
pub(crate) const NOTHING: u64 = u64::MAX;
/// Any handle.
pub(crate) const HANDLE: u64 = u64::MAX - 1;
/// There is no such memory.
pub(crate) const UNMAPPED: u64 = u64::MAX - 2;

/// All sights of a scenario. Probes of handles come last.
pub(crate) fn sights(world: &World, promises: &Promises, start: &Start) -> Vec<Sight> {
    let variables = (0..world.variables.len()).map(Sight::Variable);
    let failures =
        world.calls().filter(|(_, call)| call.dest.is_none()).map(|(_, call)| Sight::Failure(call.id));
    let mut sights: Vec<Sight> = variables.chain(failures).collect();
    for mm in 0..world.mms.len() {
        for (va, area) in world.areas.iter().enumerate() {
            if world.descends(mm, area.mm) {
                sights.extend(world.words(va).map(|word| Sight::Memory(Target { mm, va }, word)));
            }
        }
    }
    for keeper in keepers(world, promises, start) {
        // A history tells nothing about the present.
        if !matches!(keeper.rule, Rule::History | Rule::AliasIfOwn) {
            sights.push(Sight::ToDevice(keeper));
            if keeper.write {
                sights.push(Sight::ToOwner(keeper));
            }
        }
    }
    sights
}

impl Sight {
    /// The handle that is probed.
    pub(crate) const fn probed(&self) -> Option<&Keeper> {
        match self {
            Self::ToDevice(keeper) | Self::ToOwner(keeper) => Some(keeper),
            _ => None,
        }
    }
}

/// Observes memory at the end. `through` probes a live handle.
pub(crate) fn observe(
    world: &World,
    sights: &[Sight],
    memory: &Memory,
    through: impl Fn(&Sight, Handle) -> Through,
) -> Observation {
    let look = |sight: &Sight| match sight {
        Sight::Variable(var) => plain(Value::decode(memory.get(variable(*var)))),
        Sight::Failure(call) => plain(Value::decode(memory.get(failure(*call)))),
        Sight::Memory(target, word) => {
            if is_mapped(memory, *target) {
                owner_view(world, memory, *target, *word)
            } else {
                UNMAPPED
            }
        }
        Sight::ToDevice(keeper) | Sight::ToOwner(keeper) => {
            live(world, memory, keeper).map_or(NOTHING, |handle| through(sight, handle) as u64)
        }
    };
    sights.iter().map(look).collect()
}

/// The handle in a variable at the end, if it has not been released.
pub(crate) fn live(world: &World, memory: &Memory, keeper: &Keeper) -> Option<Handle> {
    match Value::decode(memory.get(variable(keeper.variable))) {
        Value::Handle(handle) if !handle.released && keeper.at_end(world, memory).is_some() => Some(handle),
        _ => None,
    }
}

fn is_mapped(memory: &Memory, target: Target) -> bool {
    let vma = MmStruct(target.mm).vma(target.va);
    memory.alive(vma.obj()) && memory.get(vma.vm_flags()) & vm::EXISTS != 0
}

/// The part of a value that user space can observe.
const fn plain(value: Value) -> u64 {
    match value {
        Value::Unset => NOTHING,
        Value::Handle(_) => HANDLE,
        value => value.encode(),
    }
}

/// The observed value of a variable, in the words of the language.
pub(crate) fn word(seen: u64) -> String {
    match (seen, Value::decode(seen)) {
        (NOTHING, _) => "unset".to_owned(),
        (HANDLE, _) => "handle".to_owned(),
        (_, Value::Number(n)) => n.to_string(),
        (_, Value::Errno(errno)) => errno.name().to_owned(),
        _ => "child".to_owned(),
    }
}
