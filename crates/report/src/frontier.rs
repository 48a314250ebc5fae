//! Frontiers: where a search was stopped, and all it takes to go on.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::digest::digest;
use crate::parts::PartId;
use crate::{Finding, Schedule, Shown};

/// A word that a move touches: its index, the bits, and how (0 read, 1 written, 2 added to).
pub type Touched = (u32, u64, u8);

/// A move: who, and the value chosen if it is a choice.
pub type Made = (u8, Option<u32>);

/// A step of a wakeup tree, and the steps that may follow it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Branch {
    /// The move.
    pub made: Made,
    /// What it touches.
    pub touches: Vec<Touched>,
    /// The steps that follow it, in the order in which they are tried.
    pub then: Vec<Branch>,
}

/// A state on the way to where the search was stopped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Station {
    /// What has been tried from it, with what it touches.
    pub tried: Vec<(Made, Vec<Touched>)>,
    /// What is to be tried after the move that was made.
    #[serde(with = "flat")]
    pub todo: Vec<Branch>,
}

/// A search behind a barrier that was under way.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Behind {
    /// The number of the state at the barrier.
    pub state: u32,
    /// Executions and requests so far that are not behind it.
    pub before: (u64, u64),
    /// The longest execution before.
    pub depth: u32,
    /// What executions that are not behind it have shown of windows; see [`Frontier::windows`].
    pub windows: Vec<(bool, Vec<bool>)>,
    /// The later states that it has come to, as places in [`Frontier::known`].
    pub met: Vec<u32>,
    /// Whether nothing bad has been found behind it so far, and it was not reached by a bad execution.
    pub is_sound: bool,
}

/// A state at a barrier behind which everything has been searched.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Arrival {
    /// The state.
    pub key: Vec<u64>,
    /// The longest that follows, in requests.
    pub longest: u32,
    /// Executions and requests that are behind this barrier and not behind a later one.
    pub behind: (u64, u64),
    /// What these have shown of windows; see [`Frontier::windows`].
    pub windows: Vec<(bool, Vec<bool>)>,
    /// The later states that they come to, as places in the list of all.
    pub met: Vec<u32>,
    /// Whether it is known that nothing behind it is bad.
    pub is_sound: bool,
}

/// Samples of the size of a search: estimates go on from them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sizes {
    /// Requests that were made for them.
    pub walked: u64,
    /// The state of their random numbers.
    pub random: u64,
    /// The bits of their weight, and of the weighted sums of sizes, of the sizes' logarithms, and of the squares of these.
    pub sums: [u64; 4],
}

/// Where a search was stopped, and all it takes to go on to the same end as if it had not been. Written as JSON;
/// good only for the program whose fingerprint it has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Frontier {
    /// The program: model, era, architecture and scenario.
    pub fingerprint: u32,
    /// Counts that are known to come near zero, and orders that make a difference; `None` if all are taken to.
    pub near: Option<Vec<u32>>,
    /// The moves that lead to where it was stopped.
    pub way: Vec<Made>,
    /// The states on the way, the one where it was stopped included.
    pub stations: Vec<Station>,
    /// What to do first.
    #[serde(with = "flat::one")]
    pub next: Option<Branch>,
    /// Races that must be looked at in every execution: earlier and later event.
    pub races: Vec<(u32, u32)>,
    /// Barriers on the way.
    pub barriers: Vec<Behind>,
    /// States at barriers behind which everything has been searched, whichever thread did it.
    pub known: Vec<Arrival>,
    /// The places in `known` of those that the search has come to itself: these count.
    pub met: Vec<u32>,
    /// Executions and requests that are behind the last of `barriers`, and those that are behind barriers which have
    /// been done with.
    pub made: [(u64, u64); 2],
    /// The longest execution.
    pub depth: u32,
    /// Random schedules tried.
    pub samples: u64,
    /// The first bad execution, if there was one and the search went on.
    pub finding: Option<(Finding, Schedule)>,
    /// For each window, whether it is open, and which of its points have been seen.
    pub windows: Vec<(bool, Vec<bool>)>,
    /// What executions have shown of calls, whichever thread ran them.
    pub shown: BTreeSet<Shown>,
    /// What is known of the size of the whole.
    pub sizes: Sizes,
}

impl Frontier {
    /// The parts that it can be split into, in the order in which a search that goes on comes to them: the paths of
    /// all trees, and the one that is to be made next. Each can be searched for itself, and what is beyond them is
    /// found when they are put together.
    #[must_use]
    pub fn parts(&self) -> Vec<PartId> {
        let mut parts = Vec::new();
        for (state, station) in self.stations.iter().enumerate().rev() {
            // What is to be made next is the first of the last state's.
            let next = self.next.iter().filter(|_| state == self.way.len());
            paths(
                next.chain(&station.todo),
                &mut PartId { state: state as u32, path: Vec::new() },
                &mut parts,
            );
        }
        parts
    }

    /// Executions and requests that are kept.
    #[must_use]
    pub fn figures(&self) -> (u64, u64) {
        let all = self.made.iter().chain(self.barriers.iter().map(|behind| &behind.before));
        all.fold((0, 0), |sum: (u64, u64), some| (sum.0.saturating_add(some.0), sum.1.saturating_add(some.1)))
    }

    /// A number that tells it from others.
    #[must_use]
    pub fn digest(&self) -> u64 {
        digest(self)
    }
}

/// Adds the paths that begin like `at`.
fn paths<'b>(branches: impl Iterator<Item = &'b Branch>, at: &mut PartId, parts: &mut Vec<PartId>) {
    for (place, branch) in branches.enumerate() {
        at.path.push(place as u32);
        if branch.then.is_empty() {
            parts.push(at.clone());
        } else {
            paths(branch.then.iter(), at, parts);
        }
        at.path.pop();
    }
}

/// Branches as lists of steps, each with the number of those that follow it directly: a tree may be deeper than a
/// reader of JSON lets it be.
mod flat {
    use serde::de::{Deserialize as _, Deserializer, Error as _};
    use serde::ser::{Serialize as _, Serializer};

    use super::{Branch, Made, Touched};

    type Step = (Made, Vec<Touched>, u32);

    fn flatten<'b>(branches: impl DoubleEndedIterator<Item = &'b Branch>) -> Vec<Step> {
        let mut todo: Vec<&Branch> = branches.rev().collect();
        let mut steps = Vec::new();
        while let Some(branch) = todo.pop() {
            steps.push((branch.made, branch.touches.clone(), branch.then.len() as u32));
            todo.extend(branch.then.iter().rev());
        }
        steps
    }

    /// The branches, or nothing if the numbers do not add up.
    fn grow(steps: Vec<Step>) -> Option<Vec<Branch>> {
        // From the last step to the first, with what follows on a stack, the next one on top.
        let mut grown: Vec<Branch> = Vec::new();
        for (made, touches, following) in steps.into_iter().rev() {
            let at = grown.len().checked_sub(following as usize)?;
            let mut then = grown.split_off(at);
            then.reverse();
            grown.push(Branch { made, touches, then });
        }
        grown.reverse();
        Some(grown)
    }

    pub(super) fn serialize<S: Serializer>(branches: &[Branch], to: S) -> Result<S::Ok, S::Error> {
        flatten(branches.iter()).serialize(to)
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Vec<Branch>, D::Error> {
        grow(Vec::deserialize(from)?).ok_or_else(|| D::Error::custom("steps without those that follow them"))
    }

    pub(super) mod one {
        use super::{Branch, Deserializer, Serializer};

        pub(in super::super) fn serialize<S: Serializer>(
            branch: &Option<Branch>,
            to: S,
        ) -> Result<S::Ok, S::Error> {
            super::serialize(branch.as_slice(), to)
        }

        pub(in super::super) fn deserialize<'d, D: Deserializer<'d>>(
            from: D,
        ) -> Result<Option<Branch>, D::Error> {
            Ok(super::deserialize(from)?.into_iter().next())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn branch(actor: u8, then: Vec<Branch>) -> Branch {
        Branch { made: (actor, None), touches: vec![(1, 2, 0)], then }
    }

    #[test]
    fn trees_of_any_depth_are_written_and_read() {
        let mut deep = branch(0, vec![branch(1, Vec::new()), branch(2, vec![branch(3, Vec::new())])]);
        for actor in 0..250 {
            deep = branch(actor, vec![deep, branch(7, Vec::new())]);
        }
        let station = Station { tried: Vec::new(), todo: vec![branch(9, Vec::new()), deep.clone()] };
        let frontier = Frontier { stations: vec![station], next: Some(deep), ..Frontier::default() };
        let text = serde_json::to_string(&frontier).expect("it can be written");
        assert_eq!(serde_json::from_str::<Frontier>(&text).expect("and read"), frontier);
        let none = Frontier::default();
        let text = serde_json::to_string(&none).expect("it can be written");
        assert_eq!(serde_json::from_str::<Frontier>(&text).expect("and read"), none);
    }

    #[test]
    fn steps_that_do_not_add_up_are_refused() {
        let text = r#"{"tried":[],"todo":[[[0,null],[],3]]}"#;
        assert!(serde_json::from_str::<Station>(text).is_err());
    }
}
