//! Swap slots and the swap cache.
//!
//! Follows `mm/swapfile.c` and `mm/swap_state.c` (v5.4 to v6.18). A slot is free when no swap PTE refers to it and no
//! page is cached for it; the lowest free slot is handed out, so a slot is reused as soon as it can be. One lock
//! represents the device's lock and the lock of the swap cache's tree. Left out: the neighbouring pages that readahead
//! reads, `SWP_SYNCHRONOUS_IO`, slot caches, several devices, `vm_swap_full`.

use cowrace_machine::{Obj, Prim, Round, mmu};
use cowrace_report::{Fact, Limit};

use crate::cpu::Cpu;
use crate::era::Safeguard;
use crate::folio::folio_test_large;
use crate::objects::kernel::SWAP_LOCK;
use crate::objects::{Page, SwpEntry, pg};
use crate::page_alloc::alloc_page;
use crate::rmap::{only_active_reference, page_trans_huge_map_swapcount};
use crate::swap::{lru_add_drain, lru_cache_add, put_page};
use crate::world::Va;

/// `swap_duplicate`: one more swap PTE refers to the slot.
pub async fn swap_duplicate(cpu: &Cpu, entry: SwpEntry) {
    cpu.add(entry.count(), 1, Prim::SwapDuplicate).await;
}

/// `swap_free`: one fewer swap PTE refers to the slot. Without references and without a cached page, the slot is free;
/// nothing else need be done.
pub async fn swap_free(cpu: &Cpu, entry: SwpEntry) {
    cpu.add(entry.count(), -1, Prim::SwapFree).await;
}

/// `get_swap_page` with `add_to_swap_cache`: a free slot, with the page cached for it. The page's new
/// reference is the cache's. `None` if swap is full.
pub async fn add_to_swap(cpu: &Cpu, page: Page) -> Option<SwpEntry> {
    cpu.call("add_to_swap", (page,), async |cpu, (page,)| {
        cpu.spin_lock(SWAP_LOCK).await;
        let found = get_swap_page(cpu).await;
        if let Some(entry) = found {
            cpu.get_page(page).await;
            cpu.store(page.private(), u64::from(entry.0), Prim::WriteOnce).await;
            cpu.set_bits(page.flags(), pg::SWAPCACHE, Prim::AddToSwapCache).await;
            cpu.store(entry.cache(), page.obj.pfn(), Prim::AddToSwapCache).await;
        }
        cpu.spin_unlock(SWAP_LOCK).await;
        if found.is_some() {
            cpu.set_bits(page.flags(), pg::DIRTY, Prim::SetPageDirty).await;
        } else {
            cpu.reached(Limit::SwapSlots);
        }
        found
    })
    .await
}

/// `get_swap_page` (mm/swap_slots.c, v5.4), with the lock held, without caches: the first slot that nothing refers to.
async fn get_swap_page(cpu: &Cpu) -> Option<SwpEntry> {
    let found = cpu.part((), async |cpu, ()| {
        for slot in 0..cpu.kernel().swap_slots {
            let entry = SwpEntry(slot);
            if cpu.load(entry.count(), Prim::GetSwapPage).await.bits == 0
                && cpu.load(entry.cache(), Prim::GetSwapPage).await.bits == 0
            {
                return Some(entry);
            }
        }
        None
    });
    found.await
}

/// `lookup_swap_cache`: the page cached for a slot, with a reference taken without any lock.
pub async fn lookup_swap_cache(cpu: &Cpu, entry: SwpEntry) -> Option<Page> {
    cpu.call("lookup_swap_cache", (entry,), async |cpu, (entry,)| {
        cpu.rounds(entry, async |cpu, entry| {
            let cached = cpu.load(entry.cache(), Prim::LookupSwapCache).await;
            if cached.bits == 0 {
                return Round::Done(None);
            }
            let page = Page::new(Obj::from_pfn(cached.bits), cached.dep);
            if !cpu.get_page_unless_zero(page).await {
                // The count is frozen: `__remove_mapping` decides under the lock. The kernel spins, the model waits for
                // the lock.
                cpu.spin_lock(SWAP_LOCK).await;
                cpu.spin_unlock(SWAP_LOCK).await;
                return Round::Again(entry);
            }
            let again = cpu.load(entry.cache(), Prim::LookupSwapCache).await;
            if again.bits == cached.bits || !cpu.rules().keeps(Safeguard::SwapLookupReload) {
                return Round::Done(Some(page));
            }
            put_page(cpu, page).await;
            Round::Again(entry)
        })
        .await
    })
    .await
}

/// `swapin_readahead`: returns the page for a slot, with a reference. This CPU's batches are drained after the read, so
/// that the pages that were read are on the LRU lists. The model assumes that the kernel reads ahead, as it does at the
/// first fault of a VMA with the default of `page-cluster`; with a window of one page it would not drain. The
/// neighbouring pages are left out.
pub async fn swapin_readahead(cpu: &Cpu, entry: SwpEntry, va: Va) -> Option<Page> {
    let page = read_swap_cache(cpu, entry, va).await;
    lru_add_drain(cpu).await;
    page
}

/// `read_swap_cache_async` with `swap_readpage`: the page for a slot, read from the device unless it is cached. The
/// page is returned with a reference, unlocked. `None` if nothing refers to the slot any more (`swapcache_prepare`):
/// the PTE with the slot has changed.
async fn read_swap_cache(cpu: &Cpu, entry: SwpEntry, va: Va) -> Option<Page> {
    cpu.call("read_swap_cache_async", (entry, va), async |cpu, (entry, va)| {
        cpu.rounds((entry, va), async |cpu, (entry, va)| {
            if let Some(page) = lookup_swap_cache(cpu, entry).await {
                return Round::Done(Some(page));
            }
            let page = alloc_page(cpu).await;
            cpu.store(page.index(), va as u64, Prim::WriteOnce).await;
            cpu.set_bits(page.flags(), pg::SWAPBACKED, Prim::SetPageSwapBacked).await;
            cpu.lock_page(page).await;
            cpu.spin_lock(SWAP_LOCK).await;
            let raced = cpu.load(entry.cache(), Prim::AddToSwapCache).await.bits != 0
                && cpu.rules().keeps(Safeguard::SwapcachePrepareCached);
            let users = cpu.load(entry.count(), Prim::PageSwapcount).await.bits;
            let prepared = !raced && (users > 0 || !cpu.rules().keeps(Safeguard::SwapcachePrepareCount));
            if prepared {
                cpu.get_page(page).await;
                cpu.store(page.private(), u64::from(entry.0), Prim::WriteOnce).await;
                cpu.set_bits(page.flags(), pg::SWAPCACHE, Prim::AddToSwapCache).await;
                if cpu.rules().counts_inactive() {
                    cpu.store(page.mapcount(), users << 32, Prim::WriteOnce).await;
                }
                cpu.store(entry.cache(), page.obj.pfn(), Prim::AddToSwapCache).await;
            }
            cpu.spin_unlock(SWAP_LOCK).await;
            if !prepared {
                cpu.unlock_page(page).await;
                put_page(cpu, page).await;
                return if raced { Round::Again((entry, va)) } else { Round::Done(None) };
            }
            lru_cache_add(cpu, page).await;
            for word in 0..mmu::DATA_WORDS {
                let data = cpu.load(entry.data(word), Prim::SwapIo).await;
                cpu.store(page.data(word), data, Prim::SwapIo).await;
            }
            cpu.set_bits(page.flags(), pg::UPTODATE, Prim::SetPageUptodate).await;
            cpu.unlock_page(page).await;
            Round::Done(Some(page))
        })
        .await
    })
    .await
}

/// `swap_writepage`: the device reads the page, word by word, at any later time.
pub async fn swap_writepage(cpu: &Cpu, page: Page, entry: SwpEntry) {
    for word in 0..mmu::DATA_WORDS {
        let data = cpu.load(page.data(word), Prim::SwapIo).await;
        cpu.store(entry.data(word), data, Prim::SwapIo).await;
    }
}

/// The slot of a page in the swap cache.
pub async fn page_swap_entry(cpu: &Cpu, page: Page) -> SwpEntry {
    SwpEntry(cpu.load(page.private(), Prim::ReadOnce).await.bits as u8)
}

/// `delete_from_swap_cache`, with the page locked: drops the cache's reference; the caller has another one.
pub async fn delete_from_swap_cache(cpu: &Cpu, page: Page) {
    cpu.call("delete_from_swap_cache", (page,), async |cpu, (page,)| {
        let entry = page_swap_entry(cpu, page).await;
        cpu.spin_lock(SWAP_LOCK).await;
        cpu.store(entry.cache(), 0, Prim::DeleteFromSwapCache).await;
        cpu.clear_bits(page.flags(), pg::SWAPCACHE, Prim::DeleteFromSwapCache).await;
        cpu.spin_unlock(SWAP_LOCK).await;
        cpu.page_ref_sub(page, 1).await;
    })
    .await
}

/// `page_swapcount`, with the page locked and in the swap cache.
pub async fn page_swapcount(cpu: &Cpu, page: Page) -> u64 {
    let entry = page_swap_entry(cpu, page).await;
    cpu.load(entry.count(), Prim::PageSwapcount).await.bits
}

/// `try_to_free_swap`, with the page locked: leaves the swap cache if no swap PTE needs it.
pub async fn try_to_free_swap(cpu: &Cpu, page: Page) -> bool {
    cpu.call("try_to_free_swap", (page,), async |cpu, (page,)| {
        if (!cpu.page_swap_cache(page).await && cpu.rules().keeps(Safeguard::FreeSwapCached))
            || cpu.page_flag(page, pg::WRITEBACK, Prim::PageWriteback).await
            || page_swapcount(cpu, page).await != 0
        {
            return false;
        }
        delete_from_swap_cache(cpu, page).await;
        cpu.set_bits(page.flags(), pg::DIRTY, Prim::SetPageDirty).await;
        true
    })
    .await
}

/// `reuse_swap_page` (up to v5.17), with the page locked: whether mapcount and swapcount together say that the caller
/// is the only user. References of GUP are not considered.
pub async fn reuse_swap_page(cpu: &Cpu, page: Page) -> bool {
    cpu.call("reuse_swap_page", (page,), async |cpu, (page,)| {
        if folio_test_large(cpu, page).await {
            return page_trans_huge_map_swapcount(cpu, page).await;
        }
        let mapcount = cpu.page_mapcount(page).await;
        if !cpu.page_swap_cache(page).await {
            cpu.why(Fact::MapAndSwapcount { page, mapcount, swapcount: None });
            return mapcount <= 1;
        }
        let swapcount = page_swapcount(cpu, page).await;
        cpu.why(Fact::MapAndSwapcount { page, mapcount, swapcount: Some(swapcount) });
        if mapcount + swapcount > 1 {
            return false;
        }
        if cpu.page_flag(page, pg::WRITEBACK, Prim::PageWriteback).await {
            cpu.why(Fact::Writeback { page });
            return false;
        }
        // The entry that the caller is about to replace may still be counted: it does not need the cache.
        delete_from_swap_cache(cpu, page).await;
        cpu.set_bits(page.flags(), pg::DIRTY, Prim::SetPageDirty).await;
        true
    })
    .await
}

/// One proposal's replacement for [`reuse_swap_page`]: only the mapcount decides.
pub async fn reuse_by_mapcount(cpu: &Cpu, page: Page) -> bool {
    let mapcount = cpu.page_mapcount(page).await;
    cpu.why(Fact::PageMapcount { page, mapcount });
    kept(cpu, page, mapcount <= 1).await
}

/// Another proposal's replacement: active and inactive references decide.
pub async fn reuse_by_active(cpu: &Cpu, page: Page) -> bool {
    let alone = only_active_reference(cpu, page).await;
    kept(cpu, page, alone).await
}

/// A page that is reused leaves the swap cache if possible.
async fn kept(cpu: &Cpu, page: Page, alone: bool) -> bool {
    if alone && cpu.page_swap_cache(page).await {
        try_to_free_swap(cpu, page).await;
    }
    alone
}

/// `free_swap_and_cache`: a swap PTE is removed for good. A cached page that is no longer needed leaves the swap cache,
/// if its lock is free.
pub async fn free_swap_and_cache(cpu: &Cpu, entry: SwpEntry) {
    cpu.call("free_swap_and_cache", (entry,), async |cpu, (entry,)| {
        let last = cpu.sub_and_test(entry.count(), 1, Prim::SwapFree).await;
        if (last || cpu.rules().counts_inactive())
            && let Some(page) = lookup_swap_cache(cpu, entry).await
        {
            if cpu.rules().counts_inactive() {
                cpu.add(page.mapcount(), -(crate::objects::ONE_INACTIVE as i64), Prim::PageRemoveRmap).await;
            }
            if cpu.trylock_page(page).await {
                if cpu.page_swap_cache(page).await
                    && (cpu.page_mapcount(page).await == 0 || !cpu.rules().keeps(Safeguard::FreeSwapUnmapped))
                {
                    try_to_free_swap(cpu, page).await;
                }
                cpu.unlock_page(page).await;
            }
            put_page(cpu, page).await;
        }
    })
    .await
}

/// `free_swap_cache`: after a copy or an unmap, drops a page that is no longer mapped from the swap cache.
pub async fn free_swap_cache(cpu: &Cpu, page: Page) {
    cpu.call("free_swap_cache", (page,), async |cpu, (page,)| {
        if cpu.page_swap_cache(page).await
            && cpu.page_mapcount(page).await == 0
            && cpu.trylock_page(page).await
        {
            try_to_free_swap(cpu, page).await;
            cpu.unlock_page(page).await;
        }
    })
    .await
}

/// `free_pages_and_swap_cache`, of one page.
pub(crate) async fn free_pages_and_swap_cache(cpu: &Cpu, page: Page) {
    if page.is_anon() {
        free_swap_cache(cpu, page).await;
    }
    put_page(cpu, page).await;
}
