//! What differs between two kernels.

use serde::{Deserialize, Serialize};

use crate::{Costs, Found, Unreached};

/// A scenario that differs between two kernels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the variant of the scenario, if it has any.
    pub variant: Option<String>,
    /// The architecture.
    pub arch: String,
    /// The kernel before.
    pub from: String,
    /// The kernel after.
    pub to: String,
    /// What became of it.
    pub change: Change,
    /// Under the kernel before.
    pub before: Side,
    /// Under the kernel after.
    pub after: Side,
    /// The smallest sets of toggles that make the change, each as one types them behind the kernel before. `None` if
    /// nothing else is found, or if they are not known.
    pub sets: Option<Vec<Vec<String>>>,
}

/// One side of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// What is found.
    #[serde(flatten)]
    pub found: Found,
    /// What it costs; `None` if a limit ended a search.
    pub costs: Option<Costs>,
}

/// What becomes of a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It is violated, and was not.
    Broken,
    /// It holds, and was violated.
    Mended,
    /// Another class of damage, or another verdict.
    Other,
    /// The same is found.
    None,
    /// A search of the two came to no end, so nothing can be said.
    NotKnown,
}

impl Change {
    /// What becomes of a scenario.
    #[must_use]
    pub fn of(before: Found, after: Found) -> Self {
        let holds = after.verdict == crate::Verdict::Holds;
        match (before.is_violated(), after.is_violated()) {
            // What one of the two does not have is neither broken nor mended.
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

/// The lines of the model that only the rules of the kernel after lead to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewLines {
    /// The kernel before.
    pub from: String,
    /// The kernel after.
    pub to: String,
    /// The toggles between the two.
    pub toggles: Vec<String>,
    /// How many such lines there are.
    pub lines: u32,
    /// Those that no search came to. `None` if some search came to no end.
    pub unreached: Option<Vec<Unreached>>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Class, Verdict};

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
