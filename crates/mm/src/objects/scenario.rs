//! What user space has beside its memory: the variables of a scenario, and the failures of calls that no variable keeps.

use cowrace_machine::{Addr, Obj};
use cowrace_report::Kind;

use super::{Field, Format, Structure, Type};
use crate::world::{VarId, World};

/// A variable.
pub(crate) const VARIABLE: Structure =
    Structure::list(Field { name: "value", kind: Kind::Variable, format: Format::Value });

/// What a call failed with.
pub(crate) const FAILURE: Structure =
    Structure::list(Field { name: "failure", kind: Kind::Other, format: Format::Value });

/// A variable of the scenario.
#[must_use]
pub const fn variable(var: VarId) -> Addr {
    Type::Variables.word(var)
}

/// The objects that variables are in. The first is [`Obj::NULL`], which there is anyway.
pub fn variables(world: &World) -> impl Iterator<Item = Obj> + use<> {
    Type::Variables.list(world.variables.len()).skip(1)
}
