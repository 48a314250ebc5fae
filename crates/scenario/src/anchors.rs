//! Anchors: the names that a step of the model may have in a diagram.

use cowrace_machine::Prim;
use cowrace_mm::FUNCTIONS;

use crate::diagnostic::{Diagnostic, Span};
use crate::nearest::{did_you_mean, quote};
use crate::ops::{OPS, Op};
use crate::unknown;

/// Every anchor.
pub(crate) fn names() -> impl Iterator<Item = &'static str> + Clone {
    // `user` is where no kernel function is.
    let functions = FUNCTIONS.iter().copied().filter(|f| *f != "user");
    let steps = OPS.iter().flat_map(|op| op.steps.iter().copied());
    steps.chain(["SIGSEGV"]).chain(Prim::ALL.iter().map(|p| p.name())).chain(functions)
}

/// An error if a text is no anchor. `op` is the call that has it, if that is known.
pub(crate) fn check(name: &str, at: Span, op: Option<&'static Op>) -> Result<(), Diagnostic> {
    if names().any(|n| n == name) {
        return Ok(());
    }
    let diagnostic = Diagnostic::new(at, format!("unknown step {}", quote(name)));
    let word = name.strip_suffix("()").unwrap_or(name);
    if let Some(step) = unknown::step(word) {
        return Err(diagnostic.help(format!("here it is called `{step}`")));
    }
    let own = op.and_then(Op::comes_to).into_iter();
    let own = own.flat_map(|steps| {
        steps.marks.iter().chain(steps.functions).copied().chain(steps.primitives().map(Prim::name))
    });
    let near = did_you_mean(name, own).or_else(|| did_you_mean(name, names()));
    Err(diagnostic.help(match (near, op) {
        (Some(near), _) => near,
        (None, Some(op)) => unknown::steps_of(op),
        (None, None) => {
            "a step is a mark, a primitive or a function of the model, as `gup`, `page_count` or `do_wp_page`; `cowrace \
             list --calls` prints them"
                .to_owned()
        }
    }))
}
