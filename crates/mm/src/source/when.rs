//! Under which rules something of the model's source is reached.

use crate::era::value;

/// What the rules must be.
#[derive(Debug)]
pub(super) enum When {
    /// The rule has the value, each by its name in the source: `Is("WpReuse", "Count")`.
    Is(&'static str, &'static str),
    IsNot(&'static str, &'static str),
    All(&'static [Self]),
    Any(&'static [Self]),
}

impl When {
    pub(super) const ALWAYS: Self = Self::All(&[]);

    /// Whether it is so, by the places of all values.
    pub(super) fn holds(&self, rules: &[u8]) -> bool {
        match *self {
            // The table is of this model, so it names no rule that the model does not have.
            Self::Is(rule, name) => value(rule, name).is_some_and(|(rule, value)| rules[rule] == value),
            Self::IsNot(rule, name) => value(rule, name).is_some_and(|(rule, value)| rules[rule] != value),
            Self::All(parts) => parts.iter().all(|part| part.holds(rules)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(rules)),
        }
    }
}
