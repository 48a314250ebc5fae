//! Programs that have a single execution, since only one actor has anything to do and nothing is chosen. There is nothing
//! to search then, and most of what a search needs is not made.

use cowrace_machine::{Mark, Memory, Op, Program, Seat};

/// Runs a program that has a single execution, in its own memory, which is then as it is at the end; the check of the end is
/// not made. [`Memory::restore`] takes it back. False if the program may have other executions, if something is wrong
/// with this one, or if it reaches a limit of the model: then memory is as it was, and an [`Explorer`](crate::Explorer)
/// tells.
#[must_use]
pub fn alone(program: &mut Program, steps: u32) -> bool {
    let mut seats = (0..program.actors.len()).map(|actor| program.seat(actor as u8));
    let Some(seat) = seats.find_map(|mut seat| seat.poll().map(|_| seat)) else { return true };
    let is_alone = !seats.any(|mut seat| seat.poll().is_some()) && {
        program.memory.keep();
        runs(&mut program.memory, seat, steps)
    };
    if !is_alone {
        program.memory.restore();
    }
    is_alone
}

/// Whether an actor runs to its end, and all is well.
fn runs(memory: &mut Memory, mut seat: Seat, steps: u32) -> bool {
    for _ in 0..steps {
        let Some(request) = seat.poll() else {
            let is_limited =
                seat.with_marks(|marks| marks.iter().any(|placed| matches!(placed.mark, Mark::Limit(_))));
            return !is_limited && seat.take_finding().is_none();
        };
        match request.op {
            Op::Choose { n } if n > 1 => return false,
            // Of a join there is nothing to wait for: the others have nothing to do.
            Op::Barrier { .. } => return false,
            _ if !memory.ready(&request.op) => return false,
            _ => {}
        }
        let done = memory.execute(&request);
        if done.fault.is_some() {
            return false;
        }
        seat.answer(done.answer);
    }
    false
}
