//! khugepaged and `MADV_COLLAPSE`: the pages of a range are copied to a huge page, which takes their place.
//!
//! Follows `mm/khugepaged.c` (read in v5.4, v5.10, v5.15, v5.19, v6.1, v6.5, v6.8, v6.12, v6.14, v6.17, v7.0 and v7.2) for anonymous memory. Its
//! limits (`max_ptes_none`, `max_ptes_swap`, `max_ptes_shared`) are all but one page; `MADV_COLLAPSE` has none. Left out: the early look of
//! the scan at page locks, LRU lists, references and other mappings, since they are looked at again under the locks; accessed bits of pages; the retreat from an mmap
//! lock or a page lock that is taken, which the model waits for; up to v6.3 a page is released as soon as it has been copied, before the next one
//! is; files; smaller orders (v7.2). The PMD is looked at again with
//! the lock of the VMA, as since v6.17; up to v6.14 it is looked at before that, which only a fault that takes a table away could tell. That no entry has to be writable in v6.18
//! is inferred: v6.17 asks for one, v7.0 does not, and on a 6.18.44 the kernel's own `cow.c` collapses what is all shared.

use cowrace_machine::{Prim, encode};
use cowrace_report::{Aim, Fact, Obstacle, Then};

use crate::cpu::Cpu;
use crate::era::{
    AnonExclusive, CollapseLarge, CollapseShared, CollapseSync, CollapseUffdWp, CollapseWritable,
    MappedShared, Safeguard,
};
use crate::fault::{FaultFlag, VmFault, copy_user_highpage, do_swap_page};
use crate::folio::{folio_test_large, page_folio};
use crate::mmap::vma_start_write;
use crate::objects::{MmStruct, Page, pg, references, vm};
use crate::page_alloc::alloc_huge_page;
use crate::pgtable::{Entry, Pmd, Pte, pte_mkdirty, pte_mkwrite};
use crate::rmap::{
    folio_mapcount, folio_set_large_mapcount, likely_mapped_shared, page_add_new_anon_rmap_pmd,
    page_mapcount, page_remove_rmap, remove_pte_of_large,
};
use crate::swap::{lru_add_drain_all, put_page};
use crate::swapfile::{free_pages_and_swap_cache, reuse_swap_page};
use crate::tlb::{flush_tlb_page, tlb_remove_table_sync_one};
use crate::vma::{anon_vma_lock_write, anon_vma_unlock_write, vmas};
use crate::vmscan::{isolate_lru_page, putback_lru_page};
use crate::world::{Errno, PAGES, Va};

/// Who asks for it: `struct collapse_control`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CollapseControl {
    /// The kernel's thread, which has limits, and spares memory that nobody has accessed.
    Khugepaged,
    /// `MADV_COLLAPSE`.
    Madvise,
}
encode!(fieldless enum CollapseControl);

/// `khugepaged_scan_mm_slot`, of the range of an address. The batches of the CPUs were emptied when the pass over all mms began, which is long ago.
pub async fn khugepaged_scan_mm_slot(cpu: &Cpu, mm: MmStruct, va: Va) {
    cpu.call("khugepaged_scan_mm_slot", (mm, va), async |cpu, (mm, va)| {
        let collapsed = match cpu.kernel().geometry.range(va) {
            Some(range) => {
                cpu.mmap_read_lock(mm).await;
                scan_and_collapse(cpu, mm, range, CollapseControl::Khugepaged).await
            }
            None => Err(Obstacle::TooSmall),
        };
        if let Err(why) = collapsed {
            cpu.no_effect(Aim::Collapse, why);
        }
    })
    .await
}

/// `madvise_collapse` (7d8faaf15545, v6.1), with the mmap lock for reading, which it drops. Left out: it is taken again for the caller.
///
/// # Errors
///
/// `EINVAL` if the VMA is too small for a huge page, or if memory is not as it has to be; `EBUSY` if a page is not
/// populated, and a userfaultfd is told of those; `EAGAIN` if a page is
/// in use.
pub async fn madvise_collapse(cpu: &Cpu, mm: MmStruct, va: Va) -> Result<(), Errno> {
    cpu.call("madvise_collapse", (mm, va), async |cpu, (mm, va)| {
        let all = vmas(cpu, mm, va).await;
        let refused = match cpu.kernel().geometry.range(va) {
            _ if all.iter().all(|(_, vm_flags)| vm_flags & vm::EXISTS == 0) => {
                Some((Obstacle::NoVma, Ok(())))
            }
            Some(range) if range != va && vmas(cpu, mm, range).await.len() == 1 => {
                Some((Obstacle::TooSmall, Ok(())))
            }
            Some(_) if all.len() == 1 => None,
            None if cpu.is_vm_hugetlb_page(va) => Some((Obstacle::Hugetlb, Err(Errno::Einval))),
            _ => Some((Obstacle::TooSmall, Err(Errno::Einval))),
        };
        if let Some((why, result)) = refused {
            cpu.mmap_read_unlock(mm).await;
            cpu.no_effect(Aim::Collapse, why);
            return result;
        }
        lru_add_drain_all(cpu).await;
        let collapsed = scan_and_collapse(cpu, mm, va, CollapseControl::Madvise).await;
        collapsed.map_err(|why| {
            cpu.no_effect(Aim::Collapse, why);
            madvise_collapse_errno(why)
        })
    })
    .await
}

const fn madvise_collapse_errno(why: Obstacle) -> Errno {
    match why {
        Obstacle::NotPopulated => Errno::Ebusy,
        Obstacle::InUse | Obstacle::PageLocked | Obstacle::NotOnLru => Errno::Eagain,
        _ => Errno::Einval,
    }
}

/// With the mmap lock for reading, which is dropped.
async fn scan_and_collapse(cpu: &Cpu, mm: MmStruct, range: Va, by: CollapseControl) -> Result<(), Obstacle> {
    let scanned = match hugepage_vma_revalidate(cpu, mm, range).await {
        Ok(_) => hpage_collapse_scan_pmd(cpu, mm, range, by).await,
        Err(why) => Err(why),
    };
    cpu.mmap_read_unlock(mm).await;
    cpu.step("scan");
    match scanned {
        Ok(Scanned::Pages { unmapped }) => collapse_huge_page(cpu, mm, range, unmapped, by).await,
        Ok(Scanned::HugePage) => Ok(()),
        Err(why) => Err(why),
    }
}

/// `hugepage_vma_revalidate`, with the mmap lock: the flags of the VMA, which has to be one, in an mm that somebody uses.
async fn hugepage_vma_revalidate(cpu: &Cpu, mm: MmStruct, range: Va) -> Result<u64, Obstacle> {
    // hpage_collapse_test_exit.
    if cpu.kernel().exits[mm.0] && cpu.load(mm.mm_users(), Prim::ReadOnce).await.bits == 0 {
        return Err(Obstacle::NoMm);
    }
    match vmas(cpu, mm, range).await[..] {
        [(_, vm_flags)] if vm_flags & vm::EXISTS == 0 => Err(Obstacle::NoVma),
        [(_, vm_flags)] => Ok(vm_flags),
        _ => Err(Obstacle::TooSmall),
    }
}

/// What has been found in a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scanned {
    /// Pages that can be collapsed, some of which may be out on swap.
    Pages { unmapped: bool },
    /// A huge page already, which is what `MADV_COLLAPSE` is for.
    HugePage,
}
encode!(
    enum Scanned {
        Pages { unmapped },
        HugePage,
    }
);

/// What the entries of a range are together.
#[derive(Default)]
struct Entries {
    none: usize,
    unmapped: usize,
    writable: bool,
    young: bool,
}

impl Entries {
    /// An entry that maps nothing of its own.
    fn none(&mut self, vm_flags: u64) -> Result<(), Obstacle> {
        self.none += 1;
        if vm_flags & vm::UFFD_WP == 0 { Ok(()) } else { Err(Obstacle::NotPopulated) }
    }

    fn mapped(&mut self, pte: Pte) {
        self.writable |= pte.write();
        self.young |= pte.young();
    }

    /// Whether they are worth it.
    const fn suffice(&self, by: CollapseControl, needs_writable: bool) -> Result<(), Obstacle> {
        let limited = matches!(by, CollapseControl::Khugepaged);
        if self.none == PAGES || limited && self.unmapped == PAGES {
            Err(Obstacle::NothingMapped)
        } else if needs_writable && !self.writable {
            Err(Obstacle::NothingWritable)
        } else if limited && !self.young {
            Err(Obstacle::NothingYoung)
        } else {
            Ok(())
        }
    }
}

/// `hpage_collapse_scan_pmd` (`khugepaged_scan_pmd` up to v6.0): a look at the entries, after which no lock is held for a while.
async fn hpage_collapse_scan_pmd(
    cpu: &Cpu,
    mm: MmStruct,
    range: Va,
    by: CollapseControl,
) -> Result<Scanned, Obstacle> {
    cpu.call("hpage_collapse_scan_pmd", (mm, range, by), async |cpu, (mm, range, by)| {
        match cpu.pmdp_get_lockless(mm, range).await.pmd() {
            Pmd::None => return Err(Obstacle::NothingMapped),
            Pmd::Huge(_) | Pmd::Invalid(_) if by == CollapseControl::Madvise => return Ok(Scanned::HugePage),
            Pmd::Huge(_) | Pmd::Invalid(_) => return Err(Obstacle::HugeAlready),
            Pmd::Table => {}
        }
        let pages = cpu.kernel().geometry.pages(range);
        let vm_flags = cpu.find_vma(mm, pages.start).await;
        let (mut entries, mut scanned) = (Entries::default(), Ok(()));
        cpu.ptl_lock(mm, pages.start).await;
        for va in pages.clone() {
            let pte = cpu.ptep_get(mm, va).await;
            let this = match pte.entry() {
                Entry::None => entries.none(vm_flags),
                Entry::Page(_) if pte.is_zero_page() => entries.none(vm_flags),
                Entry::Marker => Err(Obstacle::WriteProtected),
                _ if pte.uffd_wp() => Err(Obstacle::WriteProtected),
                Entry::Page(_) => {
                    entries.mapped(pte);
                    Ok(())
                }
                Entry::Swap(_) | Entry::Migration(_) => {
                    entries.unmapped += 1;
                    Ok(())
                }
            };
            if let Err(why) = this {
                scanned = Err(why);
                break;
            }
        }
        cpu.ptl_unlock(mm, pages.start).await;
        scanned?;
        entries.suffice(by, cpu.rules().is(CollapseWritable::Needed))?;
        Ok(Scanned::Pages { unmapped: entries.unmapped > 0 })
    })
    .await
}

/// `collapse_huge_page`: if the scan has found something that is out, it comes in (v5.4 does not ask the scan), under the mmap lock for reading. Then, under the lock for writing, the page table is
/// taken out of the PMD, so that nobody finds the pages any more but who is at it already, before their references are counted.
async fn collapse_huge_page(
    cpu: &Cpu,
    mm: MmStruct,
    range: Va,
    unmapped: bool,
    by: CollapseControl,
) -> Result<(), Obstacle> {
    cpu.call("collapse_huge_page", (mm, range, unmapped, by), async |cpu, (mm, range, unmapped, by)| {
        let huge = alloc_huge_page(cpu, range).await;
        cpu.mmap_read_lock(mm).await;
        let revalidated = hugepage_vma_revalidate(cpu, mm, range).await;
        if let Ok(vm_flags) = revalidated
            && unmapped
        {
            collapse_huge_page_swapin(cpu, mm, range, vm_flags).await;
        }
        cpu.mmap_read_unlock(mm).await;
        if let Err(why) = revalidated {
            put_page(cpu, huge).await;
            return Err(why);
        }
        cpu.step("swapin");
        cpu.mmap_write_lock(mm).await;
        let collapsed = match hugepage_vma_revalidate(cpu, mm, range).await {
            Ok(vm_flags) => collapse_locked(cpu, mm, range, vm_flags, huge, by).await,
            Err(why) => Err(why),
        };
        cpu.mmap_write_unlock(mm).await;
        if collapsed.is_err() {
            put_page(cpu, huge).await;
        }
        collapsed
    })
    .await
}

/// `__collapse_huge_page_swapin`: a read fault for every entry that is a swap entry, a migration entry or a marker.
async fn collapse_huge_page_swapin(cpu: &Cpu, mm: MmStruct, range: Va, vm_flags: u64) {
    cpu.call("__collapse_huge_page_swapin", (mm, range, vm_flags), async |cpu, (mm, range, vm_flags)| {
        if cpu.pmdp_get_lockless(mm, range).await.pmd() != Pmd::Table {
            return;
        }
        for va in cpu.kernel().geometry.pages(range) {
            let orig_pte = cpu.ptep_get_lockless(mm, va).await;
            if !orig_pte.none() && !orig_pte.present() {
                let flag = FaultFlag::Read;
                do_swap_page(
                    cpu,
                    VmFault { mm, va, flag, vm_flags, orig_pte, vma_locked: false, allow_retry: true },
                )
                .await;
            }
        }
    })
    .await
}

/// `collapse_huge_page` with the mmap lock for writing.
async fn collapse_locked(
    cpu: &Cpu,
    mm: MmStruct,
    range: Va,
    vm_flags: u64,
    huge: Page,
    by: CollapseControl,
) -> Result<(), Obstacle> {
    let locked = vma_start_write(cpu, mm, range).await;
    // check_pmd_still_valid.
    let is_table = cpu.pmdp_get_lockless(mm, range).await.pmd() == Pmd::Table;
    let collapsed = if is_table || !cpu.rules().keeps(Safeguard::CollapsePmdTable) {
        anon_vma_lock_write(cpu, range).await;
        cpu.pmd_lock(mm, range).await;
        // pmdp_collapse_flush.
        cpu.pmdp_huge_get_and_clear(mm, range, Prim::PmdpClearFlush).await;
        flush_tlb_page(cpu, mm, range, Safeguard::CollapseFlush).await;
        cpu.pmd_unlock(mm, range).await;
        if cpu.rules().is(CollapseSync::Yes) {
            tlb_remove_table_sync_one(cpu).await;
        }
        cpu.step("clear");
        let isolated = collapse_huge_page_isolate(cpu, mm, range, vm_flags, by).await;
        if isolated.is_err() {
            cpu.pmd_lock(mm, range).await;
            cpu.store(mm.pmd(range), Pte::table(), Prim::PmdPopulate).await;
            cpu.pmd_unlock(mm, range).await;
        }
        anon_vma_unlock_write(cpu, range).await;
        match isolated {
            Ok(isolated) => {
                cpu.step("isolate");
                collapse_huge_page_copy(cpu, mm, range, huge, isolated).await;
                install(cpu, mm, range, vm_flags, huge).await;
                Ok(())
            }
            Err(why) => Err(why),
        }
    } else {
        Err(Obstacle::HugeAlready)
    };
    if locked {
        cpu.write_unlock(cpu.vm_lock(mm, range), Prim::VmaEndWrite).await;
    }
    collapsed
}

/// The folios that have been locked and taken off their LRU lists, each once.
type Isolated = [Option<Page>; PAGES];

/// `__collapse_huge_page_isolate`, with the lock of the page table, which the PMD does not refer to meanwhile: nobody but the page tables
/// refers to the pages, and nobody can, since they are locked, and on no LRU list.
async fn collapse_huge_page_isolate(
    cpu: &Cpu,
    mm: MmStruct,
    range: Va,
    vm_flags: u64,
    by: CollapseControl,
) -> Result<Isolated, Obstacle> {
    let arguments = (mm, range, vm_flags, by);
    cpu.call("__collapse_huge_page_isolate", arguments, async |cpu, (mm, range, vm_flags, by)| {
        let pages = cpu.kernel().geometry.pages(range);
        let (mut entries, mut isolated) = (Entries::default(), Isolated::default());
        let (mut shared, mut result) = (0, Ok(()));
        cpu.ptl_lock(mm, pages.start).await;
        for (nth, va) in pages.clone().enumerate() {
            let pte = cpu.ptep_get(mm, va).await;
            let this = match pte.entry() {
                Entry::None => entries.none(vm_flags).map(|()| None),
                Entry::Page(_) if pte.is_zero_page() => entries.none(vm_flags).map(|()| None),
                Entry::Page(_) if pte.uffd_wp() && cpu.rules().is(CollapseUffdWp::Isolate) => {
                    Err(Obstacle::WriteProtected)
                }
                Entry::Page(page) => {
                    entries.mapped(pte);
                    isolate(cpu, pte, page, &isolated, by, &mut shared).await
                }
                Entry::Swap(_) | Entry::Migration(_) | Entry::Marker => Err(Obstacle::NotPresent),
            };
            match this {
                Ok(folio) => isolated[nth] = folio,
                Err(why) => {
                    result = Err(why);
                    break;
                }
            }
        }
        if result.is_ok() {
            result = entries.suffice(by, cpu.rules().is(CollapseWritable::Needed));
        }
        if result.is_err() {
            // release_pte_pages.
            for page in isolated.into_iter().flatten() {
                release(cpu, page).await;
            }
        }
        cpu.ptl_unlock(mm, pages.start).await;
        result.map(|()| isolated)
    })
    .await
}

/// The folio of one page, locked and isolated, or nothing if that has been done for the page before.
async fn isolate(
    cpu: &Cpu,
    pte: Pte,
    page: Page,
    isolated: &Isolated,
    by: CollapseControl,
    shared: &mut usize,
) -> Result<Option<Page>, Obstacle> {
    let rules = cpu.rules();
    let page = page_folio(cpu, page).await;
    if rules.is(CollapseLarge::Refused) && folio_test_large(cpu, page).await {
        return Err(Obstacle::LargeFolio);
    }
    if rules.is(CollapseShared::Copied)
        && by == CollapseControl::Khugepaged
        && is_mapped_shared(cpu, page).await
    {
        *shared += 1;
        if *shared == PAGES {
            return Err(Obstacle::MappedByOthers);
        }
    }
    if isolated.iter().flatten().any(|other| other.head == page.head) {
        return Ok(None);
    }
    if !cpu.trylock_page(page).await {
        return Err(Obstacle::PageLocked);
    }
    let refused = if !is_refcount_suitable(cpu, page).await && rules.keeps(Safeguard::CollapseReferences) {
        Some(Obstacle::InUse)
    } else if rules.is(AnonExclusive::No)
        && !pte.write()
        && cpu.page_swap_cache(page).await
        && !reuse_swap_page(cpu, page).await
    {
        Some(Obstacle::InSwapCache)
    } else if !isolate_lru_page(cpu, page).await {
        Some(Obstacle::NotOnLru)
    } else {
        None
    };
    if let Some(why) = refused {
        cpu.unlock_page(page).await;
        return Err(why);
    }
    Ok(Some(page.head()))
}

/// Whether khugepaged counts a page as one that others map: `page_mapcount`, and since v6.10 the mappings of its folio.
async fn is_mapped_shared(cpu: &Cpu, page: Page) -> bool {
    match cpu.rules().mapped_shared() {
        MappedShared::Likely => likely_mapped_shared(cpu, page, false).await,
        MappedShared::Exact | MappedShared::FirstPage => page_mapcount(cpu, page).await > 1,
    }
}

/// `is_refcount_suitable`, with the page locked: only mappings and the swap cache refer to it. Up to v5.7 only one mapping may
/// (9445689f3b61).
async fn is_refcount_suitable(cpu: &Cpu, page: Page) -> bool {
    let mapcount = match cpu.rules().collapse_shared() {
        CollapseShared::Refused => 1,
        CollapseShared::Copied => folio_mapcount(cpu, page).await,
    };
    let cached = cpu.page_swap_cache(page).await;
    let count = cpu.page_count(page).await;
    let is_suitable = mapcount + u64::from(cached) == count;
    if !is_suitable {
        cpu.why(Fact::LargeReferences { page, mapcount, count: references(count) }.so(Then::Keep));
    }
    is_suitable
}

/// `release_pte_page`.
async fn release(cpu: &Cpu, page: Page) {
    cpu.unlock_page(page).await;
    putback_lru_page(cpu, page).await;
}

/// `__collapse_huge_page_copy`: first the data of all pages; then the entries go, which no TLB has any more.
async fn collapse_huge_page_copy(cpu: &Cpu, mm: MmStruct, range: Va, huge: Page, isolated: Isolated) {
    let arguments = (mm, range, huge, isolated);
    cpu.call("__collapse_huge_page_copy", arguments, async |cpu, (mm, range, huge, isolated)| {
        let pages = cpu.kernel().geometry.pages(range);
        for (nth, va) in (0..).zip(pages.clone()) {
            let pte = cpu.ptep_get_lockless(mm, va).await;
            if pte.present() && !pte.is_zero_page() {
                copy_user_highpage(cpu, huge.nth(nth), pte.page(), va).await;
            }
        }
        cpu.step("copy");
        // __collapse_huge_page_copy_succeeded.
        let mut large = Isolated::default();
        for (nth, va) in pages.clone().enumerate() {
            let pte = cpu.ptep_get_lockless(mm, va).await;
            if pte.none() {
                continue;
            }
            let page = if pte.is_zero_page() { None } else { Some(page_folio(cpu, pte.page()).await) };
            if let Some(folio) = isolated[nth] {
                if folio_test_large(cpu, folio).await {
                    large[nth] = Some(folio);
                } else {
                    release(cpu, folio).await;
                }
            }
            cpu.ptl_lock(mm, pages.start).await;
            cpu.ptep_get_and_clear(mm, va, Prim::PtepGetAndClear).await;
            if let Some(page) = page {
                remove_pte_of_large(cpu, mm, page).await;
                page_remove_rmap(cpu, page).await;
            }
            cpu.ptl_unlock(mm, pages.start).await;
            if let Some(page) = page {
                free_pages_and_swap_cache(cpu, page).await;
            }
        }
        for folio in large.into_iter().flatten() {
            release(cpu, folio).await;
        }
    })
    .await
}

/// The end of `collapse_huge_page`: the huge page is mapped, dirty and, if the VMA allows it, writable. Its page table is kept for a split.
async fn install(cpu: &Cpu, mm: MmStruct, range: Va, vm_flags: u64, huge: Page) {
    let mut pmd = pte_mkdirty(cpu.arch(), Pte::mk(huge));
    if vm_flags & vm::WRITE != 0 {
        pmd = pte_mkwrite(cpu.arch(), pmd);
    }
    cpu.pmd_lock(mm, range).await;
    page_add_new_anon_rmap_pmd(cpu, huge).await;
    folio_set_large_mapcount(cpu, mm, huge).await;
    cpu.set_bits(huge.flags(), pg::LRU, Prim::SetPageLru).await;
    cpu.set_pmd_at(mm, range, pmd).await;
    cpu.pmd_unlock(mm, range).await;
}

/// `khugepaged_exit`, for the last user of an mm: waits for khugepaged.
pub(crate) async fn khugepaged_exit(cpu: &Cpu, mm: MmStruct) {
    if cpu.kernel().world.is_scanned_by_khugepaged(mm.0) {
        cpu.mmap_write_lock(mm).await;
        cpu.mmap_write_unlock(mm).await;
    }
}
