//! Checkpoints: where a search was stopped, and all it takes to go on.
//!
//! They are plain data here; `search` writes them and goes on from them.

mod digest;
pub(crate) mod shard;

use std::collections::BTreeSet;

use cowrace_machine::Access;
use cowrace_report::{Finding, Schedule, Shown};
use serde::{Deserialize, Serialize};

use crate::effort::Effort;
use crate::execution::moves::Move;
use crate::execution::windows::Cover;
use crate::reduction::reversal::Race;
use digest::digest;
use shard::ShardId;

/// A step of a wakeup tree, and the steps that may follow it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SavedStep {
    pub(crate) made: Move,
    pub(crate) accesses: Vec<Access>,
    /// The steps that follow it, in the order in which they are tried.
    pub(crate) children: Vec<SavedStep>,
}

/// A move that sleeps, and what it would touch.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct SavedSleeper {
    pub(crate) made: Move,
    #[serde(with = "accesses")]
    pub(crate) accesses: Vec<Access>,
}

/// A state of the path.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct SavedState {
    /// What has been tried from it.
    pub(crate) tried: Vec<SavedSleeper>,
    /// What is to be tried after the move that was made.
    #[serde(with = "steps")]
    pub(crate) todo: Vec<SavedStep>,
}

/// A search after a barrier that was under way.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct SavedVisit {
    /// The number of the state of the path that is at the barrier.
    pub(crate) state: u32,
    /// What had been done before it, apart from what follows the barrier.
    pub(crate) before: Effort,
    /// The longest execution before.
    pub(crate) depth: u32,
    /// What executions that do not follow the barrier have shown of windows.
    pub(crate) windows: Vec<Cover>,
    /// The later states at barriers that it has reached, as places in [`Checkpoint::summaries`].
    pub(crate) reached: Vec<u32>,
    /// Whether nothing bad has been found after the barrier so far, and it was not reached by a bad execution.
    pub(crate) is_sound: bool,
}

/// A state at a barrier after which everything has been searched, and what that has shown.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct SavedSummary {
    /// The state.
    pub(crate) key: Vec<u64>,
    /// The longest that follows, in requests.
    pub(crate) longest: u32,
    /// What follows this barrier and not a later one.
    pub(crate) effort: Effort,
    /// What that has shown of windows.
    pub(crate) windows: Vec<Cover>,
    /// The later states at barriers that it reaches, as places in the list of all.
    pub(crate) reached: Vec<u32>,
    /// Whether it is known that nothing bad follows.
    pub(crate) is_sound: bool,
}

/// Samples of the size of a search: estimates go on from them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct SavedEstimates {
    /// Requests that were made for them.
    pub(crate) walked: u64,
    /// The state of their random numbers.
    pub(crate) random: u64,
    /// The bits of their weight, and of the weighted sums of sizes, of the sizes' logarithms, and of the squares of these.
    pub(crate) sums: [u64; 4],
}

/// Where a search was stopped, and all it takes to go on to the same end as if it had not been. To be serialized as it
/// is; good only for the program whose fingerprint it has, and for the version of this crate that made it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(Default))]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// The program: model, era, architecture and scenario.
    pub(crate) fingerprint: u32,
    /// Counts that are known to come near zero, and orders that make a difference; `None` if all are taken to.
    pub(crate) near: Option<Vec<u32>>,
    /// The moves that lead to where it was stopped.
    pub(crate) path: Vec<Move>,
    /// The states of the path, the one where it was stopped included.
    pub(crate) states: Vec<SavedState>,
    /// What to do first.
    #[serde(with = "steps::one")]
    pub(crate) next: Option<SavedStep>,
    /// Races that must be looked at in every execution.
    pub(crate) races: Vec<Race>,
    /// Searches after barriers of the path.
    pub(crate) visits: Vec<SavedVisit>,
    /// States at barriers after which everything has been searched, by any thread.
    pub(crate) summaries: Vec<SavedSummary>,
    /// The places in `summaries` of those that the search has reached itself: these count.
    pub(crate) reached: Vec<u32>,
    /// What has been done after the last of `visits`, or at all if there is none.
    pub(crate) effort: Effort,
    /// What the states in `reached` add to it.
    pub(crate) summarized: Effort,
    /// The longest execution.
    pub(crate) depth: u32,
    /// Random schedules tried.
    pub(crate) samples: u64,
    /// The first bad execution, if there was one and the search went on.
    pub(crate) finding: Option<(Finding, Schedule)>,
    /// What executions have shown of each window.
    pub(crate) windows: Vec<Cover>,
    /// What executions of any thread have shown of calls.
    pub(crate) shown: BTreeSet<Shown>,
    /// What is known of the size of the whole.
    pub(crate) estimates: SavedEstimates,
}

impl Checkpoint {
    /// The fingerprint of the program that was searched.
    #[must_use]
    pub const fn fingerprint(&self) -> u32 {
        self.fingerprint
    }

    /// What had been done, and is kept.
    #[must_use]
    pub fn effort(&self) -> Effort {
        let before = self.visits.iter().map(|visit| visit.before);
        before.chain([self.effort, self.summarized]).sum()
    }

    /// The shards that what is left can be split into, in the order in which a search that goes on reaches them: the
    /// paths of all wakeup trees, and the one that is to be made next. Each can be searched for itself; what they lead to
    /// beyond them is found when they are merged.
    #[must_use]
    pub fn shards(&self) -> Vec<ShardId> {
        let mut shards = Vec::new();
        for (state, saved) in self.states.iter().enumerate().rev() {
            // What is to be made next is the first of the last state's.
            let next = self.next.iter().filter(|_| state == self.path.len());
            let mut at = ShardId { state: state as u32, steps: Vec::new() };
            leaves(next.chain(&saved.todo), &mut at, &mut shards);
        }
        shards
    }

    /// A number that tells it from others.
    pub(crate) fn digest(&self) -> u64 {
        digest(self)
    }
}

/// Adds the paths of a tree that begin like `at`.
fn leaves<'b>(steps: impl Iterator<Item = &'b SavedStep>, at: &mut ShardId, shards: &mut Vec<ShardId>) {
    for (place, step) in steps.enumerate() {
        at.steps.push(place as u32);
        if step.children.is_empty() {
            shards.push(at.clone());
        } else {
            leaves(step.children.iter(), at, shards);
        }
        at.steps.pop();
    }
}

/// What a move touches: for each word its index, the bits, and how.
pub(crate) mod accesses {
    use cowrace_machine::{Access, Addr, Kind};
    use serde::de::{Deserialize as _, Deserializer};
    use serde::ser::{Serialize as _, Serializer};

    pub(super) type Saved = (u32, u64, u8);

    pub(super) fn saved(accesses: &[Access]) -> Vec<Saved> {
        let saved = |access: &Access| {
            let kind = match access.kind {
                Kind::Read => 0,
                Kind::Write => 1,
                Kind::Add => 2,
            };
            (access.addr.index() as u32, access.mask, kind)
        };
        accesses.iter().map(saved).collect()
    }

    pub(super) fn restored(saved: Vec<Saved>) -> Vec<Access> {
        let access = |(index, mask, kind): Saved| {
            let kind = match kind {
                0 => Kind::Read,
                1 => Kind::Write,
                _ => Kind::Add,
            };
            Access { addr: Addr::at(index as usize), mask, kind }
        };
        saved.into_iter().map(access).collect()
    }

    pub(crate) fn serialize<S: Serializer>(accesses: &[Access], to: S) -> Result<S::Ok, S::Error> {
        saved(accesses).serialize(to)
    }

    pub(crate) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Vec<Access>, D::Error> {
        Vec::deserialize(from).map(restored)
    }
}

/// Trees as lists of steps, each with the number of those that follow it directly: a tree may be deeper than a reader of
/// JSON lets it be.
mod steps {
    use serde::de::{Deserialize as _, Deserializer, Error as _};
    use serde::ser::{Serialize as _, Serializer};

    use super::{Move, SavedStep, accesses};

    type Flat = (Move, Vec<accesses::Saved>, u32);

    fn flatten<'s>(steps: impl DoubleEndedIterator<Item = &'s SavedStep>) -> Vec<Flat> {
        let mut todo: Vec<&SavedStep> = steps.rev().collect();
        let mut flat = Vec::new();
        while let Some(step) = todo.pop() {
            flat.push((step.made, accesses::saved(&step.accesses), step.children.len() as u32));
            todo.extend(step.children.iter().rev());
        }
        flat
    }

    /// The steps, or nothing if the numbers do not add up.
    fn grow(flat: Vec<Flat>) -> Option<Vec<SavedStep>> {
        // From the last step to the first, with what follows on a stack, the next one on top.
        let mut grown: Vec<SavedStep> = Vec::new();
        for (made, touched, following) in flat.into_iter().rev() {
            let at = grown.len().checked_sub(following as usize)?;
            let mut children = grown.split_off(at);
            children.reverse();
            grown.push(SavedStep { made, accesses: accesses::restored(touched), children });
        }
        grown.reverse();
        Some(grown)
    }

    pub(super) fn serialize<S: Serializer>(steps: &[SavedStep], to: S) -> Result<S::Ok, S::Error> {
        flatten(steps.iter()).serialize(to)
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Vec<SavedStep>, D::Error> {
        grow(Vec::deserialize(from)?).ok_or_else(|| D::Error::custom("steps without those that follow them"))
    }

    pub(super) mod one {
        use super::{Deserializer, SavedStep, Serializer};

        pub(in super::super) fn serialize<S: Serializer>(
            step: &Option<SavedStep>,
            to: S,
        ) -> Result<S::Ok, S::Error> {
            super::serialize(step.as_slice(), to)
        }

        pub(in super::super) fn deserialize<'d, D: Deserializer<'d>>(
            from: D,
        ) -> Result<Option<SavedStep>, D::Error> {
            Ok(super::deserialize(from)?.into_iter().next())
        }
    }
}

#[cfg(test)]
mod tests {
    use cowrace_machine::{Addr, Kind};

    use super::*;
    use crate::execution::moves::PLAIN;

    fn step(actor: u8, children: Vec<SavedStep>) -> SavedStep {
        let accesses = vec![Access { addr: Addr::at(1), mask: 2, kind: Kind::Read }];
        SavedStep { made: Move { actor, choice: PLAIN }, accesses, children }
    }

    #[test]
    fn trees_of_any_depth_are_written_and_read() {
        let mut deep = step(0, vec![step(1, Vec::new()), step(2, vec![step(3, Vec::new())])]);
        for actor in 0..250 {
            deep = step(actor, vec![deep, step(7, Vec::new())]);
        }
        let state = SavedState { tried: Vec::new(), todo: vec![step(9, Vec::new()), deep.clone()] };
        let checkpoint = Checkpoint { states: vec![state], next: Some(deep), ..Checkpoint::default() };
        let text = serde_json::to_string(&checkpoint).expect("it can be written");
        assert_eq!(serde_json::from_str::<Checkpoint>(&text).expect("and read"), checkpoint);
        let none = Checkpoint::default();
        let text = serde_json::to_string(&none).expect("it can be written");
        assert_eq!(serde_json::from_str::<Checkpoint>(&text).expect("and read"), none);
    }

    #[test]
    fn steps_that_do_not_add_up_are_refused() {
        let text = r#"{"tried":[],"todo":[[[0,null],[],3]]}"#;
        assert!(serde_json::from_str::<SavedState>(text).is_err());
    }
}
