//! The rules that differ between kernels, read at the places where the kernel's code differs.

use super::EraError;
use super::reading::{Reading, Rule};
use super::safeguards::{KEPT, NONE, Safeguard, Safeguards};

/// The description of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// Its key for `--set`.
    pub key: &'static str,
    /// What it decides.
    pub about: &'static str,
    /// Its values, each with what it means.
    pub values: Vec<(&'static str, &'static str)>,
}

macro_rules! rules {
    ($($(#[doc = $doc:literal])+ $field:ident: $type:ident = $default:ident { $($(#[doc = $vdoc:literal])+ $variant:ident = $text:literal,)* })*) => {
        $(
            $(#[doc = $doc])+
            #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
            pub enum $type { $($(#[doc = $vdoc])+ $variant,)* }

            impl $type {
                /// The values, by name.
                pub const ALL: &[(&'static str, Self)] = &[$(($text, Self::$variant),)*];

                /// The name for `--set`.
                #[must_use]
                pub const fn name(self) -> &'static str {
                    match self { $(Self::$variant => $text,)* }
                }
            }
        )*

        /// The index of each rule among the rules.
        #[derive(Clone, Copy)]
        enum Place { $($type,)* }

        /// How many rules there are.
        pub(super) const RULES: usize = [$(Place::$type),*].len();

        /// The index of a rule, and that of one of its values, by their names in the source.
        pub(crate) fn value(rule: &str, name: &str) -> Option<(usize, u8)> {
            match (rule, name) {
                $($((stringify!($type), stringify!($variant)) => {
                    Some(($type::PLACE, $type::$variant.index()))
                })*)*
                _ => None,
            }
        }

        $(impl Rule for $type {
            const PLACE: usize = Place::$type as usize;

            fn index(self) -> u8 {
                self as u8
            }

            fn of(rules: &Rules) -> Self {
                rules.$field
            }
        })*

        impl Reading<'_> {
            $($(#[doc = $doc])+
            #[inline]
            #[must_use]
            pub fn $field(self) -> $type {
                self.whole()
            })*
        }

        /// All rules of one kernel. The default is mainline v5.4 without any of the listed commits.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct Rules {
            $($(#[doc = $doc])+ pub $field: $type,)*
            /// The safeguards that were taken out by their switches.
            pub lacks: Safeguards,
        }

        impl Default for Rules {
            fn default() -> Self {
                Self { $($field: $type::$default,)* lacks: Safeguards::default() }
            }
        }

        impl Rules {
            /// The keys for `--set`, each with its values.
            #[must_use]
            pub fn keys() -> Vec<(&'static str, Vec<&'static str>)> {
                vec![$((stringify!($field), $type::ALL.iter().map(|v| v.0).collect()),)*]
            }

            /// The description of a rule and of its values. `None` if there is no such key.
            #[must_use]
            pub fn about(key: &str) -> Option<About> {
                $(if key == stringify!($field) {
                    return Some(About {
                        key: stringify!($field),
                        about: concat!($($doc),+).trim_ascii(),
                        values: vec![$(($text, concat!($($vdoc),+).trim_ascii()),)*],
                    });
                })*
                None
            }

            /// The rules as keys and values.
            #[must_use]
            pub fn entries(&self) -> Vec<(&'static str, &'static str)> {
                vec![$((stringify!($field), self.$field.name()),)*]
            }

            /// For each rule the index of its value.
            pub(crate) fn indices(&self) -> [u8; RULES] {
                [$(self.$field as u8),*]
            }

            pub(super) fn lookup(key: &str, value: &str) -> Result<(&'static str, &'static str), EraError> {
                $(if key == stringify!($field) {
                    return $type::ALL.iter().find(|v| v.0 == value).map(|v| (stringify!($field), v.0)).ok_or_else(|| {
                        EraError::Value(stringify!($field), value.to_owned(), $type::ALL.iter().map(|v| v.0).collect())
                    });
                })*
                let switch = Safeguard::of_switch(key).and_then(Safeguard::switch);
                let key = switch.ok_or_else(|| EraError::Key(key.to_owned()))?;
                let value = [KEPT, NONE].into_iter().find(|&v| v == value).ok_or_else(|| {
                    EraError::Value(key, value.to_owned(), vec![KEPT, NONE])
                })?;
                Ok((key, value))
            }

            pub(super) fn set(&mut self, key: &str, value: &str) {
                $(if key == stringify!($field) && let Some(&(_, v)) = $type::ALL.iter().find(|v| v.0 == value) {
                    self.$field = v;
                })*
                if let Some(safeguard) = Safeguard::of_switch(key) {
                    self.lacks.put(safeguard, value == NONE);
                }
            }
        }
    };
}

rules! {
    /// When a write fault on a present anonymous page may keep the page (`do_wp_page`).
    wp_reuse: WpReuse = MapSwap {
        /// `page_mapcount + page_swapcount == 1`, under the page lock (`reuse_swap_page`, up to v5.8).
        MapSwap = "mapswap",
        /// `page_count == 1`, page lock only tried (v5.9 to v5.18).
        Count = "count",
        /// `PageAnonExclusive`, otherwise like count (v5.19 and later).
        AnonExclusive = "anon-exclusive",
        /// `page_mapcount == 1` alone, against which the mails of December 2021 argue.
        MapCount = "mapcount",
        /// One word of active and inactive references is (1, 0): proposal of December 2021.
        ActiveInactive = "active-inactive",
    }
    /// Whether `do_wp_page` drops the swap cache's reference before it counts (53a05ad9f21d).
    wp_free_swap: WpFreeSwap = No {
        /// The swap cache's reference counts as a sharer.
        No = "no",
        /// `try_to_free_swap` first.
        Yes = "yes",
    }
    /// Whether `do_wp_page` drains this CPU's LRU-add batch before it counts (d4c470970d45).
    wp_lru_drain: WpLruDrain = No {
        /// The batch's reference counts as a sharer.
        No = "no",
        /// `lru_add_drain` first.
        Yes = "yes",
    }
    /// Whether munmap, `MADV_DONTNEED` and exit drain this CPU's LRU batches first.
    zap_lru_drain: ZapLruDrain = Yes {
        /// `lru_add_drain` (up to v6.13).
        Yes = "yes",
        /// They leave them alone.
        No = "no",
    }
    /// When `do_wp_page` unlocks a page that it reuses (be068f29034f).
    wp_unlock: WpUnlock = BeforeReuse {
        /// After `wp_page_reuse`, which has dropped the PTE lock.
        AfterReuse = "after-reuse",
        /// Before it.
        BeforeReuse = "before-reuse",
    }
    /// How the active and inactive counts are read, where they decide.
    active_read: ActiveRead = OneShot {
        /// Both in one load.
        OneShot = "one-shot",
        /// The inactive count first, then the active one.
        InactiveFirst = "inactive-first",
        /// The active count first, then the inactive one.
        ActiveFirst = "active-first",
    }
    /// Whether a copied-from page leaves the swap cache at once (f4c4a3f48480).
    free_swap_cache: FreeSwapCache = No {
        /// It stays until it is dropped elsewhere.
        No = "no",
        /// `free_swap_cache` after the copy.
        Yes = "yes",
    }
    /// When a write fault on a swap entry may keep the page (`do_swap_page`).
    swapin_reuse: SwapinReuse = MapSwap {
        /// `reuse_swap_page`: mapcount and swapcount (up to v5.17).
        MapSwap = "mapswap",
        /// `page_count == 1` after `swap_free` and `try_to_free_swap` (c145e0b47c77).
        Count = "count",
        /// The exclusive bit of the swap entry, otherwise like count (1493a1913e34).
        SwapExclusive = "swap-exclusive",
        /// `page_mapcount` alone.
        MapCount = "mapcount",
        /// Active and inactive references.
        ActiveInactive = "active-inactive",
    }
    /// Whether `do_swap_page` checks, with the page locked, that the page is still the entry's.
    swapin_recheck: SwapinRecheck = No {
        /// It trusts `pte_same` (before 2.6.36).
        No = "no",
        /// `PageSwapCache` (4969c1192d15).
        SwapCache = "swapcache",
        /// `PageSwapCache` and `page_private == entry` (31c4a3d3a0f8).
        Private = "private",
    }
    /// What a read GUP does with a page that may be shared.
    gup_read: GupRead = Share {
        /// Takes a reference on whatever is mapped.
        Share = "share",
        /// Acts as a write, in every private mapping (17839856fd58, v5.8).
        ForceWrite = "force-write",
        /// `FOLL_PIN` of an anonymous page that is not exclusive unshares first (a7f226604170).
        UnshareExclusive = "unshare-exclusive",
        /// `FOLL_GET` and `FOLL_PIN` unshare if `page_mapcount > 1` (series of December 2021).
        UnshareMapcount = "unshare-mapcount",
        /// `FOLL_GET` and `FOLL_PIN` unshare if mapcount and swapcount are above 1 (copy-on-read).
        UnshareMapSwap = "unshare-mapswap",
        /// Both unshare unless active and inactive references are (1, 0).
        UnshareActiveInactive = "unshare-active-inactive",
    }
    /// Whether a read-only `FOLL_LONGTERM` pin of a private mapping's non-anonymous page breaks COW.
    gup_longterm: GupLongterm = Share {
        /// It pins the page cache or zero page.
        Share = "share",
        /// It unshares (84209e87c696).
        Unshare = "unshare",
    }
    /// How `FOLL_FORCE` recognises the page that its own COW made.
    gup_force: GupForce = CowFlag {
        /// `FOLL_COW` and a dirty PTE (19be0eaffa3a).
        CowFlag = "cow-flag",
        /// An anonymous exclusive page (5535be309971).
        AnonExclusive = "anon-exclusive",
    }
    /// Whether pins are counted apart from other references (3faa52c03f44).
    foll_pin: FollPin = No {
        /// There is no `FOLL_PIN`: callers that pin in later kernels take an ordinary reference.
        No = "no",
        /// A pin adds `GUP_PIN_COUNTING_BIAS`.
        Yes = "yes",
    }
    /// How GUP-fast takes a `FOLL_PIN` reference.
    pin_steps: PinSteps = One {
        /// One `page_ref_add_unless` of the whole bias.
        One = "one",
        /// `try_get` of one, then the rest (c24d37322548).
        Two = "two",
        /// `try_get` of one, then the rest, then a full barrier (088b8aa537c2).
        TwoMb = "two-mb",
    }
    /// Whether clearing `PageAnonExclusive` and GUP-fast's test of it are ordered by barriers.
    ae_barriers: AeBarriers = No {
        /// Only by the TLB flush.
        No = "no",
        /// `smp_mb` and `smp_rmb` (088b8aa537c2).
        Yes = "yes",
    }
    /// Whether pins are noted in the mm (008cfe4418b3).
    has_pinned: HasPinned = No {
        /// No.
        No = "no",
        /// `mm->has_pinned`.
        Yes = "yes",
    }
    /// What fork does with a page that may be pinned.
    fork_pin: ForkPin = Share {
        /// Shares it like any other.
        Share = "share",
        /// Write-protects, then tests, then copies and restores (70e806e4e645).
        CopyWrprotectFirst = "copy-wrprotect-first",
        /// Tests, then copies (f3c64eda3e50).
        Copy = "copy",
    }
    /// Whether fork and GUP-fast exclude each other by `write_protect_seq` (57efa1fe5957).
    fork_seq: ForkSeq = No {
        /// They do not.
        No = "no",
        /// GUP-fast backs off.
        Yes = "yes",
    }
    /// What fork does to a page of hugetlb that may be pinned.
    hugetlb_fork: HugetlbFork = Share {
        /// It shares it.
        Share = "share",
        /// It copies it for the child, but does not exclude GUP-fast (4eae4efa2c29).
        Copy = "copy",
        /// It copies it, and GUP-fast backs off (623a1ddfeb23).
        CopySeqcount = "copy_seqcount",
    }
    /// Whether the copy of a page of hugetlb that fork makes is writable for the child.
    hugetlb_fork_writable: HugetlbForkWritable = Always {
        /// It is, whatever the area allows.
        Always = "always",
        /// It is if the area allows writing (d8fd84dd4ce7).
        VmWrite = "vm_write",
    }
    /// Whether `MADV_DONTNEED` drops pages of hugetlb (90e7e7f5ef3f).
    hugetlb_dontneed: HugetlbDontneed = No {
        /// It fails with `EINVAL`.
        No = "no",
        /// It does.
        Yes = "yes",
    }
    /// Whether `FOLL_FORCE` writes to a read-only area of hugetlb.
    hugetlb_force: HugetlbForce = Writes {
        /// It does, and leaves an entry through which user space can write.
        Writes = "writes",
        /// It fails (f347454d0341).
        Fails = "fails",
    }
    /// When a write fault on a PMD may keep the huge page (`do_huge_pmd_wp_page`), if it is not known to be exclusive.
    thp_wp: ThpWp = MapSwap {
        /// If none of its pages has more than one mapping, under the page lock (v4.14 to v5.17).
        MapSwap = "mapswap",
        /// `page_count == 1` (3bff7e3f1f16).
        Count = "count",
    }
    /// Whether the pages of a folio that is mapped both ways count the PMDs as well (`PageDoubleMap`).
    double_map: DoubleMap = Counted {
        /// Once each, while some PMD maps it.
        Counted = "counted",
        /// They do not (cb67f4282bf9).
        Gone = "gone",
    }
    /// What a write fault on a PMD does with a huge page that it may not keep.
    thp_wp_else: ThpWpElse = Copy {
        /// It copies all of it (up to v5.7).
        Copy = "copy",
        /// It splits the mapping, and goes on with one page (3917c80280c9).
        Split = "split",
    }
    /// The lock that a split of a PMD holds beside that of the directory.
    thp_split_lock: ThpSplitLock = No {
        /// None (up to v5.7, and since 7f7609175ff2, v5.18).
        No = "no",
        /// That of the page (c444eb564fb1).
        Page = "page",
    }
    /// Where a split of a PMD keeps that the huge page was written to.
    thp_split_dirty: ThpSplitDirty = Page {
        /// The page is dirty, and its PTEs are not.
        Page = "page",
        /// Its PTEs are dirty as well (e833bc503405).
        Pte = "pte",
    }
    /// What fork does with a huge page that may be pinned.
    thp_fork: ThpFork = Share {
        /// It shares it.
        Share = "share",
        /// It splits the mapping, and copies the pages one by one (d042035eaf5f).
        Split = "split",
    }
    /// How `change_protection`, of mprotect and `UFFDIO_WRITEPROTECT`, flushes what it has changed (4a18419f71cd).
    change_flush: ChangeFlush = Range {
        /// `flush_tlb_range`, if an entry was changed that a TLB may have.
        Range = "range",
        /// An mmu_gather, with what needs a flush (with c9fe66560bf2).
        Gather = "gather",
    }
    /// When a change of a PMD's protection flushes what the TLBs have.
    thp_change_flush: ThpChangeFlush = AtOnce {
        /// With the change, in `pmdp_invalidate`.
        AtOnce = "at_once",
        /// When the whole range has been changed (4f83145721f3).
        AtTheEnd = "at_the_end",
    }
    /// Whether a change of protection maps an exclusive huge page writable at once, where it does so with a base page.
    thp_upgrade: ThpUpgrade = No {
        /// The next store faults.
        No = "no",
        /// `can_change_pmd_writable` (c27f479ef542).
        Yes = "yes",
    }
    /// When `do_wp_page` may keep a page of a large folio that is not known to be exclusive.
    large_wp: LargeWp = AsBase {
        /// As a base page; what is counted is that of the whole folio.
        AsBase = "as_base",
        /// Never.
        Never = "never",
        /// If one mm has all mappings, and there are no other references (1da190f4d0a6).
        MmIds = "mm_ids",
    }
    /// What `MADV_FREE` does with a large folio that PTEs map.
    madv_free_large: MadvFreeLarge = Split {
        /// It splits the folio, and marks its pages.
        Split = "split",
        /// It marks the folio as a whole, if all of it is mapped in a row (dce7d10be4bb).
        Whole = "whole",
    }
    /// What `MADV_PAGEOUT` does with a large folio that PTEs map.
    pageout_large: PageoutLarge = Split {
        /// It splits the folio, and reclaims its pages.
        Split = "split",
        /// It reclaims the folio as a whole, if all of it is mapped in a row (3931b871c493).
        Whole = "whole",
    }
    /// When `MADV_FREE` takes a large folio for one that others map as well.
    mapped_shared: MappedShared = Exact {
        /// If all its mappings together are more than the one by a PMD; of one that PTEs map, if the page has more than one.
        Exact = "exact",
        /// If its first page has more than one mapping (20b18aada185).
        FirstPage = "first-page",
        /// If a PMD and something else map it, if it has more mappings than pages, or if its first page has more than one
        /// (eefb9b2725e3).
        Likely = "likely",
    }
    /// What reclaim does with a large folio of `MADV_FREE`.
    lazyfree_large: LazyfreeLarge = SplitFolio {
        /// It splits the folio, and discards its pages one by one.
        SplitFolio = "split-folio",
        /// It splits the mappings by PMDs, and unmaps the pages one by one (820c4e2e6f51).
        SplitPmd = "split-pmd",
        /// It unmaps what a PMD maps as a whole (2f9b43d617e2).
        Whole = "whole",
    }
    /// How many PTEs of a large folio of `MADV_FREE` reclaim clears, and puts back, together.
    unmap_batch: UnmapBatch = No {
        /// One.
        No = "no",
        /// Those of the whole folio, or one; what is put back is all as the first of them was (354dffd29575).
        Folio = "folio",
        /// As many as are in a row in the VMA (ddd05742b45b).
        Any = "any",
        /// As many as are in a row and alike in their write bits and soft-dirty bits (29f40594a281).
        SameRights = "same-rights",
    }
    /// Whether khugepaged collapses pages that others map as well.
    collapse_shared: CollapseShared = Refused {
        /// It does not: a page may have one reference, and one more if it is in the swap cache.
        Refused = "refused",
        /// It copies them, as it does all pages that have no references but those of mappings (9445689f3b61).
        Copied = "copied",
    }
    /// Whether khugepaged collapses pages of large folios.
    collapse_large: CollapseLarge = Refused {
        /// It does not.
        Refused = "refused",
        /// It copies them (5503fbf2b0b8).
        Copied = "copied",
    }
    /// Whether khugepaged wants an entry that is writable.
    collapse_writable: CollapseWritable = Needed {
        /// One of the range has to be.
        Needed = "needed",
        /// None has to be (v6.18).
        NotNeeded = "not-needed",
    }
    /// When khugepaged asks whether userfaultfd write-protects a page.
    collapse_uffd_wp: CollapseUffdWp = Scan {
        /// When it scans the range, before it takes the mmap lock for writing.
        Scan = "scan",
        /// When it isolates the pages as well (dd47ac428c3f).
        Isolate = "isolate",
    }
    /// Whether khugepaged waits for GUP-fast when it has taken a page table away.
    collapse_sync: CollapseSync = No {
        /// No, but that its flush may be one by IPI.
        No = "no",
        /// It sends an IPI of its own (2ba99c5e0881).
        Yes = "yes",
    }
    /// Whether GUP-fast looks at the PMD again when it has the reference.
    gup_fast_pmd: GupFastPmd = Once {
        /// It looks at the PTE again.
        Once = "once",
        /// It looks at the PMD and at the PTE (70cbc3cc78a9).
        Again = "again",
    }
    /// How many PTEs of a large folio `mremap` moves together.
    mremap_batch: MremapBatch = No {
        /// One.
        No = "no",
        /// As many as are in a row, all with the bits of the first (f822a9a81a31).
        Any = "any",
        /// As many as are in a row and alike in their write bits (04d1c9d60c6e).
        SameWrite = "same-write",
    }
    /// How many VMAs `mremap` moves.
    mremap_vmas: MremapVmas = One {
        /// One.
        One = "one",
        /// Each of the range (d23cb648e365).
        Each = "each",
    }
    /// What becomes of the marks of a userfaultfd that is not told of `mremap`.
    mremap_uffd_wp: MremapUffdWp = Kept {
        /// They go with the memory.
        Kept = "kept",
        /// They go (0cef0bb836e3).
        Cleared = "cleared",
    }
    /// How often GUP-fast looks up the head of the folio of a page.
    gup_head: GupHead = Once {
        /// Before it takes the reference.
        Once = "once",
        /// And after it: the folio may have been split (c24d37322548).
        Again = "again",
    }
    /// What a fault has while it waits for a page that is unmapped for a moment.
    migration_wait: MigrationWait = GetsReference {
        /// A reference, until it sleeps.
        GetsReference = "gets-reference",
        /// Nothing (ffa65753c431).
        GetsNothing = "gets-nothing",
    }
    /// Where it is kept that a page which is unmapped for a moment was written to.
    migration_dirty: MigrationDirty = Page {
        /// The page is dirty, and its PTE is not when it is mapped again.
        Page = "page",
        /// Its PTE is dirty as well (2e3468778dbe).
        Pte = "pte",
    }
    /// When the split of a folio that PTEs map flushes what the TLBs have.
    split_flush: SplitFlush = AtOnce {
        /// PTE by PTE.
        AtOnce = "at-once",
        /// When all of them are cleared (3027c6f8eb9d).
        Batched = "batched",
    }
    /// Whether anonymous pages carry `PG_anon_exclusive` (6c287605fd56).
    anon_exclusive: AnonExclusive = No {
        /// No.
        No = "no",
        /// Yes.
        Yes = "yes",
    }
    /// What reclaim does with a page that may be pinned (feb889fb40fa).
    reclaim_pin: ReclaimPin = No {
        /// Swaps it out like any other.
        No = "no",
        /// Keeps it, if the test before `add_to_swap` sees the pin.
        Skip = "skip",
        /// Keeps it, and tests again when it is unmapped (d824ec2a1546).
        SkipAndRecheck = "skip-and-recheck",
    }
    /// Whether a change of PTEs first does the flush that reclaim has deferred (3ea277194daa).
    batched_flush: BatchedFlush = Defer {
        /// It flushes only for the PTEs that it finds.
        Defer = "defer",
        /// `flush_tlb_batched_pending`, which clears the note after the flush.
        Catch = "catch",
        /// The same, and flushes that reclaim defers meanwhile stay noted (5ee2fa2f0636).
        Count = "count",
    }
    /// When a page of `MADV_FREE` that reclaim cannot discard is swap-backed again (faeb2831b517).
    lazyfree_kept: LazyfreeKept = SwapBacked {
        /// Always: it will not be freed any more.
        SwapBacked = "swap-backed",
        /// If it is dirty; an additional reference only delays its freeing.
        IfDirty = "if-dirty",
    }
    /// When reclaim discards a page of `MADV_FREE` (6c8e2a256915).
    madv_free: MadvFree = Dirty {
        /// If it is not dirty.
        Dirty = "dirty",
        /// If it is not dirty and has no reference beyond mappings and isolation.
        RefAndDirty = "ref-and-dirty",
    }
    /// Which pages `MADV_FREE` leaves alone if another process maps them.
    madv_free_spares: MadvFreeSpares = InUse {
        /// Those that are dirty, or in the swap cache.
        InUse = "in-use",
        /// Those, and pages that are clean in this PTE: proposal.
        CleanPte = "clean-pte",
        /// All: proposal.
        Every = "every",
    }
    /// Whether the copy that unsharing makes is dirty.
    unshare_copy: UnshareCopy = Clean {
        /// Neither the PTE nor the page is.
        Clean = "clean",
        /// The page is: proposal.
        Dirty = "dirty",
    }
    /// The lock that clear_refs holds while it walks (29a951dfb3c3).
    clear_refs_lock: ClearRefsLock = Read {
        /// `mmap_read_lock`.
        Read = "read",
        /// `mmap_write_lock`.
        Write = "write",
    }
    /// Whether clear_refs spares pages that may be pinned (9348b73c2e1b).
    clear_refs_pin: ClearRefsPin = No {
        /// No.
        No = "no",
        /// If the PTE is writable and the test sees the pin.
        Skip = "skip",
    }
    /// Whether clear_refs flushes the TLB before it returns (0758cd830494, 912efa17e512).
    clear_refs_flush: ClearRefsFlush = Explicit {
        /// The mmu_gather is empty, so nothing is flushed (0758cd830494, v5.6).
        Elided = "elided",
        /// `flush_tlb_mm`; up to v5.5 by `tlb_finish_mmu`, of a gather for the whole mm.
        Explicit = "explicit",
    }
    /// Whether a write fault in a userfaultfd-wp area flushes first if a flush is pending (6ce64428d620).
    uffd_flush: UffdFlush = No {
        /// It copies while stale TLB entries may exist.
        No = "no",
        /// It flushes.
        Yes = "yes",
    }
    /// Whether `UFFDIO_WRITEPROTECT` takes a user of the mm (cb185d5f1ebf).
    uffd_mmget: UffdMmget = No {
        /// It relies on the `mm_struct` alone.
        No = "no",
        /// `mmget_not_zero`.
        Yes = "yes",
    }
    /// Whether removing the protection restores the write bit of an exclusive page (931298e103c2).
    uffd_unprotect: UffdUnprotect = ClearsWrite {
        /// The PTE ends up read-only even if it was not before.
        ClearsWrite = "clears-write",
        /// `MM_CP_TRY_CHANGE_WRITABLE`.
        TryWritable = "try-writable",
    }
    /// Whether mprotect maps an exclusive page writable at once (64fe24a3e05e).
    mprotect_upgrade: MprotectUpgrade = No {
        /// The next store faults.
        No = "no",
        /// `MM_CP_TRY_CHANGE_WRITABLE`, for a PTE that is dirty (v6.0, v6.1).
        Dirty = "dirty",
        /// `MM_CP_TRY_CHANGE_WRITABLE`, for any PTE (7ea7e333842e, v6.2).
        Yes = "yes",
    }
    /// Whether a read fault maps a page writable that comes back from swap and is exclusive (c18160dba5ff).
    swapin_writable: SwapinWritable = No {
        /// The next store faults.
        No = "no",
        /// The PTE gets the write bit at once.
        Yes = "yes",
    }
    /// Whether `pte_wrprotect` preserves the hardware dirty state (ff1712f953e2, arm64).
    arm64_wrprotect: Arm64Wrprotect = DropsDirty {
        /// The copy of the PTE that fork gives the child is clean.
        DropsDirty = "drops-dirty",
        /// It moves to the kernel's own dirty bit.
        KeepsDirty = "keeps-dirty",
    }
    /// The lock that a page fault takes.
    vma_lock: VmaLock = No {
        /// `mmap_read_lock`.
        No = "no",
        /// The VMA's lock, which fork does not take (0bff0aaea03e, v6.4.0 to v6.4.2).
        Racy = "racy",
        /// The VMA's lock, and fork takes it (fb49c455323f).
        Yes = "yes",
    }
    /// How io_uring pins registered buffers (v6.10).
    io_uring_pin: IoUringPin = Slow {
        /// `pin_user_pages`, with the mmap lock held throughout.
        Slow = "slow",
        /// `pin_user_pages_fast`.
        Fast = "fast",
    }
    /// Whether `O_DIRECT` of block devices takes pins (v6.5).
    direct_io: DirectIo = Get {
        /// `FOLL_GET`.
        Get = "get",
        /// `FOLL_PIN`.
        Pin = "pin",
    }
    /// Whether direct I/O of FUSE takes pins (738adade96b2).
    fuse_direct_io: FuseDirectIo = Get {
        /// `FOLL_GET`.
        Get = "get",
        /// `FOLL_PIN`.
        Pin = "pin",
    }
    /// What the pipe of a FUSE server gets for a page that direct I/O has taken from user space (0c4bcfdecb1a).
    fuse_splice: FuseSplice = Reference {
        /// A reference on the page itself.
        Reference = "reference",
        /// A copy.
        Copy = "copy",
    }
}
