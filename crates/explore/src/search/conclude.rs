//! The ends of executions: what is wrong with them, and who hears of it.

use std::ops::ControlFlow;

use cowrace_report::{Finding, Schedule, Stop};

use crate::execution::describe::{self, Holders};
use crate::execution::underflow::{TooMany, underflow};
use crate::explorer::{Execution, Outcome};
use crate::search::run::{Flow, Search};
use crate::search::sample::sample;
use crate::sync::{Number, Primitives};

/// What is wrong with the current execution.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// After how many events it showed.
    pub(crate) events: usize,
    pub(crate) finding: Finding,
    /// What leads there, if that is not the current execution but an equivalent one.
    pub(crate) schedule: Option<Schedule>,
}

impl<P: Primitives> Search<'_, P> {
    /// What came of the search, which ended like this.
    pub(crate) fn conclude(&mut self, flow: Flow) -> Outcome {
        let estimate = if self.is_resting() { self.estimate(true) } else { None };
        let mut outcome = self.outcome.clone();
        outcome.set_effort(self.effort());
        outcome.depth = self.longest();
        let shown = self.shown();
        outcome.opened = shown.iter().map(|cover| cover.is_open).collect();
        outcome.occurred = shown.iter().map(|cover| cover.seen.iter().all(|&seen| seen)).collect();
        match flow {
            // What a bound leaves out is not covered.
            ControlFlow::Continue(()) => outcome.complete = self.shared.preemptions.is_none(),
            ControlFlow::Break(Some(stop)) => {
                // These end it at a place of its own; what the others end has done what all threads have.
                if !matches!(stop, Stop::Executions | Stop::Steps) {
                    outcome.executions = self.shared.executions.get();
                    outcome.events = self.shared.events.get();
                }
                outcome.estimate = estimate;
                outcome.stopped = Some(stop);
            }
            ControlFlow::Break(None) => {}
        }
        if outcome.complete {
            outcome.shown = self.shared.showings.all();
        }
        if self.shared.coverage && outcome.complete {
            self.seen.note_sites(&self.actors);
            outcome.coverage = Some(self.seen.coverage());
        }
        outcome
    }

    /// Tries random schedules. Breaks if one is bad.
    pub(crate) fn sample(&mut self) -> Flow {
        if self.shared.exhaustive || self.shared.preemptions.is_some() {
            return ControlFlow::Continue(());
        }
        let length = self.outcome.depth;
        (self.outcome.finding, self.outcome.samples) = sample(self.shared, &mut self.spare, length);
        if self.outcome.finding.is_some() { ControlFlow::Break(None) } else { ControlFlow::Continue(()) }
    }

    pub(crate) const fn count_execution(&mut self) {
        self.outcome.executions += 1;
        self.made.executions += 1;
    }

    /// Breaks if a count is not as far from zero as it was taken to be.
    pub(crate) fn near_zero(&mut self) -> Flow {
        self.near = self.history.near_zero();
        if self.near.is_some() { ControlFlow::Break(None) } else { ControlFlow::Continue(()) }
    }

    /// Everybody has finished.
    pub(crate) fn complete(&mut self) -> Flow {
        self.near_zero()?;
        self.count_execution();
        self.windows.judge(&self.history, &self.actors);
        if self.found.is_none() {
            match (self.program.check)(&self.memory) {
                Some(finding) => self.find(finding)?,
                None => self.reorder()?,
            }
        }
        self.show();
        ControlFlow::Continue(())
    }

    /// Nobody can move.
    pub(crate) fn stuck(&mut self) -> Flow {
        self.near_zero()?;
        self.count_execution();
        if self.found.is_none() {
            // A deadlock is found whatever else is.
            let finding = self.deadlock();
            self.find(finding)?;
        }
        self.show();
        self.turn_those_who_wait();
        ControlFlow::Continue(())
    }

    fn deadlock(&self) -> Finding {
        let mut holders = Holders::default();
        for event in self.history.events() {
            holders.note(event.actor, &event.request.op, event.answer);
        }
        let absent = |id: u8| {
            self.program.barriers[id as usize]
                .iter()
                .filter(|&a| !self.actors.waits_at(a, id))
                .collect::<Vec<_>>()
        };
        let pending: Vec<_> = self.actors.pending().map(|(_, request)| request.copied()).collect();
        describe::deadlock(self.program, &pending, &holders, absent)
    }

    /// Notes what is wrong with the current execution. Breaks if that ends the search.
    pub(crate) fn find(&mut self, finding: Finding) -> Flow {
        self.found = Some(Found { events: self.history.len(), finding, schedule: None });
        self.record()
    }

    /// Notes what is wrong with an execution that is equivalent to the current one.
    pub(crate) fn reorder(&mut self) -> Flow {
        let (finding, schedule) = match underflow(&self.history, self.program) {
            Ok(Some(found)) => found,
            Ok(None) => return ControlFlow::Continue(()),
            Err(TooMany) => return ControlFlow::Break(Some(Stop::Steps)),
        };
        self.found = Some(Found { events: self.history.len(), finding, schedule: Some(schedule) });
        self.record()
    }

    fn record(&mut self) -> Flow {
        self.spoil_visits();
        if self.outcome.finding.is_none()
            && let Some(Found { finding, schedule, .. }) = &self.found
        {
            let here = || self.history.schedule(self.program.fingerprint);
            self.outcome.finding = Some((finding.clone(), schedule.clone().unwrap_or_else(here)));
        }
        if self.shared.exhaustive {
            return ControlFlow::Continue(());
        }
        self.show();
        ControlFlow::Break(None)
    }

    fn show(&self) {
        let Self { program, memory, history, found, .. } = self;
        let is_complete = self.actors.pending().all(|(_, request)| request.is_none());
        let found = found.as_ref();
        self.shared.watch.execution(&Execution { program, memory, history, found, is_complete });
    }
}
