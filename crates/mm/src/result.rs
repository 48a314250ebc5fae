//! Results of calls that no variable keeps: user space saw them all the same.

use cowrace_machine::{Addr, Obj};

use crate::layout::{RESULTS, variable};
use crate::value::Value;
use crate::world::{CallSpec, Step, World};

/// The last object of the initial state that there may be.
const LAST: u16 = 127;

/// Where the failure of a call is kept that no variable keeps; none for calls beyond the first 195.
#[must_use]
pub const fn failure(call: u16) -> Option<Addr> {
    let words = Obj::WORDS as u16;
    let nth = RESULTS + call / words;
    if nth <= LAST { Some(Addr::new(Obj::boot(nth as u8), (call % words) as u8)) } else { None }
}

/// Where the outcome of a call goes; none if nobody will ever look at it.
#[must_use]
pub const fn place(spec: &CallSpec, outcome: Value) -> Option<Addr> {
    match (spec.dest, outcome) {
        (Some(dest), _) => Some(variable(dest)),
        (None, Value::Errno(_)) => failure(spec.id),
        (None, _) => None,
    }
}

/// The objects that keep failures.
pub fn objects(world: &World) -> impl Iterator<Item = Obj> + use<> {
    let ids = world.actors.iter().flat_map(|actor| &actor.steps).filter_map(|step| match step {
        Step::Call(spec) => Some(spec.id),
        Step::Barrier(_) => None,
    });
    let last = (RESULTS + ids.max().unwrap_or(0) / u16::from(Obj::WORDS)).min(LAST);
    (RESULTS..=last).map(|nth| Obj::boot(nth as u8))
}
