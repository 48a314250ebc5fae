//! /proc/PID/clear_refs and /proc/PID/pagemap.
//!
//! Follows `fs/proc/task_mmu.c` (v5.4 to v6.18): `clear_refs_write` with the value 4, and the soft-dirty bit
//! of the pagemap. Left out: `VM_SOFTDIRTY`, PMDs, the other values.

use cowrace_machine::Prim;
use cowrace_report::{Fact, Then};

use crate::cpu::Cpu;
use crate::era::{ClearRefsFlush, ClearRefsLock, ClearRefsPin, HasPinned, Safeguard};
use crate::mmap::vma_start_write;
use crate::objects::{MmStruct, Page, Vma, vm};
use crate::pgtable::{Entry, Pte, SOFT_DIRTY, pte_wrprotect};
use crate::tlb::{dec_tlb_flush_pending, flush_tlb_mm, inc_tlb_flush_pending, mm_tlb_flush_nested};
use crate::world::Va;

/// `clear_refs_write`: every PTE loses its write and soft-dirty bits, so that the next store faults.
pub async fn clear_refs_write(cpu: &Cpu, mm: MmStruct) {
    cpu.call("clear_refs_write", (mm,), async |cpu, (mm,)| {
        let rules = cpu.rules();
        let mut locked = Vec::new();
        match rules.clear_refs_lock() {
            ClearRefsLock::Read => cpu.mmap_read_lock(mm).await,
            ClearRefsLock::Write => cpu.mmap_write_lock(mm).await,
        }
        for Vma { va, .. } in cpu.kernel().vmas(mm) {
            if rules.is(ClearRefsLock::Write) && vma_start_write(cpu, mm, va).await {
                locked.push(va);
            }
        }
        inc_tlb_flush_pending(cpu, mm).await;
        for Vma { va, .. } in cpu.kernel().vmas(mm) {
            // The walk has no function for hugetlb.
            if cpu.find_vma(mm, va).await & vm::EXISTS != 0 && !cpu.is_vm_hugetlb_page(va) {
                clear_refs_pte_range(cpu, mm, va).await;
            }
        }
        match rules.clear_refs_flush() {
            ClearRefsFlush::Explicit => flush_tlb_mm(cpu, mm, Safeguard::ClearRefsFlush).await,
            ClearRefsFlush::Elided => {
                // tlb_finish_mmu of an empty gather flushes only if other CPUs are changing PTEs as well.
                if mm_tlb_flush_nested(cpu, mm).await {
                    flush_tlb_mm(cpu, mm, Safeguard::ClearRefsNestedFlush).await;
                } else {
                    cpu.why(Fact::NothingGathered.so(Then::NoFlush));
                }
            }
        }
        dec_tlb_flush_pending(cpu, mm).await;
        for va in locked {
            cpu.write_unlock(mm.vm_lock(va), Prim::VmaEndWrite).await;
        }
        match rules.clear_refs_lock() {
            ClearRefsLock::Read => cpu.mmap_read_unlock(mm).await,
            ClearRefsLock::Write => cpu.mmap_write_unlock(mm).await,
        }
    })
    .await
}

/// `clear_refs_pte_range` with `clear_soft_dirty`.
async fn clear_refs_pte_range(cpu: &Cpu, mm: MmStruct, va: Va) {
    cpu.call("clear_soft_dirty", (mm, va), async |cpu, (mm, va)| {
        cpu.ptl_lock(mm, va).await;
        let pte = cpu.ptep_get(mm, va).await;
        match pte.entry() {
            Entry::Page(page) if pte_is_pinned(cpu, mm, pte).await => {
                cpu.why(Fact::MaybePinned { page }.so(Then::LeaveWritable));
            }
            Entry::Page(_) => {
                let old = cpu.ptep_get_and_clear(mm, va, Prim::PtepModifyProtStart).await;
                cpu.store(mm.pte(va), pte_wrprotect(cpu, old).clear(SOFT_DIRTY), Prim::PtepModifyProtCommit)
                    .await;
            }
            Entry::Swap(_) => cpu.set_pte_at(mm, va, pte.clear(SOFT_DIRTY)).await,
            Entry::None | Entry::Marker => {}
        }
        cpu.ptl_unlock(mm, va).await;
    })
    .await
}

/// `pte_is_pinned` (9348b73c2e1b): a plain read of the count, which can race with GUP-fast.
async fn pte_is_pinned(cpu: &Cpu, mm: MmStruct, pte: Pte) -> bool {
    let page: Page = pte.page();
    if !pte.write() || !page.is_anon() || cpu.rules().is(ClearRefsPin::No) {
        return false;
    }
    if cpu.rules().is(HasPinned::Yes) && cpu.load(mm.has_pinned(), Prim::HasPinned).await.bits == 0 {
        return false;
    }
    cpu.page_maybe_dma_pinned(page).await
}

/// `pagemap_read`: the soft-dirty bit of one page.
pub async fn pagemap_soft_dirty(cpu: &Cpu, mm: MmStruct, va: Va) -> bool {
    cpu.call("pagemap_read", (mm, va), async |cpu, (mm, va)| {
        cpu.mmap_read_lock(mm).await;
        cpu.ptl_lock(mm, va).await;
        let pte = cpu.ptep_get(mm, va).await;
        cpu.ptl_unlock(mm, va).await;
        cpu.mmap_read_unlock(mm).await;
        pte.soft_dirty()
    })
    .await
}
