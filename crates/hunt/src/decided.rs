//! What has been decided of the last calls of scenarios, so that a hunt can be resumed and divided.
//!
//! After most of the parts that a hunt runs, no call is left. They are run in units: some parts, each in some nodes. What
//! becomes of the runs of a unit depends on these nodes and parts and on what is asked, and on nothing else; a digest of all
//! that is the unit's name. What is known by name is not run again, whoever ran it.

use std::collections::HashMap;

use foldhash::quality::FixedState;
use serde::{Deserialize, Serialize};

use crate::outcome::Outcome;

/// The name of a unit: a digest of what decides what becomes of its runs.
pub type Name = u64;

/// What was decided, by the names of units.
pub type Known = HashMap<Name, Decided, FixedState>;

/// What became of the runs of a unit, after which no call is left.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decided {
    /// How many runs there are.
    pub runs: usize,
    /// Those of which not every execution is allowed, by their numbers.
    pub others: Vec<(usize, Became)>,
}

/// What became of a run of which not every execution is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Became {
    /// As [`Outcome::Found`].
    Found(usize),
    /// As [`Outcome::Elsewhere`].
    Elsewhere,
    /// As [`Outcome::Blocked`].
    Blocked,
    /// As [`Outcome::Bounded`].
    Bounded,
}

impl Decided {
    /// What runs led to.
    #[must_use]
    pub fn of(outcomes: &[Outcome]) -> Self {
        let became = |outcome: &Outcome| match *outcome {
            Outcome::To(_) => None,
            Outcome::Found(kernel) => Some(Became::Found(kernel)),
            Outcome::Elsewhere => Some(Became::Elsewhere),
            Outcome::Blocked => Some(Became::Blocked),
            Outcome::Bounded => Some(Became::Bounded),
        };
        let others =
            outcomes.iter().enumerate().filter_map(|(nth, outcome)| Some((nth, became(outcome)?))).collect();
        Self { runs: outcomes.len(), others }
    }

    /// What the runs lead to. No call follows, so it is not said where.
    #[must_use]
    pub fn outcomes(&self) -> Vec<Outcome> {
        let mut outcomes = vec![Outcome::To(Vec::new()); self.runs];
        for &(nth, became) in &self.others {
            let Some(outcome) = outcomes.get_mut(nth) else { continue };
            *outcome = match became {
                Became::Found(kernel) => Outcome::Found(kernel),
                Became::Elsewhere => Outcome::Elsewhere,
                Became::Blocked => Outcome::Blocked,
                Became::Bounded => Outcome::Bounded,
            };
        }
        outcomes
    }

    /// Whether a limit left some run undecided.
    #[must_use]
    pub fn is_bounded(&self) -> bool {
        self.others.iter().any(|(_, became)| *became == Became::Bounded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_come_back_as_they_were() {
        let to = || Outcome::To(Vec::new());
        let all = vec![to(), Outcome::Found(1), to(), Outcome::Blocked, Outcome::Elsewhere];
        let decided = Decided::of(&all);
        assert_eq!(decided.outcomes(), all);
        assert!(!decided.is_bounded());
        assert!(Decided::of(&[to(), Outcome::Bounded]).is_bounded());
    }
}
