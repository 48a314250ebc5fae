//! Linearization: of all orders of an execution's events that keep happens-before, the one with the fewest context
//! switches.

use std::cmp::Reverse;
use std::collections::HashSet;

use cowrace_machine::{Answer, Op, Program};
use cowrace_report::{Class, Schedule, Trace, Turn};

use crate::execution::answer_tree::Fresh;
use crate::execution::history::History;
use crate::reduction::races::{Detector, order};
use crate::witness::replay::replay;

/// The number of orders that are considered at a time. Executions that people read have far fewer; beyond this number,
/// those that have got furthest are kept, and the resulting order may not be the best one.
const BREADTH: usize = 4096;

/// An equivalent schedule that changes actors as seldom as possible: the same events with the same happens-before, and
/// the same damage. A schedule that cannot be replayed is returned unchanged.
#[must_use]
pub fn linearize(program: &Program, schedule: &Schedule) -> Schedule {
    let Ok(original) = replay(program, schedule) else { return schedule.clone() };
    let (history, due) = (history(program, schedule), class(&original));
    for keep_last in [false, true] {
        let turns = fewest_context_switches(&history, &schedule.turns, keep_last);
        if context_switches(&turns) >= context_switches(&schedule.turns) {
            continue;
        }
        let candidate = Schedule { fingerprint: schedule.fingerprint, turns };
        // An event that shows a finding must stay the last; and additions commute, but a count may fall below zero in
        // some orders only.
        if replay(program, &candidate).is_ok_and(|trace| class(&trace) == due) {
            return candidate;
        }
    }
    schedule.clone()
}

fn class(trace: &Trace) -> Option<Class> {
    trace.finding.as_ref().map(|finding| finding.class)
}

/// Runs a schedule that is known to fit, to get its happens-before relation.
fn history(program: &Program, schedule: &Schedule) -> History {
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

/// How often turns go from one actor to another.
fn context_switches(turns: &[Turn]) -> usize {
    turns.windows(2).filter(|pair| pair[0].actor != pair[1].actor).count()
}

/// The position of each actor, and which one moved last.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Place {
    taken: Vec<u32>,
    last: u8,
}

/// The beginning of an order.
#[derive(Clone, Debug)]
struct Prefix {
    /// The position of each actor.
    taken: Vec<u32>,
    /// The number of its last stretch.
    last: Option<usize>,
}

/// One stretch of one actor, and the stretches before it.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    actor: u8,
    /// The actor's events at its end.
    until: u32,
    before: Option<usize>,
}

/// The turns in an order that keeps happens-before and changes actors least often; if there are several, the one that
/// moves the actors with small numbers first. With `keep_last`, the last event stays the last one.
///
/// An actor that moves continues as long as it can, since its progress never hinders another. So there are few places,
/// and a breadth-first search of them finds the best order.
fn fewest_context_switches(history: &History, turns: &[Turn], keep_last: bool) -> Vec<Turn> {
    let last = turns.last().filter(|_| keep_last).map(|turn| turn.actor);
    let movable = turns.len() - usize::from(last.is_some());
    let mut stretches: Vec<Stretch> = Vec::new();
    let start = vec![0; history.actors()];
    let mut level = vec![Prefix { taken: start, last: None }];
    let mut known: HashSet<Place> = HashSet::new();
    // An order that has the wrong actor before the last event costs one more switch.
    let mut second_best = None;
    while !level.is_empty() {
        let mut next = Vec::new();
        for Prefix { taken, last } in level {
            for actor in 0..history.actors() as u8 {
                if last.is_some_and(|last| stretches[last].actor == actor) {
                    continue;
                }
                let until = run(history, actor, &taken, movable);
                if until == taken[usize::from(actor)] {
                    continue;
                }
                let mut taken = taken.clone();
                taken[usize::from(actor)] = until;
                if !known.insert(Place { taken: taken.clone(), last: actor }) {
                    continue;
                }
                stretches.push(Stretch { actor, until, before: last });
                next.push(Prefix { taken, last: Some(stretches.len() - 1) });
            }
        }
        let done = |prefix: &Prefix| {
            let all = prefix.taken.iter().map(|&n| n as usize).sum::<usize>() == movable;
            prefix.last.filter(|_| all)
        };
        let ends: Vec<usize> = next.iter().filter_map(done).collect();
        let fits = |end: &&usize| last.is_none_or(|last| stretches[**end].actor == last);
        if let Some(end) = ends.iter().find(fits).copied().or(second_best) {
            return unroll(history, turns, &stretches, end, movable);
        }
        second_best = ends.first().copied();
        if next.len() > BREADTH {
            next.sort_by_key(|prefix| Reverse(prefix.taken.iter().sum::<u32>()));
            next.truncate(BREADTH);
        }
        level = next;
    }
    match second_best {
        Some(end) => unroll(history, turns, &stretches, end, movable),
        None => turns.to_vec(),
    }
}

/// How far an actor gets by itself.
fn run(history: &History, actor: u8, taken: &[u32], movable: usize) -> u32 {
    let own = history.own(actor);
    let mut at = taken[usize::from(actor)];
    while let Some(&event) = own.get(at as usize)
        && (event as usize) < movable
        && history.clock(event as usize).iter().zip(taken).zip(0..).all(|((&c, &t), a)| a == actor || c <= t)
    {
        at += 1;
    }
    at
}

fn unroll(history: &History, turns: &[Turn], stretches: &[Stretch], end: usize, movable: usize) -> Vec<Turn> {
    let mut way = Vec::new();
    let mut at = Some(end);
    while let Some(stretch) = at.map(|at| stretches[at]) {
        way.push(stretch);
        at = stretch.before;
    }
    let mut taken = vec![0; history.actors()];
    let mut out = Vec::with_capacity(turns.len());
    for stretch in way.iter().rev() {
        let actor = usize::from(stretch.actor);
        let own = &history.own(stretch.actor)[taken[actor]..stretch.until as usize];
        out.extend(own.iter().map(|&event| turns[event as usize]));
        taken[actor] = stretch.until as usize;
    }
    out.extend_from_slice(&turns[movable..]);
    out
}
