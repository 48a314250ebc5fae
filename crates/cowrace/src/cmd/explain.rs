//! `cowrace explain`: one execution, step by step.

use cowrace_explore::{Limits, replay, tidy};
use cowrace_render::{conditions, explain, line};
use cowrace_trace::{Exit, Schedule, Trace};

use crate::check::Task;
use crate::cli::ExplainArgs;
use crate::interrupt::Extent;
use crate::one::{self, One};
use crate::progress::{Progress, Watch};
use crate::{Failure, Interrupt, Out, judge};

use super::replay::{tell, way};

/// Carries out the command.
///
/// # Errors
///
/// If the scenario or the era cannot be had, or the output cannot be written.
pub(crate) fn run(args: &ExplainArgs, out: &mut Out<'_>, interrupt: &Interrupt) -> Result<Exit, Failure> {
    let one = One::select(&args.one)?;
    let task = one.task()?;
    if !args.as_written && args.schedule.is_none() {
        return first_violation(task, out, interrupt);
    }
    let way = way(args.schedule.as_ref());
    match one.run(task, way) {
        Ok(trace) => {
            tell_trace(task, &trace, way.name(), out)?;
            Ok(one::exit(&task, &trace, way))
        }
        Err(impossible) => {
            out.line(&format!("INCONCLUSIVE  {}  era {}", task.scenario.name(), task.era.label()))?;
            tell(&impossible);
            Ok(Exit::Bounded)
        }
    }
}

fn tell_trace(task: Task<'_>, trace: &Trace, way: &str, out: &mut Out<'_>) -> Result<(), Failure> {
    let call = |id| Some(task.variant.call_text(id).to_owned()).filter(|text| !text.is_empty());
    out.line(&one::headline(&task, trace, way))?;
    out.text(&format!("\n{}", explain(trace, call)))
}

fn first_violation(task: Task<'_>, out: &mut Out<'_>, interrupt: &Interrupt) -> Result<Exit, Failure> {
    let progress = Progress::new(1, interrupt.clone());
    let mut watch = Watch::new(&progress);
    let report = task.check(Limits::default(), &mut watch);
    progress.finish();
    match &report.schedule {
        Some(schedule) => {
            let schedule = tidy(&task.program(), schedule);
            let trace = again(task, &schedule)?;
            tell_trace(task, &trace, "the first that was found", out)?;
        }
        None => {
            out.line(&line(&report))?;
            // What was not explored may be bad.
            let seen = if report.complete { "No execution is bad" } else { "No bad execution was seen" };
            out.line(&format!("\n{seen}, so there is none to explain ({}).", conditions(&report)))?;
            if let Some(detail) = &report.detail {
                out.line(detail)?;
            }
        }
    }
    let extent = Extent { finished: usize::from(!watch.has_stopped()), all: 1 };
    Ok(extent.tell(judge::exit(&report)))
}

/// Replays what the engine itself has recorded.
pub(crate) fn again(task: Task<'_>, schedule: &Schedule) -> Result<Trace, Failure> {
    replay(&task.program(), schedule)
        .map_err(|error| Failure::tool(format!("a schedule of the search does not replay: {error}")))
}
