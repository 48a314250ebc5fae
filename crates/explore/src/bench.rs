//! The actors of the execution at hand.

use cowrace_machine::{Answer, Op, Program, Request, Seat};
use cowrace_trace::Finding;

use crate::history::History;

/// Seats that are rebuilt when they are needed.
///
/// Futures cannot be cloned, so going back means replaying an actor's answers to a new future. An actor
/// that moved after the branch point is left as it is until it moves again: what it asks for at the
/// branch point is known from the event that was taken back.
#[derive(Debug)]
pub(crate) struct Bench<'p> {
    program: &'p Program,
    seats: Vec<Seat>,
    pending: Vec<Option<Request>>,
    /// How often each actor has passed each barrier, by barrier and actor.
    passed: Vec<Vec<u32>>,
}

impl<'p> Bench<'p> {
    pub(crate) fn new(program: &'p Program) -> Self {
        let mut seats: Vec<Seat> = (0..program.actors.len()).map(|a| program.seat(a as u8)).collect();
        let pending = seats.iter_mut().map(Seat::poll).collect();
        let passed = vec![vec![0; program.actors.len()]; program.barriers.len()];
        Self { program, seats, pending, passed }
    }

    pub(crate) fn seats(&self) -> &[Seat] {
        &self.seats
    }

    /// What each actor asks for next; `None` if it has finished.
    pub(crate) fn pending(&self) -> &[Option<Request>] {
        &self.pending
    }

    /// What the actors found wrong before their first request.
    pub(crate) fn first_finding(&self) -> Option<Finding> {
        self.seats.iter().find_map(Seat::take_finding)
    }

    /// Answers an actor's request; `history` does not hold the event yet.
    pub(crate) fn answer(&mut self, actor: u8, answer: Answer, history: &History) -> Option<Finding> {
        let own = history.own(actor);
        let seat = &mut self.seats[actor as usize];
        if seat.answered() as usize != own.len() || seat.finished() {
            *seat = self.program.seat(actor);
            for &event in own {
                seat.poll();
                seat.answer(history.events()[event as usize].answer);
            }
            seat.poll();
            // What was found on the way was reported when it was found.
            drop(seat.take_finding());
        }
        seat.answer(answer);
        self.pending[actor as usize] = seat.poll();
        seat.take_finding()
    }

    /// Gives an actor its request back.
    pub(crate) fn take_back(&mut self, actor: u8, request: Request) {
        self.pending[actor as usize] = Some(request);
    }

    /// Notes that an actor passes a barrier, or takes it back.
    pub(crate) fn pass(&mut self, actor: u8, barrier: u8, back: bool) {
        let passed = &mut self.passed[barrier as usize][actor as usize];
        *passed = if back { *passed - 1 } else { *passed + 1 };
    }

    /// How often an actor has passed a barrier.
    pub(crate) fn passed(&self, actor: u8, barrier: u8) -> u32 {
        self.passed[barrier as usize][actor as usize]
    }

    /// Whether an actor that waits at a barrier may pass: every participant waits there or has passed.
    pub(crate) fn may_pass(&self, actor: u8, barrier: u8) -> bool {
        let round = self.passed(actor, barrier);
        self.program.barriers[barrier as usize].iter().all(|other| {
            let theirs = self.passed(other, barrier);
            theirs > round || theirs == round && self.waits_at(other, barrier)
        })
    }

    /// Whether an actor waits at a barrier.
    pub(crate) fn waits_at(&self, actor: u8, barrier: u8) -> bool {
        let op = self.pending[actor as usize].as_ref().map(|r| r.op);
        op == Some(Op::Barrier { id: barrier })
    }
}
