//! Replay: follows a schedule and records the execution.

use cowrace_machine::{Op, Program};
use cowrace_report::{Finding, Schedule, Trace, Turn, Waits};

use crate::execution::interpreter::Interpreter;

/// Why a schedule cannot be followed. Steps count from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// The schedule was recorded for something else.
    #[error(
        "the schedule was recorded for another scenario, era, architecture or build: its hash is \
         {schedule:08x}, and here it would be {program:08x}"
    )]
    Fingerprint {
        /// The hash that the schedule carries.
        schedule: u32,
        /// The hash of the program.
        program: u32,
    },
    /// There is no such actor.
    #[error("step {step} moves actor {actor}, but there are only {actors}, numbered from 0")]
    NoActor {
        /// The step.
        step: usize,
        /// The number that was given.
        actor: u8,
        /// How many actors there are.
        actors: usize,
    },
    /// The actor has nothing left to do.
    #[error("step {step} moves {actor}, which has finished")]
    Finished {
        /// The step.
        step: usize,
        /// The actor's name.
        actor: String,
    },
    /// The actor cannot move now.
    #[error("step {step} moves {actor}, which cannot move there")]
    NotReady {
        /// The step.
        step: usize,
        /// The actor's name.
        actor: String,
        /// What it waits for.
        waits: Waits,
    },
    /// The actor picks a number, and the step does not say which.
    #[error("at step {step} {actor} picks a number below {n}, and the schedule does not say which")]
    ChoiceMissing {
        /// The step.
        step: usize,
        /// The actor's name.
        actor: String,
        /// How many possibilities there are.
        n: u32,
    },
    /// The actor cannot pick that number.
    #[error("at step {step} {actor} picks a number below {n}, which {choice} is not")]
    ChoiceTooLarge {
        /// The step.
        step: usize,
        /// The actor's name.
        actor: String,
        /// The number that was given.
        choice: u32,
        /// How many possibilities there are.
        n: u32,
    },
    /// The step picks a number where there is nothing to pick.
    #[error("step {step} picks {choice} for {actor}, which has nothing to pick there")]
    NoChoice {
        /// The step.
        step: usize,
        /// The actor's name.
        actor: String,
        /// The number that was given.
        choice: u32,
    },
    /// The execution is not over when the schedule is.
    #[error("the schedule ends after {steps} steps, but {unfinished} could go on")]
    TooShort {
        /// How many steps there are.
        steps: usize,
        /// The actors that have not finished.
        unfinished: String,
    },
    /// The execution is over before the schedule is.
    #[error("the execution ends before step {step}")]
    TooLong {
        /// The first step that cannot be made.
        step: usize,
        /// What ended the execution; `None` if all actors have finished.
        finding: Option<Finding>,
    },
}

/// Follows a schedule and records the execution.
///
/// # Errors
///
/// If the schedule was recorded for another program or does not fit this one.
pub fn replay(program: &Program, schedule: &Schedule) -> Result<Trace, ReplayError> {
    if schedule.fingerprint != program.fingerprint {
        let (schedule, program) = (schedule.fingerprint, program.fingerprint);
        return Err(ReplayError::Fingerprint { schedule, program });
    }
    let mut run = Interpreter::new(program);
    for (turn, step) in schedule.turns.iter().zip(1..) {
        if let Some(finding) = run.finding() {
            return Err(ReplayError::TooLong { step, finding: Some(finding.clone()) });
        }
        follow(&mut run, program, *turn, step)?;
    }
    let unfinished = run.unfinished();
    if run.finding().is_none() && !unfinished.is_empty() && !run.stuck() {
        let able: Vec<u8> = unfinished.into_iter().filter(|&a| run.ready(a)).collect();
        return Err(ReplayError::TooShort {
            steps: schedule.turns.len(),
            unfinished: run.names(&able).join(" and "),
        });
    }
    Ok(run.finish())
}

fn follow(run: &mut Interpreter<'_>, program: &Program, turn: Turn, step: usize) -> Result<(), ReplayError> {
    let actors = program.actors.len();
    let Some(actor) = program.actors.get(turn.actor as usize) else {
        return Err(ReplayError::NoActor { step, actor: turn.actor, actors });
    };
    let actor = actor.name.clone();
    let Some(request) = run.request(turn.actor) else {
        if run.unfinished().is_empty() {
            return Err(ReplayError::TooLong { step, finding: None });
        }
        return Err(ReplayError::Finished { step, actor });
    };
    match (request.op, turn.choice) {
        (Op::Choose { n }, None) => return Err(ReplayError::ChoiceMissing { step, actor, n }),
        (Op::Choose { n }, Some(choice)) if choice >= n.max(1) => {
            return Err(ReplayError::ChoiceTooLarge { step, actor, choice, n });
        }
        (Op::Choose { .. }, Some(_)) | (_, None) => {}
        (_, Some(choice)) => return Err(ReplayError::NoChoice { step, actor, choice }),
    }
    if !run.ready(turn.actor) {
        return Err(ReplayError::NotReady { step, actor, waits: run.waits(turn.actor) });
    }
    run.execute(turn.actor, turn.choice);
    Ok(())
}
