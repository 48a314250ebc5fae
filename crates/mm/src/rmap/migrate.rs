//! Unmapping for a moment: `try_to_migrate`.
//!
//! Follows `mm/rmap.c` (v5.4 to v6.18); up to v5.13 it is a part of `try_to_unmap`.

use cowrace_machine::Prim;
use cowrace_report::{Fact, Then};

use super::large::remove_pte_of_large;
use super::unmap::defers_flush;
use super::{page_remove_rmap, page_try_share_anon_rmap};
use crate::cpu::Cpu;
use crate::era::{AnonExclusive, Safeguard, SplitFlush};
use crate::huge_memory::{Freeze, split_huge_pmd_locked};
use crate::migrate::migration_entry;
use crate::objects::{MmStruct, Page, pg};
use crate::pgtable::{Pmd, pte_dirty};
use crate::tlb::{TlbUbc, flush_tlb_page, set_tlb_ubc_flush_pending};
use crate::world::{PAGES, Va};

/// `try_to_migrate` of a large folio: migration entries take the place of its mappings, one mm after the other. Returns the deferred flushes.
pub(crate) async fn try_to_migrate(cpu: &Cpu, page: Page, range: Va) -> TlbUbc {
    let mut ubc = TlbUbc::default();
    for vma in cpu.kernel().anon_vmas[range].vmas() {
        let goes_on;
        (goes_on, ubc) = try_to_migrate_one(cpu, page, MmStruct(vma.mm), vma.va, ubc).await;
        if !goes_on {
            break;
        }
    }
    ubc
}

/// `try_to_migrate_one`, of one mm. Returns whether the walk may go on: a page that stays exclusive because it may be pinned ends it.
async fn try_to_migrate_one(cpu: &Cpu, page: Page, mm: MmStruct, range: Va, ubc: TlbUbc) -> (bool, TlbUbc) {
    cpu.call("try_to_migrate_one", (page, mm, range, ubc), async |cpu, (page, mm, range, mut ubc)| {
        if let Pmd::Huge(_) | Pmd::Invalid(_) = cpu.pmdp_get_lockless(mm, range).await.pmd() {
            cpu.pmd_lock(mm, range).await;
            let pmd = cpu.pmdp_get(mm, range).await;
            if pmd.present() && pmd.page().obj == page.obj {
                cpu.why(Fact::LargeFolio { page }.so(Then::SplitPmd));
                split_huge_pmd_locked(cpu, mm, range, Freeze::Yes).await;
            }
            cpu.pmd_unlock(mm, range).await;
        }
        if cpu.pmdp_get_lockless(mm, range).await.pmd() != Pmd::Table {
            return (true, ubc);
        }
        let mut goes_on = true;
        let pages = cpu.kernel().geometry.pages(range);
        cpu.ptl_lock(mm, pages.start).await;
        for va in pages.clone() {
            let pte = cpu.ptep_get(mm, va).await;
            if pte.present() && (0..PAGES as u8).any(|nth| pte.page().obj == page.nth(nth).obj) {
                let subpage = Page { obj: pte.page().obj, ..page };
                (goes_on, ubc) = set_migration_pte(cpu, subpage, mm, va, ubc).await;
            }
            if !goes_on {
                break;
            }
        }
        cpu.ptl_unlock(mm, pages.start).await;
        (goes_on, ubc)
    })
    .await
}

/// `try_to_migrate_one`, of one PTE with its lock.
async fn set_migration_pte(cpu: &Cpu, page: Page, mm: MmStruct, va: Va, mut ubc: TlbUbc) -> (bool, TlbUbc) {
    let exclusive = cpu.rules().is(AnonExclusive::Yes) && cpu.page_anon_exclusive(page).await;
    let pte = if cpu.rules().is(SplitFlush::Batched) && defers_flush(cpu, mm, exclusive) {
        let pte = cpu.ptep_get_and_clear(mm, va, Prim::PtepGetAndClear).await;
        ubc = set_tlb_ubc_flush_pending(cpu, ubc, mm, va, pte_dirty(cpu.arch(), pte)).await;
        pte
    } else {
        let pte = cpu.ptep_get_and_clear(mm, va, Prim::PtepClearFlush).await;
        flush_tlb_page(cpu, mm, va, Safeguard::MigrateFlush).await;
        pte
    };
    if pte_dirty(cpu.arch(), pte) {
        cpu.set_bits(page.flags(), pg::DIRTY, Prim::SetPageDirty).await;
    }
    if exclusive && !page_try_share_anon_rmap(cpu, page).await {
        cpu.set_pte_at(mm, va, pte).await;
        return (false, ubc);
    }
    cpu.set_pte_at(mm, va, migration_entry(cpu, pte, exclusive)).await;
    remove_pte_of_large(cpu, mm, page).await;
    page_remove_rmap(cpu, page).await;
    cpu.page_ref_sub(page, 1).await;
    (true, ubc)
}
