//! Which of a file's expectations applies to an era.

use cowrace_machine::Arch;
use cowrace_mm::Era;
use cowrace_mm::era::{PRESETS, Toggle};

use crate::diagnostic::Span;
use crate::expectation::Expectation;
use crate::syntax::{Case, EraSet, ExpectDecl};

/// An expectation that applies, and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Applied {
    pub(crate) outcome: Expectation,
    pub(crate) at: Span,
}

/// The expectation of a file for an era. Statements for the architecture take precedence over those for all
/// architectures, and statements for the variant over those for all variants. `else` does not apply to a kernel
/// that lacks what the scenario asks for.
pub(crate) fn find(
    expects: &[ExpectDecl],
    era: &Era,
    arch: Arch,
    variant: Option<&str>,
    applies: bool,
) -> Option<Applied> {
    let of = |own_arch: bool, own_variant: bool| {
        let is = move |e: &&ExpectDecl| {
            e.arch == own_arch.then_some(arch)
                && e.variant.as_ref().map(|v| v.text.as_str()) == variant.filter(|_| own_variant)
        };
        among(expects.iter().filter(is), era, applies)
    };
    of(true, true).or_else(|| of(true, false)).or_else(|| of(false, true)).or_else(|| of(false, false))
}

fn among<'e>(
    expects: impl Iterator<Item = &'e ExpectDecl> + Clone,
    era: &Era,
    applies: bool,
) -> Option<Applied> {
    let case = expects.clone().flat_map(|e| &e.cases).find(|c| matches(c, era));
    if let Some(case) = case {
        return Some(Applied { outcome: case.outcome, at: case.at.0.clone() });
    }
    // `else` applies to known kernels only, without toggles.
    let known = applies && era.toggles().is_empty() && era.like().is_some();
    let otherwise = |e: &ExpectDecl| e.otherwise.map(|outcome| Applied { outcome, at: e.at.0.clone() });
    known.then(|| expects.clone().find_map(otherwise)).flatten()
}

fn matches(case: &Case, era: &Era) -> bool {
    same_toggles(&case.toggles, era.toggles()) && case.eras.iter().any(|set| contains(set, era))
}

pub(crate) fn same_toggles(a: &[Toggle], b: &[Toggle]) -> bool {
    a.iter().all(|t| b.contains(t)) && b.iter().all(|t| a.contains(t))
}

/// A release with the same commits as a preset is judged like the preset. Any other is judged by its place among
/// the releases.
pub(crate) fn contains(set: &EraSet, era: &Era) -> bool {
    let like = era.like();
    match set {
        EraSet::Kernel(name) => name == era.name() || like == Some(name.as_str()),
        EraSet::Own(own) => own == era.name(),
        EraSet::Range(first, last) => {
            let preset = PRESETS.iter().find(|preset| preset.mainline && Some(preset.name) == like);
            let release = preset.map(|preset| preset.tree).or_else(|| era.release());
            release.is_some_and(|at| first.is_none_or(|f| f <= at) && last.is_none_or(|l| at <= l))
        }
    }
}
