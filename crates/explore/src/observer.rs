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

/// How far a search has come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Executions explored to their end.
    pub executions: u64,
    /// As many of them as were made before the search was resumed.
    pub earlier: u64,
    /// Requests executed.
    pub events: u64,
    /// The longest execution.
    pub depth: u32,
    /// Since the search began, or was resumed.
    pub elapsed: Duration,
    /// How many executions the whole search is expected to have; `None` if nothing can be said yet.
    pub estimate: Option<Estimate>,
}

/// What a search is for that begins after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The same, as something that it took for granted is not so. What it has shown so far stands, but it will show
    /// equivalent executions again. All other searches are begun by the caller.
    Anew,
    /// To find the first execution that shows what was seen in another.
    Locate,
    /// To count what executions cost.
    Costs,
    /// To have something to judge the first by: the same under the kernel that an era departs from.
    Base,
    /// To see what a commit more or less makes of it.
    Toggle,
}

/// Watches a search.
pub trait Observer {
    /// An execution has come to its end: every actor finished, none can move, or a finding ended it.
    fn execution(&mut self, _: &Execution<'_>) {}

    /// A search begins after the one that was watched until now.
    fn anew(&mut self, _: Purpose) {}

    /// Called when a search turns out to be long, after its first thousand executions, and then now and then, about
    /// every 4096 executions or 50 ms; may ask the search to stop.
    fn progress(&mut self, _: &Progress) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// Whether the search is to stop. Asked as often as [`progress`](Self::progress) is called, for every thread of the
    /// search: while the first waits for others it has no progress to tell.
    fn stops(&mut self) -> bool {
        false
    }

    /// Whether to be shown where the search could go on if it were stopped now. Asked after each progress.
    fn wants_checkpoint(&mut self) -> bool {
        false
    }

    /// Where the search could go on if it were stopped now.
    fn checkpoint(&mut self, _: Checkpoint) {}
}

/// An observer that does nothing.
impl Observer for () {}

/// An execution at its end.
pub struct Execution<'s> {
    pub(crate) program: &'s Program,
    pub(crate) memory: &'s Memory,
    pub(crate) history: &'s History,
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

    /// Whether every actor has finished: else a finding cut it off, or no actor can move.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// What is wrong with the execution, if anything.
    #[must_use]
    pub fn finding(&self) -> Option<&Finding> {
        self.found.map(|found| &found.finding)
    }

    /// The turns that lead to what is wrong with the execution, else to its end.
    #[must_use]
    pub fn schedule(&self) -> Schedule {
        let reordered = self.found.and_then(|found| found.schedule.clone());
        reordered.unwrap_or_else(|| {
            let mut schedule = self.history.schedule(self.program.fingerprint);
            // An exhaustive search goes on after what it has found.
            self.found.into_iter().for_each(|found| schedule.turns.truncate(found.events));
            schedule
        })
    }

    /// All turns, those after a finding included if the search went on there.
    #[must_use]
    pub fn turns(&self) -> Vec<Turn> {
        self.history.schedule(self.program.fingerprint).turns
    }

    /// A form that two executions share exactly if they differ only in the order of independent events:
    /// actor by actor, each event's answer and vector clock.
    #[must_use]
    pub fn canonical(&self) -> Vec<u64> {
        let mut form = Vec::new();
        for actor in 0..self.history.actors() as u8 {
            form.push(self.history.own(actor).len() as u64);
            for &event in self.history.own(actor) {
                let answer = self.history.events()[event as usize].answer;
                form.extend([answer.value, u64::from(answer.ok)]);
                form.extend(self.history.clock(event as usize).iter().map(|&n| u64::from(n)));
            }
        }
        form
    }
}
