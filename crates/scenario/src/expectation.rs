//! The outcome that a file expects of a check.

use std::fmt;

use cowrace_report::{Class, Verdict};

/// The outcome that a file expects under an era.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Expectation {
    /// No execution is bad.
    Holds,
    /// No execution opens the window.
    Vacuous,
    /// Some execution is bad: with this class of damage, or with any.
    Violated(Option<Class>),
    /// The kernel does not have what the scenario asks for.
    NotApplicable,
    /// The outcome is not known: what is found is reported and not judged.
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
            Self::NotApplicable => Some(Verdict::NotApplicable),
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
            Self::NotApplicable => "not-applicable",
            Self::Unknown => "unknown",
        })
    }
}
