//! Shards: subtrees of a search that was stopped, which can be searched anywhere, and what came of them.

use std::collections::BTreeSet;

use cowrace_machine::Access;
use cowrace_report::{Finding, Schedule, Shown, Stop};
use serde::{Deserialize, Serialize};

use super::digest::digest;
use super::{SavedSummary, accesses};
use crate::effort::Effort;
use crate::execution::moves::Move;
use crate::execution::windows::Cover;

/// Which shard of a checkpoint: a path of the wakeup tree of one of its states.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ShardId {
    /// The number of the state of the path.
    pub(crate) state: u32,
    /// Which of the state's steps, which of those that follow it, and so on. In the last state, what is to be made
    /// next comes first.
    pub(crate) steps: Vec<u32>,
}

/// A move of a sequence, with what it touches.
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

/// What came of the search of a shard. To be serialized as it is; good only for the checkpoint that it is a shard of.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShardResult {
    /// Which shard.
    pub(crate) id: ShardId,
    /// The checkpoint's digest.
    pub(crate) checkpoint: u64,
    /// Whether the search went on after findings.
    pub(crate) exhaustive: bool,
    /// What was done, apart from what follows barriers.
    pub(crate) effort: Effort,
    /// States at barriers that the checkpoint does not know. Places of states count on from those that it knows.
    pub(crate) summaries: Vec<SavedSummary>,
    /// The places of the states at barriers that the search of the shard has reached.
    pub(crate) reached: Vec<u32>,
    /// The longest execution.
    pub(crate) depth: u32,
    /// The first bad execution, if any. It may not be the first of the whole search.
    pub(crate) finding: Option<(Finding, Schedule)>,
    /// A count that was taken to be far from zero and is not: the whole search must begin anew.
    pub(crate) near: Option<u32>,
    /// What is to be executed from states before the shard.
    pub(crate) beyond: Vec<SavedSequence>,
    /// What executions have shown of each window.
    pub(crate) windows: Vec<Cover>,
    /// What executions have shown of calls, here and on the path to the checkpoint.
    pub(crate) shown: BTreeSet<Shown>,
    /// The digest of all of this, with zero in this place.
    pub(crate) seal: u64,
}

impl ShardResult {
    /// What was done, all together, but for what follows barriers that the checkpoint knows.
    #[must_use]
    pub fn effort(&self) -> Effort {
        [self.effort].into_iter().chain(self.summaries.iter().map(|summary| summary.effort)).sum()
    }

    /// Seals it, so that it shows if it is changed.
    pub(crate) fn sealed(mut self) -> Self {
        self.seal = 0;
        self.seal = digest(&self);
        self
    }

    /// Whether it is as it was when it was sealed, and of a shard of the checkpoint with this digest.
    pub(crate) fn is_of(&self, checkpoint: u64) -> bool {
        self.checkpoint == checkpoint && self.clone().sealed().seal == self.seal
    }
}

/// Why nothing came of the search of a shard.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShardError {
    /// There is no checkpoint, or it is not one of the program.
    #[error("there is no checkpoint of this program")]
    Program,
    /// The checkpoint has no such shard.
    #[error("the checkpoint has no such shard")]
    NoSuchShard,
    /// Preemptions are bounded: how many are left depends on more than the shard.
    #[error("a search with a bound on preemptions has no shards")]
    Preemptions,
    /// Something ended the search early.
    #[error("the search of the shard was stopped before its end")]
    Stopped(Stop),
}
