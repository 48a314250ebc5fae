//! Checkpoints: the point at which a search was stopped, and everything that is needed to resume it.
//!
//! Checkpoints are plain data here; `search` writes them and resumes from them.

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
    /// The steps that follow this one, in the order in which they are tried.
    pub(crate) children: Vec<SavedStep>,
}

/// A sleeping move, and what it would touch.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct SavedSleeper {
    pub(crate) made: Move,
    #[serde(with = "accesses")]
    pub(crate) accesses: Vec<Access>,
}

/// A state on the path.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct SavedState {
    /// The moves that have been tried from this state.
    pub(crate) tried: Vec<SavedSleeper>,
    /// The steps that are to be tried after the move that was made.
    #[serde(with = "steps")]
    pub(crate) todo: Vec<SavedStep>,
}

/// The unfinished search of what follows a barrier.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct SavedVisit {
    /// The number of the state on the path that is at the barrier.
    pub(crate) state: u32,
    /// The effort before this search, without what follows the barrier.
    pub(crate) before: Effort,
    /// The longest execution before this search, in requests.
    pub(crate) depth: u32,
    /// What executions outside this search have shown about windows.
    pub(crate) windows: Vec<Cover>,
    /// The later states at barriers that this search has reached, as indices into [`Checkpoint::summaries`].
    pub(crate) reached: Vec<u32>,
    /// Whether no finding has been made after the barrier so far, nor on the path to it.
    pub(crate) is_sound: bool,
}

/// A state at a barrier after which everything has been searched, and what the search has shown.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct SavedSummary {
    /// The state.
    pub(crate) key: Vec<u64>,
    /// The length of the longest continuation, in requests.
    pub(crate) longest: u32,
    /// The effort between this barrier and the next one.
    pub(crate) effort: Effort,
    /// What that has shown about windows.
    pub(crate) windows: Vec<Cover>,
    /// The later states at barriers that are reached from here, as indices into the list of all summaries.
    pub(crate) reached: Vec<u32>,
    /// Whether it is known that no finding follows.
    pub(crate) is_sound: bool,
}

/// Samples of the size of a search: later estimates continue from them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct SavedEstimates {
    /// The number of requests that were made for the samples.
    pub(crate) walked: u64,
    /// The state of their random number generator.
    pub(crate) random: u64,
    /// The bits of the samples' weight, and of the weighted sums of the sizes, of the sizes' logarithms, and of the
    /// squares of these logarithms.
    pub(crate) sums: [u64; 4],
}

/// The point at which a search was stopped. A search that is resumed from it ends as if it had not been stopped. To be
/// serialized as it is; valid only for the program whose fingerprint it has, and for the version of this crate that
/// made it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(Default))]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// The fingerprint of the program: model, era, architecture and scenario.
    pub(crate) fingerprint: u32,
    /// The counts that are known to get near zero, and the orders that make a difference; `None` if all are assumed to.
    pub(crate) near: Option<Vec<u32>>,
    /// The moves that lead to the point at which the search was stopped.
    pub(crate) path: Vec<Move>,
    /// The states on the path, including the one at which the search was stopped.
    pub(crate) states: Vec<SavedState>,
    /// The first step after resuming.
    #[serde(with = "steps::one")]
    pub(crate) next: Option<SavedStep>,
    /// The races that must be examined in every execution.
    pub(crate) races: Vec<Race>,
    /// The unfinished searches of what follows barriers on the path.
    pub(crate) visits: Vec<SavedVisit>,
    /// The states at barriers after which everything has been searched, by any thread.
    pub(crate) summaries: Vec<SavedSummary>,
    /// Indices into `summaries`: the states that the search has reached in its own order. Only these count.
    pub(crate) reached: Vec<u32>,
    /// The effort since the last of `visits` began, or the whole effort if there is none.
    pub(crate) effort: Effort,
    /// What the states in `reached` add to the effort.
    pub(crate) summarized: Effort,
    /// The length of the longest execution, in requests.
    pub(crate) depth: u32,
    /// Whether actors forget much of what they are told, if that has been looked at.
    #[serde(default)]
    pub(crate) is_forgetful: Option<bool>,
    /// The largest bound on preemptions within which every execution has been explored. It stays true, although states are
    /// searched again.
    #[serde(default)]
    pub(crate) bound: Option<u32>,
    /// The number of random schedules tried.
    pub(crate) samples: u64,
    /// The first bad execution, if there was one and the search continued.
    pub(crate) finding: Option<(Finding, Schedule)>,
    /// What executions have shown about each window.
    pub(crate) windows: Vec<Cover>,
    /// What executions of any thread have shown about calls.
    pub(crate) shown: BTreeSet<Shown>,
    /// What is known about the size of the whole search.
    pub(crate) estimates: SavedEstimates,
}

impl Checkpoint {
    /// The fingerprint of the program that was searched.
    #[must_use]
    pub const fn fingerprint(&self) -> u32 {
        self.fingerprint
    }

    /// The effort that had been made and that is kept.
    #[must_use]
    pub fn effort(&self) -> Effort {
        let before = self.visits.iter().map(|visit| visit.before);
        before.chain([self.effort, self.summarized]).sum()
    }

    /// The shards into which the rest of the search can be split, in the order in which a resumed search reaches them:
    /// the paths of all wakeup trees, and the path that is to be explored next. Each can be searched by itself; the
    /// sequences to which they lead outside them are found when they are merged.
    #[must_use]
    pub fn shards(&self) -> Vec<ShardId> {
        let mut shards = Vec::new();
        for (state, saved) in self.states.iter().enumerate().rev() {
            // The path that is to be explored next is the first one of the last state.
            let next = self.next.iter().filter(|_| state == self.path.len());
            let mut at = ShardId { state: state as u32, steps: Vec::new() };
            leaves(next.chain(&saved.todo), &mut at, &mut shards);
        }
        shards
    }

    /// A number that distinguishes this checkpoint from others.
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

/// The accesses of a move: for each word its index, the bits, and the kind of access.
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

/// Trees as lists of steps, each with the number of its direct successors: a tree may be deeper than the nesting that a
/// reader of JSON accepts.
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
        // From the last step to the first, with the successors on a stack, the next one on top.
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
        grow(Vec::deserialize(from)?).ok_or_else(|| D::Error::custom("a step without its successors"))
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
