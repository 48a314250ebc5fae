//! Whether the order in which the batches of CPUs are drained makes a difference.
//!
//! A drain goes from CPU to CPU in any order, and its work for one CPU does not concern the others: most batches are
//! empty, and stay so. So, as a rule, the result of another order is equivalent to that of the first one. It may differ
//! where other actors interact with two parts of the drain, or where its parts interact.

use std::ops::Range;

use cowrace_machine::{Op, Prim};

use super::History;

/// The events of a drain for one CPU, as numbers among the events of its actor.
type Part = Range<usize>;

impl History {
    /// Whether the order may make a difference in this execution, in which the first order was taken.
    pub(super) fn drain_order_matters(&self) -> bool {
        let is_drain = |order: &&u32| self.events[**order as usize].request.prim == Prim::DrainOrder;
        let orders: Vec<u32> = self.orders.iter().filter(is_drain).copied().collect();
        (0..self.actors as u8).any(|actor| {
            let own: Vec<u32> =
                orders.iter().copied().filter(|&order| self.events[order as usize].actor == actor).collect();
            // With each choice a drain has one CPU fewer to choose from.
            own.chunk_by(|&one, &next| self.choices(one) > self.choices(next))
                .any(|drain| self.is_entangled(actor, drain))
        })
    }

    fn choices(&self, order: u32) -> u32 {
        match self.events[order as usize].request.op {
            Op::Choose { n } => n,
            _ => 0,
        }
    }

    /// Whether two parts of a drain interact with other actors while it is under way, or with each other.
    fn is_entangled(&self, actor: u8, drain: &[u32]) -> bool {
        let own = self.own(actor);
        let parts: Vec<Part> = drain.iter().map(|&order| self.part(actor, order)).collect();
        let (Some(&first), Some(last)) = (drain.first(), parts.last()) else { return false };
        let last = own[last.end - 1] as usize;
        let mut met = 0;
        for (at, part) in parts.iter().enumerate() {
            let (mut meets_others, mut meets_part) = (false, false);
            for &event in &own[part.clone()] {
                self.conflicting(self.accesses(event as usize), |other| {
                    let Some(nth) = self.of(actor, other) else {
                        let is_over =
                            self.before(other as usize, first as usize) || self.before(last, other as usize);
                        meets_others |= !is_over;
                        return;
                    };
                    meets_part |= parts.iter().enumerate().any(|(i, part)| i != at && part.contains(&nth));
                });
            }
            met += u32::from(meets_others);
            if met > 1 || meets_part {
                return true;
            }
        }
        false
    }

    /// The place of an event among those of an actor, if it is one of them.
    fn of(&self, actor: u8, event: u32) -> Option<usize> {
        let event = &self.events[event as usize];
        (event.actor == actor).then_some(event.nth as usize - 1)
    }

    /// The events after a choice, up to the one that releases the batches of that CPU.
    fn part(&self, actor: u8, order: u32) -> Part {
        let own = self.own(actor);
        let start = self.events[order as usize].nth as usize;
        let rest = &own[start..];
        let op = |event: &u32| self.events[*event as usize].request.op;
        let held = match rest.first().map(op) {
            Some(Op::Lock { addr, .. }) => Some(addr),
            _ => None,
        };
        let lets_go = |event: &u32| matches!(op(event), Op::Unlock { addr, .. } if Some(addr) == held);
        let end = rest.iter().position(lets_go).map_or(own.len(), |at| start + at + 1);
        start..end
    }
}
