//! A search in parts: what a checkpoint has left is searched by several processes, and taken over by the search that goes on
//! from it.

use cowrace_explore::{Explorer, Limits, Observer, ShardError, ShardResult};
use serde::{Deserialize, Serialize};

use crate::checkpoint::Checkpoint;
use crate::side_findings::{Noted, Noting, SideFindings};
use crate::task::Task;

/// What came of a part of what a checkpoint has left.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShardResults {
    /// The results of its shards.
    results: Vec<ShardResult>,
    /// The notes of their executions, and of those before the checkpoint.
    noted: Noted,
}

impl ShardResults {
    /// Those of several parts of the same checkpoint, in any order.
    #[must_use]
    pub fn together(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut all = Self::default();
        for Self { results, noted } in parts {
            all.results.extend(results);
            all.noted.add(noted);
        }
        all
    }

    /// How many executions they have, without those after barriers that the checkpoint knows.
    #[must_use]
    pub fn executions(&self) -> u64 {
        self.results.iter().map(|result| result.effort().executions).sum()
    }

    /// How many shards have been searched.
    #[must_use]
    pub fn len(&self) -> usize {
        self.results.len()
    }

    /// Whether no shard has been searched, since there are more parts than shards.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.results.is_empty()
    }

    /// The results, for the search that takes them over.
    pub(crate) fn results(&self) -> &[ShardResult] {
        &self.results
    }

    /// The notes.
    pub(crate) const fn noted(&self) -> &Noted {
        &self.noted
    }
}

impl Task<'_> {
    /// Searches a part of what a checkpoint of this task has left: every shard whose number is `nth` modulo `of`. Each is
    /// searched to its end, so a limit leaves nothing of the whole part.
    ///
    /// # Errors
    ///
    /// If a limit or the observer ends the search of a shard, or the specification of the scenario is not known within
    /// the limits.
    pub fn search_shards(
        &self,
        from: &Checkpoint,
        (nth, of): (usize, usize),
        limits: Limits,
        observer: &mut (dyn Observer + Send),
    ) -> Result<ShardResults, ShardError> {
        let aside = SideFindings::after(Some(&from.noted));
        let (program, _) = self.first(&aside);
        let unknown = self.specification.and_then(|of| of.unknown(self.variant.world()));
        if let Some(cowrace_spec::Unknown::Stopped(stop)) = unknown {
            return Err(ShardError::Stopped(stop));
        }
        let explorer = Explorer::new(&program).limits(limits).resume(&from.search);
        let mut noting = Noting { aside: aside.clone(), observer, keeper: None };
        let own = from.search.shards().into_iter().skip(nth).step_by(of);
        let results = own.map(|shard| explorer.search_shard(&shard, &mut noting));
        let results = results.collect::<Result<Vec<_>, _>>()?;
        Ok(ShardResults { results, noted: aside.noted() })
    }
}
