//! Programs that have a single execution, since only one actor has anything to do and nothing is chosen. There is nothing
//! to search then, and most of what a search needs is not made.

use cowrace_machine::{Mark, Memory, Op, Program};

/// Runs a program that has a single execution, and returns memory at its end; the check of the end is not made. `None` if
/// it may have others, if something is wrong with it, or if it reaches a limit of the model: then an
/// [`Explorer`](crate::Explorer) tells.
#[must_use]
pub fn alone(program: &Program, steps: u32) -> Option<Memory> {
    let mut seats = (0..program.actors.len()).map(|actor| program.seat(actor as u8));
    let mut seat = seats.find_map(|mut seat| seat.poll().map(|_| seat))?;
    if seats.any(|mut seat| seat.poll().is_some()) {
        return None;
    }
    let mut memory = program.memory.clone();
    for _ in 0..steps {
        let Some(request) = seat.poll() else {
            let is_limited =
                seat.with_marks(|marks| marks.iter().any(|placed| matches!(placed.mark, Mark::Limit(_))));
            return (!is_limited && seat.take_finding().is_none()).then_some(memory);
        };
        match request.op {
            Op::Choose { n } if n > 1 => return None,
            // Of a join there is nothing to wait for: the others have nothing to do.
            Op::Barrier { .. } => return None,
            _ if !memory.ready(&request.op) => return None,
            _ => {}
        }
        let done = memory.execute(&request);
        memory.keep();
        if done.fault.is_some() {
            return None;
        }
        seat.answer(done.answer);
    }
    None
}
