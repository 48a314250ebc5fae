//! Searching one shard of a checkpoint, and taking over what came of shards.
//!
//! A shard is a subtree, written down. What came of it is taken over where the search that goes on from the checkpoint
//! reaches its place, as from another thread.

use std::ops::ControlFlow;

use cowrace_machine::{Addr, Program};
use cowrace_report::Stop;

use super::Checkpoint;
use super::shard::{SavedItem, SavedSequence, ShardId, ShardResult};
use crate::execution::coverage::Seen;
use crate::explorer::Outcome;
use crate::reduction::moves::{Item, Sequence};
use crate::search::run::{Flow, Search};
use crate::search::shared::Shared;
use crate::search::subtree::{Done, Given, Subtree};
use crate::sync::Primitives;

/// Those that can be taken over by a search that goes on from a checkpoint.
pub(crate) fn usable<'r, P: Primitives>(
    results: &'r [ShardResult],
    checkpoint: &Checkpoint,
    shared: &Shared<'_, P>,
) -> Vec<&'r ShardResult> {
    if results.is_empty() || shared.preemptions.is_some() {
        return Vec::new();
    }
    let digest = checkpoint.digest();
    let fits = |result: &&ShardResult| {
        result.exhaustive == shared.exhaustive && result.depth <= shared.limits.steps && result.is_of(digest)
    };
    results.iter().filter(fits).collect()
}

/// What came of a shard, to be written down.
pub(crate) fn export<P: Primitives>(
    done: Done,
    id: ShardId,
    checkpoint: &Checkpoint,
    shared: &Shared<'_, P>,
) -> ShardResult {
    let Done { outcome, reached, near, beyond, windows, .. } = done;
    let (summaries, places) = shared.summaries.beside(&checkpoint.summaries);
    let result = ShardResult {
        id,
        checkpoint: checkpoint.digest(),
        exhaustive: shared.exhaustive,
        effort: outcome.effort(),
        summaries,
        reached: reached.iter().map(|number| places[number]).collect(),
        depth: outcome.depth,
        finding: outcome.finding,
        near: near.map(|addr| addr.index() as u32),
        beyond: beyond.iter().map(|(state, sequence)| saved(*state, sequence)).collect(),
        windows,
        shown: shared.showings.all(),
        seal: 0,
    };
    result.sealed()
}

/// What came of a shard that was written down. Its states at barriers have these numbers.
fn import(result: &ShardResult, numbers: &[u32], program: &Program) -> Done {
    let mut outcome =
        Outcome { depth: result.depth, finding: result.finding.clone(), ..Outcome::nothing(program) };
    outcome.set_effort(result.effort);
    Done {
        outcome,
        reached: result.reached.iter().filter_map(|&place| numbers.get(place as usize).copied()).collect(),
        near: result.near.map(|index| Addr::at(index as usize)),
        beyond: result.beyond.iter().map(|saved| (saved.state, restored(saved))).collect(),
        windows: result.windows.clone(),
        seen: Seen::default(),
    }
}

fn saved(state: u32, sequence: &Sequence) -> SavedSequence {
    let saved = |item: &Item| SavedItem { made: item.made, accesses: sequence.accesses(item).to_vec() };
    SavedSequence { state, items: sequence.items().iter().map(saved).collect() }
}

fn restored(saved: &SavedSequence) -> Sequence {
    let mut sequence = Sequence::default();
    for SavedItem { made, accesses } in &saved.items {
        // Which events they were is of no account in another execution.
        sequence.push(*made, 0, accesses);
    }
    sequence
}

impl<'s, P: Primitives> Search<'s, P> {
    /// A shard of the checkpoint at which the search rests.
    pub(crate) fn shard(&mut self, id: &ShardId) -> Option<Subtree<P>> {
        self.lay_back()?;
        let path = self.path(id)?;
        Some(self.subtree(id.state as usize, path))
    }

    /// Takes note of shards of the checkpoint at which the search rests that have been searched.
    pub(crate) fn give_shards(&mut self, results: &[&'s ShardResult]) {
        if results.is_empty() || self.lay_back().is_none() {
            return;
        }
        for &result in results {
            if let Some(path) = self.path(&result.id) {
                self.give(&path, Given::Shard(result));
            }
        }
        if let Some(next) = self.todo.last_mut().and_then(|list| self.wakeup.pop(list)) {
            self.rest_at(next);
        }
    }

    /// Takes over what came of the shard that begins where the search is. Gives whether it has: where the search
    /// would do something else after so many executions, or a limit would end it, it must come there itself.
    pub(crate) fn take_shard(
        &mut self,
        result: &ShardResult,
        executions: u64,
    ) -> ControlFlow<Option<Stop>, bool> {
        let before = self.effort();
        if before.executions < executions && (before + result.effort()).executions >= executions {
            return ControlFlow::Continue(false);
        }
        let numbers = self.shared.summaries.set(&self.earlier, &result.summaries);
        let done = import(result, &numbers, self.program);
        if !self.is_within_limit(done.outcome.executions, &done.reached) {
            return ControlFlow::Continue(false);
        }
        self.shared.showings.add(result.shown.iter().copied());
        let flow: Flow = self.take_over(done);
        self.made += self.effort() - before;
        flow?;
        ControlFlow::Continue(true)
    }

    /// Puts the step at which the search rests back to the others of its state, as the first.
    fn lay_back(&mut self) -> Option<()> {
        let next = self.resting()?;
        let request = *self.actors.request(next.made.actor)?;
        let done = self.memory.execute(&request);
        self.memory.undo(done.undo);
        let step = self.wakeup.prepend(self.todo.last_mut()?, next.made, done.footprint.accesses());
        self.wakeup.follow(step, next.child);
        Some(())
    }

    /// The steps of a shard.
    fn path(&self, id: &ShardId) -> Option<Vec<u32>> {
        let list = *self.todo.get(id.state as usize)?;
        self.wakeup.path(list, &id.steps)
    }
}

#[cfg(test)]
mod tests {
    use cowrace_machine::Limits;

    use super::*;
    use crate::Explorer;
    use crate::testing::counter;

    #[test]
    fn a_result_for_a_shard_that_is_none_is_left_out() {
        let program = counter(3);
        let whole = Explorer::new(&program).run(&mut ());
        let limits = Limits { executions: Some(5), ..Limits::default() };
        let checkpoint =
            Explorer::new(&program).limits(limits).run(&mut ()).checkpoint.expect("it was stopped");
        let explorer = Explorer::new(&program).resume(&checkpoint);
        let good = explorer.search_shard(&checkpoint.shards()[0], &mut ()).expect("it is searched");
        let nowhere = ShardResult { id: ShardId { state: 1000, steps: vec![7] }, ..good.clone() }.sealed();
        assert!(nowhere.is_of(checkpoint.digest()) && nowhere != good);
        for results in [[good], [nowhere]] {
            assert_eq!(explorer.clone().merge(&results).run(&mut ()), whole);
        }
    }
}
