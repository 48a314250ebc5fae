//! An execution as it is told: its diagram, what each row changes and why, and the content of memory between the rows.

use cowrace_check::Task;
use cowrace_render::Execution;
use cowrace_report::Trace;
use cowrace_report::explanation::Memory;

use crate::diagram::{Drawing, picture, shown};
use crate::narrate::{self, Narrator};
use crate::rows::{Detail, Drawn, rows};
use crate::state_view::StateView;

/// Tells an execution. Returns the rows of its diagram as well, with the events of each.
pub(crate) fn execution(task: Task<'_>, trace: &Trace, drawing: Drawing) -> (Execution, Vec<Drawn>) {
    let world = task.variant.world();
    let drawing = Drawing { detail: Detail::Operations, ..drawing };
    let diagram = picture(task, trace, drawing);
    let mut drawn = rows(world, trace, drawing.detail, &shown(task.variant, trace), task.variant);
    if drawn.len() != diagram.rows.len() {
        // Columns in which nothing happens are drawn if the drawing needs them.
        drawn = rows(world, trace, drawing.detail, &vec![true; world.actors.len()], task.variant);
    }
    let view = start(task);
    let opening = narrate::opening(&view);
    let memory = memory(&view, trace, &drawn);
    let mut narrator = Narrator { era: task.era, trace, view, next: 0 };
    let rows = drawn.iter().map(|drawn| narrator.row(drawn)).collect();
    (Execution { opening, diagram, rows, memory }, drawn)
}

/// The content of memory at the start.
pub(crate) fn start(task: Task<'_>) -> StateView {
    let program = task.program_unjudged();
    StateView::new(program.narrate.words(&program.memory))
}

/// The content of memory before the first row, and after each row.
fn memory(at_start: &StateView, trace: &Trace, drawn: &[Drawn]) -> Vec<Memory> {
    let mut row_of = vec![None; trace.events.len()];
    for (row, drawn) in drawn.iter().enumerate() {
        drawn.events.iter().for_each(|&event| row_of[event] = Some(row));
    }
    // What no row shows, such as an eviction from a TLB, happens in the row before it.
    let mut last = None;
    for row in &mut row_of {
        last = row.or(last);
        *row = last;
    }
    let mut view = at_start.clone();
    let mut all = vec![view.memory()];
    for row in 0..drawn.len() {
        // In the order of the trace; before the first row there is nothing but what the first row has.
        for (event, of) in trace.events.iter().zip(&row_of) {
            if of.unwrap_or(0) == row {
                view.note(event);
            }
        }
        all.push(view.memory());
    }
    all
}
