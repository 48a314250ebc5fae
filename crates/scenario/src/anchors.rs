//! Anchors: the names that a step of the model may have in a diagram.

use cowrace_machine::Prim;
use cowrace_mm::{FUNCTIONS, syscall};

/// Every anchor.
pub(crate) fn names() -> impl Iterator<Item = &'static str> + Clone {
    // `user` stands for code outside of any kernel function.
    let functions = FUNCTIONS.iter().copied().filter(|f| *f != "user");
    let marks = syscall::rows().flat_map(|row| row.marks.iter().copied());
    marks.chain(Prim::ALL.iter().map(|p| p.name())).chain(functions)
}
