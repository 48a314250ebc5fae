//! Results of calls that are kept in no variable; user space has seen them all the same.

use cowrace_machine::{Addr, Obj};

use crate::objects::{Type, variable};
use crate::value::Value;
use crate::world::{CallSpec, World};

/// The word for the failure of a call whose result is kept in no variable.
#[must_use]
pub const fn failure(call: u16) -> Addr {
    Type::Failures.word(call as usize)
}

/// The word for the outcome of a call; `None` if it is never read.
#[must_use]
pub const fn place(spec: &CallSpec, outcome: Value) -> Option<Addr> {
    match (spec.dest, outcome) {
        (Some(dest), _) => Some(variable(dest)),
        (None, Value::Errno(_)) => Some(failure(spec.id)),
        (None, _) => None,
    }
}

/// The objects that keep failures.
pub fn objects(world: &World) -> impl Iterator<Item = Obj> + use<> {
    let ids = world.calls().map(|(_, spec)| spec.id);
    Type::Failures.list(usize::from(ids.max().unwrap_or(0)) + 1)
}
