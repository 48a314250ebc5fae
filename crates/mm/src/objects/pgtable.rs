//! Page tables: their entries, and the lock that a page of them has (`ptlock_ptr` of `include/linux/mm.h`, v5.7 to v6.15,
//! with `USE_SPLIT_PTE_PTLOCKS`). Left out: everything above the PTE level.
//!
//! Each area has an object for its entries; areas in one page table share the lock of the first of them.

use cowrace_machine::{Addr, Obj};

use super::structure::{pair, structure};
use super::{Format, Type};
use crate::world::{MmId, Va};

/// What a page table has for an area.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PageTable {
    /// Whose it is.
    pub mm: MmId,
    /// The area.
    pub va: Va,
}

structure! {
    PageTable in PageTable, at Addr {
        /// The lock of the table, if the area is the first in it.
        ptl: "ptl", Other, Format::Spinlock;
    }
    [
        /// An entry.
        pte: "pte", Pte, Format::Pte
    ]
}

impl PageTable {
    /// The object.
    #[must_use]
    pub const fn obj(self) -> Obj {
        Type::PageTable.object(pair(self.mm, self.va))
    }

    const fn word(self, word: u8) -> Addr {
        Addr::new(self.obj(), word)
    }
}
