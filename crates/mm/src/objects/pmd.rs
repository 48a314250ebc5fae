//! Page middle directories: the entry that maps a huge page or refers to a page table, and its lock (`pmd_lockptr` of
//! `include/linux/mm.h`, v5.4 to v6.18, with `USE_SPLIT_PMD_PTLOCKS`). Only ranges that a huge page may back have one here;
//! for other memory the entry refers to a page table throughout.

use cowrace_machine::{Addr, Obj};

use super::structure::{pair, structure};
use super::{Format, Type};
use crate::world::{MmId, Va};

/// What a page middle directory has for a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Directory {
    /// Whose it is.
    pub mm: MmId,
    /// The range.
    pub va: Va,
}

structure! {
    Directory in Directory, at Addr {
        /// The lock of the directory.
        ptl: "pmd ptl", Other, Format::Spinlock;
        /// The entry.
        pmd: "pmd", Pte, Format::Pte;
        /// `anon_vma->rwsem` of the range, in the directory of the mm that declares it. Of other memory it is left out.
        anon_vma: "anon_vma rwsem", Other, Format::Rwsem;
    }
}

impl Directory {
    /// The object.
    #[must_use]
    pub const fn obj(self) -> Obj {
        Type::Directory.object(pair(self.mm, self.va))
    }

    const fn word(self, word: u8) -> Addr {
        Addr::new(self.obj(), word)
    }
}
