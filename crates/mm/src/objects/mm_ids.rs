//! Which mms map a large folio: `folio->_mm_ids`, `_mm_id_mapcount` and the lock bit of `include/linux/rmap.h` (v6.15 and later).

use super::MmStruct;
use crate::world::MmId;

/// A slot: an mm and its mappings. None if no mapping is left.
type Slot = Option<(MmId, u64)>;

/// The mms that map a large folio, as far as two slots know, and whether more than one may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MmIds {
    slots: [Slot; 2],
    shared: bool,
}

const SHIFT: u32 = 8;

impl MmIds {
    /// `FOLIO_MM_IDS_SHARED_BITNUM`.
    pub const SHARED: u64 = 1 << 0;
    /// `PG_large_mapcount` lock bit (`folio_lock_large_mapcount`).
    pub const LOCK: u64 = 1 << 1;

    /// `folio_add_large_mapcount` of an mm, with the sum of all mappings after it: a free slot is taken if the mm has none. If it had
    /// none and there were mappings already, the folio may be shared.
    #[must_use]
    pub fn add(mut self, mm: MmStruct, more: u64, total: u64) -> Self {
        if let Some((_, count)) = self.slots.iter_mut().flatten().find(|(id, _)| *id == mm.0) {
            *count += more;
            return self;
        }
        if let Some(slot) = self.slots.iter_mut().find(|slot| slot.is_none()) {
            *slot = Some((mm.0, more));
            self.shared |= total != more;
        }
        self
    }

    /// `folio_sub_large_mapcount` of an mm, with the sum of all mappings after it: if one slot has all that are left, the folio is
    /// not shared. A slot that came late knows fewer mappings than there are. Nothing of that is asked unless the mm has no slot, or has given its slot up.
    #[must_use]
    pub fn sub(mut self, mm: MmStruct, fewer: u64, total: u64) -> Self {
        if let Some(slot) = self.slots.iter_mut().find(|slot| slot.is_some_and(|(id, _)| id == mm.0)) {
            *slot = slot.map(|(id, count)| (id, count.saturating_sub(fewer))).filter(|(_, count)| *count > 0);
            if slot.is_some() {
                return self;
            }
        }
        let has_all = |slot: &Slot| slot.map_or(0, |(_, count)| count) == total;
        self.shared &= !self.slots.iter().any(has_all);
        self
    }

    /// As the bits of a word.
    #[must_use]
    pub fn encode(self) -> u64 {
        let slot = |slot: Slot| slot.map_or(0, |(id, count)| (id as u64 + 1) << 8 | count);
        let [first, second] = self.slots.map(slot);
        (first | second << 16) << SHIFT | if self.shared { Self::SHARED } else { 0 }
    }

    /// From the bits of a word.
    #[must_use]
    pub fn decode(bits: u64) -> Self {
        let slot = |bits: u64| match bits & 0xffff {
            0 => None,
            slot => Some(((slot >> 8) as MmId - 1, slot & 0xff)),
        };
        let slots = [slot(bits >> SHIFT), slot(bits >> SHIFT >> 16)];
        Self { slots, shared: bits & Self::SHARED != 0 }
    }

    /// The mms that slots know, with their mappings.
    pub fn slots(self) -> impl Iterator<Item = (MmId, u64)> {
        self.slots.into_iter().flatten()
    }

    /// Whether more than one mm may map the folio.
    #[must_use]
    pub const fn is_shared(self) -> bool {
        self.shared
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: MmStruct = MmStruct(0);
    const B: MmStruct = MmStruct(1);
    const C: MmStruct = MmStruct(2);

    #[test]
    fn one_mm_is_not_shared_two_are_and_the_last_one_is_not() {
        let ids = MmIds::default().add(A, 2, 2);
        assert!(!ids.is_shared());
        let ids = ids.add(B, 2, 4);
        assert!(ids.is_shared());
        assert!(ids.sub(A, 1, 3).is_shared());
        assert!(!ids.sub(A, 1, 3).sub(A, 1, 2).is_shared());
    }

    #[test]
    fn a_third_mm_has_no_slot() {
        let ids = MmIds::default().add(A, 1, 1).add(B, 1, 2).add(C, 1, 3);
        assert_eq!(ids.slots().collect::<Vec<_>>(), [(0, 1), (1, 1)]);
        let ids = ids.sub(A, 1, 2);
        assert!(ids.is_shared(), "B and C");
        assert!(!ids.sub(C, 1, 1).is_shared());
    }

    #[test]
    fn bits_give_back_what_was_put_into_them() {
        for ids in
            [MmIds::default(), MmIds::default().add(B, 2, 2), MmIds::default().add(C, 1, 1).add(A, 2, 3)]
        {
            assert_eq!(MmIds::decode(ids.encode()), ids);
        }
    }
}
