//! An execution row by row, with what is wrong with it and the nearest execution that holds.

use cowrace_check::{Bounds, Task};
use cowrace_explore::replay;
use cowrace_render::Walkthrough;
use cowrace_report::{Finding, Trace};

use crate::counterfactual::nearest;
use crate::diagnosis::Evidence;
use crate::diagram::{Drawing, picture, shown};
use crate::narrate::{self, Narrator};
use crate::rows::{Detail, rows};
use crate::state_view::StateView;

/// Explains an execution.
pub fn walkthrough(task: Task<'_>, trace: &Trace, drawing: Drawing, bounds: &Bounds) -> Walkthrough {
    let world = task.variant.world();
    let drawing = Drawing { detail: Detail::Operations, ..drawing };
    let diagram = picture(task, trace, drawing);
    let mut drawn = rows(world, trace, drawing.detail, &shown(task.variant, trace), task.variant);
    if drawn.len() != diagram.rows.len() {
        // Columns in which nothing happens are drawn if the drawing needs them.
        drawn = rows(world, trace, drawing.detail, &vec![true; world.actors.len()], task.variant);
    }
    let program = task.program_unjudged();
    let view = StateView::new(program.narrate.words(&program.memory));
    let opening = narrate::opening(&view);
    let mut narrator = Narrator { era: task.era, trace, view, next: 0 };
    let evidence = Evidence { era: task.era, trace, drawn: &drawn };
    let finding = trace.finding.as_ref();
    Walkthrough {
        opening,
        diagram,
        rows: drawn.iter().map(|drawn| narrator.row(drawn)).collect(),
        accesses: String::new(),
        diagnosis: finding.map(|found| evidence.diagnosis(found, promised(task, trace))),
        nearest: finding.map(|_| nearest(task, trace, bounds)),
    }
}

/// What an execution shows that violates the specification, whatever the assertions are.
fn promised(task: Task<'_>, trace: &Trace) -> Option<Finding> {
    let bare = task.scenario.without_assertions()?;
    let bare = task.of(&bare);
    let judge = task.specification?.judge(bare.variant.world())?;
    let (program, _) =
        cowrace_mm::program_and_rule_reads(bare.variant.world(), bare.era, bare.arch, Some(judge));
    replay(&program, &trace.schedule).ok()?.finding
}
