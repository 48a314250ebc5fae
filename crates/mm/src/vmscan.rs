//! Reclaim of one anonymous page.
//!
//! Follows `shrink_page_list`, `pageout` and `__remove_mapping` of `mm/vmscan.c` and `try_to_unmap_one` of
//! `mm/rmap.c` (v5.7 to v6.12). The page is taken as aged: `page_check_references` is left out, and so are
//! mlock, memcg, huge pages, file pages, and the choice of pages. Writing out is asynchronous: the
//! device reads the page while everybody goes on, and the next pass frees it.

use cowrace_machine::Prim;
use cowrace_report::{Aim, Fact, Obstacle, Then};

use crate::cpu::Cpu;
use crate::era::{AeBarriers, AnonExclusive, LazyfreeKept, MadvFree, Ordering, ReclaimPin};
use crate::objects::kernel::SWAP_LOCK;
use crate::objects::{MmStruct, Page, pg, references};
use crate::page_alloc::free_unref_page;
use crate::pgtable::pte_dirty;
use crate::pte::{Pte, SOFT_DIRTY, SWP_EXCLUSIVE, UFFD_WP};
use crate::rmap::{
    page_remove_rmap, page_remove_rmap_to_swap, page_try_share_anon_rmap, test_clear_page_lru,
};
use crate::swap::{lru_add_drain, put_page};
use crate::swapfile::{add_to_swap, page_swap_entry, swap_duplicate, swap_free, swap_writepage};
use crate::tlb::{TlbUbc, flush_tlb_page};
use crate::world::Va;

/// Reclaim of the page that is mapped at an address: `shrink_inactive_list`, which drains this CPU's batches, and
/// isolation.
pub async fn reclaim(cpu: &Cpu, mm: MmStruct, va: Va) {
    let _frame = cpu.frame("shrink_inactive_list");
    lru_add_drain(cpu).await;
    // Which page the LRU list offers is not a race; the PTE is asked so that a scenario can name it.
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
}

/// Reclaim of a page that has been isolated: `shrink_page_list`, and, when the page was written out, a second pass
/// that frees it.
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

/// What became of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shrunk {
    /// It stays mapped as it was.
    Spared(Obstacle),
    /// It stays.
    Kept,
    /// It is being written to swap.
    Writing,
    /// It is gone.
    Freed,
}

/// `isolate_lru_page`, `__isolate_lru_page`: a reference, and off the list. Refused for a page that is free
/// or in an LRU-add batch.
pub async fn isolate_lru_page(cpu: &Cpu, page: Page) -> bool {
    let _frame = cpu.frame("isolate_lru_page");
    if !cpu.get_page_unless_zero(page).await {
        return false;
    }
    if !test_clear_page_lru(cpu, page).await {
        cpu.why(Fact::NotOnLru { page }.so(Then::Leave));
        put_page(cpu, page).await;
        return false;
    }
    true
}

async fn putback_lru_page(cpu: &Cpu, page: Page) {
    cpu.set_bits(page.flags(), pg::LRU, Prim::SetPageLru).await;
    put_page(cpu, page).await;
}

/// `shrink_page_list` for one isolated page.
async fn shrink_page_list(cpu: &Cpu, page: Page) -> Shrunk {
    let _frame = cpu.frame("shrink_page_list");
    let rules = cpu.rules();
    if !cpu.trylock_page(page).await {
        return Shrunk::Spared(Obstacle::PageLocked);
    }
    let flags =
        cpu.load_bits(page.flags(), pg::SWAPBACKED | pg::SWAPCACHE | pg::WRITEBACK, Prim::PageFlagTest).await;
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
    let mut ubc = TlbUbc::default();
    let unmapped = try_to_unmap(cpu, page, &mut ubc).await;
    cpu.step("try_to_unmap");
    if !unmapped {
        ubc.flush(cpu).await;
        return keep_locked(cpu, page).await;
    }
    if rules.is(ReclaimPin::SkipAndRecheck) && cpu.page_maybe_dma_pinned(page).await {
        cpu.why(Fact::MaybePinned { page }.so(Then::Keep));
        ubc.flush(cpu).await;
        return keep_locked(cpu, page).await;
    }
    if cpu.page_flag(page, pg::DIRTY, Prim::PageDirty).await {
        if !swapbacked {
            ubc.flush(cpu).await;
            return keep_locked(cpu, page).await;
        }
        ubc.flush_dirty(cpu).await;
        let started = pageout(cpu, page).await;
        ubc.flush(cpu).await;
        if started {
            cpu.unlock_page(page).await;
            return Shrunk::Writing;
        }
        return keep_locked(cpu, page).await;
    }
    let freed = remove_mapping(cpu, page, swapbacked).await;
    cpu.step("remove_mapping");
    ubc.flush(cpu).await;
    if freed {
        cpu.unlock_page(page).await;
        free_unref_page(cpu, page).await;
        return Shrunk::Freed;
    }
    keep_locked(cpu, page).await
}

async fn keep_locked(cpu: &Cpu, page: Page) -> Shrunk {
    cpu.unlock_page(page).await;
    Shrunk::Kept
}

/// `try_to_unmap`: one mapping after the other, parents before children. Whether none is left.
async fn try_to_unmap(cpu: &Cpu, page: Page, ubc: &mut TlbUbc) -> bool {
    let va = cpu.load(page.index(), Prim::ReadOnce).await.bits as Va;
    for mm in cpu.kernel().anon_vma(va).collect::<Vec<_>>() {
        if !try_to_unmap_one(cpu, page, mm, va, ubc).await {
            break;
        }
    }
    cpu.page_mapcount(page).await == 0 || !cpu.rules().keeps(Ordering::UnmapMapcount)
}

/// `try_to_unmap_one`: the PTE becomes a swap entry, or nothing for a page of `MADV_FREE`. Whether the walk
/// may go on.
async fn try_to_unmap_one(cpu: &Cpu, page: Page, mm: MmStruct, va: Va, ubc: &mut TlbUbc) -> bool {
    let _frame = cpu.frame("try_to_unmap_one");
    let rules = cpu.rules();
    cpu.ptl_lock(mm, va).await;
    let pte = cpu.ptep_get(mm, va).await;
    if !pte.present() || pte.page().obj != page.obj {
        cpu.ptl_unlock(mm, va).await;
        return true;
    }
    let exclusive = rules.is(AnonExclusive::Yes) && cpu.page_anon_exclusive(page).await;
    // v5.19 and v6.0 never put off the flush of an exclusive page; the barriers of v6.1 allow it again.
    let defer = TlbUbc::should_defer(cpu, mm) && (!exclusive || rules.is(AeBarriers::Yes));
    let pte = if defer {
        let pte = cpu.ptep_get_and_clear(mm, va, Prim::PtepGetAndClear).await;
        ubc.set_pending(cpu, mm, va, pte_dirty(cpu.arch(), pte)).await;
        pte
    } else {
        let pte = cpu.ptep_get_and_clear(mm, va, Prim::PtepClearFlush).await;
        flush_tlb_page(cpu, mm, va, Ordering::UnmapFlush).await;
        pte
    };
    if pte_dirty(cpu.arch(), pte) {
        cpu.set_bits(page.flags(), pg::DIRTY, Prim::SetPageDirty).await;
    }
    if !cpu.page_flag(page, pg::SWAPBACKED, Prim::PageFlagTest).await {
        return unmap_lazyfree(cpu, page, mm, va, pte).await;
    }
    let entry = page_swap_entry(cpu, page).await;
    swap_duplicate(cpu, entry).await;
    if exclusive && !page_try_share_anon_rmap(cpu, page).await {
        swap_free(cpu, entry).await;
        cpu.set_pte_at(mm, va, pte).await;
        cpu.ptl_unlock(mm, va).await;
        return false;
    }
    let mut swp = Pte::swap(entry).carry(pte, SOFT_DIRTY | UFFD_WP);
    if exclusive && cpu.arch() != cowrace_machine::Arch::NoSwapExclusive {
        swp = swp.set(SWP_EXCLUSIVE);
    }
    cpu.set_pte_at(mm, va, swp).await;
    page_remove_rmap_to_swap(cpu, page).await;
    cpu.page_ref_sub(page, 1).await;
    cpu.ptl_unlock(mm, va).await;
    true
}

/// `try_to_unmap_one` for a page of `MADV_FREE`: discarded, unless it has been written to since.
async fn unmap_lazyfree(cpu: &Cpu, page: Page, mm: MmStruct, va: Va, pte: Pte) -> bool {
    let (discard, dirty) = match cpu.rules().madv_free() {
        MadvFree::Dirty => {
            let dirty = cpu.page_flag(page, pg::DIRTY, Prim::PageDirty).await;
            (!dirty, dirty)
        }
        MadvFree::RefAndDirty => {
            // 6c8e2a256915: GUP-fast takes its reference before it looks at the PTE again.
            cpu.fence(Prim::SmpMb, Ordering::LazyfreeMb).await;
            let count = cpu.page_count(page).await;
            let mapcount = cpu.page_mapcount(page).await;
            cpu.fence(Prim::SmpRmb, Ordering::LazyfreeRmb).await;
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
            // faeb2831b517: whoever refers to it marks it dirty if they write.
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

/// `pageout` with `swap_writepage`, up to the submission: only a page that nobody but isolation and swap
/// cache refers to. The page lock is dropped by the caller.
async fn pageout(cpu: &Cpu, page: Page) -> bool {
    let _frame = cpu.frame("pageout");
    let count = cpu.page_count(page).await;
    if count != 2 {
        cpu.why(Fact::PageCount { page, count: references(count) }.so(Then::Keep));
        return false;
    }
    cpu.clear_bits(page.flags(), pg::DIRTY, Prim::ClearPageDirty).await;
    cpu.set_bits(page.flags(), pg::WRITEBACK, Prim::SetPageWriteback).await;
    true
}

/// `__remove_mapping`: freeze the references, then look at the dirty bit, in this order.
async fn remove_mapping(cpu: &Cpu, page: Page, swapbacked: bool) -> bool {
    let _frame = cpu.frame("__remove_mapping");
    if !swapbacked {
        // A discarded page is in no cache: isolation's reference is the last.
        if !cpu.cmpxchg(page.refcount(), 1, 0, Prim::PageRefFreeze).await {
            return false;
        }
        let dirty = cpu.page_flag(page, pg::DIRTY, Prim::PageDirty).await;
        let keep = dirty && cpu.rules().keeps(Ordering::LazyfreeDirty);
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
        && cpu.rules().keeps(Ordering::RemoveMappingDirty)
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
}
