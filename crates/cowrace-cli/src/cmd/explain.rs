//! `cowrace explain`: one execution, step by step.

use crate::Exit;
use cowrace_render::{conditions, explain, line};
use cowrace_report::Trace;

use crate::args::{DrawArgs, ExplainArgs};
use crate::interrupt::Extent;
use crate::progress::{Progress, Watch};
use crate::single_run::{self, One};
use crate::{Failure, Interrupt, Out, exit_code};
use cowrace_check::Bounds;
use cowrace_check::{Judged, Task};
use cowrace_explain::{Counterexample, spelled, walkthrough};

use super::replay::{print_impossible, way};

/// Carries out the command.
///
/// # Errors
///
/// If the scenario or the era cannot be had, or the output cannot be written.
pub(crate) fn run(args: &ExplainArgs, out: &mut Out<'_>, interrupt: &Interrupt) -> Result<Exit, Failure> {
    let one = One::select(&args.one)?;
    let bounds = Bounds::new(args.one.limits.limits(), interrupt);
    let task = one.task(&bounds)?;
    if !args.as_written && args.schedule.is_none() {
        return violation(task, args, out, (interrupt, &bounds));
    }
    let way = way(args.schedule.as_ref());
    match one.run(task, way) {
        Ok(judged) => {
            let Judged { trace, unknown } = &judged;
            out.line(&format!("# {}", single_run::headline(&task, trace, unknown.as_ref(), way.name())))?;
            out.text(&told(task, trace, args.draw, &bounds))?;
            out.line(&format!("\nschedule: {}", trace.schedule))?;
            Ok(single_run::exit(&task, &judged, way))
        }
        Err(impossible) => {
            out.line(&format!("INCONCLUSIVE  {}  era {}", task.scenario.name(), task.era.label()))?;
            print_impossible(&impossible);
            Ok(Exit::Bounded)
        }
    }
}

/// Explains an execution row by row, or access by access.
fn told(task: Task<'_>, trace: &Trace, draw: DrawArgs, bounds: &Bounds) -> String {
    let mut walkthrough = walkthrough(task, trace, draw.into(), bounds);
    if draw.verbose {
        let call = |id| Some(task.variant.call_text(id).to_owned()).filter(|text| !text.is_empty());
        walkthrough.accesses = explain(&spelled(task, trace), call);
    }
    format!("\n{walkthrough}")
}

/// Explains the violation that is easiest to read.
fn violation(
    task: Task<'_>,
    args: &ExplainArgs,
    out: &mut Out<'_>,
    (interrupt, bounds): (&Interrupt, &Bounds),
) -> Result<Exit, Failure> {
    let limits = args.one.limits.limits();
    let progress = Progress::new(1, interrupt.clone());
    let mut watch = Watch::new(&progress);
    let report = task.check(limits, &mut watch);
    progress.finish();
    match (&report.schedule, report.class) {
        (Some(schedule), Some(class)) => {
            let counterexample = Counterexample::within(task, class, schedule, bounds)?;
            let part = counterexample.task(task);
            out.line(&format!(
                "# {}",
                single_run::headline(&task, &counterexample.trace, None, "by search")
            ))?;
            if !counterexample.not_needed.is_empty() {
                out.line(&format!(
                    "# left out, because the violation does not need it: {}",
                    counterexample.not_needed.join("; ")
                ))?;
            }
            out.text(&told(part, &counterexample.trace, args.draw, bounds))?;
            let of = if counterexample.not_needed.is_empty() { "" } else { " of the whole scenario" };
            out.line(&format!("\nschedule{of}: {}", counterexample.schedule))?;
        }
        _ => {
            out.line(&line(&report))?;
            // Unexplored executions may be bad.
            let seen = if report.complete { "No execution is bad" } else { "No bad execution was seen" };
            out.line(&format!("\n{seen}, so there is none to explain ({}).", conditions(&report)))?;
            if let Some(detail) = &report.detail {
                out.line(detail)?;
            }
        }
    }
    let extent = Extent { finished: usize::from(!watch.has_stopped()), all: 1 };
    Ok(extent.announce(exit_code::exit(&report)))
}
