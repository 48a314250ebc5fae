//! Watching a search.

use std::fmt;
use std::ops::ControlFlow;
use std::time::Duration;

use cowrace_machine::{Memory, Program};
use cowrace_report::{Finding, Schedule, Turn};

use crate::checkpoint::Checkpoint;
use crate::execution::found::Found;
use crate::execution::history::History;
use crate::outcome::Estimate;

/// The progress of a search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// The number of executions explored to their end.
    pub executions: u64,
    /// The number of states known; 0 before the search merges states.
    pub states: u64,
    /// Whether states were given up, since they needed more memory than they may take.
    pub has_given_up_states: bool,
    /// The number of these executions that were explored before the search was resumed.
    pub earlier: u64,
    /// The number of requests executed.
    pub events: u64,
    /// The length of the longest execution, in requests.
    pub depth: u32,
    /// The time since the search began or was resumed.
    pub elapsed: Duration,
    /// How many executions the whole search is expected to have; `None` if nothing can be said yet.
    pub estimate: Option<Estimate>,
}

/// The purpose of a search that follows another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To repeat the search, since one of its assumptions does not hold. What it has shown so far is valid, and it may
    /// show equivalent executions again. All other searches are begun by the caller.
    Anew,
    /// To find the first execution that shows what another execution has shown.
    Locate,
    /// To count what executions cost.
    Costs,
    /// To have something to compare the first search with: the same scenario under the base kernel of an era.
    Base,
    /// To see what changes with one commit more or one fewer.
    Toggle,
}

/// Watches a search.
pub trait Observer {
    /// An execution has ended: every actor has finished, none can move, or a finding ended it.
    fn execution(&mut self, _: &Execution<'_>) {}

    /// Another search begins after the one that was watched until now.
    fn anew(&mut self, _: Purpose) {}

    /// Called when a search turns out to be long, after its first thousand executions, and from then on about every
    /// 4096 executions or 50 ms; may ask the search to stop.
    fn progress(&mut self, _: &Progress) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// Whether the search is to stop. Called as often as [`progress`](Self::progress), by every thread of the search: a
    /// main thread that waits for others has no progress to report.
    fn stops(&mut self) -> bool {
        false
    }

    /// Whether the observer wants a checkpoint of the current state. Called after each [`progress`](Self::progress).
    fn wants_checkpoint(&mut self) -> bool {
        false
    }

    /// The checkpoint from which the search could be resumed if it were stopped now.
    fn checkpoint(&mut self, _: Checkpoint) {}
}

/// An observer that does nothing.
impl Observer for () {}

/// The order in which an execution was made.
#[derive(Clone, Copy)]
pub(crate) enum Order<'s> {
    /// Its events.
    Events(&'s History),
    /// A way through states, which is looked up when it is asked for.
    Path(&'s dyn Fn() -> Schedule),
}

/// An execution at its end.
pub struct Execution<'s> {
    pub(crate) program: &'s Program,
    pub(crate) memory: &'s Memory,
    pub(crate) order: Order<'s>,
    pub(crate) found: Option<&'s Found>,
    pub(crate) is_complete: bool,
}

impl fmt::Debug for Execution<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Execution").field("finding", &self.finding()).finish_non_exhaustive()
    }
}

impl Execution<'_> {
    /// Memory at the end.
    #[must_use]
    pub const fn memory(&self) -> &Memory {
        self.memory
    }

    /// Whether every actor has finished. Otherwise a finding ended the execution, or no actor can move.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// What is wrong with the execution, if anything.
    #[must_use]
    pub fn finding(&self) -> Option<&Finding> {
        self.found.map(|found| &found.finding)
    }

    /// The turns that lead to the finding, or to the end of the execution if there is none.
    #[must_use]
    pub fn schedule(&self) -> Schedule {
        let reordered = self.found.and_then(|found| found.schedule.clone());
        reordered.unwrap_or_else(|| {
            let mut schedule = self.whole();
            // An exhaustive search continues after a finding.
            self.found.into_iter().for_each(|found| schedule.turns.truncate(found.events));
            schedule
        })
    }

    /// All turns, including those after a finding if the search continued there.
    #[must_use]
    pub fn turns(&self) -> Vec<Turn> {
        self.whole().turns
    }

    fn whole(&self) -> Schedule {
        match self.order {
            Order::Events(history) => history.schedule(self.program.fingerprint),
            Order::Path(schedule) => schedule(),
        }
    }

    /// A canonical form, which two executions share exactly if they differ only in the order of independent events:
    /// actor by actor, each event's answer and vector clock. `None` if the search of states has found it, which does not
    /// tell traces apart.
    #[must_use]
    pub fn canonical(&self) -> Option<Vec<u64>> {
        let Order::Events(history) = self.order else { return None };
        let mut form = Vec::new();
        for actor in 0..history.actors() as u8 {
            form.push(history.own(actor).len() as u64);
            for &event in history.own(actor) {
                let answer = history.events()[event as usize].answer;
                form.extend([answer.value, u64::from(answer.ok)]);
                form.extend(history.clock(event as usize).iter().map(|&n| u64::from(n)));
            }
        }
        Some(form)
    }
}
