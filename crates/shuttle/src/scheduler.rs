//! A scheduler around shuttle's, which makes the decisions that mean nothing to the model.

use std::collections::BTreeSet;
use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use cowrace_thread_engine::{Execution, Study};
use shuttle::scheduler::{Schedule, Scheduler, Task, TaskId};

use crate::atomic::Host;

/// What threads and scheduler tell each other.
#[derive(Debug, Default)]
pub(crate) struct Control {
    held: AtomicBool,
    /// The main thread has started all others and waits for them.
    started: AtomicBool,
    /// All actors have come to their end.
    finished: AtomicBool,
    /// Whether shuttle's scheduler has said that there is nothing left.
    ran_out: AtomicBool,
    /// Whether shuttle has picked a number for the model, in any execution.
    picked: AtomicBool,
    execution: Mutex<Weak<Execution<Host>>>,
}

impl Control {
    pub(crate) fn hold(&self, held: bool) {
        self.held.store(held, SeqCst);
    }

    /// An execution begins.
    pub(crate) fn begin(&self, execution: &Arc<Execution<Host>>) {
        *self.execution.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(execution);
    }

    /// How many requests each actor was answered in the present execution.
    pub(crate) fn answered(&self) -> Vec<usize> {
        let execution = self.execution.lock().unwrap_or_else(PoisonError::into_inner);
        execution.upgrade().map(|execution| execution.answered()).unwrap_or_default()
    }

    /// Whether an actor sleeps.
    pub(crate) fn sleeps(&self, actor: usize) -> bool {
        let execution = self.execution.lock().unwrap_or_else(PoisonError::into_inner);
        execution.upgrade().is_some_and(|execution| execution.sleeps(actor))
    }

    pub(crate) fn started(&self) {
        self.started.store(true, SeqCst);
    }

    pub(crate) fn finished(&self) {
        self.finished.store(true, SeqCst);
    }

    pub(crate) fn picks(&self) {
        self.picked.store(true, SeqCst);
    }

    fn picked(&self) -> bool {
        self.picked.load(SeqCst)
    }

    pub(crate) fn ran_out(&self) -> bool {
        self.ran_out.load(SeqCst)
    }

    fn reset(&self) {
        self.held.store(false, SeqCst);
        self.started.store(false, SeqCst);
        self.finished.store(false, SeqCst);
    }
}

/// Makes the decisions that mean nothing, and leaves the others to `inner`.
pub(crate) struct Sensible<S> {
    /// Never dropped: shuttle's random scheduler then speaks of a failing seed unless it has made as many
    /// schedules as it was told to, and ours are counted elsewhere.
    inner: ManuallyDrop<S>,
    study: Arc<Study>,
    control: Arc<Control>,
    /// Threads that have run up to their first access.
    begun: BTreeSet<TaskId>,
    /// Whether `inner` has had anything to decide, in some execution.
    asked: Option<bool>,
}

impl<S: Scheduler> Sensible<S> {
    pub(crate) fn new(inner: S, study: Arc<Study>, control: Arc<Control>) -> Self {
        Self { inner: ManuallyDrop::new(inner), study, control, begun: BTreeSet::new(), asked: None }
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
            if !self.control.picked() {
                // Nothing to decide and nothing to pick: what was run is all there is.
                self.control.ran_out.store(true, SeqCst);
                return None;
            }
            // What is picked differs from one execution to the next. PCT objects to an execution in which it had
            // nothing to decide, so it does not hear of this one.
            return Some(Schedule::new(0));
        }
        self.asked.get_or_insert(false);
        let schedule = self.inner.new_execution();
        self.control.ran_out.store(schedule.is_none(), SeqCst);
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
        if self.control.held.load(SeqCst)
            && let Some(current) = current.filter(|&id| runs(id))
        {
            return Some(current);
        }
        if runs(main) && (!self.control.started.load(SeqCst) || self.control.finished.load(SeqCst)) {
            return Some(main);
        }
        // shuttle lets a thread that is parked wake by itself. Here it would only go back to sleep.
        let sleeps =
            |task: &&Task| usize::from(task.id()).checked_sub(1).is_none_or(|a| self.control.sleeps(a));
        let actors: Vec<&Task> = runnable.iter().copied().filter(|task| !sleeps(task)).collect();
        if let Some(new) = actors.iter().find(|task| !self.begun.contains(&task.id())) {
            self.begun.insert(new.id());
            return Some(new.id());
        }
        match actors.as_slice() {
            // The main thread goes to sleep, or the last actor has just ended.
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
