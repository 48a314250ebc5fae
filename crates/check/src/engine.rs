//! Engines, and what those that are not ours have to say.

use std::sync::Arc;
use std::time::Instant;

use cowrace_explore::replay;
use cowrace_loom::{Loom, Memory};
use cowrace_machine::Program;
use cowrace_report::{Class, Finding, Report, Schedule, Trace, Verdict};
use cowrace_shuttle::{Search, Shuttle};
use cowrace_thread_engine::{Limits, Opinion, Outcome, Watch};

use crate::agreement::{in_words, variables};
use crate::exploration::at_most;
use crate::task::Task;

/// An engine that is asked for a second opinion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Second {
    /// loom.
    Loom {
        /// How memory behaves.
        memory: Memory,
        /// A bound on preemptions.
        preemptions: Option<u32>,
    },
    /// shuttle.
    Shuttle(Search),
}

/// What a second engine has to say, in our terms.
#[derive(Clone, Debug)]
pub struct Answer {
    /// As for every engine. It disagrees if the engine's bad execution is none when it is replayed.
    pub report: Report,
    /// As the engine has it.
    pub opinion: Opinion,
}

impl Second {
    /// The name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Loom { .. } => "loom",
            Self::Shuttle(_) => "shuttle",
        }
    }

    /// The name of its memory model.
    #[must_use]
    pub const fn memory(self) -> &'static str {
        match self {
            Self::Loom { memory: Memory::C11(_), .. } => "c11",
            Self::Loom { memory: Memory::Sc, .. } | Self::Shuttle(_) => "sc",
        }
    }

    /// What it is told, in words.
    fn settings(self) -> Option<String> {
        match self {
            Self::Loom { preemptions, .. } => preemptions.map(at_most),
            Self::Shuttle(Search::Random { seed }) => Some(format!("random, seed {seed}")),
            Self::Shuttle(Search::Pct { seed, depth }) => Some(format!("pct, depth {depth}, seed {seed}")),
            Self::Shuttle(Search::Exhaustive) => Some("exhaustive".to_owned()),
        }
    }

    fn ask(self, program: Arc<Program>, limits: Limits, exhaustive: bool, watch: Watch) -> Opinion {
        match self {
            Self::Loom { memory, preemptions } => Loom::new(program)
                .memory(memory)
                .preemptions(preemptions.map(|most| most as usize))
                .limits(limits)
                .exhaustive(exhaustive)
                .watch(watch)
                .run(),
            Self::Shuttle(search) => {
                Shuttle::new(program, search).limits(limits).exhaustive(exhaustive).watch(watch).run()
            }
        }
    }
}

impl Task<'_> {
    /// Asks another engine. `exhaustive` goes on after a bad execution, to collect outcomes.
    #[must_use]
    pub fn ask(&self, engine: Second, limits: Limits, exhaustive: bool) -> Answer {
        self.ask_watched(engine, limits, exhaustive, Watch::default())
    }

    /// As [`ask`](Self::ask), with something that watches how far the engine is, and may stop it.
    pub fn ask_watched(&self, engine: Second, limits: Limits, exhaustive: bool, watch: Watch) -> Answer {
        // Before other engines run in other threads.
        cowrace_shuttle::prepare();
        let started = Instant::now();
        let program = Arc::new(self.program_without_probes());
        let mut opinion = engine.ask(Arc::clone(&program), limits, exhaustive, watch);
        let seconds = started.elapsed().as_secs_f64();
        let translated =
            opinion.finding.take().map(|(finding, schedule)| translate(&program, finding, schedule));
        let mut report = self.report(engine.name(), engine.memory());
        report.settings = engine.settings();
        report.complete = opinion.complete;
        report.stopped = opinion.stopped.clone();
        report.executions = opinion.executions;
        report.seconds = seconds;
        report.outcomes = exhaustive.then_some(opinion.outcomes.len() as u64);
        match translated {
            Some(Ok((finding, schedule))) => {
                report.verdict = Verdict::Violated;
                report.class = Some(finding.class);
                report.detail = Some(finding.detail.clone());
                report.schedule = Some(schedule.clone());
                opinion.finding = Some((finding, schedule));
            }
            // Under weak memory the order of the turns does not say what was read.
            Some(Err((finding, why))) if engine.memory() != "sc" => {
                report.verdict = Verdict::Violated;
                report.class = Some(finding.class);
                report.detail = Some(format!("{}; only with weak memory: {why}", finding.detail));
                opinion.finding = None;
            }
            // What is wrong with it is said below.
            Some(Err(_)) => {}
            None => {
                let (verdict, detail) = silent(engine, &opinion);
                (report.verdict, report.detail) = (verdict, detail);
            }
        }
        if engine.memory() == "sc" {
            report.disagreement = unfounded(&program, &opinion);
            report.detail = report.detail.or_else(|| report.disagreement.clone());
        }
        report.as_expected = self.as_expected_of_second(report.verdict, report.class);
        Answer { report, opinion }
    }

    /// Has shuttle follow a schedule that led to `trace` here; gives what it comes to if that is something else.
    #[must_use]
    pub fn follow(&self, schedule: &Schedule, trace: &Trace) -> Option<String> {
        let program = Arc::new(self.program_without_probes());
        let opinion = Shuttle::new(Arc::clone(&program), Search::Exhaustive).replay(schedule);
        if let Some(reason) = opinion.reason {
            return Some(reason);
        }
        let here = trace.finding.as_ref().map(|finding| finding.class);
        let there = match opinion.outcomes.keys().next() {
            None => return Some("it has not come to an end".to_owned()),
            Some(Outcome::Bad(class)) => Some(*class),
            Some(Outcome::Sound(end)) => {
                let variables = variables(&program, end);
                if here.is_none() && variables != trace.variables {
                    return Some(format!("it ends with {}", in_words(&variables)));
                }
                None
            }
        };
        let say =
            |class: Option<Class>| class.map_or("ends well".to_owned(), |class| format!("ends in {class}"));
        (here != there).then(|| format!("it {}, and here it {}", say(there), say(here)))
    }

    /// Windows are judged by explore alone: to another engine, a run that is vacuous holds.
    fn as_expected_of_second(&self, verdict: Verdict, class: Option<Class>) -> Option<bool> {
        let is_vacuous = self.expectation().is_some_and(|e| e.verdict() == Some(Verdict::Vacuous));
        let verdict = if is_vacuous && verdict == Verdict::Holds { Verdict::Vacuous } else { verdict };
        self.as_expected(verdict, class)
    }
}

/// The finding as our interpreter sees it, or why it does not.
fn translate(
    program: &Program,
    finding: Finding,
    schedule: Schedule,
) -> Result<(Finding, Schedule), (Finding, String)> {
    let why = match replay(program, &schedule) {
        Ok(trace) => match trace.finding {
            Some(seen) if seen.class == finding.class => return Ok((seen, schedule)),
            Some(seen) => format!("it replays to {}", seen.class),
            None => "it replays to a good end".to_owned(),
        },
        Err(error) => error.to_string(),
    };
    Err((finding, format!("{why}; schedule {schedule}")))
}

/// The first class of which the engine has a bad execution that is none when it is replayed.
fn unfounded(program: &Program, opinion: &Opinion) -> Option<String> {
    opinion.outcomes.iter().find_map(|(outcome, schedule)| {
        let Outcome::Bad(class) = *outcome else { return None };
        let finding = Finding { class, detail: String::new() };
        let (_, why) = translate(program, finding, schedule.clone()).err()?;
        Some(format!("its bad execution ({class}) is none here: {why}"))
    })
}

/// The verdict of an engine that has found nothing.
fn silent(engine: Second, opinion: &Opinion) -> (Verdict, Option<String>) {
    if let Some(reason) = &opinion.reason {
        return (Verdict::Inconclusive, Some(reason.clone()));
    }
    if opinion.complete {
        return (Verdict::Holds, None);
    }
    let detail = match (engine, &opinion.stopped) {
        (_, Some(_)) => None,
        (Second::Loom { preemptions: Some(bound), .. }, _) => {
            Some(format!("{} in an execution", at_most(bound)))
        }
        (Second::Loom { .. }, _) => {
            Some("loom has run out of executions; under weak memory it is known to miss some".to_owned())
        }
        (Second::Shuttle(_), _) => Some("there is nothing to decide and nothing to pick".to_owned()),
    };
    (Verdict::Bounded, detail)
}
