//! /proc/PID/clear_refs and /proc/PID/pagemap.
//!
//! Follows `fs/proc/task_mmu.c` (v5.4 to v6.18): `clear_refs_write` with the value 4, and the soft-dirty bit
//! of the pagemap. Left out: `VM_SOFTDIRTY`, the other values.

use cowrace_machine::Prim;
use cowrace_report::{Fact, Then};

use crate::cpu::Cpu;
use crate::era::{ClearRefsFlush, ClearRefsLock, ClearRefsPin, HasPinned, Safeguard};
use crate::folio::page_folio;
use crate::huge_memory::clear_soft_dirty_pmd;
use crate::mmap::vma_start_write;
use crate::mmu_gather::tlb_finish_mmu;
use crate::objects::{MmStruct, Page, vm};
use crate::pgtable::{Entry, Pmd, Pte, SOFT_DIRTY, pte_wrprotect};
use crate::tlb::{dec_tlb_flush_pending, flush_tlb_mm, inc_tlb_flush_pending};
use crate::vma::vmas;
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
        for va in cpu.kernel().areas(mm) {
            if rules.is(ClearRefsLock::Write) && vma_start_write(cpu, mm, va).await {
                locked.push(va);
            }
        }
        inc_tlb_flush_pending(cpu, mm).await;
        for area in cpu.kernel().areas(mm) {
            for (va, vm_flags) in vmas(cpu, mm, area).await {
                // The walk has no function for hugetlb.
                if vm_flags & vm::EXISTS != 0 && !cpu.is_vm_hugetlb_page(va) {
                    clear_refs_pmd_range(cpu, mm, va).await;
                }
            }
        }
        match rules.clear_refs_flush() {
            ClearRefsFlush::Explicit => {
                flush_tlb_mm(cpu, mm, Safeguard::ClearRefsFlush).await;
                dec_tlb_flush_pending(cpu, mm).await;
            }
            ClearRefsFlush::Elided => {
                // The gather is empty.
                if !tlb_finish_mmu(cpu, mm, None, []).await {
                    cpu.why(Fact::NothingGathered.so(Then::NoFlush));
                }
            }
        }
        for va in locked {
            cpu.write_unlock(cpu.vm_lock(mm, va), Prim::VmaEndWrite).await;
        }
        match rules.clear_refs_lock() {
            ClearRefsLock::Read => cpu.mmap_read_unlock(mm).await,
            ClearRefsLock::Write => cpu.mmap_write_unlock(mm).await,
        }
    })
    .await
}

/// `clear_refs_pte_range`: a huge page as a whole, or else page by page.
async fn clear_refs_pmd_range(cpu: &Cpu, mm: MmStruct, va: Va) {
    if let Some(range) = cpu.kernel().geometry.range(va) {
        let pmd = cpu.pmdp_get(mm, range).await.pmd();
        if matches!(pmd, Pmd::Huge(_) | Pmd::Invalid(_)) && clear_soft_dirty_pmd(cpu, mm, range).await
            || pmd == Pmd::None
        {
            return;
        }
    }
    for page in cpu.kernel().geometry.pages(va) {
        clear_refs_pte_range(cpu, mm, page).await;
    }
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
            Entry::Swap(_) | Entry::Migration(_) => cpu.set_pte_at(mm, va, pte.clear(SOFT_DIRTY)).await,
            Entry::None | Entry::Marker => {}
        }
        cpu.ptl_unlock(mm, va).await;
    })
    .await
}

/// `pte_is_pinned` (9348b73c2e1b): a plain read of the count, which can race with GUP-fast.
async fn pte_is_pinned(cpu: &Cpu, mm: MmStruct, pte: Pte) -> bool {
    let page: Page = page_folio(cpu, pte.page()).await;
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
        let pte = pagemap_entry(cpu, mm, va).await;
        cpu.mmap_read_unlock(mm).await;
        pte.soft_dirty()
    })
    .await
}

/// `pagemap_pmd_range`: the entry that maps a page.
async fn pagemap_entry(cpu: &Cpu, mm: MmStruct, va: Va) -> Pte {
    if let Some(range) = cpu.kernel().geometry.range(va) {
        cpu.pmd_lock(mm, range).await;
        let pmd = cpu.pmdp_get(mm, range).await;
        cpu.pmd_unlock(mm, range).await;
        if pmd.pmd() != Pmd::Table {
            return pmd;
        }
    }
    cpu.ptl_lock(mm, va).await;
    let pte = cpu.ptep_get(mm, va).await;
    cpu.ptl_unlock(mm, va).await;
    pte
}
