//! The kernel primitives that requests represent.
//!
//! The ordering of a primitive differs between architectures: the same `ptep_set_wrprotect` is a locked instruction on
//! x86 and relaxed on arm64. So a request names the primitive, and an engine that needs the ordering looks it up here.

use crate::{Arch, Ordering};

macro_rules! prims {
    ($($(#[$doc:meta])* $variant:ident = $text:literal: $x86:ident, $arm64:ident, $lkmm:ident;)*) => {
        /// A kernel primitive, or an action of hardware or of a device.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Prim { $($(#[$doc])* $variant,)* }

        impl Prim {
            /// Every primitive.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The kernel's name, which is also its name in a diagram.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The ordering of the primitive when it succeeds.
            #[must_use]
            pub const fn ordering(self, arch: Arch) -> Ordering {
                let (x86, arm64, lkmm) = match self {
                    $(Self::$variant => (Ordering::$x86, Ordering::$arm64, Ordering::$lkmm),)*
                };
                match arch {
                    Arch::X86 => x86,
                    Arch::Arm64 => arm64,
                    Arch::Generic | Arch::NoSwapExclusive => lkmm,
                }
            }
        }
    };
}

// Columns: x86, arm64, LKMM. Sources: Documentation/atomic_t.txt, Documentation/memory-barriers.txt and
// the arch headers of v6.12, as collected in the project's table of primitives.
prims! {
    /// A marked load.
    ReadOnce = "READ_ONCE": Relaxed, Relaxed, Relaxed;
    /// A marked store.
    WriteOnce = "WRITE_ONCE": Relaxed, Relaxed, Relaxed;
    /// Full barrier.
    SmpMb = "smp_mb": Full, Full, Full;
    /// Read barrier.
    SmpRmb = "smp_rmb": ReadBarrier, ReadBarrier, ReadBarrier;
    /// Write barrier.
    SmpWmb = "smp_wmb": WriteBarrier, WriteBarrier, WriteBarrier;
    /// Full barrier after a relaxed atomic.
    SmpMbAfterAtomic = "smp_mb__after_atomic": Full, Full, Full;

    /// `get_page`, `page_ref_inc`, `folio_ref_add`: atomic without ordering.
    PageRefAdd = "page_ref_add": Full, Relaxed, Relaxed;
    /// `page_ref_sub`; its result is not used.
    PageRefSub = "page_ref_sub": Full, Relaxed, Relaxed;
    /// `try_get_page`, `folio_try_get`, `page_ref_add_unless`.
    PageRefAddUnless = "page_ref_add_unless": Full, Full, Full;
    /// `put_page_testzero`, `page_ref_sub_and_test`.
    PageRefSubAndTest = "page_ref_sub_and_test": Full, Full, Full;
    /// `page_ref_freeze`.
    PageRefFreeze = "page_ref_freeze": Full, Full, Full;
    /// `clear_compound_head`: a tail page becomes a page of its own.
    ClearCompoundHead = "clear_compound_head": Relaxed, Relaxed, Relaxed;
    /// `ClearPageCompound`: the head of a folio becomes a page of its own.
    ClearPageCompound = "ClearPageCompound": Full, Relaxed, Relaxed;
    /// `page_ref_unfreeze`.
    PageRefUnfreeze = "page_ref_unfreeze": Release, Release, Release;
    /// `page_count`, `page_maybe_dma_pinned`: a plain read of `_refcount`.
    PageCount = "page_count": Relaxed, Relaxed, Relaxed;
    /// `page_maybe_dma_pinned`: reads `_refcount` and compares with the bias.
    PageMaybeDmaPinned = "page_maybe_dma_pinned": Relaxed, Relaxed, Relaxed;
    /// `page_mapcount`.
    PageMapcount = "page_mapcount": Relaxed, Relaxed, Relaxed;
    /// `page_dup_rmap`: fork's increment of the mapcount.
    PageDupRmap = "page_dup_rmap": Full, Relaxed, Relaxed;
    /// `page_add_anon_rmap`.
    PageAddAnonRmap = "page_add_anon_rmap": Full, Full, Full;
    /// `page_add_new_anon_rmap`: a plain store, the page is not visible yet.
    PageAddNewAnonRmap = "page_add_new_anon_rmap": Relaxed, Relaxed, Relaxed;
    /// `page_remove_rmap`.
    PageRemoveRmap = "page_remove_rmap": Full, Full, Full;

    /// `PageAnon`, `PageSwapCache`, `PageKsm`, `PageLRU`: tests of page flags.
    PageFlagTest = "test_page_flag": Relaxed, Relaxed, Relaxed;
    /// `compound_head`, `page_folio`: the load of `page->compound_head`.
    CompoundHead = "compound_head": Relaxed, Relaxed, Relaxed;
    /// `set_compound_head`, `prep_compound_page`.
    SetCompoundHead = "set_compound_head": Relaxed, Relaxed, Relaxed;
    /// `TestSetPageDoubleMap`.
    SetDoubleMap = "TestSetPageDoubleMap": Full, Full, Full;
    /// `TestClearPageDoubleMap`.
    ClearDoubleMap = "TestClearPageDoubleMap": Full, Full, Full;
    /// `folio_lock_large_mapcount`.
    LockLargeMapcount = "folio_lock_large_mapcount": Full, Acquire, Acquire;
    /// `folio_unlock_large_mapcount`.
    UnlockLargeMapcount = "folio_unlock_large_mapcount": Release, Release, Release;
    /// `folio->_mm_ids`: a test of the shared bit, or a change with the lock held.
    MmIds = "_mm_ids": Relaxed, Relaxed, Relaxed;
    /// `folio_test_large`, `PageHead`.
    FolioTestLarge = "folio_test_large": Relaxed, Relaxed, Relaxed;
    /// `PageAnonExclusive`.
    PageAnonExclusive = "PageAnonExclusive": Relaxed, Relaxed, Relaxed;
    /// `SetPageAnonExclusive`.
    SetPageAnonExclusive = "SetPageAnonExclusive": Full, Relaxed, Relaxed;
    /// `ClearPageAnonExclusive`.
    ClearPageAnonExclusive = "ClearPageAnonExclusive": Full, Relaxed, Relaxed;
    /// `PageSwapCache`.
    PageSwapCache = "PageSwapCache": Relaxed, Relaxed, Relaxed;
    /// `PageWriteback`.
    PageWriteback = "PageWriteback": Relaxed, Relaxed, Relaxed;
    /// `PageDirty`.
    PageDirty = "PageDirty": Relaxed, Relaxed, Relaxed;
    /// `set_page_dirty`.
    SetPageDirty = "set_page_dirty": Full, Relaxed, Relaxed;
    /// `clear_page_dirty_for_io`.
    ClearPageDirty = "clear_page_dirty_for_io": Full, Full, Full;
    /// `set_page_writeback`.
    SetPageWriteback = "set_page_writeback": Full, Relaxed, Relaxed;
    /// `end_page_writeback`.
    EndPageWriteback = "end_page_writeback": Full, Full, Full;
    /// `SetPageLRU`.
    SetPageLru = "SetPageLRU": Full, Relaxed, Relaxed;
    /// `TestClearPageLRU`.
    TestClearPageLru = "TestClearPageLRU": Full, Full, Full;
    /// `SetPageSwapBacked`.
    SetPageSwapBacked = "SetPageSwapBacked": Full, Relaxed, Relaxed;
    /// `ClearPageSwapBacked`.
    ClearPageSwapBacked = "ClearPageSwapBacked": Full, Relaxed, Relaxed;
    /// `__SetPageUptodate`: a write barrier, then the bit.
    SetPageUptodate = "__SetPageUptodate": WriteBarrier, WriteBarrier, WriteBarrier;
    /// `lock_page`.
    LockPage = "lock_page": Full, Acquire, Acquire;
    /// `trylock_page`.
    TrylockPage = "trylock_page": Full, Acquire, Acquire;
    /// `unlock_page`.
    UnlockPage = "unlock_page": Release, Release, Release;

    /// `ptep_get`, `READ_ONCE(*ptep)`.
    PtepGet = "ptep_get": Relaxed, Relaxed, Relaxed;
    /// `ptep_get_lockless`.
    PtepGetLockless = "ptep_get_lockless": Relaxed, Relaxed, Relaxed;
    /// `set_pte_at`.
    SetPteAt = "set_pte_at": Relaxed, Relaxed, Relaxed;
    /// `ptep_set_wrprotect`.
    PtepSetWrprotect = "ptep_set_wrprotect": Full, Relaxed, Relaxed;
    /// `ptep_get_and_clear`.
    PtepGetAndClear = "ptep_get_and_clear": Full, Relaxed, Relaxed;
    /// `ptep_clear_flush`: its clearing half.
    PtepClearFlush = "ptep_clear_flush": Full, Full, Full;
    /// `ptep_set_access_flags`.
    PtepSetAccessFlags = "ptep_set_access_flags": Relaxed, Relaxed, Relaxed;
    /// `ptep_modify_prot_start`.
    PtepModifyProtStart = "ptep_modify_prot_start": Full, Relaxed, Relaxed;
    /// `ptep_modify_prot_commit`.
    PtepModifyProtCommit = "ptep_modify_prot_commit": Relaxed, Relaxed, Relaxed;

    /// `pmdp_get`, `READ_ONCE(*pmd)`.
    PmdpGet = "pmdp_get": Relaxed, Relaxed, Relaxed;
    /// `pmdp_get_lockless`.
    PmdpGetLockless = "pmdp_get_lockless": Relaxed, Relaxed, Relaxed;
    /// `set_pmd_at`.
    SetPmdAt = "set_pmd_at": Relaxed, Relaxed, Relaxed;
    /// `pmdp_set_wrprotect`.
    PmdpSetWrprotect = "pmdp_set_wrprotect": Full, Relaxed, Relaxed;
    /// `pmdp_invalidate`: its exchange.
    PmdpInvalidate = "pmdp_invalidate": Full, Relaxed, Relaxed;
    /// `pmdp_huge_get_and_clear`.
    PmdpGetAndClear = "pmdp_huge_get_and_clear": Full, Relaxed, Relaxed;
    /// `pmdp_huge_clear_flush`: its clearing half.
    PmdpClearFlush = "pmdp_huge_clear_flush": Full, Full, Full;
    /// `pmdp_set_access_flags`.
    PmdpSetAccessFlags = "pmdp_set_access_flags": Relaxed, Relaxed, Relaxed;
    /// `pmd_populate`.
    PmdPopulate = "pmd_populate": Relaxed, Relaxed, Relaxed;

    /// `pmd_lock`, `spin_lock(pmd_ptl)`.
    PmdLock = "spin_lock(pmd_ptl)": Full, Acquire, Acquire;
    /// `spin_unlock(pmd_ptl)`.
    PmdUnlock = "spin_unlock(pmd_ptl)": Release, Release, Release;
    /// `spin_lock(ptl)`, `pte_offset_map_lock`.
    PtlLock = "spin_lock(ptl)": Full, Acquire, Acquire;
    /// `spin_unlock(ptl)`, `pte_unmap_unlock`.
    PtlUnlock = "spin_unlock(ptl)": Release, Release, Release;
    /// `spin_lock` on another lock.
    SpinLock = "spin_lock": Full, Acquire, Acquire;
    /// `spin_unlock` of another lock.
    SpinUnlock = "spin_unlock": Release, Release, Release;
    /// `mutex_lock`.
    MutexLock = "mutex_lock": Full, Acquire, Acquire;
    /// `mutex_unlock`.
    MutexUnlock = "mutex_unlock": Release, Release, Release;
    /// `mmap_read_lock`.
    MmapReadLock = "mmap_read_lock": Full, Acquire, Acquire;
    /// `mmap_read_unlock`.
    MmapReadUnlock = "mmap_read_unlock": Release, Release, Release;
    /// `mmap_write_lock`.
    MmapWriteLock = "mmap_write_lock": Full, Acquire, Acquire;
    /// `mmap_write_unlock`.
    MmapWriteUnlock = "mmap_write_unlock": Release, Release, Release;
    /// `mmap_write_downgrade`.
    MmapWriteDowngrade = "mmap_write_downgrade": Release, Release, Release;
    /// `lock_vma_under_rcu`, `vma_start_read`.
    VmaStartRead = "vma_start_read": Full, Acquire, Acquire;
    /// `vma_end_read`.
    VmaEndRead = "vma_end_read": Release, Release, Release;
    /// `anon_vma_lock_read`.
    AnonVmaLockRead = "anon_vma_lock_read": Full, Acquire, Acquire;
    /// `anon_vma_unlock_read`.
    AnonVmaUnlockRead = "anon_vma_unlock_read": Release, Release, Release;
    /// `anon_vma_lock_write`.
    AnonVmaLockWrite = "anon_vma_lock_write": Full, Acquire, Acquire;
    /// `anon_vma_unlock_write`.
    AnonVmaUnlockWrite = "anon_vma_unlock_write": Release, Release, Release;
    /// `vma_start_write`.
    VmaStartWrite = "vma_start_write": Full, Acquire, Acquire;
    /// `vma_end_write_all`, when the mmap lock is released.
    VmaEndWrite = "vma_end_write_all": Release, Release, Release;

    /// `mmget`.
    Mmget = "mmget": Full, Relaxed, Relaxed;
    /// `mmget_not_zero`.
    MmgetNotZero = "mmget_not_zero": Full, Full, Full;
    /// `mmput`: the decrement.
    Mmput = "mmput": Full, Full, Full;
    /// `vm_area_free`.
    VmAreaFree = "vm_area_free": Relaxed, Relaxed, Relaxed;

    /// `raw_write_seqcount_begin`: the increment; its barrier follows as `smp_wmb`.
    WriteSeqcountBegin = "raw_write_seqcount_begin": Relaxed, Relaxed, Relaxed;
    /// `raw_write_seqcount_end`: the increment; its barrier precedes as `smp_wmb`.
    WriteSeqcountEnd = "raw_write_seqcount_end": Relaxed, Relaxed, Relaxed;
    /// `raw_read_seqcount`: the load; its barrier follows as `smp_rmb`.
    ReadSeqcount = "raw_read_seqcount": Relaxed, Relaxed, Relaxed;
    /// `read_seqcount_retry`: the load; its barrier precedes as `smp_rmb`.
    ReadSeqcountRetry = "read_seqcount_retry": Relaxed, Relaxed, Relaxed;
    /// `mm_set_has_pinned_flag`, `atomic_set(&mm->has_pinned, 1)`.
    SetHasPinned = "mm_set_has_pinned_flag": Relaxed, Relaxed, Relaxed;
    /// `atomic_read(&mm->has_pinned)`, `test_bit(MMF_HAS_PINNED)`.
    HasPinned = "mm_has_pinned": Relaxed, Relaxed, Relaxed;
    /// `inc_tlb_flush_pending`.
    IncTlbFlushPending = "inc_tlb_flush_pending": Full, Relaxed, Relaxed;
    /// `dec_tlb_flush_pending`.
    DecTlbFlushPending = "dec_tlb_flush_pending": Full, Relaxed, Relaxed;
    /// `mm_tlb_flush_pending`.
    MmTlbFlushPending = "mm_tlb_flush_pending": Relaxed, Relaxed, Relaxed;
    /// `mm_tlb_flush_nested`.
    MmTlbFlushNested = "mm_tlb_flush_nested": Relaxed, Relaxed, Relaxed;
    /// `set_tlb_ubc_flush_pending`: reclaim notes that this mm has a flush due.
    SetTlbBatched = "set_tlb_ubc_flush_pending": Relaxed, Relaxed, Relaxed;
    /// `flush_tlb_batched_pending`: the test.
    TlbBatched = "flush_tlb_batched_pending": Relaxed, Relaxed, Relaxed;
    /// One CPU's part of `flush_tlb_page`, `flush_tlb_range`, `flush_tlb_mm`.
    FlushTlb = "flush_tlb": Full, Full, Full;
    /// `local_irq_save` around GUP-fast.
    LocalIrqSave = "local_irq_save": Relaxed, Relaxed, Relaxed;
    /// `local_irq_restore`.
    LocalIrqRestore = "local_irq_restore": Relaxed, Relaxed, Relaxed;
    /// `rcu_read_lock`.
    RcuReadLock = "rcu_read_lock": Relaxed, Relaxed, Relaxed;
    /// `rcu_read_unlock`.
    RcuReadUnlock = "rcu_read_unlock": Relaxed, Relaxed, Relaxed;
    /// Waiting until every section in flight has ended: the acknowledgement of an IPI, `synchronize_rcu`.
    Synchronize = "wait for sections": Full, Full, Full;

    /// `swap_duplicate`.
    SwapDuplicate = "swap_duplicate": Full, Full, Full;
    /// `swap_free`.
    SwapFree = "swap_free": Full, Full, Full;
    /// `page_swapcount`, `swap_swapcount`.
    PageSwapcount = "page_swapcount": Relaxed, Relaxed, Relaxed;
    /// `lookup_swap_cache`.
    LookupSwapCache = "lookup_swap_cache": Relaxed, Relaxed, Relaxed;
    /// `add_to_swap_cache`.
    AddToSwapCache = "add_to_swap_cache": Full, Full, Full;
    /// `delete_from_swap_cache`.
    DeleteFromSwapCache = "delete_from_swap_cache": Full, Full, Full;
    /// `get_swap_page`: a slot of the swap map.
    GetSwapPage = "get_swap_page": Full, Full, Full;
    /// The device reads or writes a swap slot.
    SwapIo = "swap I/O": Relaxed, Relaxed, Relaxed;

    /// `alloc_page`.
    AllocPage = "alloc_page": Relaxed, Relaxed, Relaxed;
    /// `free_unref_page`.
    FreePage = "free_unref_page": Relaxed, Relaxed, Relaxed;
    /// `clear_user_highpage`, `copy_user_highpage`: one word of it.
    CopyUserHighpage = "copy_user_highpage": Relaxed, Relaxed, Relaxed;

    /// A load by user space.
    UserLoad = "load": Relaxed, Relaxed, Relaxed;
    /// A store by user space.
    UserStore = "store": Relaxed, Relaxed, Relaxed;
    /// A device writes a word of memory.
    DmaWrite = "dma_write": Relaxed, Relaxed, Relaxed;
    /// A device, or the kernel through a page that it holds, reads a word of memory.
    DmaRead = "dma_read": Relaxed, Relaxed, Relaxed;
    /// A CPU drops a TLB entry of its own accord.
    TlbEvict = "tlb_evict": Relaxed, Relaxed, Relaxed;
    /// Which of several CPUs that have interrupts on drops its TLB entries next.
    FlushOrder = "flush_order": Relaxed, Relaxed, Relaxed;
    /// Which of several CPUs that have interrupts off drops its TLB entries next.
    IpiOrder = "ipi_order": Relaxed, Relaxed, Relaxed;
    /// Which CPU's batches are drained next.
    DrainOrder = "drain_order": Relaxed, Relaxed, Relaxed;

    /// `find_vma`: the flags of a VMA.
    FindVma = "find_vma": Relaxed, Relaxed, Relaxed;
    /// A change of `vm_flags`.
    VmFlags = "vm_flags": Relaxed, Relaxed, Relaxed;
    /// A store to a variable of the scenario. An actor that waits for it sees everything before it.
    Variable = "variable": Release, Release, Release;
    /// Waiting for a handle, a child, an I/O or a flag.
    Wait = "wait": Acquire, Acquire, Acquire;
    /// A barrier of the scenario.
    Barrier = "barrier": Full, Full, Full;
    /// A decision of the environment or of an allocator.
    Choice = "choose": Relaxed, Relaxed, Relaxed;
    /// Bookkeeping of the model that does not exist in a kernel.
    Ghost = "ghost": Relaxed, Relaxed, Relaxed;
}
