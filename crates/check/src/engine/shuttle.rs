//! shuttle as an engine.

use std::sync::Arc;

use cowrace_machine::Limits;
use cowrace_report::{Class, Schedule, Trace};
use cowrace_shuttle::{Search, Shuttle as Run};
use cowrace_thread_engine::Outcome;

use super::second::{Second, answer};
use super::{Answer, Engine, Watch};
use crate::outcomes::{in_words, variables};
use crate::task::Task;

/// A search by shuttle.
#[derive(Clone, Copy, Debug)]
pub struct Shuttle {
    /// How schedules are made.
    pub search: Search,
    /// The bounds of the search. Random schedules have no end, so set a limit.
    pub limits: Limits,
}

impl Shuttle {
    /// Its settings, as text.
    fn settings(&self) -> String {
        match self.search {
            Search::Random { seed } => format!("random, seed {seed}"),
            Search::Pct { seed, depth } => format!("pct, depth {depth}, seed {seed}"),
            Search::Exhaustive => "exhaustive".to_owned(),
        }
    }
}

impl Engine for Shuttle {
    fn name(&self) -> &'static str {
        "shuttle"
    }

    fn memory(&self) -> &'static str {
        "sc"
    }

    fn answer(&self, task: &Task<'_>, wants_outcomes: bool, watch: &mut dyn Watch) -> Answer {
        let second = Second {
            engine: self,
            settings: Some(self.settings()),
            incomplete: "there are no choices to make".to_owned(),
        };
        answer(&second, task, wants_outcomes, |program| {
            let search = Run::new(program, self.search).limits(self.limits);
            search.exhaustive(wants_outcomes).watch(watch.threads()).run()
        })
    }
}

/// Makes shuttle follow a schedule that led to `trace` here. Returns the result if it differs.
#[must_use]
pub fn follow(task: &Task<'_>, schedule: &Schedule, trace: &Trace) -> Option<String> {
    let program = Arc::new(task.program_without_probes());
    let opinion = Run::new(Arc::clone(&program), Search::Exhaustive).replay(schedule);
    if let Some(reason) = opinion.reason {
        return Some(reason);
    }
    let here = trace.finding.as_ref().map(|finding| finding.class);
    let there = match opinion.outcomes.keys().next() {
        None => return Some("it did not finish".to_owned()),
        Some(Outcome::Bad(class)) => Some(*class),
        Some(Outcome::Sound(end)) => {
            let variables = variables(&program, end);
            if here.is_none() && variables != trace.variables {
                return Some(format!("it ends with {}", in_words(&variables)));
            }
            None
        }
    };
    let say = |class: Option<Class>| class.map_or("ends well".to_owned(), |class| format!("ends in {class}"));
    (here != there).then(|| format!("it {}, and here it {}", say(there), say(here)))
}
