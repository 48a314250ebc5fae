//! A scheduler around one of shuttle's that makes the decisions which mean nothing to the model.

use std::collections::BTreeSet;
use std::mem::ManuallyDrop;
use std::sync::Arc;

use cowrace_thread_engine::Study;
use shuttle::scheduler::{Schedule, Scheduler, Task, TaskId};

use crate::control::Control;
use crate::present::Present;

/// Makes the decisions that mean nothing to the model, and leaves the others to `inner`.
pub(crate) struct Sensible<S> {
    /// Never dropped: when dropped, shuttle's random scheduler reports a failing seed unless it has made as many
    /// schedules as it was told to, and schedules are counted elsewhere here.
    inner: ManuallyDrop<S>,
    study: Arc<Study>,
    control: Arc<Control>,
    present: Arc<Present>,
    /// Threads that have run up to their first access.
    begun: BTreeSet<TaskId>,
    /// Whether `inner` has had anything to decide in some execution.
    asked: Option<bool>,
}

impl<S: Scheduler> Sensible<S> {
    pub(crate) fn new(inner: S, study: Arc<Study>, control: Arc<Control>, present: Arc<Present>) -> Self {
        let inner = ManuallyDrop::new(inner);
        Self { inner, study, control, present, begun: BTreeSet::new(), asked: None }
    }
}

impl<S: Scheduler> Scheduler for Sensible<S> {
    fn new_execution(&mut self) -> Option<Schedule> {
        self.control.reset();
        self.begun.clear();
        if !self.study.goes_on() {
            return None;
        }
        if self.asked == Some(false) {
            if !self.control.has_picked() {
                // There was nothing to decide and nothing to pick: there is no other execution.
                self.control.set_ran_out(true);
                return None;
            }
            // Picks differ from one execution to the next. PCT rejects an execution in which it had nothing to decide,
            // so this one is hidden from it.
            return Some(Schedule::new(0));
        }
        self.asked.get_or_insert(false);
        let schedule = self.inner.new_execution();
        self.control.set_ran_out(schedule.is_none());
        schedule
    }

    fn next_task(
        &mut self,
        runnable: &[&Task],
        current: Option<TaskId>,
        is_yielding: bool,
    ) -> Option<TaskId> {
        let main = TaskId::from(0);
        let runs = |id: TaskId| runnable.iter().any(|task| task.id() == id);
        if self.control.held()
            && let Some(current) = current.filter(|&id| runs(id))
        {
            return Some(current);
        }
        if runs(main) && (!self.control.has_started() || self.control.has_finished()) {
            return Some(main);
        }
        // shuttle lets a parked thread wake spuriously. Here it would only go back to sleep.
        let sleeps =
            |task: &&Task| usize::from(task.id()).checked_sub(1).is_none_or(|a| self.present.sleeps(a));
        let actors: Vec<&Task> = runnable.iter().copied().filter(|task| !sleeps(task)).collect();
        if let Some(new) = actors.iter().find(|task| !self.begun.contains(&task.id())) {
            self.begun.insert(new.id());
            return Some(new.id());
        }
        match actors.as_slice() {
            // The main thread goes to sleep, or the last actor has just finished.
            [] => Some(main),
            [only] => Some(only.id()),
            several => {
                self.asked = Some(true);
                self.inner.next_task(several, current.filter(|&id| id != main), is_yielding)
            }
        }
    }

    fn next_u64(&mut self) -> u64 {
        self.inner.next_u64()
    }
}
