//! The safeguards of the model: every TLB flush, recheck and barrier, each of which can be taken out.
//!
//! A flush or barrier that is taken out is not made. A recheck reads something a second time, after a lock or a
//! reference has been taken, since it may have changed; if the recheck is taken out, the code continues as if nothing
//! had changed. Checks that only save work are not safeguards. If a rule has a value without the safeguard, that value
//! takes it out; other safeguards have a switch of their own. Kernel code asks by
//! [`Reading::keeps`](super::Reading::keeps), for a recheck only when something has changed, so that most searches can
//! be shared.

use cowrace_machine::Arch;

use super::{
    AeBarriers, AnonExclusive, BatchedFlush, ClearRefsFlush, CollapseSync, ForkSeq, GupForce, MadvFree,
    PinSteps, ReclaimPin, Rules, SwapinRecheck, ThpSplitLock, ThpWpElse, UffdFlush, UnmapBatch, WpReuse,
};

/// The kind of a safeguard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SafeguardKind {
    /// A TLB flush, or a wait that belongs to it.
    Flush,
    /// A second check.
    Recheck,
    /// A memory barrier.
    Barrier,
}

impl SafeguardKind {
    /// The kind in one word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flush => "flush",
            Self::Recheck => "recheck",
            Self::Barrier => "barrier",
        }
    }
}

/// How a safeguard is taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// It has a switch: the key, which takes the values [`KEPT`] and [`NONE`].
    Switch(&'static str),
    /// A rule has a value without it: key and value.
    Rule(&'static str, &'static str),
}

/// The default value of a switch.
pub const KEPT: &str = "kept";
/// The value of a switch that takes the safeguard out.
pub const NONE: &str = "none";

use Removal::{Rule, Switch};

macro_rules! safeguards {
    ($($(#[doc = $about:literal])+
       $variant:ident: $kind:ident $primitive:literal in $function:literal $file:literal, $removal:expr, $when:expr;)*) => {
        /// A TLB flush, a recheck or a barrier of the model.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Safeguard { $($(#[doc = $about])+ $variant,)* }
        cowrace_machine::encode!(fieldless enum Safeguard);

        impl Safeguard {
            /// Every safeguard.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its kind.
            #[must_use]
            pub const fn kind(self) -> SafeguardKind {
                match self { $(Self::$variant => SafeguardKind::$kind,)* }
            }

            /// The kernel's name for it: the primitive, or what is checked again.
            #[must_use]
            pub const fn primitive(self) -> &'static str {
                match self { $(Self::$variant => $primitive,)* }
            }

            /// The kernel function that has it.
            #[must_use]
            pub const fn function(self) -> &'static str {
                match self { $(Self::$variant => $function,)* }
            }

            /// The file of that function.
            #[must_use]
            pub const fn file(self) -> &'static str {
                match self { $(Self::$variant => $file,)* }
            }

            /// Its purpose, in one line.
            #[must_use]
            pub const fn about(self) -> &'static str {
                match self { $(Self::$variant => concat!($($about),+).trim_ascii(),)* }
            }

            /// How it is taken out.
            #[must_use]
            pub const fn removal(self) -> Removal {
                match self { $(Self::$variant => $removal,)* }
            }

            /// Whether a kernel has it.
            #[must_use]
            pub fn is_in(self, rules: &Rules, arch: Arch) -> bool {
                let when: fn(&Rules, Arch) -> bool = match self { $(Self::$variant => $when,)* };
                when(rules, arch) && !rules.lacks.has(self)
            }
        }
    };
}

safeguards! {
    /// The page that is copied leaves every TLB before the copy can be used through any TLB.
    WpCopyFlush: Flush "ptep_clear_flush" in "wp_page_copy" "mm/memory.c", Switch("wp_copy_flush"), |_, _| true;
    /// A write-protection by userfaultfd that has not been flushed yet is flushed before the page is copied.
    UffdFlush: Flush "flush_tlb_page" in "do_wp_page" "mm/memory.c",
        Rule("uffd_flush", "no"), |r, _| r.uffd_flush == UffdFlush::Yes;
    /// The parent's PTEs are write-protected in every TLB before fork returns.
    ForkFlush: Flush "flush_tlb_mm" in "dup_mmap" "kernel/fork.c", Switch("fork_flush"), |_, _| true;
    /// A page that is unmapped leaves every TLB before its reference is dropped.
    ZapFlush: Flush "tlb_flush_mmu" in "zap_pte_range" "mm/memory.c", Switch("zap_flush"), |_, _| true;
    /// Who gathers while a flush of another CPU is pending flushes for that CPU as well.
    NestedFlush: Flush "tlb_flush_mmu" in "tlb_finish_mmu" "mm/mmu_gather.c",
        Switch("nested_flush"), |_, _| true;
    /// A page of hugetlb that is copied leaves every TLB before the copy can be used through any TLB.
    HugetlbWpFlush: Flush "huge_ptep_clear_flush" in "hugetlb_wp" "mm/hugetlb.c", Switch("hugetlb_wp_flush"), |_, _| true;
    /// The rights that mprotect removes from hugetlb are gone from every TLB before it returns.
    HugetlbProtectFlush: Flush "flush_hugetlb_tlb_range" in "hugetlb_change_protection" "mm/hugetlb.c",
        Switch("hugetlb_protect_flush"), |_, _| true;
    /// A huge page that is copied leaves every TLB before the copy can be used through any TLB.
    ThpWpCopyFlush: Flush "pmdp_huge_clear_flush" in "do_huge_pmd_wp_page" "mm/huge_memory.c", Switch("thp_wp_copy_flush"),
        |r, _| r.thp_wp_else == ThpWpElse::Copy;
    /// A huge page whose mapping is split leaves every TLB before its pages can be used through PTEs.
    SplitPmdFlush: Flush "pmdp_invalidate" in "__split_huge_pmd_locked" "mm/huge_memory.c", Switch("split_pmd_flush"), |_, _| true;
    /// The rights to a huge page that a change of its PMD removes are gone from every TLB with the change.
    ChangePmdFlush: Flush "pmdp_invalidate" in "clear_soft_dirty_pmd" "fs/proc/task_mmu.c", Switch("change_pmd_flush"), |_, _| true;
    /// The rights that mprotect removes are gone from every TLB before it returns.
    MprotectFlush: Flush "flush_tlb_range" in "change_protection" "mm/mprotect.c",
        Switch("mprotect_flush"), |_, _| true;
    /// The memory that UFFDIO_WRITEPROTECT protects is protected in every TLB before it returns.
    UffdWpFlush: Flush "flush_tlb_range" in "change_protection" "mm/mprotect.c",
        Switch("uffd_wp_flush"), |_, _| true;
    /// Removing the protection also clears the write bit, and flushes for it.
    UffdUnprotectFlush: Flush "flush_tlb_range" in "change_protection" "mm/mprotect.c",
        Switch("uffd_unprotect_flush"), |_, _| true;
    /// A change of PTEs that reclaim has cleared first does the flush that reclaim has deferred.
    BatchedFlush: Flush "flush_tlb_mm" in "flush_tlb_batched_pending" "mm/rmap.c",
        Rule("batched_flush", "defer"), |r, _| r.batched_flush != BatchedFlush::Defer;
    /// A clean PTE is clean in every TLB before MADV_FREE returns: the next store sets the dirty bit.
    MadvFreeFlush: Flush "tlb_finish_mmu" in "madvise_free_pte_range" "mm/madvise.c",
        Switch("madv_free_flush"), |_, _| true;
    /// No TLB allows a store without a fault once clear_refs has returned.
    ClearRefsFlush: Flush "flush_tlb_mm" in "clear_refs_write" "fs/proc/task_mmu.c",
        Rule("clear_refs_flush", "elided"), |r, _| r.clear_refs_flush == ClearRefsFlush::Explicit;
    /// A page that reclaim unmaps leaves every TLB at once, unless the flush is deferred.
    UnmapFlush: Flush "ptep_clear_flush" in "try_to_unmap_one" "mm/rmap.c", Switch("unmap_flush"), |_, _| true;
    /// A page that mremap moves leaves the TLBs at its old address before others can free it at the new one.
    MremapFlush: Flush "flush_tlb_range" in "move_ptes" "mm/mremap.c", Switch("mremap_flush"), |_, _| true;
    /// The pages that khugepaged copies leave every TLB before it copies them.
    CollapseFlush: Flush "pmdp_collapse_flush" in "collapse_huge_page" "mm/khugepaged.c", Switch("collapse_flush"), |_, _| true;
    /// Nobody is in GUP-fast any more who could find a page in the page table that khugepaged has taken away.
    CollapseSync: Flush "tlb_remove_table_sync_one" in "collapse_huge_page" "mm/khugepaged.c",
        Rule("collapse_sync", "no"), |r, _| r.collapse_sync == CollapseSync::Yes;
    /// A page of a folio that is split leaves every TLB at once, unless the flush is deferred.
    MigrateFlush: Flush "ptep_clear_flush" in "try_to_migrate_one" "mm/rmap.c", Switch("migrate_flush"), |_, _| true;
    /// No CPU can still write to a page through a TLB when the page is written out.
    UnmapDirtyFlush: Flush "try_to_unmap_flush_dirty" in "shrink_page_list" "mm/vmscan.c",
        Switch("unmap_dirty_flush"), |_, _| true;
    /// A page leaves every TLB before reclaim frees it or puts it back.
    UnmapBatchFlush: Flush "try_to_unmap_flush" in "shrink_page_list" "mm/vmscan.c",
        Switch("unmap_batch_flush"), |_, _| true;
    /// A flush by IPI waits until GUP-fast, which has interrupts off, has ended.
    FlushIpi: Flush "smp_call_function_many" in "flush_tlb_mm_range" "arch/x86/mm/tlb.c",
        Switch("flush_ipi"), |_, arch| arch.flush_waits_for_irq_off();

    /// The PTE that the fault has read is still there when its lock is held.
    FaultPteSame: Recheck "pte_same" in "handle_pte_fault" "mm/memory.c", Switch("fault_pte_same"), |_, _| true;
    /// Nothing has been mapped meanwhile at the addresses for a huge page.
    ThpPmdNone: Recheck "pmd_none" in "do_huge_pmd_anonymous_page" "mm/huge_memory.c", Switch("thp_pmd_none"), |_, _| true;
    /// The PMD that the fault has read is still there when its lock is held.
    ThpWpPmdSame: Recheck "pmd_same" in "do_huge_pmd_wp_page" "mm/huge_memory.c", Switch("thp_wp_pmd_same"), |_, _| true;
    /// The PMD has not changed while the write fault slept for the page lock.
    ThpWpLockPmdSame: Recheck "pmd_same" in "do_huge_pmd_wp_page" "mm/huge_memory.c", Switch("thp_wp_lock_pmd_same"), |_, _| true;
    /// The PMD has not changed while its split slept for the page lock.
    SplitLockPmdSame: Recheck "pmd_same" in "__split_huge_pmd" "mm/huge_memory.c", Switch("split_lock_pmd_same"),
        |r, _| r.thp_split_lock == ThpSplitLock::Page;
    /// The PMD has not changed while the huge page was copied without its lock.
    ThpWpCopyPmdSame: Recheck "pmd_same" in "do_huge_pmd_wp_page" "mm/huge_memory.c", Switch("thp_wp_copy_pmd_same"),
        |r, _| r.thp_wp_else == ThpWpElse::Copy;
    /// The range still has a page table when khugepaged has the mmap lock for writing.
    CollapsePmdTable: Recheck "check_pmd_still_valid" in "collapse_huge_page" "mm/khugepaged.c", Switch("collapse_pmd_table"), |_, _| true;
    /// Nothing but mappings and the swap cache refers to a page that khugepaged copies.
    CollapseReferences: Recheck "is_refcount_suitable" in "__collapse_huge_page_isolate" "mm/khugepaged.c",
        Switch("collapse_references"), |_, _| true;
    /// The PMD has not changed before the reference was taken.
    GupFastPmdSame: Recheck "pmd_same" in "gup_huge_pmd" "mm/gup.c", Switch("gup_fast_pmd_same"), |_, _| true;
    /// The entry of hugetlb that the fault has read is still there when its lock is held.
    HugetlbFaultPteSame: Recheck "pte_same" in "hugetlb_fault" "mm/hugetlb.c", Switch("hugetlb_fault_pte_same"), |_, _| true;
    /// The entry of hugetlb has not changed while the page was copied without its lock.
    HugetlbWpPteSame: Recheck "pte_same" in "hugetlb_wp" "mm/hugetlb.c", Switch("hugetlb_wp_pte_same"), |_, _| true;
    /// Nothing has been mapped meanwhile at the address for the zero page.
    AnonZeroPteNone: Recheck "pte_none" in "do_anonymous_page" "mm/memory.c",
        Switch("anon_zero_pte_none"), |_, _| true;
    /// Nothing has been mapped meanwhile at the address for a fresh page.
    AnonPteNone: Recheck "pte_none" in "do_anonymous_page" "mm/memory.c", Switch("anon_pte_none"), |_, _| true;
    /// Nothing has been mapped meanwhile at the address for the page of a file, or its copy.
    FinishFaultPteNone: Recheck "pte_none" in "finish_fault" "mm/memory.c",
        Switch("finish_fault_pte_none"), |_, _| true;
    /// The PTE has not changed while the write fault slept for the page lock.
    WpLockPteSame: Recheck "pte_same" in "do_wp_page" "mm/memory.c",
        Switch("wp_lock_pte_same"), |r, _| !counts(r);
    /// The page still has one reference when it is locked.
    WpCountRecheck: Recheck "page_count" in "do_wp_page" "mm/memory.c",
        Switch("wp_count_recheck"), |r, _| counts(r);
    /// The PTE has not changed while the page was copied without its lock.
    WpCopyPteSame: Recheck "pte_same" in "wp_page_copy" "mm/memory.c", Switch("wp_copy_pte_same"), |_, _| true;
    /// The page is still in the swap cache when its lock is held, and for this entry.
    SwapinRecheck: Recheck "PageSwapCache" in "do_swap_page" "mm/memory.c",
        Rule("swapin_recheck", "no"), |r, _| r.swapin_recheck != SwapinRecheck::No;
    /// The page is still in the swap cache for this entry, not for another.
    SwapinPrivate: Recheck "page_private" in "do_swap_page" "mm/memory.c",
        Rule("swapin_recheck", "swapcache"), |r, _| r.swapin_recheck == SwapinRecheck::Private;
    /// The swap entry is still there when the page has been found, or read.
    SwapinPteSame: Recheck "pte_same" in "do_swap_page" "mm/memory.c", Switch("swapin_pte_same"), |_, _| true;
    /// Entries that userfaultfd protects are not put back by reclaim as others are that it does not protect.
    UnmapBatchUffdWp: Recheck "pte_same" in "folio_pte_batch" "mm/internal.h", Switch("unmap_batch_uffd_wp"),
        |r, _| r.unmap_batch != UnmapBatch::No;
    /// The PTE has not changed before the reference was taken.
    GupFastPteSame: Recheck "pte_same" in "gup_pte_range" "mm/gup.c", Switch("gup_fast_pte_same"), |_, _| true;
    /// No fork is under way when GUP-fast begins to pin.
    GupSeqOdd: Recheck "raw_read_seqcount" in "lockless_pages_from_mm" "mm/gup.c",
        Switch("gup_seq_odd"), |r, _| r.fork_seq == ForkSeq::Yes;
    /// Fork has not begun until GUP-fast has its pin.
    GupSeqRetry: Recheck "read_seqcount_retry" in "lockless_pages_from_mm" "mm/gup.c",
        Switch("gup_seq_retry"), |r, _| r.fork_seq == ForkSeq::Yes;
    /// The page that FOLL_FORCE's own COW has made is still mapped (19be0eaffa3a, Dirty COW).
    GupForceDirty: Recheck "pte_dirty" in "follow_page_pte" "mm/gup.c",
        Switch("gup_force_dirty"), |r, _| r.gup_force == GupForce::CowFlag;
    /// The page is still cached for the slot when its reference has been taken.
    SwapLookupReload: Recheck "xas_reload" in "lookup_swap_cache" "mm/swap_state.c",
        Switch("swap_lookup_reload"), |_, _| true;
    /// No other CPU has put a page into the swap cache meanwhile.
    SwapcachePrepareCached: Recheck "SWAP_HAS_CACHE" in "swapcache_prepare" "mm/swapfile.c",
        Switch("swapcache_prepare_cached"), |_, _| true;
    /// The slot has not been freed meanwhile.
    SwapcachePrepareCount: Recheck "swap_count" in "swapcache_prepare" "mm/swapfile.c",
        Switch("swapcache_prepare_count"), |_, _| true;
    /// The page is still in the swap cache when it is to leave it.
    FreeSwapCached: Recheck "PageSwapCache" in "try_to_free_swap" "mm/swapfile.c",
        Switch("free_swap_cached"), |_, _| true;
    /// The page is not mapped when its lock is held.
    FreeSwapUnmapped: Recheck "page_mapped" in "free_swap_and_cache" "mm/swapfile.c",
        Switch("free_swap_unmapped"), |_, _| true;
    /// No mapping is left, or has been added again, when the page has been unmapped.
    UnmapMapcount: Recheck "page_mapcount" in "try_to_unmap" "mm/rmap.c", Switch("unmap_mapcount"), |_, _| true;
    /// The page has not been pinned before it was unmapped: a pinned page cannot be freed.
    ReclaimPinRecheck: Recheck "page_maybe_dma_pinned" in "shrink_page_list" "mm/vmscan.c",
        Rule("reclaim_pin", "skip"), |r, _| r.reclaim_pin == ReclaimPin::SkipAndRecheck;
    /// The page has not been pinned before its PTE was clear, so it may stop being exclusive.
    ShareAnonPinned: Recheck "page_maybe_dma_pinned" in "page_try_share_anon_rmap" "mm/rmap.c",
        Switch("share_anon_pinned"), |r, _| r.anon_exclusive == AnonExclusive::Yes;
    /// The page has not been written to before its references were frozen.
    RemoveMappingDirty: Recheck "PageDirty" in "__remove_mapping" "mm/vmscan.c",
        Switch("remove_mapping_dirty"), |_, _| true;
    /// A page of MADV_FREE has not been written to before its reference was frozen.
    LazyfreeDirty: Recheck "PageDirty" in "shrink_page_list" "mm/vmscan.c", Switch("lazyfree_dirty"), |_, _| true;
    /// The page is still protected when the fault goes to sleep.
    UffdMustWait: Recheck "userfaultfd_must_wait" in "handle_userfault" "fs/userfaultfd.c",
        Switch("uffd_must_wait"), |_, _| true;

    /// write_protect_seq is read before the PTE.
    GupSeqBeginRmb: Barrier "smp_rmb" in "lockless_pages_from_mm" "mm/gup.c",
        Switch("gup_seq_begin_rmb"), |r, _| r.fork_seq == ForkSeq::Yes;
    /// write_protect_seq is read again after the PTE.
    GupSeqRetryRmb: Barrier "smp_rmb" in "lockless_pages_from_mm" "mm/gup.c",
        Switch("gup_seq_retry_rmb"), |r, _| r.fork_seq == ForkSeq::Yes;
    /// write_protect_seq is odd before a PTE is write-protected.
    ForkSeqBeginWmb: Barrier "smp_wmb" in "copy_page_range" "mm/memory.c",
        Switch("fork_seq_begin_wmb"), |r, _| r.fork_seq == ForkSeq::Yes;
    /// write_protect_seq is even again after the last PTE.
    ForkSeqEndWmb: Barrier "smp_wmb" in "copy_page_range" "mm/memory.c",
        Switch("fork_seq_end_wmb"), |r, _| r.fork_seq == ForkSeq::Yes;
    /// The PTEs of a split huge page are there before the PMD refers to them.
    SplitPmdWmb: Barrier "smp_wmb" in "__split_huge_pmd_locked" "mm/huge_memory.c", Switch("split_pmd_wmb"), |_, _| true;
    /// The flags of a page of a split folio are there before it is a page of its own.
    SplitTailWmb: Barrier "smp_wmb" in "__split_huge_page_tail" "mm/huge_memory.c", Switch("split_tail_wmb"), |_, _| true;
    /// A pin is visible before GUP-fast reads the PTE again.
    PinMb: Barrier "smp_mb__after_atomic" in "try_grab_folio" "mm/gup.c",
        Rule("pin_steps", "two"), |r, _| r.pin_steps == PinSteps::TwoMb;
    /// Clearing the exclusive mark and pinning cannot miss each other, so the flush may be deferred.
    AeBarriers: Barrier "smp_mb, smp_rmb" in "page_try_share_anon_rmap" "mm/rmap.c",
        Rule("ae_barriers", "no"), |r, _| r.ae_barriers == AeBarriers::Yes;
    /// The PTE is clear before the references are counted.
    LazyfreeMb: Barrier "smp_mb" in "try_to_unmap_one" "mm/rmap.c",
        Switch("lazyfree_mb"), |r, _| r.madv_free == MadvFree::RefAndDirty;
    /// The references are counted before the dirty bit is read.
    LazyfreeRmb: Barrier "smp_rmb" in "try_to_unmap_one" "mm/rmap.c",
        Switch("lazyfree_rmb"), |r, _| r.madv_free == MadvFree::RefAndDirty;
}

/// Whether a write fault counts references; otherwise it counts mappings, and sleeps for the page lock.
fn counts(rules: &Rules) -> bool {
    matches!(rules.wp_reuse, WpReuse::Count | WpReuse::AnonExclusive)
}

impl Safeguard {
    /// The key and the value for `--set` that take it out.
    #[must_use]
    pub const fn toggle(self) -> (&'static str, &'static str) {
        match self.removal() {
            Switch(key) => (key, NONE),
            Rule(key, value) => (key, value),
        }
    }

    /// The key of its switch, if it has one.
    #[must_use]
    pub const fn switch(self) -> Option<&'static str> {
        match self.removal() {
            Switch(key) => Some(key),
            Rule(..) => None,
        }
    }

    /// The safeguard with a switch of that key.
    pub(super) fn of_switch(key: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|safeguard| safeguard.switch() == Some(key))
    }
}

/// A set of safeguards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Safeguards(u128);

const _: () = assert!(Safeguard::ALL.len() <= u128::BITS as usize);

impl Safeguards {
    /// Whether a safeguard is in the set.
    #[inline]
    #[must_use]
    pub const fn has(self, safeguard: Safeguard) -> bool {
        self.0 & Self::bit(safeguard) != 0
    }

    /// Adds a safeguard to the set, or removes it.
    pub(super) const fn put(&mut self, safeguard: Safeguard, has: bool) {
        if has { self.0 |= Self::bit(safeguard) } else { self.0 &= !Self::bit(safeguard) }
    }

    /// The set as bits, one for each safeguard.
    pub(super) const fn bits(self) -> u128 {
        self.0
    }

    /// The bit of a safeguard.
    pub(super) const fn bit(safeguard: Safeguard) -> u128 {
        1 << safeguard as u128
    }
}
