//! `cowrace explain`: one execution, step by step.

use cowrace_explore::{Limits, replay, tidy};
use cowrace_render::{conditions, explain, line};
use cowrace_trace::{Exit, Schedule, Trace};

use crate::check::Task;
use crate::cli::ExplainArgs;
use crate::one::{self, One};
use crate::progress::{Progress, Watch};
use crate::{Failure, Out, judge};

use super::replay::{tell, way};

/// Carries out the command.
///
/// # Errors
///
/// If the scenario or the era cannot be had, or the output cannot be written.
pub(crate) fn run(args: &ExplainArgs, out: &mut Out<'_>) -> Result<Exit, Failure> {
    let one = One::select(&args.one)?;
    let task = one.task()?;
    if !args.as_written && args.schedule.is_none() {
        return first_violation(task, out);
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

fn first_violation(task: Task<'_>, out: &mut Out<'_>) -> Result<Exit, Failure> {
    let progress = Progress::new(1);
    let report = task.check(Limits::default(), &mut Watch::new(&progress));
    progress.finish();
    match &report.schedule {
        Some(schedule) => {
            let schedule = tidy(&task.program(), schedule);
            let trace = again(task, &schedule)?;
            tell_trace(task, &trace, "the first that was found", out)?;
        }
        None => {
            out.line(&line(&report))?;
            out.line(&format!(
                "\nNo execution is bad, so there is none to explain ({}).",
                conditions(&report)
            ))?;
            if let Some(detail) = &report.detail {
                out.line(detail)?;
            }
        }
    }
    Ok(judge::exit(&report))
}

/// Replays what the engine itself has recorded.
pub(crate) fn again(task: Task<'_>, schedule: &Schedule) -> Result<Trace, Failure> {
    replay(&task.program(), schedule)
        .map_err(|error| Failure::tool(format!("a schedule of the search does not replay: {error}")))
}
