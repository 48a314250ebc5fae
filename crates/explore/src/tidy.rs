//! Tidying: the same execution with fewer changes from one actor to another.

use cowrace_machine::{Answer, Op, Program};
use cowrace_trace::{Schedule, Trace, Turn};

use crate::actors::Actors;
use crate::history::History;
use crate::races::{Detector, order};
use crate::replay::replay;

/// An equivalent schedule that changes actors seldom: the same events with the same happens-before, and
/// the same finding. A schedule that cannot be replayed comes back as it is.
///
/// The order that changes least is hard to find; this takes the best of a few greedy ones, which for
/// executions of the size that people read is nearly always the best there is.
#[must_use]
pub fn tidy(program: &Program, schedule: &Schedule) -> Schedule {
    let Ok(original) = replay(program, schedule) else { return schedule.clone() };
    let history = follow(program, schedule);
    let mut best = schedule.clone();
    let ways =
        [(Rule::Longest, false), (Rule::Earliest, false), (Rule::Longest, true), (Rule::Earliest, true)];
    for first in 0..program.actors.len() as u8 {
        for (rule, keep_last) in ways {
            let turns = linearise(&history, schedule, first, rule, keep_last);
            if switches(&turns) >= switches(&best.turns) {
                continue;
            }
            let candidate = Schedule { fingerprint: schedule.fingerprint, turns };
            // An event that shows a finding must stay the last; and additions commute, but a count may dip
            // below zero in one order only.
            let class = |trace: &Trace| trace.finding.as_ref().map(|f| f.class);
            if replay(program, &candidate).is_ok_and(|trace| class(&trace) == class(&original)) {
                best = candidate;
            }
        }
    }
    best
}

/// How often a schedule goes from one actor to another.
fn switches(turns: &[Turn]) -> usize {
    turns.windows(2).filter(|pair| pair[0].actor != pair[1].actor).count()
}

/// Whom to take when the current actor cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    /// The one that can go on longest.
    Longest,
    /// The one that the schedule moves first.
    Earliest,
}

/// Runs a schedule that is known to fit, for its happens-before.
fn follow(program: &Program, schedule: &Schedule) -> History {
    let mut memory = program.memory.clone();
    let mut actors = Actors::new(program);
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

/// Puts the events into another order that keeps happens-before, beginning with `first` if that is
/// possible, and with the last event last if it is to stay there.
fn linearise(history: &History, schedule: &Schedule, first: u8, rule: Rule, keep_last: bool) -> Vec<Turn> {
    let actors = history.actors() as u8;
    let mut taken = vec![0_u32; history.actors()];
    let mut turns: Vec<Turn> = Vec::with_capacity(history.len());
    let movable = history.len() - usize::from(keep_last).min(history.len());
    // An actor's next event, if all that must come before it is in place.
    let next = |actor: u8, taken: &[u32]| -> Option<usize> {
        let event = *history.own(actor).get(taken[actor as usize] as usize)? as usize;
        let fits = history
            .clock(event)
            .iter()
            .zip(taken)
            .zip(0..)
            .all(|((&c, &t), a)| c <= if a == actor { t + 1 } else { t });
        (fits && event < movable).then_some(event)
    };
    let run = |actor: u8, taken: &[u32]| {
        let mut taken = taken.to_vec();
        while next(actor, &taken).is_some() {
            taken[actor as usize] += 1;
        }
        taken[actor as usize]
    };
    let mut current = first;
    while turns.len() < movable {
        if next(current, &taken).is_none() {
            let able = (0..actors).filter(|&a| next(a, &taken).is_some());
            let best = match rule {
                Rule::Longest => able.max_by_key(|&a| (run(a, &taken) - taken[a as usize], u8::MAX - a)),
                Rule::Earliest => able.min_by_key(|&a| next(a, &taken)),
            };
            let Some(best) = best else { break };
            current = best;
        }
        let Some(event) = next(current, &taken) else { break };
        turns.push(schedule.turns[event]);
        taken[current as usize] += 1;
    }
    turns.extend_from_slice(&schedule.turns[turns.len().max(movable)..]);
    turns
}
