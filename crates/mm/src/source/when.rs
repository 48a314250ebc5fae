//! The conditions on rules under which a part of the model's source is reached.

use crate::era::value;

/// A condition on the rules.
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

    /// Whether the condition holds, given the index of the value of each rule.
    pub(super) fn holds(&self, rules: &[u8]) -> bool {
        match *self {
            // The table describes this model, so it names only rules of the model.
            Self::Is(rule, name) => value(rule, name).is_some_and(|(rule, value)| rules[rule] == value),
            Self::IsNot(rule, name) => value(rule, name).is_some_and(|(rule, value)| rules[rule] != value),
            Self::All(parts) => parts.iter().all(|part| part.holds(rules)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(rules)),
        }
    }
}
