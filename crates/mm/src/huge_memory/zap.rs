//! Unmapping of a range that a huge page may back.
//!
//! Follows `zap_huge_pmd` of `mm/huge_memory.c` and `zap_pmd_range` of `mm/memory.c` (v5.4 to v6.18).

use cowrace_machine::Prim;
use cowrace_report::{Fact, Then};

use super::split::split_huge_pmd;
use crate::cpu::Cpu;
use crate::mmap::{tlb_finish_mmu, zap_pte_range};
use crate::objects::MmStruct;
use crate::pgtable::Pmd;
use crate::rmap::{folio_sub_large_mapcount, page_remove_rmap_pmd};
use crate::swap::put_page;
use crate::tlb::{dec_tlb_flush_pending, inc_tlb_flush_pending};
use crate::world::Va;

/// `zap_pmd_range` of `mm/memory.c`: the huge page as a whole, if all of it goes; otherwise its mapping is split, and the pages go one by
/// one, each with a gather and a flush of its own, where the kernel flushes once. Returns whether there was anything to unmap.
pub async fn zap_pmd_range(cpu: &Cpu, mm: MmStruct, va: Va, range: Va) -> bool {
    cpu.call("zap_pmd_range", (mm, va, range), async |cpu, (mm, va, range)| {
        // Read without the lock. A huge page that is being copied is none for a moment (up to v5.7); other changes never make the entry none.
        match cpu.pmdp_get(mm, range).await.pmd() {
            Pmd::None => return false,
            Pmd::Huge(_) | Pmd::Invalid(_) if va == range => {
                if zap_huge_pmd(cpu, mm, range).await {
                    return true;
                }
            }
            Pmd::Huge(_) | Pmd::Invalid(_) => {
                cpu.why(Fact::HugeInPart.so(Then::SplitPmd));
                split_huge_pmd(cpu, mm, range).await;
            }
            Pmd::Table => {}
        }
        if cpu.pmdp_get(mm, range).await.pmd() != Pmd::Table {
            return false;
        }
        let mut found = false;
        for page in cpu.kernel().geometry.pages(va) {
            found |= zap_pte_range(cpu, mm, page).await;
        }
        found
    })
    .await
}

/// `zap_huge_pmd` between `tlb_gather_mmu` and `tlb_finish_mmu`: the mapping is given up before the flush, and the reference after it.
/// Returns whether the PMD mapped a huge page still.
async fn zap_huge_pmd(cpu: &Cpu, mm: MmStruct, range: Va) -> bool {
    cpu.call("zap_huge_pmd", (mm, range), async |cpu, (mm, range)| {
        inc_tlb_flush_pending(cpu, mm).await;
        cpu.pmd_lock(mm, range).await;
        let mut gathered = None;
        if let Pmd::Huge(_) = cpu.pmdp_get(mm, range).await.pmd() {
            let page = cpu.pmdp_huge_get_and_clear(mm, range, Prim::PmdpGetAndClear).await.page();
            folio_sub_large_mapcount(cpu, mm, page, 1).await;
            page_remove_rmap_pmd(cpu, page).await;
            gathered = Some(page);
        }
        cpu.pmd_unlock(mm, range).await;
        tlb_finish_mmu(cpu, mm, range, gathered.is_some()).await;
        if let Some(page) = gathered {
            put_page(cpu, page).await;
        }
        dec_tlb_flush_pending(cpu, mm).await;
        gathered.is_some()
    })
    .await
}
