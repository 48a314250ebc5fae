//! `cowrace replay`: one execution, drawn.

use std::io::{self, Write as _};

use crate::Exit;
use cowrace_report::{Reached, Replayed, Schedule, Verdict};

use crate::args::{Format, ReplayArgs};
use crate::single_run::{self, Impossible, One, Way};
use crate::{Failure, Interrupt, Out};
use cowrace_check::Bounds;
use cowrace_check::engine::follow;
use cowrace_check::{Judged, Task};
use cowrace_explain::picture;

/// Carries out the command.
///
/// # Errors
///
/// If the scenario or the era cannot be had, or the output cannot be written.
pub(crate) fn run(args: &ReplayArgs, out: &mut Out<'_>) -> Result<Exit, Failure> {
    let one = One::select(&args.one)?;
    let task = one.task(&Bounds::new(args.one.limits.limits(), &Interrupt::default()))?;
    let way = way(args.schedule.as_ref());
    let result = one.run(task, way);
    let shuttle = match (args.shuttle, way, &result) {
        (true, Way::Schedule(schedule), Ok(one)) => Some(follow(&task, schedule, &one.trace)),
        _ => None,
    };
    match (args.format, &result) {
        (Format::Text, Ok(Judged { trace, unknown })) => {
            out.line(&single_run::headline(&task, trace, unknown.as_ref(), way.name()))?;
            let drawn = picture(task, trace, args.draw.into());
            out.text(&format!("\n{drawn}"))?;
            match &shuttle {
                Some(None) => out.line("# shuttle has the same result")?,
                Some(Some(wrong)) => out.line(&format!("# shuttle DISAGREES: {wrong}"))?,
                None => {}
            }
        }
        (Format::Text, Err(impossible)) => {
            out.line(&format!("INCONCLUSIVE  {}  era {}", task.scenario.name(), task.era.label()))?;
            print_impossible(impossible);
        }
        (Format::Json, result) => {
            let agrees = shuttle.as_ref().map(Option::is_none);
            let object = Replayed { shuttle_agrees: agrees, ..replayed(&task, way, result) };
            let object = serde_json::to_string(&object);
            out.line(&object.map_err(|error| Failure::tool(error.to_string()))?)?;
        }
    }
    if shuttle.is_some_and(|wrong| wrong.is_some()) {
        return Ok(Exit::Disagree);
    }
    Ok(result.map_or(Exit::Bounded, |judged| single_run::exit(&task, &judged, way)))
}

/// How the command line chooses the execution.
pub(crate) fn way(schedule: Option<&Schedule>) -> Way<'_> {
    schedule.map_or(Way::AsWritten, Way::Schedule)
}

/// Prints on standard error why there is no execution.
pub(crate) fn print_impossible(impossible: &Impossible) {
    // An error means that standard error is closed, and is ignored.
    let _ = writeln!(io::stderr(), "{}", impossible.shown);
}

fn replayed(task: &Task<'_>, way: Way<'_>, result: &Result<Judged, Impossible>) -> Replayed {
    let trace = result.as_ref().ok().map(|one| &one.trace);
    let unknown = result.as_ref().ok().and_then(|one| one.unknown.as_ref());
    let finding = trace.and_then(|trace| trace.finding.clone());
    let class = finding.as_ref().map(|f| f.class);
    let why = match result {
        Ok(_) => unknown.map(ToString::to_string),
        Err(impossible) => Some(impossible.reason.clone()),
    };
    let (verdict, as_expected) = match result {
        Err(_) => (Reached::Inconclusive, None),
        Ok(_) if class.is_none() && unknown.is_some() => (Reached::Inconclusive, None),
        Ok(_) if class.is_some() => (Reached::Violated, task.as_expected(Verdict::Violated, class)),
        Ok(_) => (Reached::Clean, None),
    };
    Replayed {
        scenario: task.scenario.name().to_owned(),
        variant: task.variant.name().map(str::to_owned),
        era: task.era.label(),
        memory: "sc".to_owned(),
        arch: task.arch.name().to_owned(),
        environment: task.environment(),
        way: way.name().to_owned(),
        verdict,
        class,
        detail: finding.map(|found| cowrace_render::finding(&found)).or(why),
        expected: task.expectation().map(|e| e.to_string()),
        as_expected,
        schedule: trace.map(|trace| trace.schedule.clone()),
        shuttle_agrees: None,
        trace: trace.cloned(),
    }
}
