//! Whether the order in which CPUs drop their TLB entries makes a difference.
//!
//! A flush reaches CPUs in any order, and each CPU drops entries that no other CPU uses. So another order is, as a
//! rule, equivalent to the first one. It is not if, in another order, a CPU that has dropped its entry passes something
//! on to one that has not yet done so. In the first order, an access through the entry that was dropped first then
//! happens after a later part of the same flush, but not after its end.

use cowrace_machine::{Access, Addr, Kind, Op, Prim, UserAccess, mmu};

use super::{Event, History};
use crate::execution::clock::join;

impl History {
    /// Whether the order makes a difference in this execution, in which the first order was taken.
    pub(super) fn flush_order_matters(&self) -> bool {
        let is_flush = |order: &&u32| self.events[**order as usize].request.prim == Prim::FlushOrder;
        self.orders.iter().filter(is_flush).any(|&order| self.is_overtaken(order))
    }

    /// Whether an access that the next part of a flush delays could come before that part in another order.
    fn is_overtaken(&self, order: u32) -> bool {
        let Event { actor: initiator, nth, .. } = self.events[order as usize];
        let rest =
            self.own(initiator)[nth as usize..].iter().map(|&event| (event, &self.events[event as usize]));
        let parts: Vec<_> = rest.take_while(|(_, event)| is_part(event)).collect();
        let mut flushes = parts.iter().filter_map(|(event, part)| match part.request.op {
            Op::FlushTlb { tlb, entries } => Some((*event, tlb, entries)),
            _ => None,
        });
        let (Some((flush, tlb, entries)), Some((_, last))) = (flushes.next(), parts.last()) else {
            return false;
        };
        let after = self.events[flush as usize].nth;
        (0..u16::BITS as u8).filter(|word| entries & (1 << word) != 0).any(|word| {
            let after_all = self.clock_but_for(flush, Addr::new(tlb, word), last);
            after_all.is_some_and(|clock| (after + 1..=last.nth).contains(&clock[initiator as usize]))
        })
    }

    /// The clock that the first access through a TLB entry after `flush` would have if `flush` had not dropped the
    /// entry. Events that the access would conflict with only then may as well come later, and do if they come after
    /// the `last` part.
    fn clock_but_for(&self, flush: u32, entry: Addr, last: &Event) -> Option<Vec<u32>> {
        let changes = &self.words.get(entry)?.changes;
        let at = changes.iter().position(|change| change.by.event == flush)?;
        let (before, access) = (changes[at].before, changes.get(at + 1)?.by.event);
        let Event { actor, nth, request, .. } = self.events[access as usize];
        let Op::User(user) = request.op else { return None };
        let mut clock = match nth {
            1 => vec![0; self.actors],
            _ => self.clock(self.own(actor)[nth as usize - 2] as usize).to_vec(),
        };
        for touched in self.would_touch(access, user, before) {
            let Some(word) = self.words.get(touched.addr) else { continue };
            let reads = word.reads.iter().map(|seen| (seen.by.event, seen.mask, Kind::Read));
            let changes = word.changes.iter().map(|changed| (changed.by.event, changed.mask, changed.kind));
            for (event, mask, kind) in reads.chain(changes).filter(|&(event, ..)| event < access) {
                let met = self.clock(event as usize);
                if met[last.actor as usize] <= last.nth
                    && touched.conflicts(&Access { addr: touched.addr, mask, kind })
                {
                    join(&mut clock, met);
                }
            }
        }
        Some(clock)
    }

    /// What an access would touch, in addition to the entry, if the entry still had its earlier value.
    fn would_touch(&self, access: u32, user: UserAccess, entry: u64) -> Vec<Access> {
        if !mmu::hits(entry, user.store.is_some()) {
            let all = self.accesses(access as usize).iter();
            return all.copied().filter(|touched| touched.addr != user.tlb).collect();
        }
        let page = mmu::page(entry).after(user.page);
        let kind = if user.store.is_some() { Kind::Write } else { Kind::Read };
        let data = Access { addr: mmu::data(page, user.word), mask: u64::MAX, kind };
        vec![data, Access { addr: Addr::life(page), mask: u64::MAX, kind: Kind::Read }]
    }
}

/// Whether an event is a part of a flush of several CPUs.
fn is_part(event: &Event) -> bool {
    match event.request.op {
        Op::FlushTlb { .. } => true,
        Op::Choose { .. } => matches!(event.request.prim, Prim::FlushOrder | Prim::IpiOrder),
        Op::Await { .. } => event.request.prim == Prim::Wait,
        _ => false,
    }
}
