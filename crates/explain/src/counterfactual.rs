//! The execution that holds and is nearest to a bad one.

use cowrace_explore::{Directive, counterfactual};
use cowrace_mm::Era;
use cowrace_report::explanation::{Counterfactual, Extent, Given, Nearest, RowName};
use cowrace_report::{Event, Trace, Value};
use cowrace_scenario::{Cell, CellKind, Scenario, Variant, parse};
use tracing::info_span;

use cowrace_check::{Bounds, Specification, Task, directives};

use crate::diagram::{Drawing, picture};
use crate::limits::is_small;
use crate::narrate::function;

/// An execution that holds, and its scenario: the diagram of the bad one.
#[derive(Clone, Debug)]
pub struct Sound {
    /// The scenario.
    pub scenario: Scenario,
    /// The execution.
    pub trace: Trace,
}

/// Moves one row of the diagram past as few other rows as possible, so that the execution holds.
pub fn nearest(task: Task<'_>, bad: &Trace, bounds: &Bounds) -> (Nearest, Option<Sound>) {
    if !is_small(task) {
        return (Nearest::TooLarge, None);
    }
    let _span = info_span!("counterfactual").entered();
    match moved(task, bad, bounds) {
        Some((moved, sound)) => (Nearest::Moved(Box::new(moved)), Some(sound)),
        None if bounds.are_over() => (Nearest::TooLarge, None),
        None => (Nearest::None, None),
    }
}

fn moved(task: Task<'_>, bad: &Trace, bounds: &Bounds) -> Option<(Counterfactual, Sound)> {
    // The diagram is a scenario of its own; its rows are those that the reader sees.
    let drawing = picture(task, bad, Drawing::default()).to_string();
    let scenario = parse(&drawing).ok()?;
    let variant = scenario.variants().first()?;
    let specification = Specification::of_part(bounds);
    let task = Task { scenario: &scenario, variant, specification: Some(&specification), ..task };
    let moves: Vec<Directive> = directives::of(variant);
    let sound = counterfactual(&task.program(), &moves, &bad.schedule, &|| bounds.are_over())?;
    let (row, past) = (directives::cell(variant, sound.row)?, directives::cell(variant, sound.past)?);
    let before =
        |name: &String| bad.variables.iter().find(|(other, _)| other == name).map(|(_, value)| value);
    let differs = sound
        .trace
        .variables
        .iter()
        .filter(|(name, value)| before(name) != Some(value) && !matches!(value, Value::Handle(_)));
    let known = reasons(task.era, bad);
    let mut new = reasons(task.era, &sound.trace);
    new.retain(|reason| !known.contains(reason));
    new.dedup();
    let moved = Counterfactual {
        moved: (row.row + 1, named(variant, row)),
        past: (past.row + 1, named(variant, past)),
        earlier: sound.is_earlier(),
        reasons: new,
        outcome: differs.cloned().collect(),
    };
    let trace = sound.trace;
    Some((moved, Sound { scenario, trace }))
}

/// All reasons that an execution gives.
fn reasons(era: &Era, trace: &Trace) -> Vec<Given> {
    let given = |event: &Event| {
        let function = function(era, &event.function);
        let reasons = event.why.clone().into_iter();
        reasons.map(move |reason| Given { reason, function: function.clone() })
    };
    trace.events.iter().flat_map(given).collect()
}

/// The name of a row: its actor and its call.
fn named(variant: &Variant, cell: &Cell) -> RowName {
    let actor = variant.world().actors[cell.column].name.clone();
    let of_call = |call: u16, extent| RowName {
        actor: actor.clone(),
        call: variant.call_text(call).to_owned(),
        extent,
    };
    match &cell.kind {
        CellKind::Close(call) => of_call(*call, Extent::Rest),
        CellKind::Anchor { call, .. } => of_call(*call, Extent::UpTo(cell.text.clone())),
        _ => RowName { actor, call: cell.text.clone(), extent: Extent::Whole },
    }
}
