//! Migration entries: pages that are unmapped for a moment, and mapped again.
//!
//! Follows `mm/migrate.c` (v5.4 to v6.18; read in v5.4, v5.10, v5.15, v5.19, v6.1, v6.12 and v6.17). Left out: migration itself, and
//! entries of page middle directories. Here a split of a folio is all that makes such entries. Left out as well: from b1f202060afe (v6.12)
//! on a page of a split folio that is zero throughout is given up, and the zero page is mapped in its place.

use cowrace_machine::{Cond, Prim, mmu};

use crate::cpu::Cpu;
use crate::era::{AnonExclusive, MigrationDirty, MigrationWait};
use crate::folio::folio_test_large;
use crate::objects::kernel::MIGRATIONS_ENDED;
use crate::objects::{MmStruct, Page, pg};
use crate::pgtable::{
    Entry, MIGRATION_WRITE, Pmd, Pte, SOFT_DIRTY, SWP_EXCLUSIVE, UFFD_WP, pte_mkdirty, pte_mkwrite,
};
use crate::rmap::add_pte_of_large;
use crate::swap::put_page;
use crate::world::{PAGES, Va};

/// `migration_entry_wait`: waits until the page is mapped again. Up to v5.16 it has a reference for a moment, at which a split that is under
/// way fails. The kernel wakes those who wait when the page is unlocked.
pub async fn migration_entry_wait(cpu: &Cpu, mm: MmStruct, va: Va) {
    cpu.call("migration_entry_wait", (mm, va), async |cpu, (mm, va)| {
        cpu.ptl_lock(mm, va).await;
        let Entry::Migration(page) = cpu.ptep_get(mm, va).await.entry() else {
            cpu.ptl_unlock(mm, va).await;
            return;
        };
        let ended = cpu.load(MIGRATIONS_ENDED, Prim::ReadOnce).await.bits;
        if cpu.rules().is(MigrationWait::GetsReference) {
            let page = crate::folio::page_folio(cpu, page).await;
            let is_taken = cpu.get_page_unless_zero(page).await;
            cpu.ptl_unlock(mm, va).await;
            if is_taken {
                put_page(cpu, page).await;
            }
        } else {
            cpu.ptl_unlock(mm, va).await;
        }
        cpu.wait(MIGRATIONS_ENDED, Cond::Differs(ended)).await;
    })
    .await
}

/// Wakes those who wait for pages that are mapped again: `unlock_page`.
pub(crate) async fn wake_migration_waiters(cpu: &Cpu) {
    cpu.add(MIGRATIONS_ENDED, 1, Prim::WriteOnce).await;
}

/// The entry for a page that is unmapped for a moment: with its rights, and from 2e3468778dbe (v6.1) on whether it is dirty.
pub(crate) fn migration_entry(cpu: &Cpu, pte: Pte, exclusive: bool) -> Pte {
    let mut entry = Pte::migration(pte.page().obj).carry(pte, SOFT_DIRTY | UFFD_WP);
    if cpu.rules().is(MigrationDirty::Pte) {
        entry = entry.carry(pte, mmu::ACCESSED | mmu::DIRTY);
    }
    if pte.write() {
        entry = entry.set(MIGRATION_WRITE);
    }
    if exclusive { entry.set(SWP_EXCLUSIVE) } else { entry }
}

/// `remove_migration_ptes`: maps a page, or all pages of a folio that was not split after all, where there are entries for it.
pub(crate) async fn remove_migration_ptes(cpu: &Cpu, page: Page, range: Va) {
    for vma in cpu.kernel().anon_vmas[range].vmas() {
        remove_migration_pte(cpu, page, MmStruct(vma.mm), vma.va).await;
    }
}

/// `remove_migration_pte`, of one mm.
async fn remove_migration_pte(cpu: &Cpu, page: Page, mm: MmStruct, range: Va) {
    cpu.call("remove_migration_pte", (page, mm, range), async |cpu, (page, mm, range)| {
        if cpu.pmdp_get_lockless(mm, range).await.pmd() != Pmd::Table {
            return;
        }
        let pages = cpu.kernel().geometry.pages(range);
        let is_large = folio_test_large(cpu, page).await;
        cpu.ptl_lock(mm, pages.start).await;
        for va in pages {
            let entry = cpu.ptep_get(mm, va).await;
            let Entry::Migration(subpage) = entry.entry() else { continue };
            let nr = if is_large { PAGES as u8 } else { 1 };
            if (0..nr).all(|nth| subpage.obj != page.nth(nth).obj) {
                continue;
            }
            let subpage = Page { head: page.head, ..subpage };
            cpu.get_page(subpage).await;
            let pte = mapped_again(cpu, subpage, entry).await;
            if cpu.rules().is(AnonExclusive::Yes) && entry.has(MIGRATION_WRITE | SWP_EXCLUSIVE) {
                cpu.set_page_anon_exclusive(subpage).await;
            }
            add_pte_of_large(cpu, mm, subpage).await;
            cpu.add(subpage.mapcount(), 1, Prim::PageAddAnonRmap).await;
            cpu.set_pte_at(mm, va, pte).await;
        }
        cpu.ptl_unlock(mm, cpu.kernel().geometry.pages(range).start).await;
    })
    .await
}

/// The PTE that a page gets again: up to v6.0 it is old and clean, and the page is dirty.
async fn mapped_again(cpu: &Cpu, page: Page, entry: Pte) -> Pte {
    let mut pte = Pte::mk(page).clear(mmu::ACCESSED).carry(entry, SOFT_DIRTY);
    if cpu.rules().is(MigrationDirty::Pte) {
        pte = pte.carry(entry, mmu::ACCESSED);
        if entry.has(mmu::DIRTY) && cpu.page_flag(page, pg::DIRTY, Prim::PageDirty).await {
            pte = pte_mkdirty(cpu.arch(), pte).carry(entry, SOFT_DIRTY);
        }
    }
    if entry.has(MIGRATION_WRITE) { pte_mkwrite(cpu.arch(), pte) } else { pte.carry(entry, UFFD_WP) }
}
