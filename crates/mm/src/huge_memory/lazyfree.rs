//! `MADV_FREE` of a huge page that a PMD maps, and its discarding by reclaim.
//!
//! Follows `mm/huge_memory.c` (v5.4 to v6.18). Left out: 735ecdfaf4e8 (v6.11), with which reclaim splits the PMD only if it cannot
//! discard the huge page as a whole; v6.12.117 always splits it.

use cowrace_machine::{Prim, mmu};
use cowrace_report::{Fact, Obstacle, Then};

use super::folio::split_folio;
use super::split::pmdp_invalidate;
use crate::cpu::Cpu;
use crate::era::Safeguard;
use crate::madvise::Freed;
use crate::objects::{MmStruct, Page, pg};
use crate::pgtable::{Pmd, pte_dirty, pte_mkclean};
use crate::rmap::{
    folio_sub_large_mapcount, likely_mapped_shared, page_remove_rmap_pmd, references_and_mappings,
};
use crate::swap::{mark_page_lazyfree, put_page};
use crate::tlb::flush_tlb_page;
use crate::world::Va;

/// `madvise_free_huge_pmd`: the dirty marks go, that of the folio before that of the PMD, and what the exchange of the PMD returns is
/// dropped. Refused if others map the folio, and if only a part of it is to be freed, for which it is split.
pub(crate) async fn madvise_free_huge_pmd(
    cpu: &Cpu,
    mm: MmStruct,
    va: Va,
    range: Va,
) -> Result<Freed, Obstacle> {
    cpu.call("madvise_free_huge_pmd", (mm, va, range), async |cpu, (mm, va, range)| {
        cpu.pmd_lock(mm, range).await;
        let pmd = cpu.pmdp_get(mm, range).await;
        let locked = match pmd.pmd() {
            Pmd::Huge(page) if likely_mapped_shared(cpu, page, true).await => Err(Obstacle::MappedByOthers),
            Pmd::Huge(page) if !cpu.trylock_page(page).await => Err(Obstacle::PageLocked),
            Pmd::Huge(page) => Ok(page),
            Pmd::None | Pmd::Table | Pmd::Invalid(_) => Err(Obstacle::NothingMapped),
        };
        let page = match locked {
            Ok(page) => page,
            Err(why) => {
                cpu.pmd_unlock(mm, range).await;
                return Err(why);
            }
        };
        if va != range {
            cpu.get_page(page).await;
            cpu.pmd_unlock(mm, range).await;
            let split = split_folio(cpu, page, false).await;
            cpu.unlock_page(page).await;
            put_page(cpu, page).await;
            return Err(split.err().unwrap_or(Obstacle::NothingMapped));
        }
        if cpu.page_flag(page, pg::DIRTY, Prim::PageDirty).await {
            cpu.clear_bits(page.flags(), pg::DIRTY, Prim::ClearPageDirty).await;
        }
        cpu.unlock_page(page).await;
        let is_used = pmd.young() || pte_dirty(cpu.arch(), pmd);
        if is_used {
            pmdp_invalidate(cpu, mm, range).await;
            flush_tlb_page(cpu, mm, range, Safeguard::ChangePmdFlush).await;
            cpu.set_pmd_at(mm, range, pte_mkclean(pmd.clear(mmu::ACCESSED))).await;
        }
        let effect = mark_page_lazyfree(cpu, page).await;
        cpu.pmd_unlock(mm, range).await;
        Ok(Freed { effect, flush: is_used })
    })
    .await
}

/// `__discard_anon_folio_pmd_locked` with the lock of `page_vma_mapped_walk`, in the form of 2f9b43d617e2 (v6.15): a huge page that has
/// not been written to since `MADV_FREE` is unmapped as a whole, and its PMD is never split. Returns whether the walk may go on.
pub(crate) async fn unmap_huge_pmd(cpu: &Cpu, mm: MmStruct, range: Va, page: Page) -> bool {
    cpu.call("__discard_anon_folio_pmd_locked", (mm, range, page), async |cpu, (mm, range, page)| {
        let pmd = cpu.pmdp_get(mm, range).await;
        if pte_dirty(cpu.arch(), pmd) {
            cpu.set_bits(page.flags(), pg::DIRTY, Prim::SetPageDirty).await;
        }
        if cpu.page_flag(page, pg::DIRTY, Prim::PageDirty).await {
            cpu.set_bits(page.flags(), pg::SWAPBACKED, Prim::SetPageSwapBacked).await;
            return false;
        }
        let pmd = cpu.pmdp_huge_get_and_clear(mm, range, Prim::PmdpClearFlush).await;
        flush_tlb_page(cpu, mm, range, Safeguard::UnmapFlush).await;
        let held = references_and_mappings(cpu, page).await;
        if pte_dirty(cpu.arch(), pmd) {
            cpu.set_bits(page.flags(), pg::DIRTY, Prim::SetPageDirty).await;
        }
        let lazyfree = held.lazyfree(cpu, page).await;
        if !lazyfree.discard {
            if lazyfree.dirty {
                cpu.set_bits(page.flags(), pg::SWAPBACKED, Prim::SetPageSwapBacked).await;
            }
            cpu.set_pmd_at(mm, range, pmd).await;
            return false;
        }
        cpu.why(Fact::Clean { page }.so(Then::Discard));
        folio_sub_large_mapcount(cpu, mm, page, 1).await;
        page_remove_rmap_pmd(cpu, page).await;
        cpu.page_ref_sub(page, 1).await;
        true
    })
    .await
}
