//! Shards: subtrees of a stopped search, which can be searched on any machine, and their results.

use std::collections::BTreeSet;

use cowrace_machine::Access;
use cowrace_report::{Finding, Schedule, Shown, Stop};
use serde::{Deserialize, Serialize};

use super::digest::digest;
use super::{SavedSummary, accesses};
use crate::effort::Effort;
use crate::execution::moves::Move;
use crate::execution::windows::Cover;

/// Identifies a shard of a checkpoint: a path in the wakeup tree of one of its states.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ShardId {
    /// The number of the state on the path.
    pub(crate) state: u32,
    /// The index of a step of the state, then the index among that step's successors, and so on. In the last state, the
    /// step that is to be made next has the index 0.
    pub(crate) steps: Vec<u32>,
}

/// A move of a sequence, with its accesses.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct SavedItem {
    pub(crate) made: Move,
    #[serde(with = "accesses")]
    pub(crate) accesses: Vec<Access>,
}

/// A sequence that is to be executed from a state before the shard.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct SavedSequence {
    /// The number of the state.
    pub(crate) state: u32,
    pub(crate) items: Vec<SavedItem>,
}

/// The result of searching a shard. To be serialized as it is; valid only for the checkpoint to which the shard
/// belongs.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShardResult {
    /// The shard.
    pub(crate) id: ShardId,
    /// The checkpoint's digest.
    pub(crate) checkpoint: u64,
    /// Whether the search continued after findings.
    pub(crate) exhaustive: bool,
    /// The effort, without what follows barriers.
    pub(crate) effort: Effort,
    /// States at barriers that the checkpoint does not know. Indices of states continue after those that it knows.
    pub(crate) summaries: Vec<SavedSummary>,
    /// The indices of the states at barriers that the search of the shard has reached.
    pub(crate) reached: Vec<u32>,
    /// The length of the longest execution, in requests.
    pub(crate) depth: u32,
    /// The first bad execution, if any. It may not be the first of the whole search.
    pub(crate) finding: Option<(Finding, Schedule)>,
    /// A count that was assumed to be far from zero and is not: the whole search must start again.
    pub(crate) near: Option<u32>,
    /// The sequences that are to be executed from states before the shard.
    pub(crate) beyond: Vec<SavedSequence>,
    /// What executions have shown about each window.
    pub(crate) windows: Vec<Cover>,
    /// What executions have shown about calls, in the shard and on the path to the checkpoint.
    pub(crate) shown: BTreeSet<Shown>,
    /// The digest of the whole result, computed with zero in this field.
    pub(crate) seal: u64,
}

impl ShardResult {
    /// The whole effort, without what follows barriers that the checkpoint knows.
    #[must_use]
    pub fn effort(&self) -> Effort {
        [self.effort].into_iter().chain(self.summaries.iter().map(|summary| summary.effort)).sum()
    }

    /// Seals the result, so that a later change is noticed.
    pub(crate) fn sealed(mut self) -> Self {
        self.seal = 0;
        self.seal = digest(&self);
        self
    }

    /// Whether the result is unchanged since it was sealed, and belongs to the checkpoint with this digest.
    pub(crate) fn is_of(&self, checkpoint: u64) -> bool {
        self.checkpoint == checkpoint && self.clone().sealed().seal == self.seal
    }
}

/// Why the search of a shard has no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShardError {
    /// There is no checkpoint, or it belongs to another program.
    #[error("there is no checkpoint of this program")]
    Program,
    /// The checkpoint has no such shard.
    #[error("the checkpoint has no such shard")]
    NoSuchShard,
    /// Preemptions are bounded: how many are left does not depend on the shard alone.
    #[error("a search with a bound on preemptions has no shards")]
    Preemptions,
    /// A limit or the observer ended the search early.
    #[error("the search of the shard was stopped before its end")]
    Stopped(Stop),
}
