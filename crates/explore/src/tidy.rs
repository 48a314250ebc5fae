//! Tidying: the same execution with as few changes from one actor to another as it allows.

use cowrace_machine::{Answer, Op, Program};
use cowrace_report::{Class, Schedule, Trace};

use crate::actors::Fresh;
use crate::history::History;
use crate::linear::{fewest_switches, switches};
use crate::races::{Detector, order};
use crate::replay::replay;

/// An equivalent schedule that changes actors as seldom as possible: the same events with the same happens-before,
/// and the same damage. A schedule that cannot be replayed comes back as it is.
#[must_use]
pub fn tidy(program: &Program, schedule: &Schedule) -> Schedule {
    let Ok(original) = replay(program, schedule) else { return schedule.clone() };
    tidied(program, &follow(program, schedule), schedule, class(&original))
}

/// The same for a schedule that is known to replay, with its history, and to end in damage of this class.
pub(crate) fn tidied(
    program: &Program,
    history: &History,
    schedule: &Schedule,
    due: Option<Class>,
) -> Schedule {
    for keep_last in [false, true] {
        let turns = fewest_switches(history, &schedule.turns, keep_last);
        if switches(&turns) >= switches(&schedule.turns) {
            continue;
        }
        let candidate = Schedule { fingerprint: schedule.fingerprint, turns };
        // An event that shows a finding must stay the last; and additions commute, but a count may dip below zero
        // in one order only.
        if replay(program, &candidate).is_ok_and(|trace| class(&trace) == due) {
            return candidate;
        }
    }
    schedule.clone()
}

fn class(trace: &Trace) -> Option<Class> {
    trace.finding.as_ref().map(|finding| finding.class)
}

/// Runs a schedule that is known to fit, for its happens-before.
fn follow(program: &Program, schedule: &Schedule) -> History {
    let mut memory = program.memory.clone();
    let mut actors = Fresh::new(program).begin();
    let mut history = History::new(program.actors.len());
    let mut detector = Detector::default();
    for turn in &schedule.turns {
        let Some(&request) = actors.request(turn.actor) else { break };
        let mut done = memory.execute_noting(&request, history.fresh_mut());
        if let Some(choice) = turn.choice {
            done.answer = Answer { value: u64::from(choice), ok: true };
        }
        let scratch = (&mut memory, &program.memory);
        detector.detect(&history, turn.actor, &request, history.fresh(), scratch);
        order(&mut detector.clock, program, &history, &actors, turn.actor, &request);
        actors.answer(turn.actor, done.answer);
        if let Op::Barrier { id } = request.op {
            actors.pass(turn.actor, id, false);
        }
        let effect = (done.answer, done.undo);
        history.push(turn.actor, &request, effect, &detector.clock, (&memory, &program.memory));
    }
    history
}
