//! loom as an engine.

use cowrace_loom::{Loom as Search, Memory};
use cowrace_machine::Limits;

use super::second::{Second, answer};
use super::{Answer, Engine, Watch};
use crate::exploration::at_most;
use crate::task::Task;

/// A search by loom.
#[derive(Clone, Copy, Debug, Default)]
pub struct Loom {
    /// The memory model.
    pub memory: Memory,
    /// A bound on preemptions.
    pub preemptions: Option<u32>,
    /// The bounds of the search.
    pub limits: Limits,
}

impl Loom {
    /// Why a search has found nothing, although it is not complete.
    fn incomplete(&self) -> String {
        match self.preemptions {
            Some(bound) => format!("{} in an execution", at_most(bound)),
            None => "loom has no more executions; under weak memory it is known to miss some".to_owned(),
        }
    }
}

impl Engine for Loom {
    fn name(&self) -> &'static str {
        "loom"
    }

    fn memory(&self) -> &'static str {
        match self.memory {
            Memory::C11(_) => "c11",
            Memory::Sc => "sc",
        }
    }

    fn answer(&self, task: &Task<'_>, wants_outcomes: bool, watch: &mut dyn Watch) -> Answer {
        let second =
            Second { engine: self, settings: self.preemptions.map(at_most), incomplete: self.incomplete() };
        answer(&second, task, wants_outcomes, |program| {
            Search::new(program)
                .memory(self.memory)
                .preemptions(self.preemptions.map(|most| most as usize))
                .limits(self.limits)
                .exhaustive(wants_outcomes)
                .watch(watch.threads())
                .run()
        })
    }
}
