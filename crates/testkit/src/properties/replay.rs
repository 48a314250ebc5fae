//! Properties of any schedule.

use cowrace_explore::{linearize, replay};
use cowrace_machine::{Answer, Memory, Op, Program, Request, Seat};
use cowrace_report::{Schedule, Trace, Turn};

/// Follows any schedule. A schedule that fits has the same trace each time, also after printing and reading;
/// linearized, it still shows the same finding.
pub fn replays(program: &Program, schedule: &Schedule) -> Option<Trace> {
    let trace = match replay(program, schedule) {
        Ok(trace) => trace,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            assert_eq!(&linearize(program, schedule), schedule, "linearized although it does not fit");
            return None;
        }
    };
    assert_eq!(&trace.schedule, schedule);
    assert_eq!(replay(program, schedule).as_ref(), Ok(&trace), "another trace from the same schedule");
    let text = schedule.to_string();
    let read: Schedule = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(replay(program, &read).as_ref(), Ok(&trace), "another trace from the text of the schedule");
    let linear =
        replay(program, &linearize(program, schedule)).unwrap_or_else(|error| panic!("linearized: {error}"));
    let class = |trace: &Trace| trace.finding.as_ref().map(|finding| finding.class);
    assert_eq!(class(&linear), class(&trace), "linearizing changed the finding of {schedule}");
    Some(trace)
}

/// Makes a schedule that fits: walks until there is a finding or no actor can move. `pick(n)` chooses a number below
/// `n`.
pub fn walk(program: &Program, mut pick: impl FnMut(usize) -> usize) -> Schedule {
    let mut seats: Vec<Seat> = (0..program.actors.len()).map(|a| program.seat(a as u8)).collect();
    let mut pending: Vec<Option<Request>> = seats.iter_mut().map(Seat::poll).collect();
    let mut passed = vec![vec![0_u32; seats.len()]; program.barriers.len()];
    let mut memory = program.memory.clone();
    let mut turns = Vec::new();
    let mut over = seats.iter().any(|seat| seat.take_finding().is_some());
    while !over {
        let able: Vec<u8> =
            (0..seats.len() as u8).filter(|&a| ready(program, &memory, &pending, &passed, a)).collect();
        if able.is_empty() {
            break;
        }
        let actor = able[pick(able.len()) % able.len()];
        let Some(request) = pending[usize::from(actor)] else { break };
        let mut done = memory.execute(&request);
        let mut choice = None;
        match request.op {
            Op::Choose { n } => {
                let picked = (pick(n as usize) as u32) % n.max(1);
                choice = Some(picked);
                done.answer = Answer { value: u64::from(picked), ok: true };
            }
            Op::Barrier { id } => passed[usize::from(id)][usize::from(actor)] += 1,
            _ => {}
        }
        turns.push(Turn { actor, choice });
        let seat = &mut seats[usize::from(actor)];
        seat.answer(done.answer);
        pending[usize::from(actor)] = seat.poll();
        over = done.fault.is_some() || seat.take_finding().is_some();
    }
    Schedule { fingerprint: program.fingerprint, turns }
}

/// Whether an actor can move.
fn ready(
    program: &Program,
    memory: &Memory,
    pending: &[Option<Request>],
    passed: &[Vec<u32>],
    actor: u8,
) -> bool {
    let Some(request) = pending[usize::from(actor)] else { return false };
    match request.op {
        Op::Join { actor: other } => pending[usize::from(other)].is_none(),
        Op::Barrier { id } => {
            let passed = &passed[usize::from(id)];
            let round = passed[usize::from(actor)];
            program.barriers[usize::from(id)].iter().all(|other| {
                let waits = pending[usize::from(other)].is_some_and(|r| r.op == request.op);
                let other = passed[usize::from(other)];
                other > round || other == round && waits
            })
        }
        op => memory.ready(&op),
    }
}
