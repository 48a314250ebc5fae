//! What `MADV_FREE` and `MADV_PAGEOUT` have in common for large folios that PTEs map.
//!
//! Follows `mm/madvise.c` (v5.4 to v6.18).

use cowrace_report::Obstacle;

use crate::cpu::Cpu;
use crate::folio::PteBatch;
use crate::huge_memory::split_folio;
use crate::objects::{MmStruct, Page};
use crate::rmap::{folio_mapcount, likely_mapped_shared};
use crate::swap::put_page;
use crate::tlb::flush_tlb_batched_pending;
use crate::world::Va;

/// Splits a folio that the advice is not about as a whole, unless others map it. The lock of its table is held, except meanwhile.
pub(super) async fn split_in_part(cpu: &Cpu, mm: MmStruct, va: Va, page: Page) -> Result<(), Obstacle> {
    cpu.part((mm, va, page), async |cpu, (mm, va, page)| {
        if likely_mapped_shared(cpu, page, false).await {
            return Err(Obstacle::MappedByOthers);
        }
        if !cpu.trylock_page(page).await {
            return Err(Obstacle::PageLocked);
        }
        cpu.get_page(page).await;
        cpu.ptl_unlock(mm, va).await;
        let split = split_folio(cpu, page, false).await;
        cpu.unlock_page(page).await;
        put_page(cpu, page).await;
        cpu.ptl_lock(mm, va).await;
        flush_tlb_batched_pending(cpu, mm).await;
        split
    })
    .await
}

/// Whether a page, or a folio that these entries map as a whole, is mapped by others as well.
pub(super) async fn is_mapped_by_others(cpu: &Cpu, batch: PteBatch, page: Page) -> bool {
    match batch.nr {
        1 => cpu.page_mapcount(page).await != 1,
        nr => folio_mapcount(cpu, page).await != nr as u64,
    }
}
