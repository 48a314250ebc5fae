//! The common part of the engines that run threads: second opinions, in the terms of this project.

use std::sync::Arc;
use std::time::Instant;

use cowrace_explore::replay;
use cowrace_machine::Program;
use cowrace_report::{Class, Finding, Report, Schedule, Verdict};
use cowrace_thread_engine::{Opinion, Outcome};

use super::{Answer, Engine};
use crate::logs::answered;
use crate::outcomes::Outcomes;
use crate::task::Task;

/// An engine that is asked for a second opinion.
pub(super) struct Second<'e> {
    pub(super) engine: &'e dyn Engine,
    /// Its settings, as text.
    pub(super) settings: Option<String>,
    /// Why it has found nothing, although it is not complete and no limit has ended it.
    pub(super) incomplete: String,
}

/// Runs it, and translates its answer.
pub(super) fn answer(
    second: &Second<'_>,
    task: &Task<'_>,
    wants_outcomes: bool,
    ask: impl FnOnce(Arc<Program>) -> Opinion,
) -> Answer {
    // This comes before engines run in other threads.
    #[cfg(feature = "shuttle")]
    cowrace_shuttle::prepare();
    let Second { engine, settings, .. } = second;
    let _span = task.span(engine.name()).entered();
    let started = Instant::now();
    let program = Arc::new(task.program_without_probes());
    let opinion = ask(Arc::clone(&program));
    let seconds = started.elapsed().as_secs_f64();
    let mut report = Report {
        settings: settings.clone(),
        complete: opinion.complete,
        stopped: opinion.stopped.clone(),
        executions: opinion.executions,
        seconds,
        outcomes: wants_outcomes.then_some(opinion.outcomes.len() as u64),
        ..task.report(engine.name(), engine.memory())
    };
    match &opinion.finding {
        Some((finding, schedule)) => match translate(&program, finding.class, schedule) {
            Ok(seen) => {
                report.verdict = Verdict::Violated;
                report.class = Some(seen.class);
                report.detail = Some(cowrace_render::finding(&seen));
                report.finding = Some(seen.detail);
                report.schedule = Some(schedule.clone());
            }
            // Under weak memory the order of the turns does not determine what was read.
            Err(why) if engine.memory() != "sc" => {
                report.verdict = Verdict::Violated;
                report.class = Some(finding.class);
                let seen = cowrace_render::finding(finding);
                report.detail = Some(format!("{seen}; only with weak memory: {why}"));
                report.finding = Some(finding.detail.clone());
            }
            // Its disagreement is described below.
            Err(_) => {}
        },
        None => (report.verdict, report.detail) = silent(second, &opinion),
    }
    if engine.memory() == "sc" {
        report.disagreement = unfounded(&program, &opinion);
        report.detail = report.detail.or_else(|| report.disagreement.clone());
    }
    report.as_expected = as_expected(task, report.verdict, report.class);
    answered(&report);
    let outcomes = opinion.reason.is_none().then(|| Outcomes::from(&opinion));
    Answer { report, outcomes }
}

/// Only explore judges windows: for another engine, a vacuous run holds.
fn as_expected(task: &Task<'_>, verdict: Verdict, class: Option<Class>) -> Option<bool> {
    let is_vacuous = task.expectation().is_some_and(|e| e.verdict() == Some(Verdict::Vacuous));
    let verdict = if is_vacuous && verdict == Verdict::Holds { Verdict::Vacuous } else { verdict };
    task.as_expected(verdict, class)
}

/// The finding of our interpreter, or why it finds nothing.
fn translate(program: &Program, class: Class, schedule: &Schedule) -> Result<Finding, String> {
    let why = match replay(program, schedule) {
        Ok(trace) => match trace.finding {
            Some(seen) if seen.class == class => return Ok(seen),
            Some(seen) => format!("it replays to {}", seen.class),
            None => "its replay ends well".to_owned(),
        },
        Err(error) => error.to_string(),
    };
    Err(format!("{why}; schedule {schedule}"))
}

/// The first class for which the engine has a bad execution that is not bad when it is replayed.
fn unfounded(program: &Program, opinion: &Opinion) -> Option<String> {
    opinion.outcomes.iter().find_map(|(outcome, schedule)| {
        let Outcome::Bad(class) = *outcome else { return None };
        let why = translate(program, class, schedule).err()?;
        Some(format!("its bad execution ({class}) is not bad here: {why}"))
    })
}

/// The verdict of an engine that has found nothing.
fn silent(second: &Second<'_>, opinion: &Opinion) -> (Verdict, Option<String>) {
    if let Some(reason) = &opinion.reason {
        return (Verdict::Inconclusive, Some(reason.clone()));
    }
    if opinion.complete {
        return (Verdict::Holds, None);
    }
    (Verdict::Bounded, opinion.stopped.is_none().then(|| second.incomplete.clone()))
}
