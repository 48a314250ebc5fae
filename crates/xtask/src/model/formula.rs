//! Formulas over rules: the conditions under which something is possible.

/// The condition on the rules under which something is possible. It may be weaker than that of the code, but never
/// stronger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Formula {
    Always,
    Never,
    /// A rule has a value, such as `WpReuse::Count`.
    Is(String),
    IsNot(String),
    All(Vec<Self>),
    Any(Vec<Self>),
}

/// What is known about a condition: the rules under which it can be true, and the rules under which it can be false.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Condition {
    pub(crate) yes: Formula,
    pub(crate) no: Formula,
}

impl Formula {
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Never, _) | (_, Self::Never) => Self::Never,
            (Self::Always, one) | (one, Self::Always) => one,
            (one, other) => {
                let parts = merged(one, other, |formula| match formula {
                    Self::All(parts) => parts,
                    one => vec![one],
                });
                single(parts).unwrap_or_else(Self::All)
            }
        }
    }

    pub(crate) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Always, _) | (_, Self::Always) => Self::Always,
            (Self::Never, one) | (one, Self::Never) => one,
            (one, other) => {
                let parts = merged(one, other, |formula| match formula {
                    Self::Any(parts) => parts,
                    one => vec![one],
                });
                single(parts).unwrap_or_else(Self::Any)
            }
        }
    }
}

/// The parts of both, each once.
fn merged(one: Formula, other: Formula, parts: fn(Formula) -> Vec<Formula>) -> Vec<Formula> {
    let mut all: Vec<Formula> = Vec::new();
    for part in [one, other].into_iter().flat_map(parts) {
        if !all.contains(&part) {
            all.push(part);
        }
    }
    all
}

/// The only part.
fn single(mut parts: Vec<Formula>) -> Result<Formula, Vec<Formula>> {
    match parts.pop() {
        Some(part) if parts.is_empty() => Ok(part),
        last => {
            parts.extend(last);
            Err(parts)
        }
    }
}

impl Condition {
    /// Nothing is known.
    pub(crate) const UNKNOWN: Self = Self { yes: Formula::Always, no: Formula::Always };

    /// A rule has a value.
    pub(crate) fn is(value: String) -> Self {
        Self { yes: Formula::Is(value.clone()), no: Formula::IsNot(value) }
    }

    pub(crate) fn not(self) -> Self {
        Self { yes: self.no, no: self.yes }
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self { yes: self.yes.and(other.yes), no: self.no.or(other.no) }
    }

    pub(crate) fn or(self, other: Self) -> Self {
        self.not().and(other.not()).not()
    }
}
