//! The story of a violation: the execution that shows it best, with nothing in it that it does not need.

use std::sync::{Arc, Mutex, PoisonError};

use cowrace_check::{Bounds, Specification, Task};
use cowrace_explore::{ReplayError, minimize, replay};
use cowrace_machine::Program;
use cowrace_render::{Diagram, Part, Row, Tale, Told};
use cowrace_report::{Class, Schedule, Trace};
use cowrace_scenario::Scenario;
use cowrace_spec::Blame;
use tracing::info_span;

use crate::counterfactual::{Nearest, twin};
use crate::diagnosis::Moral;
use crate::diagram::{Drawing, HOLDS_WITH, NOT_NEEDED, comment, picture, shown, silence};
use crate::limits::EXECUTIONS;
use crate::minimize;
use crate::narrate::{self, Teller};
use crate::rows::{Detail, Drawn, rows};
use crate::state_view::StateView;

/// A violation that was found, made ready for people.
#[derive(Debug)]
pub struct Story {
    /// The scenario without what the violation does not need.
    scenario: Scenario,
    specification: Specification,
    /// The cells that were left out, in the order of the file.
    pub not_needed: Vec<String>,
    /// The execution, of what is left of the scenario.
    pub trace: Trace,
    /// An execution of the whole scenario that shows the same.
    pub schedule: Schedule,
    bounds: Bounds,
}

impl Story {
    /// Tells a violation that a search has found: of all executions with this damage the one that goes from one actor to
    /// another least often, and of the scenario only what it needs.
    ///
    /// # Errors
    ///
    /// If the schedule does not replay.
    pub fn of(task: Task<'_>, class: Class, schedule: &Schedule) -> Result<Self, ReplayError> {
        Self::within(task, class, schedule, &Bounds::default())
    }

    /// As [`of`](Self::of), within bounds: what they leave no time for is told as it was found.
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
                not_needed: Vec::new(),
                trace: again(task, &whole)?,
                schedule: whole,
                bounds: bounds.clone(),
            });
        };
        // What such a part was promised was worked out before, in less than the bounds.
        let (specification, bare) = (Specification::default(), Specification::default());
        let schedule =
            best(Task { specification: Some(&bare), ..task.of(&part.bare) }, class, &part.schedule, bounds);
        let trace =
            again(Task { specification: Some(&specification), ..task.of(&part.scenario) }, &schedule)?;
        let bounds = bounds.clone();
        let minimize::Part { scenario, not_needed, .. } = part;
        Ok(Self { scenario, specification, not_needed, trace, schedule: whole, bounds })
    }

    /// The execution as a diagram that is a scenario of its own. Below it stand, as comments, what the violation does
    /// not need and the nearest execution that holds.
    #[must_use]
    pub fn picture(&self, whole: Task<'_>, drawing: Drawing) -> Diagram {
        // The schedule is for the file that was checked.
        let trace = Trace { schedule: self.schedule.clone(), ..self.trace.clone() };
        let part = self.task(whole);
        let mut diagram = picture(part.scenario, part.variant, &trace, drawing);
        if !self.not_needed.is_empty() {
            // What the file expects, it expects of the whole.
            silence(&mut diagram.footer, "expect");
        }
        diagram.footer.extend(self.not_needed.iter().flat_map(|cell| comment(NOT_NEEDED, cell)));
        if let Nearest::Moved(twin) = twin(part, &self.trace, &self.bounds) {
            diagram.footer.extend(comment(HOLDS_WITH, &twin.text));
        }
        diagram
    }

    /// What is left of the scenario, for the question that was asked of the whole.
    #[must_use]
    pub fn task<'s>(&'s self, whole: Task<'s>) -> Task<'s> {
        Task { specification: Some(&self.specification), ..whole }.of(&self.scenario)
    }
}

/// The execution that is easiest to read, of those with the same damage.
fn best(task: Task<'_>, class: Class, known: &Schedule, bounds: &Bounds) -> Schedule {
    let program = Program { forgetful: false, ..task.program() };
    let within = bounds.limits_up_to(EXECUTIONS);
    let _span = info_span!("minimize").entered();
    minimize(&program, class, known, &within, &|| bounds.is_interrupted()).schedule
}

/// An execution, told row by row.
pub fn tale(task: Task<'_>, trace: &Trace, drawing: Drawing, bounds: &Bounds) -> Tale {
    let world = task.variant.world();
    let drawing = Drawing { detail: Detail::Operations, ..drawing };
    let diagram = picture(task.scenario, task.variant, trace, drawing);
    let mut drawn = rows(world, trace, drawing.detail, &shown(task.variant, trace), task.variant);
    if drawn.len() != diagram.rows.len() {
        // Columns in which nothing happens are drawn, since something names them.
        drawn = rows(world, trace, drawing.detail, &vec![true; world.actors.len()], task.variant);
    }
    let place = |function: &str| narrate::place(task.era, function);
    let program = task.program_unjudged();
    let view = StateView::new(program.narrate.words(&program.memory));
    // Whoever reads the whole back reads a scenario: what is none of it is a comment.
    let opening = narrate::opening(&view).into_iter().map(|line| format!("#   {line}")).collect();
    let mut teller = Teller { era: task.era, trace, view, next: 0 };
    let mut tale = Tale {
        opening,
        diagram,
        accesses: String::new(),
        rows: drawn
            .iter()
            .map(|row| {
                let told = teller.row(heading(task, trace, row), &row.events);
                if is_whole(task, trace, row) { or_nothing(told) } else { told }
            })
            .collect(),
        closing: Vec::new(),
    };
    let moral = Moral { trace, drawn: &drawn, place: &place };
    match &trace.finding {
        Some(finding) => {
            tale.closing.push(moral.text(finding, blame(task, trace).as_ref()));
            tale.closing.push(match twin(task, trace, bounds) {
                Nearest::Moved(twin) => twin.paragraph(&place),
                Nearest::None => "No row that is moved by itself makes it hold.".to_owned(),
                Nearest::TooLarge => {
                    "The nearest execution that holds was not looked for: too much may happen.".to_owned()
                }
            });
        }
        None => tale.closing.push("Nothing is wrong with this execution.".to_owned()),
    }
    tale
}

/// Who does what in a row: of a step, within which call.
fn heading(task: Task<'_>, trace: &Trace, drawn: &Drawn) -> String {
    let (Row::Cells(cells), Some(&first)) = (&drawn.row, drawn.events.first()) else { return String::new() };
    let actor = &trace.actors[usize::from(trace.events[first].actor)];
    let call = trace.events[first].call.map(|id| task.variant.call_text(id)).unwrap_or_default();
    let text = cells.first().map(|(_, text)| text.trim()).unwrap_or_default();
    match text {
        "}" => format!("{actor}: the rest of {call}"),
        _ if text == call => format!("{actor}: {call}"),
        step => format!("{actor}: {call}, up to {step}"),
    }
}

/// Whether a row is a whole call.
fn is_whole(task: Task<'_>, trace: &Trace, drawn: &Drawn) -> bool {
    let (Row::Cells(cells), Some(&first)) = (&drawn.row, drawn.events.first()) else { return false };
    let call = trace.events[first].call.map(|id| task.variant.call_text(id));
    cells.first().map(|(_, text)| text.as_str()) == call
}

/// A call that changes nothing may be the reason why the race goes wrong.
fn or_nothing(mut told: Told) -> Told {
    if told.parts.is_empty() {
        told.parts.push(Part { place: String::new(), lines: vec!["changes nothing".to_owned()] });
    }
    told
}

/// Who is behind the damage of an execution, as far as promises tell.
fn blame(task: Task<'_>, trace: &Trace) -> Option<Blame> {
    let bare = task.scenario.without_assertions()?;
    // Assertions make no difference to what was promised.
    let bare = task.of(&bare);
    let specification = task.specification?;
    let last: Arc<Mutex<Option<Blame>>> = Arc::default();
    let judge = specification.blaming(bare.variant.world(), &last)?;
    let (program, _) =
        cowrace_mm::program_and_rule_reads(bare.variant.world(), bare.era, bare.arch, Some(judge));
    replay(&program, &trace.schedule).ok()?;
    last.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// A trace with functions as the era's kernel spells them.
pub fn spelled(task: Task<'_>, trace: &Trace) -> Trace {
    let mut trace = trace.clone();
    for event in &mut trace.events {
        if let Some(spelling) = task.era.spelling(&event.function) {
            spelling.name.clone_into(&mut event.function);
        }
    }
    trace
}

/// Replays what the engine itself has recorded.
pub fn again(task: Task<'_>, schedule: &Schedule) -> Result<Trace, ReplayError> {
    replay(&task.program(), schedule)
}
