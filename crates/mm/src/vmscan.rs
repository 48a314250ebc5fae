//! Reclaim of one anonymous page.
//!
//! Follows `shrink_page_list`, `pageout` and `__remove_mapping` of `mm/vmscan.c` (v5.4 to v6.18). The page is assumed to be old:
//! `page_check_references` is left out, and so are mlock, memcg, file pages, and the choice of pages. Writeback is asynchronous: the
//! device reads the page while all CPUs continue, and the next pass frees it. Large folios are split before they are
//! swapped out, as without `CONFIG_THP_SWAP`.

use cowrace_machine::{Prim, encode};
use cowrace_report::{Aim, Fact, Obstacle, Then};

use crate::cpu::Cpu;
use crate::era::{LazyfreeLarge, ReclaimPin, Safeguard};
use crate::folio::{folio_test_large, page_folio};
use crate::huge_memory::{piece, split_folio};
use crate::objects::kernel::SWAP_LOCK;
use crate::objects::{MmStruct, Page, pg, references};
use crate::page_alloc::free_unref_page;
use crate::pgtable::{Pmd, Pte};
use crate::rmap::{test_clear_page_lru, try_to_unmap};
use crate::swap::{lru_add_drain, put_page};
use crate::swapfile::{add_to_swap, page_swap_entry, swap_writepage};
use crate::tlb::{try_to_unmap_flush, try_to_unmap_flush_dirty};
use crate::world::{PAGES, Va};

/// Reclaim of the page that is mapped at an address: `shrink_inactive_list`, which drains this CPU's batches, and
/// isolation.
pub async fn reclaim(cpu: &Cpu, mm: MmStruct, va: Va) {
    cpu.call("shrink_inactive_list", (mm, va), async |cpu, (mm, va)| {
        lru_add_drain(cpu).await;
        let Some(page) = mapped_page(cpu, mm, va).await else {
            cpu.no_effect(Aim::PageOut, Obstacle::NothingMapped);
            return;
        };
        let spared = match isolate_lru_page(cpu, page).await {
            true => reclaim_page(cpu, page).await,
            false if cpu.is_vm_hugetlb_page(va) => Some(Obstacle::NeverOnLru),
            false => Some(Obstacle::NotOnLru),
        };
        if let Some(why) = spared {
            cpu.no_effect(Aim::PageOut, why);
        }
    })
    .await
}

/// The page that is mapped at an address, or in a range. The choice of the page from the LRU list is not a race; it is read from the page
/// tables so that a scenario can name it.
pub(crate) async fn mapped_page(cpu: &Cpu, mm: MmStruct, va: Va) -> Option<Page> {
    let geometry = &cpu.kernel().geometry;
    if let Some(range) = geometry.range(va)
        && let Pmd::Huge(page) = Pte(cpu.load(mm.pmd(range), Prim::Ghost).await).pmd()
    {
        return Some(page);
    }
    for va in geometry.pages(va) {
        let pte = Pte(cpu.load(mm.pte(va), Prim::Ghost).await);
        if pte.present() && pte.page().is_anon() {
            return Some(page_folio(cpu, pte.page()).await.head());
        }
    }
    None
}

/// Reclaim of an isolated page, and of the other pages of its folio if that was split on the way. Returns why nothing is done, if that is
/// so.
pub async fn reclaim_page(cpu: &Cpu, page: Page) -> Option<Obstacle> {
    let (mut spared, was_split) = reclaim_one_page(cpu, page).await;
    if was_split {
        for nth in 1..PAGES as u8 {
            spared = reclaim_one_page(cpu, piece(page, nth)).await.0.and(spared);
        }
    }
    spared
}

/// Reclaim of an isolated page: `shrink_page_list`, and, when the page has been written out, a second pass that frees
/// it. Also returns whether its folio was split: its other pages are isolated then.
async fn reclaim_one_page(cpu: &Cpu, page: Page) -> (Option<Obstacle>, bool) {
    let (written, was_split) = shrink_page_list(cpu, page).await;
    if written == Shrunk::Freed {
        return (None, was_split);
    }
    putback_lru_page(cpu, page).await;
    if let Shrunk::Spared(why) = written {
        return (Some(why), was_split);
    }
    if written == Shrunk::Writing {
        let entry = page_swap_entry(cpu, page).await;
        swap_writepage(cpu, page, entry).await;
        cpu.clear_bits(page.flags(), pg::WRITEBACK, Prim::EndPageWriteback).await;
        cpu.step("pageout");
        if isolate_lru_page(cpu, page).await && shrink_page_list(cpu, page).await.0 != Shrunk::Freed {
            putback_lru_page(cpu, page).await;
        }
    }
    (None, was_split)
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

pub(crate) async fn putback_lru_page(cpu: &Cpu, page: Page) {
    cpu.set_bits(page.flags(), pg::LRU, Prim::SetPageLru).await;
    put_page(cpu, page).await;
}

/// `shrink_page_list` for one isolated page. Also returns whether its folio was split.
async fn shrink_page_list(cpu: &Cpu, page: Page) -> (Shrunk, bool) {
    cpu.call("shrink_page_list", (page,), async |cpu, (page,)| {
        let rules = cpu.rules();
        let mut was_split = false;
        if !cpu.trylock_page(page).await {
            return (Shrunk::Spared(Obstacle::PageLocked), was_split);
        }
        let flags = cpu
            .load_bits(page.flags(), pg::SWAPBACKED | pg::SWAPCACHE | pg::WRITEBACK, Prim::PageFlagTest)
            .await;
        if flags.bits & pg::WRITEBACK != 0 {
            return (keep_locked(cpu, page).await, was_split);
        }
        let swapbacked = flags.bits & pg::SWAPBACKED != 0;
        let is_large = folio_test_large(cpu, page).await;
        let is_new = swapbacked && flags.bits & pg::SWAPCACHE == 0;
        if is_new && !rules.is(ReclaimPin::No) && cpu.page_maybe_dma_pinned(page).await {
            cpu.unlock_page(page).await;
            return (Shrunk::Spared(Obstacle::MaybePinned), was_split);
        }
        if is_large && (swapbacked || rules.is(LazyfreeLarge::SplitFolio)) {
            if let Err(why) = split_folio(cpu, page, true).await {
                cpu.unlock_page(page).await;
                return (Shrunk::Spared(why), was_split);
            }
            was_split = true;
        }
        if is_new {
            if add_to_swap(cpu, page).await.is_none() {
                return (keep_locked(cpu, page).await, was_split);
            }
            cpu.step("add_to_swap");
        }
        let (unmapped, ubc) = try_to_unmap(cpu, page).await;
        cpu.step("try_to_unmap");
        if !unmapped {
            try_to_unmap_flush(cpu, ubc).await;
            return (keep_locked(cpu, page).await, was_split);
        }
        if rules.is(ReclaimPin::SkipAndRecheck) && cpu.page_maybe_dma_pinned(page).await {
            cpu.why(Fact::MaybePinned { page }.so(Then::Keep));
            try_to_unmap_flush(cpu, ubc).await;
            return (keep_locked(cpu, page).await, was_split);
        }
        if cpu.page_flag(page, pg::DIRTY, Prim::PageDirty).await {
            if !swapbacked {
                try_to_unmap_flush(cpu, ubc).await;
                return (keep_locked(cpu, page).await, was_split);
            }
            let ubc = try_to_unmap_flush_dirty(cpu, ubc).await;
            let started = pageout(cpu, page).await;
            try_to_unmap_flush(cpu, ubc).await;
            if started {
                cpu.unlock_page(page).await;
                return (Shrunk::Writing, was_split);
            }
            return (keep_locked(cpu, page).await, was_split);
        }
        let freed = remove_mapping(cpu, page, swapbacked).await;
        cpu.step("remove_mapping");
        try_to_unmap_flush(cpu, ubc).await;
        if freed {
            cpu.unlock_page(page).await;
            free_unref_page(cpu, page).await;
            return (Shrunk::Freed, was_split);
        }
        (keep_locked(cpu, page).await, was_split)
    })
    .await
}

async fn keep_locked(cpu: &Cpu, page: Page) -> Shrunk {
    cpu.unlock_page(page).await;
    Shrunk::Kept
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
