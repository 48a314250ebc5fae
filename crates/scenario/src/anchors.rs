//! Anchors: the names that a step of the model may have in a diagram.

use cowrace_machine::Prim;
use cowrace_mm::FUNCTIONS;

use crate::diagnostic::{Diagnostic, Span};
use crate::nearest::{did_you_mean, quote};
use crate::ops::OPS;

/// Every anchor.
pub(crate) fn names() -> impl Iterator<Item = &'static str> + Clone {
    // `user` is where no kernel function is.
    let functions = FUNCTIONS.iter().copied().filter(|f| *f != "user");
    let steps = OPS.iter().flat_map(|op| op.steps.iter().copied());
    steps.chain(["SIGSEGV"]).chain(Prim::ALL.iter().map(|p| p.name())).chain(functions)
}

/// An error if a text is no anchor.
pub(crate) fn check(name: &str, at: Span) -> Result<(), Diagnostic> {
    if names().any(|n| n == name) {
        return Ok(());
    }
    let advice = did_you_mean(name, names()).unwrap_or_else(|| {
        "an anchor is a step, a primitive or a function of the model, as `gup` or `page_count`".to_owned()
    });
    Err(Diagnostic::new(at, format!("unknown step {}", quote(name))).help(advice))
}
