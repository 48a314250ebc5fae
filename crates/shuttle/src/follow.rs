//! A scheduler that moves threads along a schedule of ours.

use std::sync::Arc;

use cowrace_report::Schedule;
use shuttle::scheduler::{Schedule as Blank, Scheduler, Task, TaskId};

use crate::present::Present;

/// Follows a schedule. Requests that touch nothing shared are answered at once, wherever they are in the schedule; of
/// the requests that wait for a decision, the one that is first in the schedule continues.
#[derive(Debug)]
pub(crate) struct Follow {
    /// For each actor, the positions of its requests in the schedule.
    places: Vec<Vec<usize>>,
    present: Arc<Present>,
    begun: bool,
}

impl Follow {
    pub(crate) fn new(schedule: &Schedule, present: Arc<Present>) -> Self {
        let mut places: Vec<Vec<usize>> = Vec::new();
        for (place, turn) in schedule.turns.iter().enumerate() {
            let actor = turn.actor as usize;
            places.resize_with(places.len().max(actor + 1), Vec::new);
            places[actor].push(place);
        }
        Self { places, present, begun: false }
    }
}

impl Scheduler for Follow {
    fn new_execution(&mut self) -> Option<Blank> {
        (!std::mem::replace(&mut self.begun, true)).then(|| Blank::new(0))
    }

    fn next_task(&mut self, runnable: &[&Task], _: Option<TaskId>, _: bool) -> Option<TaskId> {
        let answered = self.present.answered();
        let place = |id: TaskId| {
            // The main thread is task 0 and starts the actors in their order.
            let actor = usize::from(id).checked_sub(1)?;
            self.places.get(actor)?.get(*answered.get(actor)?).copied()
        };
        runnable.iter().map(|task| task.id()).min_by_key(|&id| place(id).unwrap_or(usize::MAX))
    }

    fn next_u64(&mut self) -> u64 {
        0
    }
}
