//! The nearest sound execution beside a bad one.

use cowrace_explore::{Directive, counterfactual as nearest};
use cowrace_render::{reason, value};
use cowrace_report::{Reason, Trace, Value};
use cowrace_scenario::{Cell, CellKind, Variant, parse};
use tracing::info_span;

use crate::diagram::{Drawing, picture};
use cowrace_check::{Bounds, Specification, Task, directives};

use crate::limits::is_small;

/// A sound execution that is as near as can be.
#[derive(Clone, Debug)]
pub struct Twin {
    /// What is moved where, as rows are called.
    pub text: String,
    /// The same with the numbers of the rows.
    numbered: String,
    /// The reasons that are given in it and not in the bad one, each with the function that gives it.
    pub reasons: Vec<(Reason, String)>,
    /// What variables are then that were something else.
    pub outcome: Vec<String>,
}

impl Twin {
    /// For the end of a story.
    pub fn paragraph(&self, place: &dyn Fn(&str) -> String) -> String {
        let reasons = self.reasons.iter().map(|(why, function)| match place(function) {
            place if place.is_empty() => reason(why),
            place => format!("{} ({place})", reason(why)),
        });
        let reasons: Vec<String> = reasons.chain(self.outcome.iter().cloned()).collect();
        let then = if reasons.is_empty() { String::new() } else { format!(" Then: {}.", reasons.join("; ")) };
        format!("The nearest execution that holds: {}.{then}", self.numbered)
    }
}

/// What is nearest to a bad execution and sound.
#[derive(Clone, Debug)]
pub enum Nearest {
    /// One row is moved.
    Moved(Twin),
    /// No row that is moved makes it hold.
    None,
    /// There is too much to try.
    TooLarge,
}

/// Moves one row of what was drawn past as few others as can be, so that it holds.
pub fn twin(task: Task<'_>, bad: &Trace, bounds: &Bounds) -> Nearest {
    if !is_small(task) {
        return Nearest::TooLarge;
    }
    let _span = info_span!("counterfactual").entered();
    match moved(task, bad, bounds) {
        Some(twin) => Nearest::Moved(twin),
        None if bounds.are_over() => Nearest::TooLarge,
        None => Nearest::None,
    }
}

fn moved(task: Task<'_>, bad: &Trace, bounds: &Bounds) -> Option<Twin> {
    // The drawing is a scenario of its own, whose rows are those that people see.
    let drawing = picture(task.scenario, task.variant, bad, Drawing::default()).to_string();
    let scenario = parse(&drawing).ok()?;
    let variant = scenario.variants().first()?;
    let specification = Specification::of_part(bounds);
    let task = Task { scenario: &scenario, variant, specification: Some(&specification), ..task };
    let moves: Vec<Directive> = directives::of(variant);
    let twin = nearest(&task.program(), &moves, &bad.schedule, &|| bounds.are_over())?;
    let (row, past) = (directives::cell(variant, twin.row)?, directives::cell(variant, twin.past)?);
    let way = if twin.is_earlier() { "before" } else { "after" };
    let (name, other) = (named(variant, row), named(variant, past));
    let text = format!("{name} {way} {other}");
    let numbered = format!("row {}, {name}, {way} row {}, {other}", row.row + 1, past.row + 1);
    let outcome =
        |name: &String| bad.variables.iter().find(|(other, _)| other == name).map(|(_, value)| value);
    let differs = twin
        .trace
        .variables
        .iter()
        .filter(|(name, value)| outcome(name) != Some(value) && !matches!(value, Value::Handle(_)));
    let outcome: Vec<String> = differs.map(|(name, is)| format!("{name} is {}", value(is))).collect();
    let reasons = |trace: &Trace| -> Vec<(Reason, String)> {
        let events = trace.events.iter();
        events.flat_map(|e| e.why.iter().map(|why| (why.clone(), e.function.clone()))).collect()
    };
    let known = reasons(bad);
    let mut new = reasons(&twin.trace);
    new.retain(|reason| !known.contains(reason));
    new.dedup();
    Some(Twin { text, numbered, reasons: new, outcome })
}

/// A row in words: whose, and what.
fn named(variant: &Variant, cell: &Cell) -> String {
    let actor = &variant.world().actors[cell.column].name;
    match &cell.kind {
        CellKind::Close(call) => format!("the end of {actor}'s `{}`", variant.call_text(*call)),
        CellKind::Anchor { call, .. } => {
            format!("{actor}'s `{}` up to `{}`", variant.call_text(*call), cell.text)
        }
        _ => format!("{actor}'s `{}`", cell.text),
    }
}
