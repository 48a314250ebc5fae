//! Unmapping by reclaim: `try_to_unmap`, and for a page of `MADV_FREE` the decision whether it is discarded.
//!
//! Follows `mm/rmap.c` (v5.4 to v6.18). Left out: `anon_vma` locks but of memory that a huge page may back, mlock. Large folios are unmapped only if `MADV_FREE`
//! was called for them: others are split first.

use std::ops::Range;

use cowrace_machine::Prim;
use cowrace_report::{Fact, Then};

use super::large::{folio_mapcount, folio_sub_large_mapcount};
use super::{page_remove_rmap, page_remove_rmap_to_swap, page_try_share_anon_rmap};
use crate::cpu::Cpu;
use crate::era::{AeBarriers, AnonExclusive, LazyfreeKept, LazyfreeLarge, MadvFree, Safeguard, UnmapBatch};
use crate::folio::{PteBatch, folio_pte_batch, folio_test_large, get_and_clear_ptes, set_ptes};
use crate::huge_memory::{Freeze, split_huge_pmd_locked, unmap_huge_pmd};
use crate::objects::{MmStruct, Page, pg, references};
use crate::pgtable::{Pmd, Pte, SOFT_DIRTY, SWP_EXCLUSIVE, UFFD_WP, pte_dirty};
use crate::swapfile::{page_swap_entry, swap_duplicate, swap_free};
use crate::tlb::{TlbUbc, flush_tlb_page, set_tlb_ubc_flush_pending, should_defer_flush};
use crate::vma::{anon_vma_lock_read, anon_vma_unlock_read, vmas_of_walk};
use crate::world::{PAGES, Va};

/// `try_to_unmap`: one mapping after the other, parents before children. Returns whether none is left, and the deferred
/// flushes.
pub async fn try_to_unmap(cpu: &Cpu, page: Page) -> (bool, TlbUbc) {
    let va = cpu.load(page.index(), Prim::ReadOnce).await.bits as Va;
    let mut ubc = TlbUbc::default();
    let range = cpu.kernel().geometry.range(va);
    if let Some(range) = range {
        anon_vma_lock_read(cpu, range).await;
    }
    for vma in cpu.kernel().anon_vmas[va].vmas() {
        let goes_on;
        let mm = MmStruct(vma.mm);
        (goes_on, ubc) = match cpu.kernel().geometry.range(vma.va) {
            Some(range) => try_to_unmap_in_range(cpu, page, mm, vma.va, range, ubc).await,
            None => try_to_unmap_one(cpu, page, mm, vma.va, ubc).await,
        };
        if !goes_on {
            break;
        }
    }
    if let Some(range) = range {
        anon_vma_unlock_read(cpu, range).await;
    }
    let unmapped = folio_mapcount(cpu, page).await == 0 || !cpu.rules().keeps(Safeguard::UnmapMapcount);
    (unmapped, ubc)
}

/// `try_to_unmap_one`: the PTE becomes a swap entry, or none for a page of `MADV_FREE`. Returns whether the walk may
/// continue.
async fn try_to_unmap_one(cpu: &Cpu, page: Page, mm: MmStruct, va: Va, ubc: TlbUbc) -> (bool, TlbUbc) {
    cpu.call("try_to_unmap_one", (page, mm, va, ubc), async |cpu, (page, mm, va, mut ubc)| {
        let rules = cpu.rules();
        cpu.ptl_lock(mm, va).await;
        let pte = cpu.ptep_get(mm, va).await;
        if !pte.present() || pte.page().obj != page.obj {
            cpu.ptl_unlock(mm, va).await;
            return (true, ubc);
        }
        let exclusive = rules.is(AnonExclusive::Yes) && cpu.page_anon_exclusive(page).await;
        let pte = if defers_flush(cpu, mm, exclusive) {
            let pte = cpu.ptep_get_and_clear(mm, va, Prim::PtepGetAndClear).await;
            ubc = set_tlb_ubc_flush_pending(cpu, ubc, mm, va, pte_dirty(cpu.arch(), pte)).await;
            pte
        } else {
            let pte = cpu.ptep_get_and_clear(mm, va, Prim::PtepClearFlush).await;
            flush_tlb_page(cpu, mm, va, Safeguard::UnmapFlush).await;
            pte
        };
        if pte_dirty(cpu.arch(), pte) {
            cpu.set_bits(page.flags(), pg::DIRTY, Prim::SetPageDirty).await;
        }
        if !cpu.page_flag(page, pg::SWAPBACKED, Prim::PageFlagTest).await {
            let discarded = unmap_lazyfree(cpu, page, mm, PteBatch::of(va, pte)).await;
            cpu.ptl_unlock(mm, va).await;
            return (discarded, ubc);
        }
        let entry = page_swap_entry(cpu, page).await;
        swap_duplicate(cpu, entry).await;
        if exclusive && !page_try_share_anon_rmap(cpu, page).await {
            swap_free(cpu, entry).await;
            cpu.set_pte_at(mm, va, pte).await;
            cpu.ptl_unlock(mm, va).await;
            return (false, ubc);
        }
        let mut swp = Pte::swap(entry).carry(pte, SOFT_DIRTY | UFFD_WP);
        if exclusive && cpu.arch() != cowrace_machine::Arch::NoSwapExclusive {
            swp = swp.set(SWP_EXCLUSIVE);
        }
        cpu.set_pte_at(mm, va, swp).await;
        page_remove_rmap_to_swap(cpu, page).await;
        cpu.page_ref_sub(page, 1).await;
        cpu.ptl_unlock(mm, va).await;
        (true, ubc)
    })
    .await
}

/// Whether the flush after a PTE is cleared is deferred. v5.19 and v6.0 never do so for an exclusive page; the barriers of v6.1 allow it
/// again.
pub(super) fn defers_flush(cpu: &Cpu, mm: MmStruct, exclusive: bool) -> bool {
    should_defer_flush(cpu, mm) && (!exclusive || cpu.rules().is(AeBarriers::Yes))
}

/// `try_to_unmap_one` of a page, or of a large folio, in a range that a huge page may back (`page_vma_mapped_walk`).
async fn try_to_unmap_in_range(
    cpu: &Cpu,
    page: Page,
    mm: MmStruct,
    va: Va,
    range: Va,
    ubc: TlbUbc,
) -> (bool, TlbUbc) {
    cpu.call("try_to_unmap_one", (page, mm, va, range, ubc), async |cpu, (page, mm, va, range, mut ubc)| {
        let is_large = folio_test_large(cpu, page).await;
        if let Pmd::Huge(_) | Pmd::Invalid(_) = cpu.pmdp_get_lockless(mm, range).await.pmd() {
            cpu.pmd_lock(mm, range).await;
            let pmd = cpu.pmdp_get(mm, range).await;
            let maps_it = pmd.present() && pmd.page().obj == page.obj;
            if maps_it && cpu.rules().is(LazyfreeLarge::Whole) {
                let goes_on = unmap_huge_pmd(cpu, mm, range, page).await;
                cpu.pmd_unlock(mm, range).await;
                return (goes_on, ubc);
            }
            if maps_it {
                cpu.why(Fact::LargeFolio { page }.so(Then::SplitPmd));
                split_huge_pmd_locked(cpu, mm, range, Freeze::No).await;
            }
            cpu.pmd_unlock(mm, range).await;
        }
        if cpu.pmdp_get_lockless(mm, range).await.pmd() != Pmd::Table {
            return (true, ubc);
        }
        if !is_large {
            return try_to_unmap_one(cpu, page, mm, va, ubc).await;
        }
        let mut goes_on = true;
        for vma in vmas_of_walk(cpu, mm, range).await {
            let pages = cpu.kernel().geometry.pages(vma);
            (goes_on, ubc) = try_to_unmap_ptes(cpu, page, mm, range, pages, ubc).await;
            if !goes_on {
                break;
            }
        }
        (goes_on, ubc)
    })
    .await
}

/// The PTEs of one VMA that map pages of a large folio, under the lock of their table.
async fn try_to_unmap_ptes(
    cpu: &Cpu,
    page: Page,
    mm: MmStruct,
    range: Va,
    pages: Range<Va>,
    mut ubc: TlbUbc,
) -> (bool, TlbUbc) {
    let mut goes_on = true;
    let mut left = pages.clone();
    cpu.ptl_lock(mm, pages.start).await;
    while goes_on && !left.is_empty() {
        let pte = cpu.ptep_get(mm, left.start).await;
        let maps_it = pte.present() && (0..PAGES as u8).any(|nth| pte.page().obj == page.nth(nth).obj);
        let mut batch = PteBatch::of(left.start, pte);
        if maps_it {
            batch = folio_unmap_pte_batch(cpu, mm, range, left.clone(), pte).await;
            (goes_on, ubc) = unmap_batch(cpu, page, mm, range, batch, ubc).await;
        }
        // A batch of v6.15 may go beyond the VMA.
        left.start = batch.addresses().end.min(left.end);
    }
    cpu.ptl_unlock(mm, pages.start).await;
    (goes_on, ubc)
}

/// `folio_unmap_pte_batch`, and `can_batch_unmap_folio_ptes` before ddd05742b45b (v6.16), which takes all pages of the folio or one, and
/// does not look where the VMA ends. Both compare neither the write bits nor the soft-dirty bits up to 29f40594a281 (v7.0).
async fn folio_unmap_pte_batch(cpu: &Cpu, mm: MmStruct, range: Va, left: Range<Va>, pte: Pte) -> PteBatch {
    let one = PteBatch::of(left.start, pte);
    if cpu.rules().is(UnmapBatch::No) {
        return one;
    }
    let uffd_wp = if cpu.rules().keeps(Safeguard::UnmapBatchUffdWp) { UFFD_WP } else { 0 };
    match cpu.rules().unmap_batch() {
        UnmapBatch::No => one,
        UnmapBatch::Folio => {
            let all = cpu.kernel().geometry.pages(range);
            if left.start != all.start {
                return one;
            }
            let batch = folio_pte_batch(cpu, mm, all, pte, uffd_wp).await;
            if batch.nr == PAGES { batch } else { one }
        }
        UnmapBatch::Any => folio_pte_batch(cpu, mm, left, pte, uffd_wp).await,
        UnmapBatch::SameRights => {
            folio_pte_batch(cpu, mm, left, pte, uffd_wp | cowrace_machine::mmu::WRITE | SOFT_DIRTY).await
        }
    }
}

/// The PTEs of a batch of a large folio of `MADV_FREE`. Returns whether the walk may continue.
async fn unmap_batch(
    cpu: &Cpu,
    page: Page,
    mm: MmStruct,
    range: Va,
    batch: PteBatch,
    mut ubc: TlbUbc,
) -> (bool, TlbUbc) {
    let subpage = Page { obj: batch.pte.page().obj, ..page };
    let exclusive = cpu.rules().is(AnonExclusive::Yes) && cpu.page_anon_exclusive(subpage).await;
    let flushed = if batch.nr == PAGES { range } else { batch.first };
    let pte = if defers_flush(cpu, mm, exclusive) {
        let pte = get_and_clear_ptes(cpu, mm, batch, Prim::PtepGetAndClear).await;
        ubc = set_tlb_ubc_flush_pending(cpu, ubc, mm, flushed, pte_dirty(cpu.arch(), pte)).await;
        pte
    } else {
        let pte = get_and_clear_ptes(cpu, mm, batch, Prim::PtepClearFlush).await;
        flush_tlb_page(cpu, mm, flushed, Safeguard::UnmapFlush).await;
        pte
    };
    if pte_dirty(cpu.arch(), pte) {
        cpu.set_bits(page.flags(), pg::DIRTY, Prim::SetPageDirty).await;
    }
    (unmap_lazyfree(cpu, page, mm, PteBatch { pte, ..batch }).await, ubc)
}

/// `try_to_unmap_one` for a page of `MADV_FREE`: discarded, unless it has been written to since. Otherwise its PTEs are put back; those of a
/// batch all get the bits that the first one had. Returns whether it is discarded.
async fn unmap_lazyfree(cpu: &Cpu, page: Page, mm: MmStruct, batch: PteBatch) -> bool {
    let lazyfree = match cpu.rules().madv_free() {
        MadvFree::Dirty => {
            let dirty = cpu.page_flag(page, pg::DIRTY, Prim::PageDirty).await;
            Lazyfree { discard: !dirty, dirty }
        }
        MadvFree::RefAndDirty => references_and_mappings(cpu, page).await.lazyfree(cpu, page).await,
    };
    if !lazyfree.discard {
        if batch.nr > 1 {
            cpu.why(Fact::PteBatch { page, nr: batch.nr as u64 }.so(Then::PutBackAlike));
        }
        set_ptes(cpu, mm, batch, batch.pte).await;
        if lazyfree.dirty || cpu.rules().is(LazyfreeKept::SwapBacked) {
            cpu.set_bits(page.flags(), pg::SWAPBACKED, Prim::SetPageSwapBacked).await;
        } else {
            // faeb2831b517: a holder of another reference marks the page dirty if it writes.
            cpu.why(Fact::Clean { page }.so(Then::KeepLazyfree));
        }
        return false;
    }
    cpu.why(Fact::Clean { page }.so(Then::Discard));
    if folio_test_large(cpu, page).await {
        folio_sub_large_mapcount(cpu, mm, page, batch.nr).await;
    }
    for nth in 0..batch.nr as u8 {
        page_remove_rmap(cpu, Page { obj: batch.pte.page().obj.after(nth), ..page }).await;
    }
    cpu.page_ref_sub(page, batch.nr as u64).await;
    true
}

/// What reclaim decides about a page of `MADV_FREE`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lazyfree {
    /// It is discarded.
    pub(crate) discard: bool,
    /// It has been written to.
    pub(crate) dirty: bool,
}

/// How many references and mappings a page of `MADV_FREE` has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held {
    count: u64,
    mapcount: u64,
}

/// The references and then the mappings of a page whose PTEs have been cleared (6c8e2a256915): GUP-fast takes its reference before it
/// reads the PTE again.
pub(crate) async fn references_and_mappings(cpu: &Cpu, page: Page) -> Held {
    cpu.fence(Prim::SmpMb, Safeguard::LazyfreeMb).await;
    let count = cpu.page_count(page).await;
    let mapcount = folio_mapcount(cpu, page).await;
    cpu.fence(Prim::SmpRmb, Safeguard::LazyfreeRmb).await;
    Held { count, mapcount }
}

impl Held {
    /// A page is discarded if it is clean, and has no references but those of its mappings and of isolation.
    pub(crate) async fn lazyfree(self, cpu: &Cpu, page: Page) -> Lazyfree {
        let Self { count, mapcount } = self;
        let dirty = cpu.page_flag(page, pg::DIRTY, Prim::PageDirty).await;
        cpu.why(Fact::Lazyfree { page, count: references(count), mapcount, dirty });
        Lazyfree { discard: count == 1 + mapcount && !dirty, dirty }
    }
}
