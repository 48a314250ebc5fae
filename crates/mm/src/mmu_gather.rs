//! The gather: entries are changed first, the TLBs are flushed once, and the pages that were unmapped are freed after that.
//!
//! Follows `mm/mmu_gather.c` (v5.4 to v7.2) and `tlb_end_vma`, which flushes at the end of each VMA. Left out: the freeing of page
//! tables, the size limit of a gather, and that one gather serves all VMAs of a call (mprotect, which keeps all others out, from v5.19
//! on; `MADV_DONTNEED` and `MADV_FREE` from v6.16 on).

use cowrace_report::{Fact, Then};

use crate::cpu::Cpu;
use crate::era::Safeguard;
use crate::objects::{MmStruct, Page};
use crate::swapfile::free_pages_and_swap_cache;
use crate::tlb::{
    dec_tlb_flush_pending, flush_tlb_mm, flush_tlb_page, inc_tlb_flush_pending, mm_tlb_flush_nested,
};
use crate::world::Va;

/// `tlb_gather_mmu`: from now on others see that entries are changed which have not been flushed yet.
pub async fn tlb_gather_mmu(cpu: &Cpu, mm: MmStruct) {
    inc_tlb_flush_pending(cpu, mm).await;
}

/// `tlb_finish_mmu`: flushes what has been changed, or the whole mm if another CPU is changing entries as well, and then frees the
/// pages. Of an entry that the other has changed already this call has nothing to flush, although a TLB may have it (99baac21e458).
/// Returns whether there was a flush.
pub(crate) async fn tlb_finish_mmu(
    cpu: &Cpu,
    mm: MmStruct,
    flush: Option<(Va, Safeguard)>,
    pages: impl IntoIterator<Item = Page>,
) -> bool {
    let nested = mm_tlb_flush_nested(cpu, mm).await && cpu.rules().keeps(Safeguard::NestedFlush);
    if nested {
        cpu.why(Fact::OtherFlushPending.so(Then::FlushAll));
        flush_tlb_mm(cpu, mm, Safeguard::NestedFlush).await;
    } else if let Some((va, safeguard)) = flush {
        flush_tlb_page(cpu, mm, va, safeguard).await;
    }
    for page in pages {
        free_pages_and_swap_cache(cpu, page).await;
    }
    dec_tlb_flush_pending(cpu, mm).await;
    nested || flush.is_some()
}
