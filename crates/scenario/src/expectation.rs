//! What a file expects of a check.

use std::fmt;

use cowrace_machine::Arch;
use cowrace_mm::Era;
use cowrace_mm::era::{PRESETS, Toggle};
use cowrace_trace::{Class, Verdict};

use crate::syntax::{Case, EraSet, ExpectDecl};

/// The outcome that a file expects under an era.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Expectation {
    /// No execution is bad.
    Holds,
    /// No execution opens the window.
    Vacuous,
    /// Some execution is bad: in this way, or in any.
    Violated(Option<Class>),
    /// Nobody knows: what is found is reported and not judged.
    Unknown,
}

impl Expectation {
    /// The verdict that is expected, if one is.
    #[must_use]
    pub const fn verdict(self) -> Option<Verdict> {
        match self {
            Self::Holds => Some(Verdict::Holds),
            Self::Vacuous => Some(Verdict::Vacuous),
            Self::Violated(_) => Some(Verdict::Violated),
            Self::Unknown => None,
        }
    }

    /// The class of damage that is expected, if one is named.
    #[must_use]
    pub const fn class(self) -> Option<Class> {
        match self {
            Self::Violated(class) => class,
            _ => None,
        }
    }
}

/// The word for it in a file.
impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Holds => "holds",
            Self::Vacuous => "vacuous",
            Self::Violated(None) => "violated",
            Self::Violated(Some(class)) => class.name(),
            Self::Unknown => "unknown",
        })
    }
}

/// What the statements of a file say of an era. Those for the architecture go before those for all, and those for the
/// variant before those for all.
pub(crate) fn find(
    expects: &[ExpectDecl],
    era: &Era,
    arch: Arch,
    variant: Option<&str>,
) -> Option<Expectation> {
    let of = |own_arch: bool, own_variant: bool| {
        let is = move |e: &&ExpectDecl| {
            e.arch == own_arch.then_some(arch)
                && e.variant.as_ref().map(|v| v.text.as_str()) == variant.filter(|_| own_variant)
        };
        among(expects.iter().filter(is), era)
    };
    of(true, true).or_else(|| of(true, false)).or_else(|| of(false, true)).or_else(|| of(false, false))
}

fn among<'e>(expects: impl Iterator<Item = &'e ExpectDecl> + Clone, era: &Era) -> Option<Expectation> {
    let case = expects.clone().flat_map(|e| &e.cases).find(|c| matches(c, era));
    if let Some(case) = case {
        return Some(case.outcome);
    }
    // What a file says of everything else, it says of kernels that it knows, as they are.
    let known = era.toggles().is_empty() && PRESETS.iter().any(|p| p.name == era.name());
    known.then(|| expects.clone().find_map(|e| e.otherwise)).flatten()
}

fn matches(case: &Case, era: &Era) -> bool {
    same_toggles(&case.toggles, era.toggles()) && case.eras.iter().any(|set| contains(set, era.name()))
}

pub(crate) fn same_toggles(a: &[Toggle], b: &[Toggle]) -> bool {
    a.iter().all(|t| b.contains(t)) && b.iter().all(|t| a.contains(t))
}

pub(crate) fn contains(set: &EraSet, name: &str) -> bool {
    let position = |name: &str| PRESETS.iter().filter(|p| p.mainline).position(|p| p.name == name);
    match set {
        EraSet::Preset(preset) => preset == name,
        EraSet::Own(own) => own == name,
        EraSet::Range(first, last) => position(name).is_some_and(|at| {
            first.as_deref().is_none_or(|f| position(f).is_some_and(|f| f <= at))
                && last.as_deref().is_none_or(|l| position(l).is_some_and(|l| at <= l))
        }),
    }
}
