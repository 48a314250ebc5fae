//! Splits of the folio: a huge page becomes base pages.
//!
//! Follows `mm/huge_memory.c` (v5.4 to v6.18; read in v5.4, v5.10, v6.1, v6.12 and v6.17). Left out: a folio in the swap
//! cache, splits to other orders than 0. The head comes last, with its flag and its references, as since v6.16; before, it loses the flag
//! before the tail can be referenced, which nobody can see.

use cowrace_machine::Prim;
use cowrace_report::{Aim, Fact, Obstacle, Then};

use crate::cpu::Cpu;
use crate::era::Safeguard;
use crate::folio::folio_test_large;
use crate::migrate::{remove_migration_ptes, wake_migration_waiters};
use crate::objects::{MmStruct, Page, pg, references};
use crate::rmap::{folio_mapcount, reset_large_mapcount, try_to_migrate};
use crate::swap::put_page;
use crate::tlb::try_to_unmap_flush;
use crate::vma::{anon_vma_lock_write, anon_vma_unlock_write};
use crate::vmscan::mapped_page;
use crate::world::{PAGES, Va};

/// The part of the flags that each page of a folio gets.
const CLONED: u64 = pg::SWAPBACKED | pg::UPTODATE | pg::LOCKED | pg::DIRTY;

/// `deferred_split_scan` of the folio that is mapped at an address, and `split_huge_pages` of debugfs: a reference, the page lock if it is
/// free, and the split.
pub async fn deferred_split_scan(cpu: &Cpu, mm: MmStruct, va: Va) {
    cpu.call("deferred_split_scan", (mm, va), async |cpu, (mm, va)| {
        let split = match mapped_page(cpu, mm, va).await {
            Some(page) if cpu.get_page_unless_zero(page).await => {
                let split = try_to_split(cpu, page).await;
                put_page(cpu, page).await;
                split
            }
            _ => Err(Obstacle::NothingMapped),
        };
        if let Err(why) = split {
            cpu.no_effect(Aim::Split, why);
        }
    })
    .await
}

/// The split of a folio whose lock is free.
async fn try_to_split(cpu: &Cpu, page: Page) -> Result<(), Obstacle> {
    if !cpu.trylock_page(page).await {
        return Err(Obstacle::PageLocked);
    }
    let split = match folio_test_large(cpu, page).await {
        true => split_folio(cpu, page, false).await,
        false => Err(Obstacle::NotLarge),
    };
    cpu.unlock_page(page).await;
    split
}

/// `split_huge_page_to_list`, with the page locked and a reference to it, which are those of its head afterwards. The other pages are unlocked, and go
/// to an LRU list, or, if the folio was `isolated`, get a reference for whoever has isolated it. Fails while anybody else has a reference.
pub(crate) async fn split_folio(cpu: &Cpu, page: Page, isolated: bool) -> Result<(), Obstacle> {
    cpu.call("split_huge_page_to_list", (page, isolated), async |cpu, (page, isolated)| {
        let range = cpu.load(page.index(), Prim::ReadOnce).await.bits as Va;
        anon_vma_lock_write(cpu, range).await;
        // can_split_folio: a first look, before anything is unmapped.
        let mapcount = folio_mapcount(cpu, page).await;
        let count = cpu.page_count(page).await;
        if mapcount + 1 != count {
            cpu.why(Fact::LargeReferences { page, mapcount, count: references(count) }.so(Then::Keep));
            anon_vma_unlock_write(cpu, range).await;
            return Err(Obstacle::NotSplit);
        }
        // unmap_folio.
        let ubc = try_to_migrate(cpu, page, range).await;
        try_to_unmap_flush(cpu, ubc).await;
        cpu.step("unmap");
        let is_frozen = cpu.cmpxchg(page.refcount(), 1, 0, Prim::PageRefFreeze).await;
        if !is_frozen {
            remove_migration_ptes(cpu, page, range).await;
            anon_vma_unlock_write(cpu, range).await;
            wake_migration_waiters(cpu).await;
            return Err(Obstacle::NotSplit);
        }
        cpu.step("freeze");
        split_huge_page(cpu, page, range, isolated).await;
        cpu.step("split");
        // remap_page.
        for nth in 0..PAGES as u8 {
            remove_migration_ptes(cpu, piece(page, nth), range).await;
        }
        cpu.step("remap");
        for nth in 1..PAGES as u8 {
            cpu.unlock_page(piece(page, nth)).await;
            put_page(cpu, piece(page, nth)).await;
        }
        anon_vma_unlock_write(cpu, range).await;
        wake_migration_waiters(cpu).await;
        Ok(())
    })
    .await
}

/// A page of a folio that has been split.
pub(crate) fn piece(page: Page, nth: u8) -> Page {
    Page { dep: page.dep, ..Page::from(page.nth(nth).obj) }
}

/// `__split_huge_page`, with the references of the folio frozen: each page gets its flags before it is a page of its own, and only then its
/// reference.
async fn split_huge_page(cpu: &Cpu, page: Page, range: Va, isolated: bool) {
    cpu.call("__split_huge_page", (page, range, isolated), async |cpu, (page, range, isolated)| {
        let addresses = cpu.kernel().geometry.pages(range);
        let flags = cpu.load_bits(page.flags(), CLONED, Prim::ReadOnce).await.bits;
        for (nth, va) in (0..).zip(addresses.clone()).skip(1) {
            let tail = piece(page, nth);
            cpu.store(tail.flags(), flags, Prim::WriteOnce).await;
            cpu.store(tail.index(), va as u64, Prim::WriteOnce).await;
            cpu.fence(Prim::SmpWmb, Safeguard::SplitTailWmb).await;
            cpu.store(tail.compound_head(), 0, Prim::ClearCompoundHead).await;
            cpu.store(tail.refcount(), 1 + u64::from(isolated), Prim::PageRefUnfreeze).await;
            if !isolated {
                cpu.set_bits(tail.flags(), pg::LRU, Prim::SetPageLru).await;
            }
        }
        reset_large_mapcount(cpu, page).await;
        cpu.store(page.index(), addresses.start as u64, Prim::WriteOnce).await;
        cpu.clear_bits(page.flags(), pg::HEAD, Prim::ClearPageCompound).await;
        cpu.store(page.refcount(), 1, Prim::PageRefUnfreeze).await;
    })
    .await
}
