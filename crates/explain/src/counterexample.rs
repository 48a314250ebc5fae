//! The counterexample that is shown for a violation: the execution that shows it best, reduced to what it needs.

use cowrace_check::{Bounds, Specification, Task};
use cowrace_explore::{ReplayError, minimize, replay};
use cowrace_render::{Comment, Diagram};
use cowrace_report::explanation::Nearest;
use cowrace_report::{Class, Schedule, Trace};
use cowrace_scenario::Scenario;
use tracing::info_span;

use crate::counterfactual::nearest;
use crate::diagram::{Drawing, picture, silence, silence_assertions};
use crate::limits::EXECUTIONS;
use crate::minimize;

/// A counterexample, minimised.
#[derive(Debug)]
pub struct Counterexample {
    /// The scenario without what the violation does not need.
    scenario: Scenario,
    specification: Specification,
    /// Whether the reduced scenario has lost its assertions, which fail without what was left out.
    has_no_assertions: bool,
    /// The cells that were left out, in the order of the file.
    pub not_needed: Vec<String>,
    /// The execution of the reduced scenario.
    pub trace: Trace,
    /// An execution of the whole scenario that shows the same damage.
    pub schedule: Schedule,
    bounds: Bounds,
}

impl Counterexample {
    /// Minimises a violation that a search has found: of all executions with this damage, it takes the one that
    /// switches between actors least often, and of the scenario only the parts that it needs.
    ///
    /// # Errors
    ///
    /// If the schedule does not replay.
    pub fn of(task: Task<'_>, class: Class, schedule: &Schedule) -> Result<Self, ReplayError> {
        Self::within(task, class, schedule, &Bounds::default())
    }

    /// As [`of`](Self::of), within bounds: if these leave no time to minimise, the violation is taken as it was
    /// found.
    pub fn within(
        task: Task<'_>,
        class: Class,
        schedule: &Schedule,
        bounds: &Bounds,
    ) -> Result<Self, ReplayError> {
        let whole = best(task, class, schedule, bounds);
        let Some(part) = minimize::part(task, class, bounds) else {
            return Ok(Self {
                scenario: task.scenario.clone(),
                specification: task.specification.cloned().unwrap_or_default(),
                has_no_assertions: false,
                not_needed: Vec::new(),
                trace: again(task, &whole)?,
                schedule: whole,
                bounds: bounds.clone(),
            });
        };
        // The specification of such a part was explored before, within the bounds.
        let (specification, of_bare) = (Specification::default(), Specification::default());
        let schedule = best(
            Task { specification: Some(&of_bare), ..task.of(&part.bare) },
            class,
            &part.schedule,
            bounds,
        );
        let minimize::Part { mut scenario, bare, not_needed, .. } = part;
        let mut trace = again(Task { specification: Some(&specification), ..task.of(&scenario) }, &schedule)?;
        // An assertion may fail only because a call is missing on which it relies.
        let has_no_assertions = trace.finding.as_ref().is_none_or(|finding| finding.class != class);
        if has_no_assertions {
            scenario = bare;
            trace = again(Task { specification: Some(&specification), ..task.of(&scenario) }, &schedule)?;
        }
        let bounds = bounds.clone();
        Ok(Self { scenario, specification, has_no_assertions, not_needed, trace, schedule: whole, bounds })
    }

    /// The execution as a diagram that is a scenario of its own. Below it, comments name the parts that the
    /// violation does not need and the nearest execution that holds.
    #[must_use]
    pub fn picture(&self, whole: Task<'_>, drawing: Drawing) -> Diagram {
        // The schedule is for the file that was checked.
        let trace = Trace { schedule: self.schedule.clone(), ..self.trace.clone() };
        let part = self.task(whole);
        let mut diagram = picture(part, &trace, drawing);
        if !self.not_needed.is_empty() {
            // The expectations of the file are about the whole scenario.
            silence(&mut diagram.footer, |keyword| keyword == "expect");
        }
        if self.has_no_assertions {
            silence_assertions(&mut diagram.footer, whole.variant);
        }
        diagram.comments.extend(self.not_needed.iter().flat_map(|cell| Comment::NotNeeded(cell).lines()));
        if let (Nearest::Moved(moved), _) = nearest(part, &self.trace, &self.bounds) {
            diagram.comments.extend(Comment::HoldsWith(&moved).lines());
        }
        diagram
    }

    /// The task of the reduced scenario, with the era and the architecture of the whole task.
    #[must_use]
    pub fn task<'s>(&'s self, whole: Task<'s>) -> Task<'s> {
        Task { specification: Some(&self.specification), ..whole }.of(&self.scenario)
    }
}

/// The execution that is easiest to read among those with the same damage.
fn best(task: Task<'_>, class: Class, known: &Schedule, bounds: &Bounds) -> Schedule {
    let program = task.program();
    let within = bounds.limits_up_to(EXECUTIONS);
    let _span = info_span!("minimize").entered();
    minimize(&program, class, known, &within, &|| bounds.is_interrupted()).schedule
}

/// A trace with functions by their names in the era's kernel.
pub fn spelled(task: Task<'_>, trace: &Trace) -> Trace {
    let mut trace = trace.clone();
    for event in &mut trace.events {
        if let Some(spelling) = task.era.spelling(&event.function) {
            spelling.name.clone_into(&mut event.function);
        }
    }
    trace
}

/// Replays a schedule that the engine itself has recorded.
pub fn again(task: Task<'_>, schedule: &Schedule) -> Result<Trace, ReplayError> {
    replay(&task.program(), schedule)
}
