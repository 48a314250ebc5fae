//! What happened, as a diagram that is a scenario of its own.

use cowrace_mm::World;
use cowrace_render::Diagram;
use cowrace_scenario::{Scenario, Variant, parse};
use cowrace_trace::{Step, Trace};

use crate::rows::rows;

/// How the comments below a diagram begin; those of an earlier picture are not repeated.
const FINDING: &str = "# VIOLATED ";
const SCHEDULE: &str = "# schedule: ";
const SIGNAL: &str = "# SIGSEGV: ";
pub(crate) const CHECK: &str = "# check: ";
pub(crate) const REPLAY: &str = "# replay: ";

/// Draws a trace of a scenario. Read back and replayed as written, the diagram gives the same execution.
///
/// What the environment did has columns like everybody else. Below the diagram stand the statements of
/// the scenario, and as comments what was found and the schedule for the file that was checked.
#[must_use]
pub fn picture(scenario: &Scenario, variant: &Variant, trace: &Trace) -> Diagram {
    let world = variant.world();
    let drawn = scenario.columns();
    let columns = world.actors.iter().enumerate().map(|(actor, spec)| match drawn.get(actor) {
        Some(column) => column.head(),
        None => spec.name.clone(),
    });
    let statements: Vec<String> = scenario
        .footer_text()
        .lines()
        .filter(|line| {
            ![FINDING, SCHEDULE, SIGNAL, CHECK, REPLAY].iter().any(|begin| line.starts_with(begin))
        })
        .map(str::to_owned)
        .collect();
    let mut diagram = Diagram {
        header: scenario.header_text_without_env_actors().lines().map(str::to_owned).collect(),
        columns: columns.collect(),
        rows: rows(world, trace, |id| variant.call_text(id).to_owned()),
        footer: statements,
    };
    if !keeps_windows(&diagram, variant) {
        silence_windows(&mut diagram.footer);
    }
    diagram.footer.extend(conclusion(variant, trace));
    diagram
}

/// What was found, as comments.
fn conclusion(variant: &Variant, trace: &Trace) -> Vec<String> {
    let mut lines = vec![String::new()];
    for event in &trace.events {
        // A store that is refused looks like any other in its cell.
        if let Some(call) = event.call
            && event.steps.contains(&Step::Anchor("SIGSEGV".to_owned()))
        {
            let actor = &trace.actors[usize::from(event.actor)];
            lines.push(format!("{SIGNAL}{actor}: {}", variant.call_text(call)));
        }
    }
    if let Some(finding) = &trace.finding {
        let cow = finding.class.cow().map(|c| format!(" ({c})")).unwrap_or_default();
        let detail = finding.detail.replace(char::is_control, " ");
        lines.push(format!("{FINDING}{}{cow}: {detail}", finding.class));
    }
    lines.push(format!("{SCHEDULE}{}", trace.schedule));
    lines
}

/// Whether the windows mean the same calls in the diagram. A window may count calls in the order of the
/// rows or name a step by its row, and the rows are others now.
fn keeps_windows(diagram: &Diagram, variant: &Variant) -> bool {
    let world = variant.world();
    if world.windows.is_empty() {
        return true;
    }
    let Ok(redrawn) = parse(&diagram.to_string()) else { return false };
    let Some(redrawn) = redrawn.variant(variant.name()) else { return false };
    points(world) == points(redrawn.world())
}

/// The points of all windows, each as an actor, the number of the call among its own, and the step.
fn points(world: &World) -> Vec<Option<(usize, usize, Option<&str>)>> {
    let place = |id: u16| {
        world.actors.iter().enumerate().find_map(|(actor, spec)| {
            let mut calls = spec.steps.iter().filter_map(|step| match step {
                cowrace_mm::world::Step::Call(call) => Some(call.id),
                cowrace_mm::world::Step::Barrier(_) => None,
            });
            calls.position(|call| call == id).map(|nth| (actor, nth))
        })
    };
    let points = world.windows.iter().flat_map(|w| &w.points);
    points.map(|p| place(p.call).map(|(actor, nth)| (actor, nth, p.step.as_deref()))).collect()
}

/// Makes comments of windows, continuation lines included: a replay does not need them.
fn silence_windows(footer: &mut [String]) {
    let mut within = false;
    for line in footer {
        let continues = line.starts_with(char::is_whitespace) && !line.trim().is_empty();
        within = line.split_whitespace().next() == Some("window") && !continues || within && continues;
        if within {
            line.insert_str(0, "# ");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_become_comments_with_their_continuations() {
        let lines = ["always r == 1", "window a <", "  b", "expect v5.9 holds;", "  else holds"];
        let mut footer: Vec<String> = lines.iter().map(|l| (*l).to_owned()).collect();
        silence_windows(&mut footer);
        assert_eq!(footer, ["always r == 1", "# window a <", "#   b", "expect v5.9 holds;", "  else holds"]);
    }
}
