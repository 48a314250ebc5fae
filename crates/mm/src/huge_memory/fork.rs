//! Fork of a range that a huge page may back.
//!
//! Follows `copy_huge_pmd` of `mm/huge_memory.c` and `copy_pmd_range` of `mm/memory.c` (v5.4 to v6.18).

use cowrace_machine::{Prim, mmu};
use cowrace_report::{Fact, Then};

use super::split::split_huge_pmd;
use crate::cpu::Cpu;
use crate::era::{AnonExclusive, ThpFork};
use crate::fork::copy_pte_range;
use crate::objects::{MmStruct, Page};
use crate::pgtable::{Pmd, Pte, UFFD_WP, pmdp_set_wrprotect, pte_wrprotect};
use crate::rmap::{folio_add_large_mapcount, page_dup_rmap_pmd, page_needs_cow_for_dma};
use crate::swap::put_page;
use crate::world::Va;

/// `copy_pmd_range` of `mm/memory.c`: the huge page as a whole, or else page by page.
pub async fn copy_pmd_range(cpu: &Cpu, src: MmStruct, dst: MmStruct, va: Va, vm_flags: u64) {
    let Some(range) = cpu.kernel().geometry.range(va) else { return };
    // Read without the lock: a huge page that reclaim is about to discard is none for a moment (v6.15).
    let pmd = cpu.pmdp_get(src, range).await.pmd();
    let is_huge = matches!(pmd, Pmd::Huge(_) | Pmd::Invalid(_));
    if va == range && is_huge && copy_huge_pmd(cpu, src, dst, range).await {
        return;
    }
    if cpu.pmdp_get(src, range).await.pmd() != Pmd::Table {
        return;
    }
    cpu.store(dst.pmd(range), Pte::table(), Prim::PmdPopulate).await;
    for page in cpu.kernel().geometry.pages(va) {
        copy_pte_range(cpu, src, dst, page, vm_flags).await;
    }
}

/// `copy_huge_pmd`, with the locks of both directories. A page that may be pinned is not shared: the parent's mapping is split
/// (d042035eaf5f, v5.9), and its pages are copied one by one. Returns whether the child has got the huge page.
async fn copy_huge_pmd(cpu: &Cpu, src: MmStruct, dst: MmStruct, range: Va) -> bool {
    cpu.call("copy_huge_pmd", (src, dst, range), async |cpu, (src, dst, range)| {
        cpu.pmd_lock(dst, range).await;
        cpu.pmd_lock(src, range).await;
        let pmd = cpu.pmdp_get(src, range).await;
        let Pmd::Huge(page) = pmd.pmd() else {
            cpu.pmd_unlock(src, range).await;
            cpu.pmd_unlock(dst, range).await;
            return false;
        };
        let is_shared = share(cpu, src, dst, page).await;
        if is_shared {
            pmdp_set_wrprotect(cpu, src, range).await;
            let entry = pte_wrprotect(cpu, pmd).clear(mmu::ACCESSED | UFFD_WP);
            cpu.set_pmd_at(dst, range, entry).await;
        }
        cpu.pmd_unlock(src, range).await;
        cpu.pmd_unlock(dst, range).await;
        if !is_shared {
            cpu.why(Fact::MaybePinned { page }.so(Then::SplitPmd));
            split_huge_pmd(cpu, src, range).await;
        }
        is_shared
    })
    .await
}

/// One more mapping by a PMD, unless the page may be pinned (`page_try_dup_anon_rmap` of a compound page, from v5.19 on).
async fn share(cpu: &Cpu, src: MmStruct, dst: MmStruct, page: Page) -> bool {
    if cpu.rules().is(AnonExclusive::Yes) {
        cpu.get_page(page).await;
        if cpu.page_anon_exclusive(page).await {
            if cpu.rules().is(ThpFork::Split) && page_needs_cow_for_dma(cpu, src, page).await {
                put_page(cpu, page).await;
                return false;
            }
            cpu.clear_page_anon_exclusive(page).await;
        }
    } else {
        if cpu.rules().is(ThpFork::Split) && page_needs_cow_for_dma(cpu, src, page).await {
            return false;
        }
        cpu.get_page(page).await;
    }
    page_dup_rmap_pmd(cpu, page).await;
    folio_add_large_mapcount(cpu, dst, page, 1).await;
    true
}
