//! What the model has asked of the rules of a kernel, and the answers.

use serde::{Deserialize, Serialize};

use super::Era;
use super::rules::Rules;

/// What was asked of the rules of a kernel, and the answers: as numbers, which mean something only to the same build of the
/// model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answers {
    /// For each rule its value, and the values with which it was compared, as bits.
    pub(super) rules: Vec<(u8, u8)>,
    /// The safeguards that the kernel lacks, as bits.
    pub(super) lacks: u128,
    /// The safeguards that were tested, as bits.
    pub(super) tested: u128,
}

impl Answers {
    /// Whether everything that was asked would have had the same answer under another era.
    #[must_use]
    pub fn agrees(&self, era: &Era) -> bool {
        self.agrees_with(era.rules())
    }

    pub(super) fn agrees_with(&self, other: &Rules) -> bool {
        let differing = self.lacks ^ other.lacks.bits();
        let others = other.indices();
        let mut rules = self.rules.iter().zip(others);
        self.rules.len() == others.len()
            && self.tested & differing == 0
            && rules.all(|(&(own, asked), other)| own == other || asked & (bit(own) | bit(other)) == 0)
    }
}

/// A value of a rule as a bit. What is no value of any rule, as numbers of another build may be, agrees with nothing.
fn bit(value: u8) -> u8 {
    1_u8.checked_shl(value.into()).unwrap_or(u8::MAX)
}
