//! A bound on preemptions.

use cowrace_machine::Memory;

use crate::execution::answer_tree::Actors;
use crate::execution::history::History;

/// The number of preemptions that an execution may have: an actor that could continue is stopped.
///
/// The search does not compensate for what the bound leaves out: races are reversed as if there were no bound, and
/// steps that exceed it are skipped. So executions within the bound can be missed as well, and a bounded search claims
/// nothing.
#[derive(Clone, Debug)]
pub(crate) struct Preemptions {
    bound: Option<u32>,
    /// For each event, the number of preemptions up to it.
    counts: Vec<u32>,
}

impl Preemptions {
    pub(crate) const fn new(bound: Option<u32>) -> Self {
        Self { bound, counts: Vec::new() }
    }

    /// Whether `actor` may move next. If so, its move is counted.
    pub(crate) fn allow(
        &mut self,
        actor: u8,
        history: &History,
        actors: &Actors<'_>,
        memory: &Memory,
    ) -> bool {
        let Some(bound) = self.bound else { return true };
        self.counts.truncate(history.len());
        let stopped = history.events().last().filter(|last| last.actor != actor);
        let stops = stopped.is_some_and(|last| actors.is_enabled(last.actor, memory));
        let count = self.counts.last().copied().unwrap_or(0) + u32::from(stops);
        if count <= bound {
            self.counts.push(count);
        }
        count <= bound
    }
}
