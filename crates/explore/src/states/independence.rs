//! Whether two requests commute in the current state.
//!
//! Their footprints say so, with one exception. Counts are added to and tested: as long as no order of the two takes
//! the count to zero (for a request that tests it) or below, both orders give the same answers and the same count.
//! Whether that is so depends on the value that the count has now.

use cowrace_machine::{Access, Kind, Memory, Op, Request, Used};

/// An access of a request that was tried in the current state.
#[derive(Clone, Copy, Debug)]
pub(super) struct Touch {
    access: Access,
    /// For an addition, the amount.
    amount: i64,
    /// The least value that the count may have afterwards.
    least: i64,
}

/// What a request touches that was tried and noted these accesses.
pub(super) fn touches(request: &Request, noted: &[Access]) -> impl Iterator<Item = Touch> {
    let (amount, least) = counted(&request.op);
    noted.iter().map(move |&access| Touch { access, amount, least })
}

/// What an operation adds to a count, and the least value that the count may have afterwards so that nothing would be
/// different if it had more.
const fn counted(op: &Op) -> (i64, i64) {
    match *op {
        Op::Add { value, used: Used::Nothing, .. } => (value as i64, 0),
        // The count is as it was before an addition that is to be refused at zero, plus the amount.
        Op::AddUnless { value, unless: 0, .. } => (value as i64, value as i64 + 1),
        Op::SubAndTest { value, .. } => (-(value as i64), 1),
        Op::ReadLock { .. } | Op::TryReadLock { .. } | Op::Downgrade { .. } => (1, 0),
        Op::ReadUnlock { .. } => (-1, 0),
        _ => (0, 0),
    }
}

/// The access for a comparison with what others may do in other states: an operation on a count depends on all others
/// but plain additions that only raise it.
pub(super) const fn in_any_state(op: &Op, access: Access) -> Access {
    let is_lock = matches!(
        op,
        Op::ReadLock { .. } | Op::TryReadLock { .. } | Op::Downgrade { .. } | Op::ReadUnlock { .. }
    );
    let raises = matches!(*op, Op::Add { value, used: Used::Nothing, .. } if value as i64 >= 0);
    let kind = match access.kind {
        Kind::Add if !is_lock && !raises => Kind::Write,
        kind => kind,
    };
    Access { kind, ..access }
}

/// Whether two requests commute, each of which was tried on `memory` and then undone.
pub(super) fn commute(one: &[Touch], other: &[Touch], memory: &Memory) -> bool {
    one.iter().all(|a| other.iter().all(|b| a.commutes(b, memory)))
}

impl Touch {
    fn commutes(&self, other: &Self, memory: &Memory) -> bool {
        if self.access.conflicts(&other.access) {
            return false;
        }
        let are_additions = self.access.kind == Kind::Add && other.access.kind == Kind::Add;
        if !are_additions || self.access.addr != other.access.addr {
            return true;
        }
        let now = (memory.get(self.access.addr) & self.access.mask) as i64;
        // Either may come first, and the other after it. What was taken below zero may be too large for either.
        [self.amount, other.amount, self.amount + other.amount]
            .into_iter()
            .all(|change| now.checked_add(change).is_some_and(|then| then >= self.least.max(other.least)))
    }
}
