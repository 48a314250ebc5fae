//! Unmapping of a range that a huge page may back.
//!
//! Follows `zap_huge_pmd` of `mm/huge_memory.c` and `zap_pmd_range` of `mm/memory.c` (v5.4 to v6.18).

use cowrace_machine::Prim;
use cowrace_report::{Fact, Then};

use super::split::split_huge_pmd;
use crate::cpu::Cpu;
use crate::era::Safeguard;
use crate::mmap::{Zapped, zap_pte};
use crate::mmu_gather::{tlb_finish_mmu, tlb_gather_mmu};
use crate::objects::MmStruct;
use crate::pgtable::Pmd;
use crate::rmap::{folio_sub_large_mapcount, page_remove_rmap_pmd};
use crate::world::Va;

/// `zap_pmd_range` of `mm/memory.c`, between `tlb_gather_mmu` and `tlb_finish_mmu`: the huge page as a whole, if all of it goes;
/// otherwise its mapping is split, and the pages go one by one. The TLBs are flushed once, and if another CPU has unmapped something as
/// well even when nothing was found here. Returns whether there was anything to unmap.
pub async fn zap_pmd_range(cpu: &Cpu, mm: MmStruct, va: Va, range: Va) -> bool {
    cpu.call("zap_pmd_range", (mm, va, range), async |cpu, (mm, va, range)| {
        tlb_gather_mmu(cpu, mm).await;
        // Read without the lock. A huge page that is being copied is none for a moment (up to v5.7); other changes never make the entry none.
        let mut all = Vec::new();
        match cpu.pmdp_get(mm, range).await.pmd() {
            Pmd::Huge(_) | Pmd::Invalid(_) if va == range => all.extend(zap_huge_pmd(cpu, mm, range).await),
            Pmd::Huge(_) | Pmd::Invalid(_) => {
                cpu.why(Fact::HugeInPart.so(Then::SplitPmd));
                split_huge_pmd(cpu, mm, range).await;
            }
            Pmd::None | Pmd::Table => {}
        }
        if all.is_empty() && cpu.pmdp_get(mm, range).await.pmd() == Pmd::Table {
            for page in cpu.kernel().geometry.pages(va) {
                let zap = async |cpu: &Cpu, (mm, page)| zap_pte(cpu, mm, page).await;
                all.push(cpu.call("zap_pte_range", (mm, page), zap).await);
            }
        }
        let flush = all.iter().any(|zapped| zapped.flush).then_some((va, Safeguard::ZapFlush));
        tlb_finish_mmu(cpu, mm, flush, all.iter().filter_map(|zapped| zapped.gathered)).await;
        all.iter().any(|zapped| zapped.found)
    })
    .await
}

/// `zap_huge_pmd`: the mapping is given up before the flush, and the reference after it. None if the PMD maps no huge page any more.
async fn zap_huge_pmd(cpu: &Cpu, mm: MmStruct, range: Va) -> Option<Zapped> {
    cpu.call("zap_huge_pmd", (mm, range), async |cpu, (mm, range)| {
        cpu.pmd_lock(mm, range).await;
        let mut zapped = None;
        if let Pmd::Huge(_) = cpu.pmdp_get(mm, range).await.pmd() {
            let page = cpu.pmdp_huge_get_and_clear(mm, range, Prim::PmdpGetAndClear).await.page();
            folio_sub_large_mapcount(cpu, mm, page, 1).await;
            page_remove_rmap_pmd(cpu, page).await;
            zapped = Some(Zapped { found: true, flush: true, gathered: Some(page) });
        }
        cpu.pmd_unlock(mm, range).await;
        zapped
    })
    .await
}
