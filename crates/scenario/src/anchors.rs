//! Anchors: the names that a step of the model may have in a diagram.

use cowrace_machine::Prim;
use cowrace_mm::FUNCTIONS;

use crate::ops::OPS;

/// Every anchor.
pub(crate) fn names() -> impl Iterator<Item = &'static str> + Clone {
    // `user` stands for code outside of any kernel function.
    let functions = FUNCTIONS.iter().copied().filter(|f| *f != "user");
    let steps = OPS.iter().flat_map(|op| op.steps.iter().copied());
    steps.chain(["SIGSEGV"]).chain(Prim::ALL.iter().map(|p| p.name())).chain(functions)
}
