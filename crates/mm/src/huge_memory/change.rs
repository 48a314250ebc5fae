//! Changes of the entry of a huge page: protection, and soft-dirty tracking.
//!
//! Follows `mm/huge_memory.c`, and the callers in `mm/mprotect.c` and `fs/proc/task_mmu.c` (v5.4 to v6.18).

use cowrace_report::{Fact, Then};

use super::split::{pmdp_invalidate, split_huge_pmd};
use crate::cpu::Cpu;
use crate::era::{Safeguard, ThpChangeFlush, ThpUpgrade};
use crate::mprotect::{Change, Walked, change_needs_flush, change_pte_range, changed_pte};
use crate::objects::MmStruct;
use crate::pgtable::{Pmd, SOFT_DIRTY, pte_wrprotect};
use crate::tlb::flush_tlb_page;
use crate::world::Va;

/// `change_pmd_range` of `mm/mprotect.c`: the huge page as a whole, if all of it changes; otherwise its mapping is split. The caller
/// flushes.
pub(crate) async fn change_pmd_range(cpu: &Cpu, mm: MmStruct, va: Va, range: Va, change: Change) -> Walked {
    cpu.call("change_pmd_range", (mm, va, range, change), async |cpu, (mm, va, range, change)| {
        match cpu.pmdp_get(mm, range).await.pmd() {
            Pmd::None => return Walked::default(),
            Pmd::Huge(_) | Pmd::Invalid(_) if va == range => {
                if let Some(flush) = change_huge_pmd(cpu, mm, range, change).await {
                    return Walked { found: true, flush };
                }
            }
            Pmd::Huge(_) | Pmd::Invalid(_) => {
                cpu.why(Fact::HugeInPart.so(Then::SplitPmd));
                split_huge_pmd(cpu, mm, range).await;
            }
            Pmd::Table => {}
        }
        let mut walked = Walked::default();
        for page in cpu.kernel().geometry.pages(va) {
            walked = walked.and(change_pte_range(cpu, mm, page, change).await);
        }
        walked
    })
    .await
}

/// `change_huge_pmd`: the entry is never none meanwhile, so that nobody who looks without the lock takes the range for empty
/// (ced108037c2a, v4.11). Returns whether the change is to be flushed; none if the PMD maps no huge page any more.
async fn change_huge_pmd(cpu: &Cpu, mm: MmStruct, range: Va, change: Change) -> Option<bool> {
    cpu.call("change_huge_pmd", (mm, range, change), async |cpu, (mm, range, change)| {
        cpu.pmd_lock(mm, range).await;
        let mut flush = None;
        if let Pmd::Huge(_) = cpu.pmdp_get(mm, range).await.pmd() {
            let old = pmdp_invalidate(cpu, mm, range).await;
            if cpu.rules().is(ThpChangeFlush::AtOnce) {
                flush_tlb_page(cpu, mm, range, Safeguard::ChangePmdFlush).await;
            }
            let may_upgrade = cpu.rules().is(ThpUpgrade::Yes);
            let new = if may_upgrade { changed_pte(cpu, old, change).await } else { change.of(cpu, old) };
            cpu.set_pmd_at(mm, range, new).await;
            flush = Some(change_needs_flush(cpu, old, new));
        }
        cpu.pmd_unlock(mm, range).await;
        flush
    })
    .await
}

/// `clear_soft_dirty_pmd` of `fs/proc/task_mmu.c`, with the lock of `clear_refs_pte_range`: no era tests here whether the page is pinned. Returns whether the
/// PMD mapped a huge page.
pub async fn clear_soft_dirty_pmd(cpu: &Cpu, mm: MmStruct, range: Va) -> bool {
    cpu.call("clear_soft_dirty_pmd", (mm, range), async |cpu, (mm, range)| {
        cpu.pmd_lock(mm, range).await;
        let is_huge = matches!(cpu.pmdp_get(mm, range).await.pmd(), Pmd::Huge(_));
        if is_huge {
            let old = pmdp_invalidate(cpu, mm, range).await;
            flush_tlb_page(cpu, mm, range, Safeguard::ChangePmdFlush).await;
            // The bits that the walker has set until then are kept: `old` was read by the exchange.
            cpu.set_pmd_at(mm, range, pte_wrprotect(cpu, old).clear(SOFT_DIRTY)).await;
        }
        cpu.pmd_unlock(mm, range).await;
        is_huge
    })
    .await
}
