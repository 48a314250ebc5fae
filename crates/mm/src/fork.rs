//! fork.
//!
//! Follows `dup_mmap` of `kernel/fork.c` and `copy_page_range` of `mm/memory.c` (v5.4 to v6.18), VMA by
//! VMA and PTE by PTE. Left out: page tables above the PTE level, batching (v6.8), `VM_WIPEONFORK`,
//! userfaultfd's fork event, the lock of the `anon_vma`.

use cowrace_machine::{Prim, mmu};
use cowrace_report::{Fact, Then};

use crate::cpu::Cpu;
use crate::era::{AnonExclusive, ForkPin, ForkSeq, Safeguard, VmaLock};
use crate::fault::copy_user_highpage;
use crate::folio::page_folio;
use crate::huge_memory::copy_pmd_range;
use crate::hugetlb::copy_hugetlb_page_range;
use crate::objects::{MmStruct, ONE_INACTIVE, Page, SwpEntry, vm};
use crate::page_alloc::{alloc_page, prepare_anon_page};
use crate::pgtable::{
    Entry, MIGRATION_WRITE, Pte, SWP_EXCLUSIVE, UFFD_WP, pte_mkdirty, pte_mkwrite, pte_wrprotect,
    ptep_set_wrprotect,
};
use crate::rmap::{
    add_pte_of_large, page_add_new_anon_rmap, page_dup_rmap, page_needs_cow_for_dma, page_try_dup_anon_rmap,
};
use crate::swap::{lru_cache_add, put_page};
use crate::swapfile::{lookup_swap_cache, swap_duplicate};
use crate::tlb::flush_tlb_mm;
use crate::vma::vmas;
use crate::world::{MmId, Va};

/// `dup_mmap`: copies all of the parent's memory for the child, under the parent's mmap lock. The parent's TLBs are
/// flushed once, at the end.
pub async fn dup_mmap(cpu: &Cpu, parent: MmStruct, child: MmId) {
    cpu.call("dup_mmap", (parent, child), async |cpu, (parent, child)| {
        let child = MmStruct(child);
        cpu.mmap_write_lock(parent).await;
        let mut locked = Vec::new();
        for area in cpu.kernel().areas(parent) {
            for (va, vm_flags) in vmas(cpu, parent, area).await {
                if vm_flags & vm::EXISTS == 0 || vm_flags & vm::DONTCOPY != 0 {
                    continue;
                }
                let lock = cpu.vm_lock(parent, va);
                if cpu.rules().is(VmaLock::Yes) && !locked.contains(&lock) {
                    cpu.write_lock(lock, Prim::VmaStartWrite).await;
                    locked.push(lock);
                }
                for page in cpu.kernel().geometry.pages(va) {
                    // A child is registered with userfaultfd only if the parent asked for the fork event.
                    cpu.store(child.vm_flags(page), vm_flags & !vm::UFFD_WP, Prim::VmFlags).await;
                }
                copy_page_range(cpu, parent, child, va, vm_flags).await;
            }
        }
        flush_tlb_mm(cpu, parent, Safeguard::ForkFlush).await;
        for lock in locked {
            cpu.write_unlock(lock, Prim::VmaEndWrite).await;
        }
        cpu.mmap_write_unlock(parent).await;
        cpu.store(child.started(), 1, Prim::WriteOnce).await;
    })
    .await
}

/// `copy_page_range`: one VMA, between the two increments of `write_protect_seq` (57efa1fe5957).
async fn copy_page_range(cpu: &Cpu, src: MmStruct, dst: MmStruct, va: Va, vm_flags: u64) {
    if cpu.is_vm_hugetlb_page(va) {
        return copy_hugetlb_page_range(cpu, src, dst, va, vm_flags).await;
    }
    cpu.call("copy_page_range", (src, dst, va, vm_flags), async |cpu, (src, dst, va, vm_flags)| {
        let seq = cpu.rules().is(ForkSeq::Yes);
        if seq {
            raw_write_seqcount_begin(cpu, src).await;
        }
        if cpu.kernel().geometry.range(va).is_some() {
            copy_pmd_range(cpu, src, dst, va, vm_flags).await;
        } else {
            copy_pte_range(cpu, src, dst, va, vm_flags).await;
        }
        if seq {
            raw_write_seqcount_end(cpu, src).await;
        }
    })
    .await
}

/// `copy_pte_range`: one page.
pub(crate) async fn copy_pte_range(cpu: &Cpu, src: MmStruct, dst: MmStruct, va: Va, vm_flags: u64) {
    cpu.ptl_lock(dst, va).await;
    cpu.ptl_lock(src, va).await;
    let pte = cpu.ptep_get(src, va).await;
    match pte.entry() {
        Entry::Swap(entry) => copy_nonpresent_pte(cpu, src, dst, va, pte, entry).await,
        Entry::Page(_) => copy_present_pte(cpu, src, dst, va, pte, vm_flags).await,
        Entry::Migration(_) => {
            // copy_nonpresent_pte: neither mm has the page to itself when it is mapped again.
            let shared = pte.clear(MIGRATION_WRITE | SWP_EXCLUSIVE);
            if !shared.same(pte) {
                cpu.set_pte_at(src, va, shared).await;
            }
            cpu.set_pte_at(dst, va, shared.clear(UFFD_WP)).await;
        }
        // A userfaultfd marker belongs only to the parent's registration.
        Entry::None | Entry::Marker => {}
    }
    cpu.ptl_unlock(src, va).await;
    cpu.ptl_unlock(dst, va).await;
}

/// `raw_write_seqcount_begin` of `write_protect_seq`.
pub(crate) async fn raw_write_seqcount_begin(cpu: &Cpu, mm: MmStruct) {
    cpu.add(mm.write_protect_seq(), 1, Prim::WriteSeqcountBegin).await;
    cpu.fence(Prim::SmpWmb, Safeguard::ForkSeqBeginWmb).await;
}

/// `raw_write_seqcount_end` of `write_protect_seq`.
pub(crate) async fn raw_write_seqcount_end(cpu: &Cpu, mm: MmStruct) {
    cpu.fence(Prim::SmpWmb, Safeguard::ForkSeqEndWmb).await;
    cpu.add(mm.write_protect_seq(), 1, Prim::WriteSeqcountEnd).await;
}

/// `copy_present_pte`, with both PTE locks held.
async fn copy_present_pte(cpu: &Cpu, src: MmStruct, dst: MmStruct, va: Va, pte: Pte, vm_flags: u64) {
    cpu.call("copy_present_pte", (src, dst, va, pte, vm_flags), async |cpu, (src, dst, va, pte, vm_flags)| {
        let page = page_folio(cpu, pte.page()).await;
        if page.is_zero() {
            cpu.set_pte_at(dst, va, pte.clear(mmu::ACCESSED | UFFD_WP)).await;
            return;
        }
        if !page.is_anon() {
            // vma_needs_copy: an area that never had a page of its own has no anon_vma. The child faults.
            return;
        }
        if cpu.rules().is(AnonExclusive::Yes) {
            // v5.19: the reference is taken first, then the page is shared if possible.
            cpu.get_page(page).await;
            if !page_try_dup_anon_rmap(cpu, src, page).await {
                put_page(cpu, page).await;
                return copy_present_page(cpu, dst, va, page, vm_flags).await;
            }
            if pte.write() {
                ptep_set_wrprotect(cpu, src, va).await;
            }
        } else if cpu.rules().is(ForkPin::CopyWrprotectFirst) {
            // 70e806e4e645: write-protect, so that GUP-fast's second read of the PTE fails, then test for pins.
            if pte.write() {
                ptep_set_wrprotect(cpu, src, va).await;
            }
            if page_needs_cow_for_dma(cpu, src, page).await {
                cpu.set_pte_at(src, va, pte).await;
                return copy_present_page(cpu, dst, va, page, vm_flags).await;
            }
            cpu.get_page(page).await;
            page_dup_rmap(cpu, page).await;
        } else if cpu.rules().is(ForkPin::Copy) {
            if page_needs_cow_for_dma(cpu, src, page).await {
                return copy_present_page(cpu, dst, va, page, vm_flags).await;
            }
            cpu.get_page(page).await;
            page_dup_rmap(cpu, page).await;
            if pte.write() {
                ptep_set_wrprotect(cpu, src, va).await;
            }
        } else {
            if pte.write() {
                ptep_set_wrprotect(cpu, src, va).await;
            }
            cpu.get_page(page).await;
            page_dup_rmap(cpu, page).await;
        }
        add_pte_of_large(cpu, dst, page).await;
        // Only what was writable is write-protected.
        let pte = if pte.write() { pte_wrprotect(cpu, pte) } else { pte };
        cpu.set_pte_at(dst, va, pte.clear(mmu::ACCESSED | UFFD_WP)).await;
    })
    .await
}

/// `copy_present_page`: a page that may be pinned stays with the parent, unchanged; the child gets a copy. The kernel
/// allocates the page for the copy before it takes the locks; the moment makes no difference.
async fn copy_present_page(cpu: &Cpu, dst: MmStruct, va: Va, page: Page, vm_flags: u64) {
    cpu.call("copy_present_page", (dst, va, page, vm_flags), async |cpu, (dst, va, page, vm_flags)| {
        cpu.why(Fact::MaybePinned { page }.so(Then::CopyForChild));
        let new = alloc_page(cpu).await;
        copy_user_highpage(cpu, new, page, va).await;
        prepare_anon_page(cpu, new, va).await;
        page_add_new_anon_rmap(cpu, new).await;
        lru_cache_add(cpu, new).await;
        let pte = pte_mkdirty(cpu.arch(), Pte::mk(new));
        // maybe_mkwrite.
        let pte = if vm_flags & vm::WRITE != 0 { pte_mkwrite(cpu.arch(), pte) } else { pte };
        cpu.set_pte_at(dst, va, pte).await;
    })
    .await
}

/// `copy_nonpresent_pte`: a swap entry. An exclusive entry loses the mark in both mms.
async fn copy_nonpresent_pte(cpu: &Cpu, src: MmStruct, dst: MmStruct, va: Va, pte: Pte, entry: SwpEntry) {
    cpu.call("copy_nonpresent_pte", (src, dst, va, pte, entry), async |cpu, (src, dst, va, pte, entry)| {
        swap_duplicate(cpu, entry).await;
        if cpu.rules().counts_inactive()
            && let Some(page) = lookup_swap_cache(cpu, entry).await
        {
            cpu.add(page.mapcount(), ONE_INACTIVE as i64, Prim::PageDupRmap).await;
            put_page(cpu, page).await;
        }
        if pte.swp_exclusive() {
            cpu.set_pte_at(src, va, pte.clear(SWP_EXCLUSIVE)).await;
        }
        cpu.set_pte_at(dst, va, pte.clear(SWP_EXCLUSIVE | UFFD_WP)).await;
    })
    .await
}
