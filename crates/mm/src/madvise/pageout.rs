//! `MADV_PAGEOUT`: memory is reclaimed at once.
//!
//! Follows `madvise_pageout` and `madvise_cold_or_pageout_pte_range` of `mm/madvise.c` (v5.4 to v6.18). Left out: entries become old (up
//! to v6.9), which has no effect in the model.

use std::ops::Range;

use cowrace_report::{Aim, Obstacle};

use super::large::{is_mapped_by_others, split_in_part};
use crate::cpu::Cpu;
use crate::era::PageoutLarge;
use crate::folio::{PteBatch, folio_pte_batch, large_folio};
use crate::huge_memory::split_folio;
use crate::mmu_gather::{tlb_finish_mmu, tlb_gather_mmu};
use crate::objects::{MmStruct, Page};
use crate::pgtable::{Pmd, Pte, UFFD_WP};
use crate::rmap::likely_mapped_shared;
use crate::swap::{lru_add_drain, put_page};
use crate::tlb::flush_tlb_batched_pending;
use crate::vmscan::{isolate_lru_page, reclaim_page};
use crate::world::{PAGES, Va};

/// `madvise_pageout`, of each VMA in turn.
pub(super) async fn madvise_pageout(cpu: &Cpu, mm: MmStruct, vmas: Vec<(Va, u64)>) {
    let mut spared = Some(Obstacle::NothingMapped);
    for (nth, (va, _)) in vmas.into_iter().enumerate() {
        lru_add_drain(cpu).await;
        tlb_gather_mmu(cpu, mm).await;
        let here = match cpu.kernel().geometry.range(va) {
            Some(range) => pageout_pmd_range(cpu, mm, va, range).await,
            None => pageout_pte_range(cpu, mm, va).await,
        };
        tlb_finish_mmu(cpu, mm, None, []).await;
        spared = if nth == 0 { here } else { here.and(spared) };
    }
    if let Some(why) = spared {
        cpu.no_effect(Aim::PageOut, why);
    }
}

/// `madvise_cold_or_pageout_pte_range`: only a page that no other mm maps is taken off its list, under the PTE lock, and is then reclaimed
/// like any other. Returns why nothing is done, if that is so.
async fn pageout_pte_range(cpu: &Cpu, mm: MmStruct, va: Va) -> Option<Obstacle> {
    cpu.call("madvise_pageout", (mm, va), async |cpu, (mm, va)| {
        cpu.ptl_lock(mm, va).await;
        flush_tlb_batched_pending(cpu, mm).await;
        let pte = cpu.ptep_get(mm, va).await;
        let isolated = isolate_mapped(cpu, va, pte).await;
        cpu.ptl_unlock(mm, va).await;
        match isolated {
            Ok(page) => reclaim_page(cpu, page).await,
            Err(why) => Some(why),
        }
    })
    .await
}

/// Isolates what an entry maps, if it is no page of a large folio and no other mm maps it.
async fn isolate_mapped(cpu: &Cpu, va: Va, pte: Pte) -> Result<Page, Obstacle> {
    match pte.present() && pte.page().is_anon() {
        true => isolate(cpu, PteBatch::of(va, pte), pte.page()).await,
        false => Err(Obstacle::NothingMapped),
    }
}

/// Isolates a page, or a folio that entries map as a whole, if no other mm maps it.
async fn isolate(cpu: &Cpu, batch: PteBatch, page: Page) -> Result<Page, Obstacle> {
    if is_mapped_by_others(cpu, batch, page).await {
        Err(Obstacle::MappedByOthers)
    } else if isolate_lru_page(cpu, page).await {
        Ok(page)
    } else {
        Err(Obstacle::NotOnLru)
    }
}

/// The same for a VMA that a huge page may back: the huge page as a whole, or the pages of the table.
async fn pageout_pmd_range(cpu: &Cpu, mm: MmStruct, va: Va, range: Va) -> Option<Obstacle> {
    cpu.call("madvise_pageout", (mm, va, range), async |cpu, (mm, va, range)| {
        let mut all = None;
        if let Pmd::Huge(_) | Pmd::Invalid(_) = cpu.pmdp_get(mm, range).await.pmd() {
            all = isolate_huge(cpu, mm, va, range).await;
        }
        let all = match all {
            Some(isolated) => vec![isolated],
            None if cpu.pmdp_get(mm, range).await.pmd() == Pmd::Table => {
                isolate_of_table(cpu, mm, cpu.kernel().geometry.pages(va)).await
            }
            None => vec![Err(Obstacle::NothingMapped)],
        };
        let mut spared = Vec::new();
        for isolated in all {
            spared.push(match isolated {
                Ok(page) => reclaim_page(cpu, page).await,
                Err(why) => Some(why),
            });
        }
        spared.iter().fold(spared[0], |all, here| here.and(all))
    })
    .await
}

/// The huge page that a PMD maps. None if its folio was split, since only a part of it is concerned, so that the table is next.
async fn isolate_huge(cpu: &Cpu, mm: MmStruct, va: Va, range: Va) -> Option<Result<Page, Obstacle>> {
    cpu.part((mm, va, range), async |cpu, (mm, va, range)| {
        cpu.pmd_lock(mm, range).await;
        let page = match cpu.pmdp_get(mm, range).await.pmd() {
            Pmd::Huge(page) if likely_mapped_shared(cpu, page, true).await => Err(Obstacle::MappedByOthers),
            Pmd::Huge(page) => Ok(page),
            Pmd::None | Pmd::Table | Pmd::Invalid(_) => Err(Obstacle::NothingMapped),
        };
        let isolated = match page {
            Ok(page) if va != range => {
                cpu.get_page(page).await;
                cpu.pmd_unlock(mm, range).await;
                cpu.lock_page(page).await;
                let split = split_folio(cpu, page, false).await;
                cpu.unlock_page(page).await;
                put_page(cpu, page).await;
                return split.err().map(Err);
            }
            Ok(page) if isolate_lru_page(cpu, page).await => Ok(page),
            Ok(_) => Err(Obstacle::NotOnLru),
            Err(why) => Err(why),
        };
        cpu.pmd_unlock(mm, range).await;
        Some(isolated)
    })
    .await
}

/// The pages that a table maps, isolated under its lock. A large folio is isolated as a whole if entries in a row map all of it (3931b871c493,
/// v6.10). Otherwise it is split, and then its pages are looked at again.
async fn isolate_of_table(cpu: &Cpu, mm: MmStruct, pages: Range<Va>) -> Vec<Result<Page, Obstacle>> {
    let mut all = Vec::new();
    let mut left = pages.clone();
    cpu.ptl_lock(mm, pages.start).await;
    flush_tlb_batched_pending(cpu, mm).await;
    while !left.is_empty() {
        let pte = cpu.ptep_get(mm, left.start).await;
        let large = if pte.present() { large_folio(cpu, pte.page()).await } else { None };
        let Some(page) = large else {
            all.push(isolate_mapped(cpu, left.start, pte).await);
            left.start += 1;
            continue;
        };
        let goes_whole = cpu.rules().is(PageoutLarge::Whole);
        let batch = match goes_whole {
            true => folio_pte_batch(cpu, mm, left.clone(), pte, UFFD_WP).await,
            false => PteBatch::of(left.start, pte),
        };
        if batch.nr == PAGES {
            all.push(isolate(cpu, batch, page.head()).await);
        } else {
            match split_in_part(cpu, mm, left.start, page).await {
                Ok(()) => continue,
                Err(why) => all.push(Err(why)),
            }
            // Up to v6.9 the call ends here.
            if !goes_whole {
                break;
            }
        }
        left.start += batch.nr;
    }
    cpu.ptl_unlock(mm, pages.start).await;
    all
}
