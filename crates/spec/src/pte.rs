//! PTEs of the specification, and what calls do to them.

use cowrace_machine::{Obj, encode, mmu};

use crate::layout::{EMPTY, HOME, LAZY, MAY_WRITE, SHARED, TAKEN_UP, UFFD_WP, WAS_DIRTY};

/// A PTE with the write bit that its other bits allow.
pub(crate) const fn settled(pte: u64) -> u64 {
    let writable = pte & mmu::PRESENT != 0 && pte & MAY_WRITE != 0 && pte & UFFD_WP == 0;
    if writable { pte | mmu::WRITE } else { pte & !mmu::WRITE }
}

/// A PTE of [`EMPTY`] memory after it has been touched.
pub(crate) const fn populated(pte: u64) -> u64 {
    settled((pte & !EMPTY) | mmu::PRESENT | mmu::ACCESSED)
}

/// What is done to a PTE.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Change {
    /// A fault populates memory.
    Populate,
    /// A handle is taken to write: the memory is no longer discarded.
    Take,
    /// The memory is unmapped.
    Unmap,
    /// The memory is discarded, and another page takes its place.
    Discard(Discard),
    /// `MADV_FREE` gives the memory up.
    GiveUp,
    /// The protection changes.
    Protect {
        /// Whether stores are allowed from now on.
        write: bool,
    },
    /// The soft-dirty bit is cleared.
    ClearRefs,
    /// userfaultfd protects memory.
    WriteProtect {
        /// Whether also memory that was never touched.
        unpopulated: bool,
    },
    /// userfaultfd protects it no longer.
    WriteUnprotect,
}
encode!(enum Change {
    Populate, Take, Unmap, Discard(discard), GiveUp, Protect { write }, ClearRefs, WriteProtect { unpopulated },
    WriteUnprotect,
});

/// How memory is discarded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Discard {
    /// The page that takes its place.
    pub(crate) new: Obj,
    /// Whether `MADV_FREE` gave it up before, and nothing has taken it back.
    pub(crate) lazily: bool,
    /// Whether nothing takes its place until it is touched.
    pub(crate) to_empty: bool,
}
encode!(struct Discard { new, lazily, to_empty });

impl Change {
    /// The PTE afterwards; `None` if it does not change.
    pub(crate) fn of(self, pte: u64) -> Option<u64> {
        let new = self.wanted(pte)?;
        (new != pte).then_some(new)
    }

    fn wanted(self, pte: u64) -> Option<u64> {
        let is_present = pte & mmu::PRESENT != 0;
        match self {
            Self::Populate => (pte & EMPTY != 0).then_some(populated(pte)),
            Self::Take => (pte & EMPTY == 0).then_some(pte & !LAZY & !SHARED),
            Self::Unmap => Some(0),
            Self::Discard(Discard { new, lazily, to_empty }) => {
                let may = !lazily || pte & LAZY != 0 && pte & mmu::DIRTY == 0;
                let left = if to_empty { EMPTY } else { mmu::PRESENT | mmu::ACCESSED };
                let taken_up = if lazily { TAKEN_UP } else { 0 };
                let new =
                    (pte & (MAY_WRITE | TAKEN_UP | HOME)) | left | taken_up | SHARED | mmu::pfn_bits(new);
                (is_present && may).then_some(settled(new))
            }
            Self::GiveUp => {
                // Memory that was written belongs to its owner, and counts as written, even if it is discarded.
                let written = if pte & mmu::DIRTY == 0 { pte } else { (pte | WAS_DIRTY) & !SHARED };
                is_present.then_some((written | LAZY) & !mmu::DIRTY)
            }
            Self::Protect { write } => {
                let new = if write { pte | MAY_WRITE } else { pte & !MAY_WRITE };
                (pte & (mmu::PRESENT | EMPTY) != 0).then_some(settled(new))
            }
            Self::ClearRefs => {
                // Memory that was written belongs to its owner and is not discarded; the bit that says so is cleared
                // now.
                let lazy = if pte & mmu::DIRTY == 0 { 0 } else { LAZY | SHARED };
                is_present.then_some(pte & !mmu::DIRTY & !WAS_DIRTY & !lazy)
            }
            Self::WriteProtect { unpopulated } => {
                let there = if unpopulated { mmu::PRESENT | EMPTY } else { mmu::PRESENT };
                (pte & there != 0).then_some(settled(pte | UFFD_WP))
            }
            Self::WriteUnprotect => (pte & UFFD_WP != 0).then_some(settled(pte & !UFFD_WP)),
        }
    }
}
