//! Reclaim of one anonymous page.
//!
//! Follows `shrink_page_list`, `pageout` and `__remove_mapping` of `mm/vmscan.c` and `try_to_unmap_one` of `mm/rmap.c`
//! (v5.4 to v6.18). The page is assumed to be old: `page_check_references` is left out, and so are mlock, memcg, huge
//! pages, file pages, and the choice of pages. Writeback is asynchronous: the device reads the page while all CPUs
//! continue, and the next pass frees it.

use cowrace_machine::{Prim, encode};
use cowrace_report::{Aim, Fact, Obstacle, Then};

use crate::cpu::Cpu;
use crate::era::{AeBarriers, AnonExclusive, LazyfreeKept, MadvFree, ReclaimPin, Safeguard};
use crate::objects::kernel::SWAP_LOCK;
use crate::objects::{MmStruct, Page, pg, references};
use crate::page_alloc::free_unref_page;
use crate::pgtable::{Pte, SOFT_DIRTY, SWP_EXCLUSIVE, UFFD_WP, pte_dirty};
use crate::rmap::{
    page_remove_rmap, page_remove_rmap_to_swap, page_try_share_anon_rmap, test_clear_page_lru,
};
use crate::swap::{lru_add_drain, put_page};
use crate::swapfile::{add_to_swap, page_swap_entry, swap_duplicate, swap_free, swap_writepage};
use crate::tlb::{
    TlbUbc, flush_tlb_page, set_tlb_ubc_flush_pending, should_defer_flush, try_to_unmap_flush,
    try_to_unmap_flush_dirty,
};
use crate::world::Va;

/// Reclaim of the page that is mapped at an address: `shrink_inactive_list`, which drains this CPU's batches, and
/// isolation.
pub async fn reclaim(cpu: &Cpu, mm: MmStruct, va: Va) {
    cpu.call("shrink_inactive_list", (mm, va), async |cpu, (mm, va)| {
        lru_add_drain(cpu).await;
        // The choice of the page from the LRU list is not a race; it is read from the PTE so that a scenario can name
        // it.
        let pte = Pte(cpu.load(mm.pte(va), Prim::Ghost).await);
        if !pte.present() || !pte.page().is_anon() {
            cpu.no_effect(Aim::PageOut, Obstacle::NothingMapped);
            return;
        }
        let page = pte.page();
        if isolate_lru_page(cpu, page).await {
            reclaim_page(cpu, page).await;
        } else {
            cpu.no_effect(Aim::PageOut, Obstacle::NotOnLru);
        }
    })
    .await
}

/// Reclaim of an isolated page: `shrink_page_list`, and, when the page has been written out, a second pass that frees
/// it.
pub async fn reclaim_page(cpu: &Cpu, page: Page) {
    let written = shrink_page_list(cpu, page).await;
    if written == Shrunk::Freed {
        return;
    }
    putback_lru_page(cpu, page).await;
    if let Shrunk::Spared(why) = written {
        cpu.no_effect(Aim::PageOut, why);
    }
    if written == Shrunk::Writing {
        let entry = page_swap_entry(cpu, page).await;
        swap_writepage(cpu, page, entry).await;
        cpu.clear_bits(page.flags(), pg::WRITEBACK, Prim::EndPageWriteback).await;
        cpu.step("pageout");
        if isolate_lru_page(cpu, page).await && shrink_page_list(cpu, page).await != Shrunk::Freed {
            putback_lru_page(cpu, page).await;
        }
    }
}

/// The result for a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shrunk {
    /// It stays mapped.
    Spared(Obstacle),
    /// It is kept.
    Kept,
    /// It is being written to swap.
    Writing,
    /// It has been freed.
    Freed,
}
encode!(
    enum Shrunk {
        Spared(why),
        Kept,
        Writing,
        Freed,
    }
);

/// `isolate_lru_page`, `__isolate_lru_page`: takes a reference, and takes the page off its list. Refused for a page
/// that is free or in an LRU-add batch.
pub async fn isolate_lru_page(cpu: &Cpu, page: Page) -> bool {
    cpu.call("isolate_lru_page", (page,), async |cpu, (page,)| {
        if !cpu.get_page_unless_zero(page).await {
            return false;
        }
        if !test_clear_page_lru(cpu, page).await {
            cpu.why(Fact::NotOnLru { page }.so(Then::Leave));
            put_page(cpu, page).await;
            return false;
        }
        true
    })
    .await
}

async fn putback_lru_page(cpu: &Cpu, page: Page) {
    cpu.set_bits(page.flags(), pg::LRU, Prim::SetPageLru).await;
    put_page(cpu, page).await;
}

/// `shrink_page_list` for one isolated page.
async fn shrink_page_list(cpu: &Cpu, page: Page) -> Shrunk {
    cpu.call("shrink_page_list", (page,), async |cpu, (page,)| {
        let rules = cpu.rules();
        if !cpu.trylock_page(page).await {
            return Shrunk::Spared(Obstacle::PageLocked);
        }
        let flags = cpu
            .load_bits(page.flags(), pg::SWAPBACKED | pg::SWAPCACHE | pg::WRITEBACK, Prim::PageFlagTest)
            .await;
        if flags.bits & pg::WRITEBACK != 0 {
            return keep_locked(cpu, page).await;
        }
        let swapbacked = flags.bits & pg::SWAPBACKED != 0;
        if swapbacked && flags.bits & pg::SWAPCACHE == 0 {
            if !rules.is(ReclaimPin::No) && cpu.page_maybe_dma_pinned(page).await {
                cpu.unlock_page(page).await;
                return Shrunk::Spared(Obstacle::MaybePinned);
            }
            if add_to_swap(cpu, page).await.is_none() {
                return keep_locked(cpu, page).await;
            }
            cpu.step("add_to_swap");
        }
        let (unmapped, ubc) = try_to_unmap(cpu, page).await;
        cpu.step("try_to_unmap");
        if !unmapped {
            try_to_unmap_flush(cpu, ubc).await;
            return keep_locked(cpu, page).await;
        }
        if rules.is(ReclaimPin::SkipAndRecheck) && cpu.page_maybe_dma_pinned(page).await {
            cpu.why(Fact::MaybePinned { page }.so(Then::Keep));
            try_to_unmap_flush(cpu, ubc).await;
            return keep_locked(cpu, page).await;
        }
        if cpu.page_flag(page, pg::DIRTY, Prim::PageDirty).await {
            if !swapbacked {
                try_to_unmap_flush(cpu, ubc).await;
                return keep_locked(cpu, page).await;
            }
            let ubc = try_to_unmap_flush_dirty(cpu, ubc).await;
            let started = pageout(cpu, page).await;
            try_to_unmap_flush(cpu, ubc).await;
            if started {
                cpu.unlock_page(page).await;
                return Shrunk::Writing;
            }
            return keep_locked(cpu, page).await;
        }
        let freed = remove_mapping(cpu, page, swapbacked).await;
        cpu.step("remove_mapping");
        try_to_unmap_flush(cpu, ubc).await;
        if freed {
            cpu.unlock_page(page).await;
            free_unref_page(cpu, page).await;
            return Shrunk::Freed;
        }
        keep_locked(cpu, page).await
    })
    .await
}

async fn keep_locked(cpu: &Cpu, page: Page) -> Shrunk {
    cpu.unlock_page(page).await;
    Shrunk::Kept
}

/// `try_to_unmap`: one mapping after the other, parents before children. Returns whether none is left, and the deferred
/// flushes.
async fn try_to_unmap(cpu: &Cpu, page: Page) -> (bool, TlbUbc) {
    let va = cpu.load(page.index(), Prim::ReadOnce).await.bits as Va;
    let mut ubc = TlbUbc::default();
    for vma in cpu.kernel().anon_vmas[va].vmas() {
        let goes_on;
        (goes_on, ubc) = try_to_unmap_one(cpu, page, MmStruct(vma.mm), vma.va, ubc).await;
        if !goes_on {
            break;
        }
    }
    let unmapped = cpu.page_mapcount(page).await == 0 || !cpu.rules().keeps(Safeguard::UnmapMapcount);
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
        // v5.19 and v6.0 never defer the flush of an exclusive page; the barriers of v6.1 allow it again.
        let defer = should_defer_flush(cpu, mm) && (!exclusive || rules.is(AeBarriers::Yes));
        let pte = if defer {
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
            return (unmap_lazyfree(cpu, page, mm, va, pte).await, ubc);
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

/// `try_to_unmap_one` for a page of `MADV_FREE`: discarded, unless it has been written to since.
async fn unmap_lazyfree(cpu: &Cpu, page: Page, mm: MmStruct, va: Va, pte: Pte) -> bool {
    let (discard, dirty) = match cpu.rules().madv_free() {
        MadvFree::Dirty => {
            let dirty = cpu.page_flag(page, pg::DIRTY, Prim::PageDirty).await;
            (!dirty, dirty)
        }
        MadvFree::RefAndDirty => {
            // 6c8e2a256915: GUP-fast takes its reference before it reads the PTE again.
            cpu.fence(Prim::SmpMb, Safeguard::LazyfreeMb).await;
            let count = cpu.page_count(page).await;
            let mapcount = cpu.page_mapcount(page).await;
            cpu.fence(Prim::SmpRmb, Safeguard::LazyfreeRmb).await;
            let dirty = cpu.page_flag(page, pg::DIRTY, Prim::PageDirty).await;
            cpu.why(Fact::Lazyfree { page, count: references(count), mapcount, dirty });
            (count == 1 + mapcount && !dirty, dirty)
        }
    };
    if !discard {
        cpu.set_pte_at(mm, va, pte).await;
        if dirty || cpu.rules().is(LazyfreeKept::SwapBacked) {
            cpu.set_bits(page.flags(), pg::SWAPBACKED, Prim::SetPageSwapBacked).await;
        } else {
            // faeb2831b517: a holder of another reference marks the page dirty if it writes.
            cpu.why(Fact::Clean { page }.so(Then::KeepLazyfree));
        }
        cpu.ptl_unlock(mm, va).await;
        return false;
    }
    cpu.why(Fact::Clean { page }.so(Then::Discard));
    page_remove_rmap(cpu, page).await;
    cpu.page_ref_sub(page, 1).await;
    cpu.ptl_unlock(mm, va).await;
    true
}

/// `pageout` with `swap_writepage`, up to the submission: only a page to which no references exist except those of
/// isolation and of the swap cache. The caller drops the page lock.
async fn pageout(cpu: &Cpu, page: Page) -> bool {
    cpu.call("pageout", (page,), async |cpu, (page,)| {
        let count = cpu.page_count(page).await;
        if count != 2 {
            cpu.why(Fact::PageCount { page, count: references(count) }.so(Then::Keep));
            return false;
        }
        cpu.clear_bits(page.flags(), pg::DIRTY, Prim::ClearPageDirty).await;
        cpu.set_bits(page.flags(), pg::WRITEBACK, Prim::SetPageWriteback).await;
        true
    })
    .await
}

/// `__remove_mapping`: freezes the references, then tests the dirty bit, in this order.
async fn remove_mapping(cpu: &Cpu, page: Page, swapbacked: bool) -> bool {
    cpu.call("__remove_mapping", (page, swapbacked), async |cpu, (page, swapbacked)| {
        if !swapbacked {
            // A discarded page is in no cache: isolation has the last reference.
            if !cpu.cmpxchg(page.refcount(), 1, 0, Prim::PageRefFreeze).await {
                return false;
            }
            let dirty = cpu.page_flag(page, pg::DIRTY, Prim::PageDirty).await;
            let keep = dirty && cpu.rules().keeps(Safeguard::LazyfreeDirty);
            if keep {
                cpu.store(page.refcount(), 1, Prim::PageRefUnfreeze).await;
            }
            return !keep;
        }
        let entry = page_swap_entry(cpu, page).await;
        cpu.spin_lock(SWAP_LOCK).await;
        let mut freed = cpu.cmpxchg(page.refcount(), 2, 0, Prim::PageRefFreeze).await;
        if freed
            && cpu.page_flag(page, pg::DIRTY, Prim::PageDirty).await
            && cpu.rules().keeps(Safeguard::RemoveMappingDirty)
        {
            cpu.store(page.refcount(), 2, Prim::PageRefUnfreeze).await;
            freed = false;
        }
        if freed {
            cpu.store(entry.cache(), 0, Prim::DeleteFromSwapCache).await;
            cpu.clear_bits(page.flags(), pg::SWAPCACHE, Prim::DeleteFromSwapCache).await;
        }
        cpu.spin_unlock(SWAP_LOCK).await;
        freed
    })
    .await
}
