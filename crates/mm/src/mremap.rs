//! mremap: memory goes to another address, with its pages, marks and pins.
//!
//! Follows `mm/mremap.c` (read in v5.4, v5.15, v6.12, v6.14, v6.17 and v7.2), as called with `MREMAP_MAYMOVE|MREMAP_FIXED` and one length. Left out:
//! moves of whole page tables (`move_normal_pmd`, since v5.0), which need addresses that are aligned alike; hugetlb and files; the locks of
//! rmap, since the new VMA is not merged with another one, so that a walk finds it after the old one; `MREMAP_DONTUNMAP`. Where nothing is
//! mapped the call fails with what was at the destination in place; up to v5.15 that is gone then. VMAs whose flags are equal are taken for one,
//! even if they came from different ranges.

use std::ops::Range;

use cowrace_machine::{Arch, Prim, mmu};
use cowrace_report::{Aim, Fact, Obstacle, Then};

use crate::cpu::Cpu;
use crate::era::{MremapBatch, MremapUffdWp, MremapVmas, Safeguard};
use crate::folio::{PteBatch, folio_pte_batch, get_and_clear_ptes, large_folio, set_ptes};
use crate::huge_memory::{move_huge_pmd, pte_alloc, split_huge_pmd, vma_adjust_trans_huge};
use crate::mmap::{vma_start_write, zap_page_range};
use crate::objects::{MmStruct, vm};
use crate::pgtable::{Entry, Pmd, Pte, SOFT_DIRTY, UFFD_WP};
use crate::swap::lru_add_drain_to_unmap;
use crate::tlb::{flush_tlb_batched_pending, flush_tlb_page};
use crate::vma::{anon_vma_lock_write, anon_vma_unlock_write, set_vm_flags, vmas};
use crate::world::{Errno, Va};

/// `mremap(2)`: what is at the destination is unmapped, and the memory moved, all under the mmap lock for writing and, from v6.4 on, the locks of
/// both VMAs. Several VMAs can be moved with one call from d23cb648e365 (v6.17) on.
///
/// # Errors
///
/// `EFAULT` if nothing is mapped there, or more than one VMA where only one can be moved.
pub async fn mremap(cpu: &Cpu, mm: MmStruct, from: Va, to: Va) -> Result<(), Errno> {
    cpu.call("mremap", (mm, from, to), async |cpu, (mm, from, to)| {
        cpu.mmap_write_lock(mm).await;
        let moved = mremap_to(cpu, mm, from, to).await;
        if moved.is_err() {
            cpu.no_effect(Aim::Move, Obstacle::NoVma);
        }
        cpu.mmap_write_unlock(mm).await;
        moved
    })
    .await
}

async fn mremap_to(cpu: &Cpu, mm: MmStruct, from: Va, to: Va) -> Result<(), Errno> {
    let all = vmas(cpu, mm, from).await;
    if all[0].1 & vm::EXISTS == 0 {
        return Err(Errno::Efault);
    }
    let locked = vma_start_write(cpu, mm, to).await;
    do_munmap(cpu, mm, to).await;
    free_pgtables(cpu, mm, to).await;
    let goes = if all.len() > 1 && cpu.rules().is(MremapVmas::One) {
        Err(Errno::Efault)
    } else {
        let source = vma_start_write(cpu, mm, from).await;
        for (va, vm_flags) in all {
            if vm_flags & vm::EXISTS != 0 {
                let to = if va == from { to } else { same_page(cpu, from, va, to) };
                move_vma(cpu, mm, va, to, vm_flags).await;
            }
        }
        free_pgtables(cpu, mm, from).await;
        if source {
            cpu.write_unlock(cpu.vm_lock(mm, from), Prim::VmaEndWrite).await;
        }
        Ok(())
    };
    if locked {
        cpu.write_unlock(cpu.vm_lock(mm, to), Prim::VmaEndWrite).await;
    }
    goes
}

/// The page of the destination for a page of the source.
fn same_page(cpu: &Cpu, from: Va, page: Va, to: Va) -> Va {
    cpu.kernel().geometry.pages(to).start + (page - cpu.kernel().geometry.pages(from).start)
}

/// `do_munmap` with the lock for writing throughout.
async fn do_munmap(cpu: &Cpu, mm: MmStruct, va: Va) {
    vma_adjust_trans_huge(cpu, mm, va).await;
    set_vm_flags(cpu, mm, va, 0).await;
    lru_add_drain_to_unmap(cpu).await;
    zap_page_range(cpu, mm, va).await;
}

/// `free_pgtables` of a range: its page table goes, which nothing maps any more.
async fn free_pgtables(cpu: &Cpu, mm: MmStruct, va: Va) {
    if cpu.kernel().geometry.range(va) == Some(va) && cpu.pmdp_get(mm, va).await.pmd() == Pmd::Table {
        cpu.store(mm.pmd(va), 0, Prim::WriteOnce).await;
    }
}

/// `move_vma`: a copy of the VMA, which is not registered with userfaultfd; its entries; and then the old one goes.
async fn move_vma(cpu: &Cpu, mm: MmStruct, from: Va, to: Va, vm_flags: u64) {
    cpu.call("move_vma", (mm, from, to, vm_flags), async |cpu, (mm, from, to, vm_flags)| {
        copy_vma(cpu, mm, to, vm_flags & !vm::UFFD_WP).await;
        move_page_tables(cpu, mm, (from, to), vm_flags).await;
        do_munmap(cpu, mm, from).await;
    })
    .await
}

/// `copy_vma`: the new VMA becomes one of the anon_vma of the old one.
async fn copy_vma(cpu: &Cpu, mm: MmStruct, to: Va, vm_flags: u64) {
    let range = cpu.kernel().geometry.range(to);
    if let Some(range) = range {
        anon_vma_lock_write(cpu, range).await;
    }
    for page in cpu.kernel().geometry.pages(to) {
        cpu.store(mm.vm_flags(page), vm_flags, Prim::VmFlags).await;
    }
    if let Some(range) = range {
        anon_vma_unlock_write(cpu, range).await;
    }
}

/// `move_page_tables`: a PMD that maps a huge page goes as a whole, if all of it is moved.
async fn move_page_tables(cpu: &Cpu, mm: MmStruct, (from, to): (Va, Va), vm_flags: u64) {
    let geometry = &cpu.kernel().geometry;
    let (Some(range), Some(to_range)) = (geometry.range(from), geometry.range(to)) else {
        return move_ptes(cpu, mm, (from, to), vm_flags).await;
    };
    if let Pmd::Huge(_) | Pmd::Invalid(_) = cpu.pmdp_get(mm, range).await.pmd() {
        let is_whole = (from, to) == (range, to_range);
        if is_whole && move_huge_pmd(cpu, mm, (range, to_range), vm_flags).await {
            return;
        }
        if !is_whole {
            cpu.why(Fact::HugeInPart.so(Then::SplitPmd));
        }
        split_huge_pmd(cpu, mm, range).await;
    }
    if cpu.pmdp_get(mm, range).await.pmd() == Pmd::Table && pte_alloc(cpu, mm, to_range).await {
        move_ptes(cpu, mm, (from, to), vm_flags).await;
    }
}

/// `move_ptes`: the entries of one VMA, under the locks of both page tables, and with the flush before they are dropped (eb66ae030829, v4.19):
/// nobody frees a page that a TLB has at the old address.
async fn move_ptes(cpu: &Cpu, mm: MmStruct, places: (Va, Va), vm_flags: u64) {
    cpu.call("move_ptes", (mm, places, vm_flags), async |cpu, (mm, (from, to), vm_flags)| {
        let geometry = &cpu.kernel().geometry;
        let (old, new) = (geometry.pages(from), geometry.pages(to));
        let is_one_table = geometry.table(old.start) == geometry.table(new.start);
        cpu.ptl_lock(mm, old.start).await;
        if !is_one_table {
            cpu.ptl_lock(mm, new.start).await;
        }
        flush_tlb_batched_pending(cpu, mm).await;
        let mut flush = false;
        let mut left = old.clone();
        while !left.is_empty() {
            let pte = cpu.ptep_get(mm, left.start).await;
            let mut batch = PteBatch::of(left.start, pte);
            if pte.present() {
                flush = true;
                batch = mremap_folio_pte_batch(cpu, mm, left.clone(), pte).await;
            }
            if !pte.none() {
                let pte = get_and_clear_ptes(cpu, mm, batch, Prim::PtepGetAndClear).await;
                let (first, pte) = (new.start + (batch.first - old.start), moved(cpu, pte, vm_flags));
                if batch.nr > 1 {
                    set_ptes(cpu, mm, PteBatch { first, ..batch }, pte).await;
                } else {
                    cpu.set_pte_at(mm, first, pte).await;
                }
            }
            left.start = batch.addresses().end;
        }
        if flush {
            flush_tlb_page(cpu, mm, from, Safeguard::MremapFlush).await;
        }
        if !is_one_table {
            cpu.ptl_unlock(mm, new.start).await;
        }
        cpu.ptl_unlock(mm, old.start).await;
    })
    .await
}

/// An entry at its new address: soft-dirty, and from 0cef0bb836e3 (v6.13) on without the marks of a userfaultfd that does not follow.
pub(crate) fn moved(cpu: &Cpu, pte: Pte, vm_flags: u64) -> Pte {
    let is_left_behind = vm_flags & vm::UFFD_WP != 0 && cpu.rules().is(MremapUffdWp::Cleared);
    match pte.entry() {
        Entry::Marker if is_left_behind => Pte::default(),
        Entry::Marker | Entry::None => pte,
        _ if is_left_behind => pte.set(SOFT_DIRTY).clear(UFFD_WP),
        _ => pte.set(SOFT_DIRTY),
    }
}

/// `mremap_folio_pte_batch` (f822a9a81a31, v6.17): the entries of one folio in a row go together, with the bits of the first; up to 04d1c9d60c6e
/// (v6.18) also if it is writable and the others are not. It begins with entries that the architecture says are in a row (`pte_batch_hint`), as those of
/// arm64 with its contiguous bit do, of which a page here stands for one run. x86 has none.
async fn mremap_folio_pte_batch(cpu: &Cpu, mm: MmStruct, left: Range<Va>, pte: Pte) -> PteBatch {
    let one = PteBatch::of(left.start, pte);
    let respected = match cpu.rules().mremap_batch() {
        MremapBatch::No => return one,
        MremapBatch::Any => UFFD_WP,
        MremapBatch::SameWrite => UFFD_WP | mmu::WRITE,
    };
    let has_hint = cpu.arch() != Arch::X86;
    if left.len() == 1 || !has_hint || large_folio(cpu, pte.page()).await.is_none() {
        return one;
    }
    let batch = folio_pte_batch(cpu, mm, left, pte, respected).await;
    if batch.nr > 1 {
        cpu.why(Fact::PteBatch { page: pte.page(), nr: batch.nr as u64 }.so(Then::MoveAlike));
    }
    batch
}
