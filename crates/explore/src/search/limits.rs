//! Between executions: limits, reports, and work for others.

use std::ops::ControlFlow;
use std::time::Duration;

use cowrace_machine::resident_memory;
use cowrace_report::Stop;

use crate::effort::Effort;
use crate::explorer::Progress;
use crate::reduction::wakeup_trees::First;
use crate::search::run::{Flow, Search};
use crate::sync::{Number, Primitives};

/// How much is done before the books are opened again: so many executions, or so many requests.
const ROUND: Effort = Effort { executions: 256, requests: 4096 };

/// How often to report: after so long or so many executions.
const NOW_AND_THEN: Duration = Duration::from_millis(50);
const MANY: u64 = 4096;

impl<P: Primitives> Search<'_, P> {
    /// Before a step: looks at what may end the search, reports now and then, and gives work away that others want.
    /// Rests at the step if it breaks.
    pub(crate) fn pause(&mut self, executions: u64, before: First) -> Flow {
        self.rest_at(before);
        let new = self.made - self.booked;
        if new.executions >= ROUND.executions || new.requests >= ROUND.requests {
            self.book();
            self.look_at_limits();
        }
        if let Some(why) = self.shared.stopped() {
            return ControlFlow::Break(Some(why));
        }
        let limit = self.shared.limits.executions;
        if executions < u64::MAX || limit.is_some() {
            let done = self.effort().executions;
            if limit.is_some_and(|limit| done >= limit) {
                // Who helps leaves it to the search that it helps: that may not come so far.
                if self.spawn.is_some() {
                    self.shared.stop(Stop::Executions);
                }
                return ControlFlow::Break(Some(Stop::Executions));
            }
            if done >= executions {
                return ControlFlow::Break(None);
            }
        }
        self.share();
        self.go_on_from_rest();
        ControlFlow::Continue(())
    }

    /// Enters what was done since the last time into the books of everybody.
    pub(crate) fn book(&mut self) {
        let new = self.made - self.booked;
        self.shared.executions.add(new.executions as i64);
        self.shared.events.add(new.requests as i64);
        self.booked = self.made;
    }

    fn look_at_limits(&mut self) {
        let limits = &self.shared.limits;
        // Looking at the clock costs more than a short execution.
        let requests = self.made.requests;
        if requests - self.looked < ROUND.requests {
            return;
        }
        self.looked = requests;
        let elapsed = self.shared.started.elapsed();
        if limits.time.is_some_and(|limit| elapsed >= limit) {
            return self.shared.stop(Stop::Time);
        }
        let executions = self.shared.executions.get();
        let due = elapsed - self.reported.0 >= NOW_AND_THEN || executions - self.reported.1 >= MANY;
        if !due {
            return;
        }
        self.reported = (elapsed, executions);
        if limits.memory.is_some_and(|limit| resident_memory().is_some_and(|now| now > limit)) {
            return self.shared.stop(Stop::Memory);
        }
        if self.shared.watch.stops() {
            return self.shared.stop(Stop::Interrupted);
        }
        // Only who has the whole in view reports, and takes on help.
        let Some(spawn) = self.spawn else { return };
        if !self.is_alone && !self.preemptions_are_bounded() && self.shared.threads.take() {
            spawn();
        }
        self.report();
        if self.shared.watch.wants_checkpoint()
            && let Some(checkpoint) = self.checkpoint()
        {
            self.shared.watch.checkpoint(checkpoint);
        }
    }

    /// Tells how far the search has come.
    pub(crate) fn report(&mut self) {
        self.book();
        let executions = self.shared.executions.get();
        let estimate = self.estimate(false);
        let elapsed = self.shared.started.elapsed();
        self.reported = (elapsed, executions);
        let progress = Progress {
            executions,
            earlier: self.shared.earlier.get(),
            events: self.shared.events.get(),
            depth: self.outcome.depth,
            elapsed,
            estimate,
        };
        if self.shared.watch.progress(&progress).is_break() {
            self.shared.stop(Stop::Interrupted);
        }
    }
}
