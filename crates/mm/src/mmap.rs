//! Unmapping: munmap and exit.
//!
//! Follows `mm/mmap.c` and `zap_pte_range` of `mm/memory.c` (v5.4 to v6.18). Left out: page tables, file dirty bits.

use cowrace_machine::{Prim, encode};

use crate::cpu::Cpu;
use crate::era::{Safeguard, VmaLock};
use crate::folio::page_folio;
use crate::huge_memory::{vma_adjust_trans_huge, zap_pmd_range};
use crate::mmu_gather::{tlb_finish_mmu, tlb_gather_mmu};
use crate::objects::{MmStruct, Page, Vma};
use crate::pgtable::Entry;
use crate::rmap::{page_remove_rmap, remove_pte_of_large};
use crate::swap::lru_add_drain_to_unmap;
use crate::swapfile::free_swap_and_cache;
use crate::tlb::flush_tlb_batched_pending;
use crate::vma::{anon_vma_lock_write, anon_vma_unlock_write, set_vm_flags};
use crate::world::Va;

/// `zap_page_range`: unmaps the pages of an address. Returns whether there was anything to unmap.
pub async fn zap_page_range(cpu: &Cpu, mm: MmStruct, va: Va) -> bool {
    match cpu.kernel().geometry.range(va) {
        Some(range) => zap_pmd_range(cpu, mm, va, range).await,
        None => zap_pte_range(cpu, mm, va).await,
    }
}

/// `zap_pte_range` between `tlb_gather_mmu` and `tlb_finish_mmu`: clears, flushes, and only then frees. The mapcount is
/// dropped before the flush, the reference after it. Returns whether there was anything to clear.
async fn zap_pte_range(cpu: &Cpu, mm: MmStruct, va: Va) -> bool {
    cpu.call("zap_pte_range", (mm, va), async |cpu, (mm, va)| {
        tlb_gather_mmu(cpu, mm).await;
        let zapped = zap_pte(cpu, mm, va).await;
        tlb_finish_mmu(cpu, mm, zapped.flush.then_some((va, Safeguard::ZapFlush)), zapped.gathered).await;
        zapped.found
    })
    .await
}

/// What has been unmapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Zapped {
    /// There was an entry.
    pub(crate) found: bool,
    /// A TLB may have it.
    pub(crate) flush: bool,
    /// The page, whose reference is dropped after the flush.
    pub(crate) gathered: Option<Page>,
}
encode!(struct Zapped { found, flush, gathered });

/// `zap_pte_range` without the gather.
pub(crate) async fn zap_pte(cpu: &Cpu, mm: MmStruct, va: Va) -> Zapped {
    cpu.ptl_lock(mm, va).await;
    // `__unmap_hugepage_range` does the same otherwise: huge pages are not reclaimed.
    if !cpu.is_vm_hugetlb_page(va) {
        flush_tlb_batched_pending(cpu, mm).await;
    }
    let pte = cpu.ptep_get(mm, va).await;
    let mut zapped = Zapped { found: !pte.none(), flush: false, gathered: None };
    match pte.entry() {
        Entry::None => {}
        Entry::Page(_) => {
            let pte = cpu.ptep_get_and_clear(mm, va, Prim::PtepGetAndClear).await;
            zapped.flush = true;
            if !pte.is_zero_page() {
                let page = page_folio(cpu, pte.page()).await;
                remove_pte_of_large(cpu, mm, page).await;
                page_remove_rmap(cpu, page).await;
                zapped.gathered = Some(page);
            }
        }
        Entry::Swap(entry) => {
            free_swap_and_cache(cpu, entry).await;
            cpu.store(mm.pte(va), 0, Prim::SetPteAt).await;
        }
        // In anonymous memory every zap drops the marker (2bad466cc9d9, v6.4).
        Entry::Marker => cpu.store(mm.pte(va), 0, Prim::SetPteAt).await,
        // It has neither a mapping nor a reference.
        Entry::Migration(_) => cpu.store(mm.pte(va), 0, Prim::SetPteAt).await,
    }
    cpu.ptl_unlock(mm, va).await;
    zapped
}

/// `do_munmap`: removes the VMA under the mmap lock for writing, and its pages under the lock for reading.
pub async fn munmap(cpu: &Cpu, mm: MmStruct, va: Va) {
    cpu.call("do_munmap", (mm, va), async |cpu, (mm, va)| {
        cpu.mmap_write_lock(mm).await;
        let locked = vma_start_write(cpu, mm, va).await;
        vma_adjust_trans_huge(cpu, mm, va).await;
        set_vm_flags(cpu, mm, va, 0).await;
        if locked {
            cpu.write_unlock(cpu.vm_lock(mm, va), Prim::VmaEndWrite).await;
        }
        cpu.mmap_write_downgrade(mm).await;
        lru_add_drain_to_unmap(cpu).await;
        zap_page_range(cpu, mm, va).await;
        cpu.mmap_read_unlock(mm).await;
    })
    .await
}

/// `vma_start_write` (v6.4): waits for faults under the VMA's lock and keeps new ones out. Returns whether there was
/// anything to lock.
pub async fn vma_start_write(cpu: &Cpu, mm: MmStruct, va: Va) -> bool {
    if cpu.rules().is(VmaLock::No) {
        return false;
    }
    cpu.write_lock(cpu.vm_lock(mm, va), Prim::VmaStartWrite).await;
    true
}

/// `exit_mmap`, for the last user: unmaps everything, then removes the VMAs. It needs no lock against others, since an
/// mm without users cannot be reached. Left out: the lock that it holds since v5.18 against the OOM reaper, and page
/// tables, which are freed with the VMAs.
pub async fn exit_mmap(cpu: &Cpu, mm: MmStruct) {
    cpu.call("exit_mmap", (mm,), async |cpu, (mm,)| {
        lru_add_drain_to_unmap(cpu).await;
        for va in cpu.kernel().areas(mm) {
            zap_page_range(cpu, mm, va).await;
        }
        for range in cpu.kernel().areas(mm).filter(|va| cpu.kernel().geometry.range(*va) == Some(*va)) {
            // unlink_anon_vmas.
            anon_vma_lock_write(cpu, range).await;
            anon_vma_unlock_write(cpu, range).await;
        }
        for Vma { va, .. } in cpu.kernel().vmas(mm) {
            cpu.free(mm.vma(va).obj(), Prim::VmAreaFree).await;
        }
    })
    .await
}
