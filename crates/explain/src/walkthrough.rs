//! An execution row by row, with what is wrong with it and the nearest execution that holds.

use cowrace_check::{Bounds, Task};
use cowrace_explore::replay;
use cowrace_render::{Execution, Walkthrough};
use cowrace_report::{Finding, Trace};

use crate::counterfactual::{Sound, nearest};
use crate::diagnosis::Evidence;
use crate::diagram::Drawing;
use crate::execution::{execution, start};

/// Explains an execution.
pub fn walkthrough(task: Task<'_>, trace: &Trace, drawing: Drawing, bounds: &Bounds) -> Walkthrough {
    let (told, drawn) = execution(task, trace, drawing);
    let start = start(task);
    let world = task.variant.world();
    let evidence = Evidence { era: task.era, world, start: &start, trace, drawn: &drawn };
    let finding = trace.finding.as_ref();
    let (nearest, sound) = finding.map(|_| nearest(task, trace, bounds)).unzip();
    Walkthrough {
        execution: told,
        accesses: String::new(),
        diagnosis: finding.map(|found| evidence.diagnosis(found, promised(task, trace))),
        nearest,
        holding: sound.flatten().and_then(|sound| holding(task, &sound, drawing)),
    }
}

/// The nearest execution that holds, as it is told.
fn holding(task: Task<'_>, Sound { scenario, trace }: &Sound, drawing: Drawing) -> Option<Execution> {
    let variant = scenario.variants().first()?;
    Some(execution(Task { scenario, variant, ..task }, trace, drawing).0)
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
