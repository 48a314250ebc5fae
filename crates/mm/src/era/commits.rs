//! The commits, as toggles.

use std::fmt;

use super::{
    ActiveRead, AeBarriers, AnonExclusive, Arm64Wrprotect, BatchedFlush, ChangeFlush, ClearRefsFlush,
    ClearRefsLock, ClearRefsPin, CollapseLarge, CollapseShared, CollapseSync, CollapseUffdWp,
    CollapseWritable, DirectIo, DoubleMap, FollPin, ForkPin, ForkSeq, FreeSwapCache, FuseDirectIo,
    FuseSplice, GupFastPmd, GupForce, GupHead, GupLongterm, GupRead, HasPinned, HugetlbDontneed,
    HugetlbForce, HugetlbFork, HugetlbForkWritable, IoUringPin, LargeWp, LazyfreeKept, LazyfreeLarge,
    MadvFree, MadvFreeLarge, MadvFreeSpares, MappedShared, MigrationDirty, MigrationWait, MprotectUpgrade,
    MremapBatch, MremapUffdWp, MremapVmas, PageoutLarge, PinSteps, ReclaimPin, Release, Rules, SplitFlush,
    SwapinRecheck, SwapinReuse, SwapinWritable, ThpChangeFlush, ThpFork, ThpSplitDirty, ThpSplitLock,
    ThpUpgrade, ThpWp, ThpWpElse, UffdFlush, UffdMmget, UffdUnprotect, UnmapBatch, UnshareCopy, VmaLock,
    WpFreeSwap, WpLruDrain, WpReuse, WpUnlock, ZapLruDrain,
};

/// The source of a row's statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provenance {
    /// Read in the kernel's source or in the commit.
    Read,
    /// Inferred from neighbouring trees, mails or memory.
    Inferred,
}

/// Where a commit landed first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Landed {
    /// In a release of the mainline, or in a release candidate where that is known.
    In(Release),
    /// Nowhere: it was proposed, at this time.
    Proposed(&'static str),
}

impl Landed {
    /// Whether a release of the mainline has the commit.
    #[must_use]
    pub fn by(self, release: Release) -> bool {
        matches!(self, Self::In(first) if first <= release)
    }
}

impl fmt::Display for Landed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::In(release) => f.pad(&release.to_string()),
            Self::Proposed(when) => f.pad(&format!("proposal, {when}")),
        }
    }
}

const fn landed(tag: &str) -> Landed {
    Landed::In(Release::new(tag))
}

/// The effect of a commit on races.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It closes a race that shows under sequential consistency: the scenario that shows it.
    Closes(&'static str),
    /// It closes a race that exists only on arm64, which `--arch arm64` shows.
    ClosesOnArm64,
    /// It opens a race: the scenario that shows it.
    Opens(&'static str),
    /// It matters only under weak memory.
    WeakMemory,
    /// It saves copies: the scenario that shows it.
    Saves(&'static str),
    /// It changes how a rule works without closing or opening anything of its own.
    Prepares,
}

/// One commit.
#[derive(Clone, Copy, Debug)]
pub struct Commit {
    /// Its id, twelve digits, or a name for a proposal that has none.
    pub id: &'static str,
    /// Where it landed first.
    pub landed: Landed,
    /// Its title.
    pub title: &'static str,
    /// What it does, in a sentence.
    pub about: &'static str,
    /// Its effect on races.
    pub effect: Effect,
    /// The source of this row.
    pub provenance: Provenance,
    rule: fn(&mut Rules),
}

impl Commit {
    pub(super) fn apply(&self, rules: &mut Rules) {
        (self.rule)(rules);
    }
}

/// How reclaim batches PTEs, if it does.
fn batch(rules: &mut Rules, batch: UnmapBatch) {
    if rules.unmap_batch != UnmapBatch::No {
        rules.unmap_batch = batch;
    }
}

/// Every commit, oldest first: the order in which an era applies them.
pub const COMMITS: &[Commit] = &[
    Commit {
        id: "4969c1192d15",
        landed: landed("v2.6.36"),
        title: "mm: fix swapin race condition",
        about: "a page that has left the swap cache while the fault waited for its lock is not mapped",
        effect: Effect::Prepares,
        provenance: Provenance::Read,
        rule: |r| r.swapin_recheck = SwapinRecheck::SwapCache,
    },
    Commit {
        id: "31c4a3d3a0f8",
        landed: landed("v2.6.36"),
        title: "mm: further fix swapin race condition",
        about: "a page that has come back to the swap cache under another entry is not mapped",
        effect: Effect::Closes("swapin-aba-page-lock"),
        provenance: Provenance::Inferred,
        rule: |r| r.swapin_recheck = SwapinRecheck::Private,
    },
    Commit {
        id: "3ea277194daa",
        landed: landed("v4.13"),
        title: "mm, mprotect: flush TLB if potentially racing with a parallel reclaim leaving stale TLB entries",
        about: "a change of PTEs that reclaim has cleared first does the flush that reclaim has deferred",
        effect: Effect::Closes("reclaim-batch-vs-mprotect"),
        provenance: Provenance::Read,
        rule: |r| r.batched_flush = BatchedFlush::Catch,
    },
    Commit {
        id: "0758cd830494",
        landed: landed("v5.6"),
        title: "asm-generic/tlb: avoid potential double flush",
        about: "clear_refs loses its flush, which depended on a gather of the whole mm",
        effect: Effect::Opens("softdirty-flush-elided"),
        provenance: Provenance::Read,
        rule: |r| r.clear_refs_flush = ClearRefsFlush::Elided,
    },
    Commit {
        id: "3faa52c03f44",
        landed: landed("v5.7"),
        title: "mm/gup: track FOLL_PIN pages",
        about: "pins can be told from other references",
        effect: Effect::Prepares,
        provenance: Provenance::Read,
        rule: |r| r.foll_pin = FollPin::Yes,
    },
    Commit {
        id: "17839856fd58",
        landed: landed("v5.8"),
        title: "gup: document and work around \"COW can break either way\" issue",
        about: "a read GUP of a shared page gets a page of its own, so no child reads what its parent writes later",
        effect: Effect::Closes("vmsplice-child-munmap-leak"),
        provenance: Provenance::Read,
        rule: |r| r.gup_read = GupRead::ForceWrite,
    },
    Commit {
        id: "c444eb564fb1",
        landed: landed("v5.8"),
        title: "mm: thp: make the THP mapcount atomic against __split_huge_pmd_locked()",
        about: "a split of a PMD holds the page lock, so that a write fault elsewhere does not add up mapcounts that change",
        effect: Effect::Closes("thp-mapcount-split-leak"),
        provenance: Provenance::Read,
        rule: |r| r.thp_split_lock = ThpSplitLock::Page,
    },
    Commit {
        id: "3917c80280c9",
        landed: landed("v5.8"),
        title: "thp: change CoW semantics for anon-THP",
        about: "a write fault on a huge page that is shared splits the mapping and copies one page, and not all of it",
        effect: Effect::Closes("thp-dontneed-vs-cow"),
        provenance: Provenance::Read,
        rule: |r| r.thp_wp_else = ThpWpElse::Split,
    },
    Commit {
        id: "5503fbf2b0b8",
        landed: landed("v5.8"),
        title: "khugepaged: allow to collapse PTE-mapped compound pages",
        about: "khugepaged copies pages of large folios as well",
        effect: Effect::Prepares,
        provenance: Provenance::Read,
        rule: |r| r.collapse_large = CollapseLarge::Copied,
    },
    Commit {
        id: "9445689f3b61",
        landed: landed("v5.8"),
        title: "khugepaged: allow to collapse a page shared across fork",
        about: "khugepaged copies pages that others map as well",
        effect: Effect::Prepares,
        provenance: Provenance::Read,
        rule: |r| r.collapse_shared = CollapseShared::Copied,
    },
    Commit {
        id: "a308c71bf1e6",
        landed: landed("v5.9-rc4"),
        title: "mm/gup: Remove enfornced COW mechanism",
        about: "it reverts 17839856fd58, because 09854ba94c6a replaces it",
        effect: Effect::Prepares,
        provenance: Provenance::Read,
        rule: |r| r.gup_read = GupRead::Share,
    },
    Commit {
        id: "09854ba94c6a",
        landed: landed("v5.9-rc4"),
        title: "mm: do_wp_page() simplification",
        about: "a page with any other reference, including pins and pipes, is copied before it is written",
        effect: Effect::Closes("vmsplice-child-munmap-leak"),
        provenance: Provenance::Read,
        rule: |r| {
            r.wp_reuse = WpReuse::Count;
            r.wp_unlock = WpUnlock::AfterReuse;
        },
    },
    Commit {
        id: "be068f29034f",
        landed: landed("v5.9-rc7"),
        title: "mm: fix misplaced unlock_page in do_wp_page()",
        about: "the page is unlocked while the PTE lock still keeps it from being freed",
        effect: Effect::Closes("unlock-page-after-ptl"),
        provenance: Provenance::Read,
        rule: |r| r.wp_unlock = WpUnlock::BeforeReuse,
    },
    Commit {
        id: "008cfe4418b3",
        landed: landed("v5.9-rc7"),
        title: "mm: Introduce mm_struct.has_pinned",
        about: "it keeps fork from taking many references for a pin",
        effect: Effect::Prepares,
        provenance: Provenance::Read,
        rule: |r| r.has_pinned = HasPinned::Yes,
    },
    Commit {
        id: "70e806e4e645",
        landed: landed("v5.9-rc7"),
        title: "mm: Do early cow for pinned pages during fork() for ptes",
        about: "a pinned page stays with the parent at fork, and the child gets a copy",
        effect: Effect::Closes("rdma-no-dontfork"),
        provenance: Provenance::Read,
        rule: |r| r.fork_pin = ForkPin::CopyWrprotectFirst,
    },
    Commit {
        id: "f3c64eda3e50",
        landed: landed("v5.9-rc8"),
        title: "mm: avoid early COW write protect games during fork()",
        about: "fork no longer write-protects a page before it tests for pins, so GUP-fast can pin in between",
        effect: Effect::Opens("fork-vs-gup-fast-seqcount"),
        provenance: Provenance::Read,
        rule: |r| {
            if r.fork_pin == ForkPin::CopyWrprotectFirst {
                r.fork_pin = ForkPin::Copy;
            }
        },
    },
    Commit {
        id: "d042035eaf5f",
        landed: landed("v5.9-rc7"),
        title: "mm/thp: Split huge pmds/puds if they're pinned when fork()",
        about: "fork does not share a huge page that may be pinned: it splits the mapping, and copies page by page",
        effect: Effect::Closes("thp-fork-pin"),
        provenance: Provenance::Read,
        rule: |r| r.thp_fork = ThpFork::Split,
    },
    Commit {
        id: "ff1712f953e2",
        landed: landed("v5.10"),
        title: "arm64: pgtable: Ensure dirty bit is preserved across pte_wrprotect()",
        about: "on arm64, a child's page that was stored to before the fork is not considered clean",
        effect: Effect::ClosesOnArm64,
        provenance: Provenance::Read,
        rule: |r| r.arm64_wrprotect = Arm64Wrprotect::KeepsDirty,
    },
    Commit {
        id: "57efa1fe5957",
        landed: landed("v5.11"),
        title: "mm/gup: prevent gup_fast from racing with COW during fork",
        about: "GUP-fast that pins while fork write-protects backs off",
        effect: Effect::Closes("fork-vs-gup-fast-seqcount"),
        provenance: Provenance::Read,
        rule: |r| r.fork_seq = ForkSeq::Yes,
    },
    Commit {
        id: "29a951dfb3c3",
        landed: landed("v5.11"),
        title: "mm: fix clear_refs_write locking",
        about: "no fault copies a page while clear_refs has write-protected it and not flushed yet",
        effect: Effect::Closes("clear-refs-stale-tlb-lost-write"),
        provenance: Provenance::Read,
        rule: |r| r.clear_refs_lock = ClearRefsLock::Write,
    },
    Commit {
        id: "9348b73c2e1b",
        landed: landed("v5.11"),
        title: "mm: don't play games with pinned pages in clear_page_refs",
        about: "clear_refs leaves a pinned page writable, so no store copies it away; GUP-fast can overtake the test",
        effect: Effect::Closes("ro-longterm-pin-clear-refs"),
        provenance: Provenance::Read,
        rule: |r| r.clear_refs_pin = ClearRefsPin::Skip,
    },
    Commit {
        id: "feb889fb40fa",
        landed: landed("v5.11"),
        title: "mm: don't put pinned pages into the swap cache",
        about: "reclaim leaves a pinned page mapped, so no store copies it away; GUP-fast can overtake the test",
        effect: Effect::Closes("iouring-fixed-buffer-swap-barrier"),
        provenance: Provenance::Read,
        rule: |r| r.reclaim_pin = ReclaimPin::Skip,
    },
    Commit {
        id: "912efa17e512",
        landed: landed("v5.12"),
        title: "mm: proc: Invalidate TLB after clearing soft-dirty page state",
        about: "no stale TLB entry allows a store without a fault once clear_refs has returned",
        effect: Effect::Closes("clear-refs-stale-tlb-lost-write"),
        provenance: Provenance::Read,
        rule: |r| r.clear_refs_flush = ClearRefsFlush::Explicit,
    },
    Commit {
        id: "6ce64428d620",
        landed: landed("v5.12"),
        title: "mm/userfaultfd: fix memory corruption due to writeprotect",
        about: "a fault flushes before it copies if a write-protection has not been flushed yet",
        effect: Effect::Closes("uffd-wp-stale-tlb-lost-write"),
        provenance: Provenance::Read,
        rule: |r| r.uffd_flush = UffdFlush::Yes,
    },
    Commit {
        id: "4eae4efa2c29",
        landed: landed("v5.12"),
        title: "hugetlb: do early cow when page pinned on src mm",
        about: "fork copies a huge page of hugetlb that may be pinned",
        effect: Effect::Closes("hugetlb-fork-of-pinned"),
        provenance: Provenance::Inferred,
        rule: |r| r.hugetlb_fork = HugetlbFork::Copy,
    },
    Commit {
        id: "c24d37322548",
        landed: landed("v5.14"),
        title: "mm/gup: fix try_grab_compound_head() race with split_huge_page()",
        about: "GUP-fast looks at the head again when it has the reference, and a pin takes two steps",
        effect: Effect::Closes("gup-fast-vs-folio-split"),
        provenance: Provenance::Read,
        rule: |r| {
            r.pin_steps = PinSteps::Two;
            r.gup_head = GupHead::Again;
        },
    },
    Commit {
        id: "f4c4a3f48480",
        landed: landed("v5.14"),
        title: "mm: free idle swap cache page after COW",
        about: "a page that was copied from does not stay in the swap cache",
        effect: Effect::Prepares,
        provenance: Provenance::Read,
        rule: |r| r.free_swap_cache = FreeSwapCache::Yes,
    },
    Commit {
        id: "cb185d5f1ebf",
        landed: landed("v5.15"),
        title: "userfaultfd: fix a race between writeprotect and exit_mmap()",
        about: "UFFDIO_WRITEPROTECT does not walk an mm that its last user is tearing down",
        effect: Effect::Closes("uffd-wp-vs-exit-mmap"),
        provenance: Provenance::Read,
        rule: |r| r.uffd_mmget = UffdMmget::Yes,
    },
    Commit {
        id: "0c4bcfdecb1a",
        landed: landed("v5.17"),
        title: "fuse: fix pipe buffer lifetime for direct_io",
        about: "the pipe of a FUSE server does not keep the page of a direct write",
        effect: Effect::Closes("fuse-direct-io-splice-leak"),
        provenance: Provenance::Read,
        rule: |r| r.fuse_splice = FuseSplice::Copy,
    },
    Commit {
        id: "5ee2fa2f0636",
        landed: landed("v5.17"),
        title: "mm/rmap: fix potential batched TLB flush race",
        about: "a flush that reclaim defers while another CPU does an earlier deferred flush stays pending",
        effect: Effect::Closes("batched-flag-lost-update"),
        provenance: Provenance::Read,
        rule: |r| {
            // It counts the flushes that are caught.
            if r.batched_flush == BatchedFlush::Catch {
                r.batched_flush = BatchedFlush::Count;
            }
        },
    },
    Commit {
        id: "ffa65753c431",
        landed: landed("v5.17"),
        title: "mm/migrate.c: rework migration_entry_wait() to not take a pageref",
        about: "a fault that waits for a page of a folio that is being split does not make the split fail",
        effect: Effect::Prepares,
        provenance: Provenance::Read,
        rule: |r| r.migration_wait = MigrationWait::GetsNothing,
    },
    Commit {
        id: "6c8e2a256915",
        landed: landed("v5.18"),
        title: "mm: fix race between MADV_FREE reclaim and blkdev direct IO read",
        about: "reclaim does not discard a page of MADV_FREE that a device is about to write",
        effect: Effect::Closes("madv-free-odirect-zero"),
        provenance: Provenance::Read,
        rule: |r| r.madv_free = MadvFree::RefAndDirty,
    },
    Commit {
        id: "53a05ad9f21d",
        landed: landed("v5.18"),
        title: "mm: optimize do_wp_page() for exclusive pages in the swapcache",
        about: "the reference of the swap cache no longer forces a copy",
        effect: Effect::Saves("swapcache-not-reused-spurious"),
        provenance: Provenance::Read,
        rule: |r| r.wp_free_swap = WpFreeSwap::Yes,
    },
    Commit {
        id: "3bff7e3f1f16",
        landed: landed("v5.18"),
        title: "mm/huge_memory: streamline COW logic in do_huge_pmd_wp_page()",
        about: "a write fault reuses a huge page only if the mapping has the only reference",
        effect: Effect::Closes("thp-vmsplice-leak"),
        provenance: Provenance::Read,
        rule: |r| r.thp_wp = ThpWp::Count,
    },
    Commit {
        id: "7f7609175ff2",
        landed: landed("v5.18"),
        title: "mm/huge_memory: remove stale locking logic from __split_huge_pmd()",
        about: "a split of a PMD takes no page lock: nobody adds up mapcounts any more",
        effect: Effect::Prepares,
        provenance: Provenance::Read,
        rule: |r| r.thp_split_lock = ThpSplitLock::No,
    },
    Commit {
        id: "820c4e2e6f51",
        landed: landed("v5.18"),
        title: "mm/vmscan: Free non-shmem folios without splitting them",
        about: "reclaim splits only the mappings of a huge page of MADV_FREE, and not its folio",
        effect: Effect::Prepares,
        provenance: Provenance::Inferred,
        rule: |r| r.lazyfree_large = LazyfreeLarge::SplitPmd,
    },
    Commit {
        id: "d4c470970d45",
        landed: landed("v5.18"),
        title: "mm: optimize do_wp_page() for fresh pages in local LRU pagevecs",
        about: "the reference of this CPU's LRU-add batch no longer forces a copy",
        effect: Effect::Saves("lru-batch-spurious-copy"),
        provenance: Provenance::Read,
        rule: |r| r.wp_lru_drain = WpLruDrain::Yes,
    },
    Commit {
        id: "c145e0b47c77",
        landed: landed("v5.18"),
        title: "mm: streamline COW logic in do_swap_page()",
        about: "a swapped-out page with any other reference is copied before it is written",
        effect: Effect::Closes("vmsplice-child-munmap-leak-swapped"),
        provenance: Provenance::Read,
        rule: |r| r.swapin_reuse = SwapinReuse::Count,
    },
    Commit {
        id: "90e7e7f5ef3f",
        landed: landed("v5.18"),
        title: "mm: enable MADV_DONTNEED for hugetlb mappings",
        about: "huge pages of hugetlb can be dropped",
        effect: Effect::Prepares,
        provenance: Provenance::Inferred,
        rule: |r| r.hugetlb_dontneed = HugetlbDontneed::Yes,
    },
    Commit {
        id: "6c287605fd56",
        landed: landed("v5.19"),
        title: "mm: remember exclusively mapped anonymous pages with PG_anon_exclusive",
        about: "an exclusive page is never copied, whatever its references; giving that up fails if it is pinned",
        effect: Effect::Closes("odirect-clear-refs-lost-read"),
        provenance: Provenance::Read,
        rule: |r| {
            r.anon_exclusive = AnonExclusive::Yes;
            r.wp_reuse = WpReuse::AnonExclusive;
        },
    },
    Commit {
        id: "4a18419f71cd",
        landed: landed("v5.19"),
        title: "mm/mprotect: use mmu_gather",
        about: "a change of protection flushes only what needs it, and for others whose flush is pending",
        effect: Effect::Prepares,
        provenance: Provenance::Inferred,
        rule: |r| r.change_flush = ChangeFlush::Gather,
    },
    Commit {
        id: "4f83145721f3",
        landed: landed("v5.19"),
        title: "mm: avoid unnecessary flush on change_huge_pmd()",
        about: "a change of the protection of a huge page flushes when the whole range has been changed",
        effect: Effect::Prepares,
        provenance: Provenance::Inferred,
        rule: |r| r.thp_change_flush = ThpChangeFlush::AtTheEnd,
    },
    Commit {
        id: "a7f226604170",
        landed: landed("v5.19"),
        title: "mm/gup: trigger FAULT_FLAG_UNSHARE when R/O-pinning a possibly shared anonymous page",
        about: "a read pin is taken on an exclusive page only",
        effect: Effect::Closes("vfio-ro-pin-six-step"),
        provenance: Provenance::Read,
        rule: |r| r.gup_read = GupRead::UnshareExclusive,
    },
    Commit {
        id: "1493a1913e34",
        landed: landed("v5.19"),
        title: "mm/swap: remember PG_anon_exclusive via a swp pte bit",
        about: "a page that a get refers to is still exclusive when it comes back from swap",
        effect: Effect::Closes("odirect-swapout-lost-read"),
        provenance: Provenance::Read,
        rule: |r| r.swapin_reuse = SwapinReuse::SwapExclusive,
    },
    Commit {
        id: "623a1ddfeb23",
        landed: landed("v5.19"),
        title: "mm/hugetlb: take src_mm->write_protect_seq in copy_hugetlb_page_range()",
        about: "GUP-fast backs off while fork copies or shares huge pages of hugetlb",
        effect: Effect::Closes("hugetlb-fork-pin"),
        provenance: Provenance::Read,
        rule: |r| {
            // It guards the test for pins.
            if r.hugetlb_fork == HugetlbFork::Copy {
                r.hugetlb_fork = HugetlbFork::CopySeqcount;
            }
        },
    },
    Commit {
        id: "64fe24a3e05e",
        landed: landed("v6.0"),
        title: "mm/mprotect: try avoiding write faults for exclusive anonymous pages when changing protection",
        about: "an exclusive dirty page becomes writable without a fault",
        effect: Effect::Prepares,
        provenance: Provenance::Read,
        rule: |r| r.mprotect_upgrade = MprotectUpgrade::Dirty,
    },
    Commit {
        id: "5535be309971",
        landed: landed("v6.0"),
        title: "mm/gup: fix FOLL_FORCE COW security issue and remove FOLL_COW",
        about: "a forced write gets no page of swap that userfaultfd protects; CVE-2022-2590 needs shared memory",
        effect: Effect::Closes("foll-force-swapin-bypasses-uffd-wp"),
        provenance: Provenance::Read,
        rule: |r| r.gup_force = GupForce::AnonExclusive,
    },
    Commit {
        id: "70cbc3cc78a9",
        landed: landed("v6.0"),
        title: "mm: gup: fix the fast GUP race against THP collapse",
        about: "GUP-fast looks at the PMD again when it has the reference, since khugepaged takes the page table away first",
        effect: Effect::Closes("gup-fast-vs-thp-collapse"),
        provenance: Provenance::Inferred,
        rule: |r| r.gup_fast_pmd = GupFastPmd::Again,
    },
    Commit {
        id: "f347454d0341",
        landed: landed("v6.1"),
        title: "mm/gup: disallow FOLL_FORCE|FOLL_WRITE on hugetlb mappings",
        about: "GUP cannot be forced to write to a read-only area of hugetlb",
        effect: Effect::Closes("hugetlb-foll-force"),
        provenance: Provenance::Inferred,
        rule: |r| r.hugetlb_force = HugetlbForce::Fails,
    },
    Commit {
        id: "2e3468778dbe",
        landed: landed("v6.1"),
        title: "mm: remember young/dirty bit for page migrations",
        about: "the PTE of a page of a folio that was split is as dirty as it was",
        effect: Effect::Prepares,
        provenance: Provenance::Read,
        rule: |r| r.migration_dirty = MigrationDirty::Pte,
    },
    Commit {
        id: "088b8aa537c2",
        landed: landed("v6.1"),
        title: "mm: fix PageAnonExclusive clearing racing with concurrent RCU GUP-fast",
        about: "clearing the exclusive bit and pinning cannot miss each other on weakly ordered CPUs",
        effect: Effect::WeakMemory,
        provenance: Provenance::Read,
        rule: |r| {
            r.pin_steps = PinSteps::TwoMb;
            r.ae_barriers = AeBarriers::Yes;
        },
    },
    Commit {
        id: "2ba99c5e0881",
        landed: landed("v6.1"),
        title: "mm/khugepaged: fix GUP-fast interaction by sending IPI",
        about: "khugepaged waits for GUP-fast when it has taken a page table away",
        effect: Effect::Closes("gup-fast-vs-thp-collapse"),
        provenance: Provenance::Read,
        rule: |r| r.collapse_sync = CollapseSync::Yes,
    },
    Commit {
        id: "84209e87c696",
        landed: landed("v6.2"),
        title: "mm/gup: reliable R/O long-term pinning in COW mappings",
        about: "a long-term read pin of a private file or zero page gets an anonymous page first",
        effect: Effect::Closes("longterm-ro-pin-private-file"),
        provenance: Provenance::Read,
        rule: |r| r.gup_longterm = GupLongterm::Unshare,
    },
    Commit {
        id: "7ea7e333842e",
        landed: landed("v6.2"),
        title: "mm/mprotect: allow clean exclusive anon pages to be writable",
        about: "an exclusive page becomes writable without a fault, clean or not",
        effect: Effect::Prepares,
        provenance: Provenance::Read,
        rule: |r| {
            if r.mprotect_upgrade == MprotectUpgrade::Dirty {
                r.mprotect_upgrade = MprotectUpgrade::Yes;
            }
        },
    },
    Commit {
        id: "c27f479ef542",
        landed: landed("v6.2"),
        title: "mm/huge_memory: try avoiding write faults when changing PMD protection",
        about: "mprotect maps an exclusive huge page writable at once",
        effect: Effect::Prepares,
        provenance: Provenance::Read,
        rule: |r| r.thp_upgrade = ThpUpgrade::Yes,
    },
    Commit {
        id: "cb67f4282bf9",
        landed: landed("v6.2"),
        title: "mm,thp,rmap: simplify compound page mapcount handling",
        about: "the pages of a folio that is mapped both ways no longer count its PMDs",
        effect: Effect::Prepares,
        provenance: Provenance::Inferred,
        rule: |r| r.double_map = DoubleMap::Gone,
    },
    Commit {
        id: "e833bc503405",
        landed: landed("v6.2"),
        title: "mm/thp: re-apply mkdirty for small pages after split",
        about: "the PTEs of a huge page whose mapping is split are dirty if its PMD was",
        effect: Effect::Prepares,
        provenance: Provenance::Read,
        rule: |r| r.thp_split_dirty = ThpSplitDirty::Pte,
    },
    Commit {
        id: "931298e103c2",
        landed: landed("v6.3"),
        title: "mm/userfaultfd: rely on vma->vm_page_prot in uffd_wp_range()",
        about: "removing the protection does not permanently clear the write bit of an exclusive dirty page",
        effect: Effect::Prepares,
        provenance: Provenance::Read,
        rule: |r| r.uffd_unprotect = UffdUnprotect::TryWritable,
    },
    Commit {
        id: "dd47ac428c3f",
        landed: landed("v6.3"),
        title: "mm/khugepaged: check again on anon uffd-wp during isolation",
        about: "khugepaged leaves alone what has been write-protected by userfaultfd since it scanned the range",
        effect: Effect::Closes("thp-collapse-vs-uffd-wp"),
        provenance: Provenance::Read,
        rule: |r| r.collapse_uffd_wp = CollapseUffdWp::Isolate,
    },
    Commit {
        id: "d824ec2a1546",
        landed: landed("v6.4"),
        title: "mm: do not reclaim private data from pinned page",
        about: "a page that cannot be freed anyway is not written out",
        effect: Effect::Prepares,
        provenance: Provenance::Read,
        rule: |r| {
            if r.reclaim_pin == ReclaimPin::Skip {
                r.reclaim_pin = ReclaimPin::SkipAndRecheck;
            }
        },
    },
    Commit {
        id: "0bff0aaea03e",
        landed: landed("v6.4"),
        title: "x86/mm: try VMA lock-based page fault handling first",
        about: "faults take the lock of their VMA alone, and fork only the mmap lock, so they run side by side",
        effect: Effect::Opens("fork-vs-per-vma-lock-fault"),
        provenance: Provenance::Read,
        rule: |r| r.vma_lock = VmaLock::Racy,
    },
    Commit {
        id: "fb49c455323f",
        landed: landed("v6.5"),
        title: "fork: lock VMAs of the parent process when forking",
        about: "no fault copies a page while fork has write-protected it and not flushed yet",
        effect: Effect::Closes("fork-vs-per-vma-lock-fault"),
        provenance: Provenance::Read,
        rule: |r| {
            if r.vma_lock == VmaLock::Racy {
                r.vma_lock = VmaLock::Yes;
            }
        },
    },
    Commit {
        id: "a7e689dd1c06",
        landed: landed("v6.5"),
        title: "block: Convert bio_iov_iter_get_pages to use iov_iter_extract_pages",
        about: "O_DIRECT takes pins, so fork leaves its pages with the parent",
        effect: Effect::Closes("odirect-fork-lost-read"),
        provenance: Provenance::Inferred,
        rule: |r| r.direct_io = DirectIo::Pin,
    },
    Commit {
        id: "20b18aada185",
        landed: landed("v6.5"),
        title: "madvise:madvise_free_huge_pmd(): don't use mapcount() against large folio for sharing check",
        about: "MADV_FREE of a huge page looks only at the mappings of its first page",
        effect: Effect::Prepares,
        provenance: Provenance::Read,
        rule: |r| r.mapped_shared = MappedShared::FirstPage,
    },
    Commit {
        id: "3027c6f8eb9d",
        landed: landed("v6.8"),
        title: "mm: huge_memory: batch tlb flush when splitting a pte-mapped THP",
        about: "a split of a folio flushes the TLBs once",
        effect: Effect::Prepares,
        provenance: Provenance::Read,
        rule: |r| r.split_flush = SplitFlush::Batched,
    },
    Commit {
        id: "738adade96b2",
        landed: landed("v6.9"),
        title: "fuse: Fix missing FOLL_PIN for direct-io",
        about: "direct I/O of FUSE takes pins, so fork leaves its pages with the parent",
        effect: Effect::Closes("dio-fuse-fork-lost-read"),
        provenance: Provenance::Read,
        rule: |r| r.fuse_direct_io = FuseDirectIo::Pin,
    },
    Commit {
        id: "cd197c3a2040",
        landed: landed("v6.9"),
        title: "mm: prohibit the last subpage from reusing the entire large folio",
        about: "a write fault through a PTE never reuses a page of a large folio that is not known to be exclusive",
        effect: Effect::Prepares,
        provenance: Provenance::Read,
        rule: |r| r.large_wp = LargeWp::Never,
    },
    Commit {
        id: "eefb9b2725e3",
        landed: landed("v6.10"),
        title: "mm: improve folio_likely_mapped_shared() using the mapcount of large folios",
        about: "MADV_FREE no longer overlooks a process that maps only the second page of a huge page",
        effect: Effect::Prepares,
        provenance: Provenance::Inferred,
        rule: |r| r.mapped_shared = MappedShared::Likely,
    },
    Commit {
        id: "dce7d10be4bb",
        landed: landed("v6.10"),
        title: "mm/madvise: optimize lazyfreeing with mTHP in madvise_free",
        about: "MADV_FREE marks a large folio as a whole if entries in a row map all of it",
        effect: Effect::Prepares,
        provenance: Provenance::Read,
        rule: |r| r.madv_free_large = MadvFreeLarge::Whole,
    },
    Commit {
        id: "3931b871c493",
        landed: landed("v6.10"),
        title: "mm: madvise: avoid split during MADV_PAGEOUT and MADV_COLD",
        about: "MADV_PAGEOUT reclaims a large folio as a whole if entries in a row map all of it",
        effect: Effect::Prepares,
        provenance: Provenance::Inferred,
        rule: |r| r.pageout_large = PageoutLarge::Whole,
    },
    Commit {
        id: "1943f96b3816",
        landed: landed("v6.10"),
        title: "io_uring: unify io_pin_pages()",
        about: "buffers are pinned through GUP-fast, and registering them waits for userfaultfd instead of failing",
        effect: Effect::Prepares,
        provenance: Provenance::Inferred,
        rule: |r| r.io_uring_pin = IoUringPin::Fast,
    },
    Commit {
        id: "c18160dba5ff",
        landed: landed("v6.11"),
        title: "mm: swap: reuse exclusive folio directly instead of wp page faults",
        about: "a page that a read brings back from swap needs no second fault for a store, if it is exclusive",
        effect: Effect::Prepares,
        provenance: Provenance::Read,
        rule: |r| r.swapin_writable = SwapinWritable::Yes,
    },
    Commit {
        id: "d8fd84dd4ce7",
        landed: landed("v6.14"),
        title: "mm/hugetlb: don't map folios writable without VM_WRITE when copying during fork()",
        about: "fork makes no writable copy of a huge page of hugetlb for an area that is read-only",
        effect: Effect::Closes("hugetlb-fork-writable"),
        provenance: Provenance::Inferred,
        rule: |r| r.hugetlb_fork_writable = HugetlbForkWritable::VmWrite,
    },
    Commit {
        id: "0cef0bb836e3",
        landed: landed("v6.13"),
        title: "mm: clear uffd-wp PTE/PMD state on mremap()",
        about: "what mremap moves to a VMA that no userfaultfd is told of is not marked as write-protected by one (CVE-2025-21696)",
        effect: Effect::Prepares,
        provenance: Provenance::Read,
        rule: |r| r.mremap_uffd_wp = MremapUffdWp::Cleared,
    },
    Commit {
        id: "1aa43598c03b",
        landed: landed("v6.14"),
        title: "mm: remove unnecessary calls to lru_add_drain",
        about: "munmap, MADV_DONTNEED and exit no longer drain this CPU's LRU batches",
        effect: Effect::Prepares,
        provenance: Provenance::Read,
        rule: |r| r.zap_lru_drain = ZapLruDrain::No,
    },
    Commit {
        id: "faeb2831b517",
        landed: landed("v6.15"),
        title: "mm: set folio swapbacked iff folios are dirty in try_to_unmap_one",
        about: "a clean page of MADV_FREE with a short-lived reference is freed later, and not kept for good",
        effect: Effect::Prepares,
        provenance: Provenance::Read,
        rule: |r| r.lazyfree_kept = LazyfreeKept::IfDirty,
    },
    Commit {
        id: "1da190f4d0a6",
        landed: landed("v6.15"),
        title: "mm: Copy-on-Write (COW) reuse support for PTE-mapped THP",
        about: "a page of a large folio is reused if one process has all mappings of the folio and all references to it",
        effect: Effect::Saves("thp-pte-reuse"),
        provenance: Provenance::Read,
        rule: |r| r.large_wp = LargeWp::MmIds,
    },
    Commit {
        id: "354dffd29575",
        landed: landed("v6.15"),
        title: "mm: support batched unmap for lazyfree large folios during reclamation",
        about: "reclaim clears the PTEs of a folio of MADV_FREE together, and puts them all back as the first was",
        effect: Effect::Opens("lazyfree-batch-restore-writable"),
        provenance: Provenance::Read,
        rule: |r| r.unmap_batch = UnmapBatch::Folio,
    },
    Commit {
        id: "2f9b43d617e2",
        landed: landed("v6.15"),
        title: "mm: avoid splitting pmd for lazyfree pmd-mapped THP in try_to_unmap",
        about: "reclaim unmaps a huge page of MADV_FREE as a whole, or not at all",
        effect: Effect::Prepares,
        provenance: Provenance::Read,
        rule: |r| r.lazyfree_large = LazyfreeLarge::Whole,
    },
    Commit {
        id: "ddd05742b45b",
        landed: landed("v6.16"),
        title: "mm/rmap: fix potential out-of-bounds page table access during batched unmap",
        about: "reclaim clears together what is in a row in one VMA, even if it is not the whole folio",
        effect: Effect::Prepares,
        provenance: Provenance::Read,
        rule: |r| batch(r, UnmapBatch::Any),
    },
    Commit {
        id: "f822a9a81a31",
        landed: landed("v6.17"),
        title: "mm: optimize mremap() by PTE batching",
        about: "mremap moves the PTEs of a folio together, with the bits of the first, where the architecture hints at a batch",
        effect: Effect::Opens("mremap-batch-writable"),
        provenance: Provenance::Read,
        rule: |r| r.mremap_batch = MremapBatch::Any,
    },
    Commit {
        id: "d23cb648e365",
        landed: landed("v6.17"),
        title: "mm/mremap: permit mremap() move of multiple VMAs",
        about: "mremap moves a range of several VMAs, one after the other, instead of failing",
        effect: Effect::Prepares,
        provenance: Provenance::Read,
        rule: |r| r.mremap_vmas = MremapVmas::Each,
    },
    Commit {
        id: "04d1c9d60c6e",
        landed: landed("v6.18"),
        title: "mm/mremap: honour writable bit in mremap pte batching",
        about: "mremap moves PTEs together only if they are alike in their write bits",
        effect: Effect::Closes("mremap-batch-writable"),
        provenance: Provenance::Read,
        rule: |r| {
            if r.mremap_batch != MremapBatch::No {
                r.mremap_batch = MremapBatch::SameWrite;
            }
        },
    },
    Commit {
        id: "khugepaged-read-only",
        landed: landed("v6.18"),
        title: "mm: enable khugepaged anonymous collapse on non-writable regions (from memory; the id is not known here)",
        about: "khugepaged makes a huge page of pages none of which is mapped writable",
        effect: Effect::Prepares,
        provenance: Provenance::Inferred,
        rule: |r| r.collapse_writable = CollapseWritable::NotNeeded,
    },
    Commit {
        id: "29f40594a281",
        landed: landed("v7.0"),
        title: "mm/rmap: fix incorrect pte restoration for lazyfree folios",
        about: "reclaim puts PTEs back together only if they were alike in their write bits (CVE-2026-31398)",
        effect: Effect::Closes("lazyfree-batch-restore-writable"),
        provenance: Provenance::Read,
        rule: |r| batch(r, UnmapBatch::SameRights),
    },
    Commit {
        id: "aa-copy-on-read",
        landed: Landed::Proposed("2021"),
        title: "mm: gup: FOLL_UNSHARE, copy-on-read (Andrea Arcangeli, aa tree; code reconstructed from messages)",
        about: "a read GUP of a page that mapcount and swapcount call shared gets a page of its own, gets and pins alike",
        effect: Effect::Closes("vmsplice-child-munmap-leak"),
        provenance: Provenance::Inferred,
        rule: |r| {
            r.gup_read = GupRead::UnshareMapSwap;
            r.gup_longterm = GupLongterm::Unshare;
        },
    },
    Commit {
        id: "dh-unshare-v1",
        landed: Landed::Proposed("December 2021"),
        title: "mm: support GUP-triggered unsharing via FAULT_FLAG_UNSHARE (David Hildenbrand, v1)",
        about: "a read GUP of a page with more than one mapping gets a page of its own, which no other process maps",
        effect: Effect::Closes("vmsplice-child-munmap-leak-swapped"),
        provenance: Provenance::Read,
        rule: |r| r.gup_read = GupRead::UnshareMapcount,
    },
    Commit {
        id: "dh-active-inactive",
        landed: Landed::Proposed("December 2021"),
        title: "active and inactive references decide (David Hildenbrand, in the discussion of v1; never written)",
        about: "a write fault counts mappings, including swap entries, so a get or a pin forces no copy",
        effect: Effect::Closes("odirect-clear-refs-lost-read"),
        provenance: Provenance::Inferred,
        rule: |r| {
            r.gup_read = GupRead::UnshareActiveInactive;
            r.wp_reuse = WpReuse::ActiveInactive;
            r.swapin_reuse = SwapinReuse::ActiveInactive;
            r.active_read = ActiveRead::InactiveFirst;
        },
    },
    Commit {
        id: "dh-one-shot-read",
        landed: Landed::Proposed("December 2021"),
        title: "both counts are read in one shot (the mail's condition for the idea to work)",
        about: "a reference that moves from active to inactive is not missed",
        effect: Effect::Closes("active-inactive-torn-read"),
        provenance: Provenance::Read,
        rule: |r| r.active_read = ActiveRead::OneShot,
    },
    Commit {
        id: "unshare-copy-dirty",
        landed: Landed::Proposed("2026"),
        title: "mm: mark the copy that unsharing makes dirty",
        about: "the copy for a read pin counts as data: MADV_FREE tests its mapcount, and reclaim writes it out",
        effect: Effect::Closes("unshare-madvfree"),
        provenance: Provenance::Inferred,
        rule: |r| r.unshare_copy = UnshareCopy::Dirty,
    },
    Commit {
        id: "madv-free-clean-pte-mapcount",
        landed: Landed::Proposed("2026"),
        title: "mm/madvise: MADV_FREE spares a shared page if its PTE is clean",
        about: "no clean page with data of another process is discarded; a dirty one is safe while its PTE there is dirty",
        effect: Effect::Closes("madvfree-clean-shared"),
        provenance: Provenance::Inferred,
        rule: |r| {
            if r.madv_free_spares == MadvFreeSpares::InUse {
                r.madv_free_spares = MadvFreeSpares::CleanPte;
            }
        },
    },
    Commit {
        id: "madv-free-mapcount",
        landed: Landed::Proposed("2026"),
        title: "mm/madvise: MADV_FREE spares every page that another process maps",
        about: "no page with data of another process is discarded, clean or dirty",
        effect: Effect::Closes("madvfree-clean-shared"),
        provenance: Provenance::Inferred,
        rule: |r| r.madv_free_spares = MadvFreeSpares::Every,
    },
];
