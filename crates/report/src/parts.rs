//! Parts of a frontier, which can be searched anywhere, and what came of them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::digest::digest;
use crate::frontier::{Arrival, Made, Touched};
use crate::{Finding, Schedule, Shown};

/// Which part of a frontier: a path of the tree of one of its states.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PartId {
    /// The number of the state on the way.
    pub state: u32,
    /// Which of the state's steps, which of those that follow it, and so on. In the last state, what is to be made
    /// next comes first.
    pub path: Vec<u32>,
}

/// A sequence of moves, with what they touch.
pub type Moves = Vec<(Made, Vec<Touched>)>;

/// What came of the search of a part. Written as JSON; good only for the frontier that it is a part of.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Part {
    /// Which part.
    pub id: PartId,
    /// The frontier's digest.
    pub frontier: u64,
    /// Whether the search went on after findings.
    pub exhaustive: bool,
    /// Executions and requests that are not behind barriers which have been done with.
    pub made: (u64, u64),
    /// States at barriers that the frontier does not know. Places of states count on from those that it knows.
    pub arrivals: Vec<Arrival>,
    /// The places of the states at barriers that the search of the part has come to.
    pub met: Vec<u32>,
    /// The longest execution.
    pub depth: u32,
    /// The first bad execution, if any. It may not be the first of the whole search.
    pub finding: Option<(Finding, Schedule)>,
    /// A count that was taken to be far from zero and is not: the whole search must begin anew.
    pub near: Option<u32>,
    /// What is to be executed from states before the part, each with the number of the state.
    pub beyond: Vec<(u32, Moves)>,
    /// For each window, whether it is open, and which of its points have been seen.
    pub windows: Vec<(bool, Vec<bool>)>,
    /// What executions have shown of calls, here and on the way to the frontier.
    pub shown: BTreeSet<Shown>,
    /// The digest of all of this, with zero in this place.
    pub seal: u64,
}

impl Part {
    /// Executions and requests, all together, but for those behind barriers that the frontier knows.
    #[must_use]
    pub fn figures(&self) -> (u64, u64) {
        let all = [self.made].into_iter().chain(self.arrivals.iter().map(|a| a.behind));
        all.fold((0, 0), |sum, some| (sum.0.saturating_add(some.0), sum.1.saturating_add(some.1)))
    }

    /// Seals it, so that it shows if somebody spoils it.
    #[must_use]
    pub fn sealed(mut self) -> Self {
        self.seal = 0;
        self.seal = digest(&self);
        self
    }

    /// Whether it is as it was when it was sealed, and a part of the frontier with this digest.
    #[must_use]
    pub fn is_of(&self, frontier: u64) -> bool {
        self.frontier == frontier && self.clone().sealed().seal == self.seal
    }
}
