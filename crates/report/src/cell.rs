//! A cell of a table of scenarios by kernels: the result, and how it changes under another kernel.
//!
//! All comparisons use these words.

use serde::{Deserialize, Serialize};

use crate::{Class, Report, Verdict};

/// The result of a scenario under an era.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Found {
    /// The conclusion.
    pub verdict: Verdict,
    /// The class of damage, if violated.
    pub class: Option<Class>,
}

impl Found {
    /// Whether the question was answered.
    #[must_use]
    pub const fn is_known(self) -> bool {
        !matches!(self.verdict, Verdict::Bounded | Verdict::Inconclusive | Verdict::NotApplicable)
    }

    /// Whether the kernel has everything that the scenario asks for.
    #[must_use]
    pub const fn applies(self) -> bool {
        !matches!(self.verdict, Verdict::NotApplicable)
    }

    /// Whether something bad was found.
    #[must_use]
    pub const fn is_violated(self) -> bool {
        matches!(self.verdict, Verdict::Violated)
    }
}

impl From<&Report> for Found {
    fn from(report: &Report) -> Self {
        Self { verdict: report.verdict, class: report.class }
    }
}

/// How the result of a scenario changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It is violated and was not violated before.
    Broken,
    /// It holds and was violated before.
    Mended,
    /// Another class of damage, or another verdict.
    Other,
    /// The result is the same.
    None,
    /// One of the two searches did not finish, so the change is not known.
    NotKnown,
}

impl Change {
    /// How the result of a scenario changes.
    #[must_use]
    pub fn of(before: Found, after: Found) -> Self {
        let holds = after.verdict == Verdict::Holds;
        match (before.is_violated(), after.is_violated()) {
            // A scenario that does not apply to one of the two kernels is neither broken nor mended.
            _ if !before.applies() && !after.applies() => Self::None,
            _ if !before.applies() && after.is_known() || before.is_known() && !after.applies() => {
                Self::Other
            }
            _ if !before.is_known() || !after.is_known() => Self::NotKnown,
            _ if before == after => Self::None,
            (false, true) => Self::Broken,
            (true, false) if holds => Self::Mended,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_named_by_what_is_found_before_and_after() {
        let found = |verdict, class| Found { verdict, class };
        let [holds, vacuous, bounded] =
            [Verdict::Holds, Verdict::Vacuous, Verdict::Bounded].map(|verdict| found(verdict, None));
        let [leak, lost] = [Class::Leak, Class::LostRead].map(|class| found(Verdict::Violated, Some(class)));
        for (before, after, change) in [
            (holds, leak, Change::Broken),
            (found(Verdict::NotApplicable, None), leak, Change::Other),
            (leak, found(Verdict::NotApplicable, None), Change::Other),
            (found(Verdict::NotApplicable, None), found(Verdict::NotApplicable, None), Change::None),
            (found(Verdict::NotApplicable, None), bounded, Change::NotKnown),
            (vacuous, leak, Change::Broken),
            (leak, holds, Change::Mended),
            (leak, vacuous, Change::Other),
            (leak, lost, Change::Other),
            (holds, vacuous, Change::Other),
            (leak, leak, Change::None),
            (bounded, leak, Change::NotKnown),
            (leak, bounded, Change::NotKnown),
            (bounded, bounded, Change::NotKnown),
        ] {
            assert_eq!(Change::of(before, after), change, "{before:?} {after:?}");
        }
    }
}
