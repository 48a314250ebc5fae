//! Whether the points that windows name exist in an era at all.

use cowrace_explore::{Execution, Observer, Progress, replay};
use cowrace_machine::{Point, Program};
use cowrace_trace::{Step, Trace};
use std::ops::ControlFlow;

/// Watches a search for the points of a program's windows. A window with a point that occurs in no
/// execution is about steps that the kernel of this era does not take.
pub(crate) struct Occurred<'p> {
    program: &'p Program,
    /// For each window, the points that have not been seen.
    missing: Vec<Vec<Point>>,
    inner: &'p mut dyn Observer,
}

impl<'p> Occurred<'p> {
    pub(crate) fn new(program: &'p Program, inner: &'p mut dyn Observer) -> Self {
        let missing = program.windows.iter().map(|w| w.points.clone()).collect();
        Self { program, missing, inner }
    }

    /// For each window, whether all of its points have occurred.
    pub(crate) fn applicable(&self) -> Vec<bool> {
        self.missing.iter().map(Vec::is_empty).collect()
    }
}

impl Observer for Occurred<'_> {
    fn execution(&mut self, execution: &Execution<'_>) {
        self.inner.execution(execution);
        // Nearly always the first execution has every point, so few executions are written down.
        if self.missing.iter().any(|points| !points.is_empty())
            && let Ok(trace) = replay(self.program, &execution.schedule())
        {
            self.missing.iter_mut().for_each(|points| points.retain(|point| !occurs(point, &trace)));
        }
    }

    fn progress(&mut self, progress: &Progress) -> ControlFlow<()> {
        self.inner.progress(progress)
    }
}

fn occurs(point: &Point, trace: &Trace) -> bool {
    trace.events.iter().filter(|event| event.call == Some(point.call)).any(|event| {
        let Some(step) = point.step.as_deref() else { return true };
        let marked = |s: &Step| matches!(s, Step::Anchor(name) if name == step);
        event.primitive == step || event.function == step || event.steps.iter().any(marked)
    })
}
