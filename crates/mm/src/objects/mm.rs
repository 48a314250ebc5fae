//! `struct mm_struct` of `include/linux/mm_types.h`, v5.7 to v6.15. Left out: everything above the page tables, counters
//! of memory, everything that is not of an address space.

use cowrace_machine::{Addr, Obj, encode};

use super::structure::structure;
use super::{Directory, Format, PageTable, Type, Vma};
use crate::world::{MmId, Va};

/// `struct mm_struct`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MmStruct(pub MmId);
encode!(struct MmStruct(id));

structure! {
    MmStruct in Mm, at Addr {
        /// `mm->mmap_lock`.
        mmap_lock: "mmap_lock", Other, Format::Rwsem;
        /// `mm->write_protect_seq`.
        write_protect_seq: "write_protect_seq", Mark, Format::Number;
        /// `mm->has_pinned`.
        has_pinned: "has_pinned", Mark, Format::Number;
        /// `mm->tlb_flush_pending`.
        tlb_flush_pending: "tlb_flush_pending", Other, Format::Number;
        /// `mm->tlb_flush_batched`: whether reclaim has put off a flush. From 5ee2fa2f0636 on it counts the flushes that
        /// were put off, and in the upper half those that were made.
        tlb_flush_batched: "tlb_flush_batched", Other, Format::Batched;
        /// Copies of pages that no other mm mapped: a count that no kernel has.
        copies: "copies", Other, Format::Number;
        /// Times that waiters in `handle_userfault` were woken.
        userfault_wakes: "userfault_wakes", Other, Format::Number;
        /// Whether the mm has been made: its threads may run.
        started: "started", Other, Format::Number;
        /// `mm->mm_users`; counted only if the mm exits.
        mm_users: "mm_users", Other, Format::Number;
        /// Whether the task has the mm (`task->mm`).
        task_mm: "task.mm", Other, Format::Number;
        /// The lock of `task->mm` (`task->alloc_lock`).
        alloc_lock: "task.alloc_lock", Other, Format::Spinlock;
    }
}

/// Flushes that were put off within `mm->tlb_flush_batched` (`TLB_FLUSH_BATCH_PENDING_MASK`).
pub const BATCH_PENDING: u64 = (1 << (BATCH_FLUSHED_SHIFT - 1)) - 1;
/// Where those begin that were made (`TLB_FLUSH_BATCH_FLUSHED_SHIFT`).
pub const BATCH_FLUSHED_SHIFT: u32 = 16;

impl MmStruct {
    /// The object.
    #[must_use]
    pub const fn obj(self) -> Obj {
        Type::Mm.object(self.0 as u16)
    }

    const fn word(self, word: u8) -> Addr {
        Addr::new(self.obj(), word)
    }

    /// The page table of an area.
    #[must_use]
    pub const fn table(self, va: Va) -> PageTable {
        PageTable { mm: self.0, va }
    }

    /// A page-table entry.
    #[must_use]
    pub const fn pte(self, va: Va) -> Addr {
        self.table(va).pte(0)
    }

    /// What the page middle directory has for a range.
    #[must_use]
    pub const fn directory(self, range: Va) -> Directory {
        Directory { mm: self.0, va: range }
    }

    /// The entry of the page middle directory for a range.
    #[must_use]
    pub const fn pmd(self, range: Va) -> Addr {
        self.directory(range).pmd()
    }

    /// The VMA at an address.
    #[must_use]
    pub const fn vma(self, va: Va) -> Vma {
        Vma { mm: self.0, va }
    }

    /// `vma->vm_flags`, 0 if nothing is mapped there.
    #[must_use]
    pub const fn vm_flags(self, va: Va) -> Addr {
        self.vma(va).vm_flags()
    }

    /// `vma->vm_lock` (v6.4 and later).
    #[must_use]
    pub const fn vm_lock(self, va: Va) -> Addr {
        self.vma(va).vm_lock()
    }
}
