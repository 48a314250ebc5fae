//! Huge pages of hugetlb, in private mappings: faults, fork, and changes of protection, which hugetlb has code of its own
//! for.
//!
//! Follows `mm/hugetlb.c` (read in v5.4, v6.1.172 and v6.12.117). A huge page is one page here:
//! nothing in a private mapping looks at its parts. Its entry, which is one of a PMD or a PUD, is that of the area, and its
//! lock is the area's. GUP and unmapping do for it what they do for a PTE, so they are the functions for base pages here, and go by
//! their names (`gup_pte_range` for `gup_hugepte`, `follow_page_pte` for `follow_hugetlb_page`, `zap_pte_range` for
//! `__unmap_hugepage_range`). Left out: reservations and the size of the pool, so that an allocation never fails; shared mappings and
//! shared page tables with the locks that guard these (`hugetlb_vma_lock_read`, `i_mmap_rwsem`); userfaultfd; migration.

use cowrace_machine::{Prim, Tail};
use cowrace_report::{Fact, Then};

use crate::cpu::Cpu;
use crate::era::{AnonExclusive, ForkSeq, HugetlbFork, HugetlbForkWritable, Safeguard};
use crate::fault::{FaultFlag, FaultResult, VmFault, copy_user_highpage, set_access_flags};
use crate::fork::{raw_write_seqcount_begin, raw_write_seqcount_end};
use crate::objects::kernel::hugetlb_fault_mutex;
use crate::objects::{MmStruct, Page, pg, vm};
use crate::page_alloc::take_page;
use crate::pgtable::{Entry, Pte, pte_mkdirty, pte_mkwrite, pte_modify, pte_wrprotect, ptep_set_wrprotect};
use crate::rmap::{
    page_add_new_anon_rmap, page_dup_rmap, page_needs_cow_for_dma, page_remove_rmap_after_copy,
    page_try_dup_anon_rmap,
};
use crate::swap::put_page;
use crate::tlb::flush_tlb_page;
use crate::world::Va;

/// `hugetlb_fault`: faults of all processes that map the same page of the file wait for each other at a mutex, so that two do
/// not take the last page of the pool for the same place. After fork, parent and child map the same file.
pub async fn hugetlb_fault(cpu: &Cpu, vmf: VmFault) -> FaultResult {
    cpu.call("hugetlb_fault", (vmf,), async |cpu, (mut vmf,)| {
        let (mm, va) = (vmf.mm, vmf.va);
        let mutex = hugetlb_fault_mutex(va);
        cpu.mutex_lock(mutex).await;
        vmf.orig_pte = cpu.ptep_get(mm, va).await;
        if vmf.orig_pte.none() {
            hugetlb_no_page(cpu, vmf).await;
            cpu.mutex_unlock(mutex).await;
            return FaultResult::Done;
        }
        cpu.ptl_lock(mm, va).await;
        if !cpu.ptep_get(mm, va).await.same(vmf.orig_pte) && cpu.rules().keeps(Safeguard::HugetlbFaultPteSame)
        {
            cpu.why(Fact::PteChanged.so(Then::TryAgain));
            cpu.ptl_unlock(mm, va).await;
            cpu.mutex_unlock(mutex).await;
            return FaultResult::Done;
        }
        let (pte, page) = (vmf.orig_pte, vmf.orig_pte.page());
        if !cpu.trylock_page(page).await {
            cpu.why(Fact::PageLocked { page }.so(Then::TryAgain));
            // The kernel waits without a reference: it does not use the page then. A lock that is freed is an error here.
            cpu.get_page(page).await;
            cpu.ptl_unlock(mm, va).await;
            cpu.mutex_unlock(mutex).await;
            cpu.lock_page(page).await;
            cpu.unlock_page(page).await;
            put_page(cpu, page).await;
            return FaultResult::Done;
        }
        cpu.get_page(page).await;
        let breaks_cow = vmf.flag != FaultFlag::Read && !pte.write();
        if breaks_cow {
            hugetlb_wp(cpu, vmf).await;
        } else {
            set_access_flags(cpu, mm, va, pte, vmf.write()).await;
        }
        cpu.unlock_page(page).await;
        put_page(cpu, page).await;
        cpu.ptl_unlock(mm, va).await;
        cpu.mutex_unlock(mutex).await;
        if breaks_cow && vmf.write() { FaultResult::Write } else { FaultResult::Done }
    })
    .await
}

/// `hugetlb_no_page` of a private mapping: a zeroed page of its own, for loads as well. There is no zero page, and the page
/// cache has nothing, since nobody shares the file. The new entry is read-only, and a store makes it writable under the same lock.
/// Left out: that the entry is looked at again. Only migration changes it while the mutex is held.
async fn hugetlb_no_page(cpu: &Cpu, vmf: VmFault) {
    cpu.call("hugetlb_no_page", (vmf,), async |cpu, (vmf,)| {
        let (mm, va) = (vmf.mm, vmf.va);
        let page = alloc_hugetlb_folio(cpu, va).await;
        cpu.lock_page(page).await;
        cpu.ptl_lock(mm, va).await;
        page_add_new_anon_rmap(cpu, page).await;
        let entry = make_huge_pte(cpu, page, false);
        cpu.set_pte_at(mm, va, entry).await;
        if vmf.write() {
            hugetlb_wp(cpu, VmFault { orig_pte: entry, ..vmf }).await;
        }
        cpu.unlock_page(page).await;
        cpu.ptl_unlock(mm, va).await;
    })
    .await
}

/// `alloc_hugetlb_folio`: a page of the pool, which is on no LRU list. With the environment `page_reuse` it may be any page that
/// was freed before: the pool gives surplus pages back, and gets new ones.
async fn alloc_hugetlb_folio(cpu: &Cpu, va: Va) -> Page {
    cpu.call("alloc_hugetlb_folio", (va,), async |cpu, (va,)| {
        let page = take_page(cpu).await;
        cpu.set_bits(page.flags(), pg::UPTODATE, Prim::SetPageUptodate).await;
        cpu.store(page.index(), va as u64, Prim::WriteOnce).await;
        page
    })
    .await
}

/// `make_huge_pte`: young, and if it is writable, dirty.
fn make_huge_pte(cpu: &Cpu, page: Page, writable: bool) -> Pte {
    let pte = Pte::mk(page);
    if writable { pte_mkwrite(cpu.arch(), pte_mkdirty(cpu.arch(), pte)) } else { pte }
}

/// `hugetlb_wp` (`hugetlb_cow` up to v5.18): one mapping, and the page is reused, whatever references there are. Counting them
/// would have a fork and an exit need a second huge page, which the pool may not have (the comment in the source says so, and
/// that this leaks). The PTE lock is held, and dropped for the copy; the page is locked.
async fn hugetlb_wp(cpu: &Cpu, vmf: VmFault) {
    if let Tail::Call((vmf, page)) = reuse_or_copy(cpu, vmf).await {
        copy(cpu, vmf, page).await;
    }
}

/// `hugetlb_wp` up to the copy.
async fn reuse_or_copy(cpu: &Cpu, vmf: VmFault) -> Tail<(), (VmFault, Page)> {
    cpu.call("hugetlb_wp", (vmf,), async |cpu, (vmf,)| {
        let page = vmf.orig_pte.page();
        let mapcount = cpu.page_mapcount(page).await;
        if mapcount != 1 {
            cpu.why(Fact::PageMapcount { page, mapcount }.so(Then::Copy));
            return Tail::Call((vmf, page));
        }
        cpu.why(Fact::PageMapcount { page, mapcount }.so(Then::Reuse));
        if cpu.rules().is(AnonExclusive::Yes) && !cpu.page_anon_exclusive(page).await {
            cpu.set_page_anon_exclusive(page).await;
        }
        if vmf.write() {
            // set_huge_ptep_writable.
            let entry = pte_mkdirty(cpu.arch(), vmf.orig_pte);
            cpu.store(vmf.mm.pte(vmf.va), pte_mkwrite(cpu.arch(), entry), Prim::PtepSetAccessFlags).await;
        }
        Tail::Return(())
    })
    .await
}

/// `hugetlb_wp` from the copy on. Up to v5.18 the new entry was set before the old mapping was given up, which makes no difference: the
/// old entry has gone from page table and TLBs before both.
async fn copy(cpu: &Cpu, vmf: VmFault, old: Page) {
    cpu.call("hugetlb_wp", (vmf, old), async |cpu, (vmf, old)| {
        let (mm, va) = (vmf.mm, vmf.va);
        cpu.get_page(old).await;
        cpu.ptl_unlock(mm, va).await;
        let new = alloc_hugetlb_folio(cpu, va).await;
        copy_user_highpage(cpu, new, old, va).await;
        cpu.ptl_lock(mm, va).await;
        if cpu.ptep_get(mm, va).await.same(vmf.orig_pte) || !cpu.rules().keeps(Safeguard::HugetlbWpPteSame) {
            cpu.ptep_get_and_clear(mm, va, Prim::PtepClearFlush).await;
            flush_tlb_page(cpu, mm, va, Safeguard::HugetlbWpFlush).await;
            page_remove_rmap_after_copy(cpu, mm, old).await;
            page_add_new_anon_rmap(cpu, new).await;
            cpu.set_pte_at(mm, va, make_huge_pte(cpu, new, vmf.write())).await;
            cpu.ptl_unlock(mm, va).await;
            put_page(cpu, old).await;
        } else {
            cpu.why(Fact::PteChanged.so(Then::DropCopy));
            cpu.ptl_unlock(mm, va).await;
            put_page(cpu, new).await;
        }
        put_page(cpu, old).await;
        cpu.ptl_lock(mm, va).await;
    })
    .await
}

/// `copy_hugetlb_page_range`: fork of a private mapping, with the mmap lock of the parent held for writing.
pub async fn copy_hugetlb_page_range(cpu: &Cpu, src: MmStruct, dst: MmStruct, va: Va, vm_flags: u64) {
    cpu.call("copy_hugetlb_page_range", (src, dst, va, vm_flags), async |cpu, (src, dst, va, vm_flags)| {
        let seq = cpu.rules().is(HugetlbFork::CopySeqcount) && cpu.rules().is(ForkSeq::Yes);
        if seq {
            raw_write_seqcount_begin(cpu, src).await;
        }
        cpu.ptl_lock(dst, va).await;
        cpu.ptl_lock(src, va).await;
        let pte = cpu.ptep_get(src, va).await;
        if let Entry::Page(page) = pte.entry() {
            copy_huge_pte(cpu, src, dst, va, vm_flags, pte, page).await;
        }
        cpu.ptl_unlock(src, va).await;
        cpu.ptl_unlock(dst, va).await;
        if seq {
            raw_write_seqcount_end(cpu, src).await;
        }
    })
    .await
}

/// An entry that maps a page, with both locks held. Which of the two is made first, the reference or the write protection, has
/// changed; nobody reads references there.
async fn copy_huge_pte(cpu: &Cpu, src: MmStruct, dst: MmStruct, va: Va, vm_flags: u64, pte: Pte, page: Page) {
    cpu.part((src, dst, va, vm_flags, pte, page), async |cpu, (src, dst, va, vm_flags, pte, page)| {
        cpu.get_page(page).await;
        let is_shared = match () {
            () if cpu.rules().is(HugetlbFork::Share) => share(cpu, page).await,
            () if cpu.rules().is(AnonExclusive::Yes) => page_try_dup_anon_rmap(cpu, src, page).await,
            () if page_needs_cow_for_dma(cpu, src, page).await => false,
            () => share(cpu, page).await,
        };
        if is_shared {
            ptep_set_wrprotect(cpu, src, va).await;
            cpu.set_pte_at(dst, va, pte_wrprotect(cpu, pte)).await;
        } else {
            copy_for_child(cpu, src, dst, va, vm_flags, page).await;
        }
    })
    .await
}

/// `page_dup_rmap`, which never fails.
async fn share(cpu: &Cpu, page: Page) -> bool {
    page_dup_rmap(cpu, page).await;
    true
}

/// A page that may be pinned stays with the parent; the child gets a copy (4eae4efa2c29), which is made with the locks dropped: the
/// parent's threads and devices may write to the page meanwhile. Left out: that the parent's entry is looked at again. With the mmap
/// lock held, only migration changes it.
async fn copy_for_child(cpu: &Cpu, src: MmStruct, dst: MmStruct, va: Va, vm_flags: u64, page: Page) {
    cpu.why(Fact::MaybePinned { page }.so(Then::CopyForChild));
    cpu.ptl_unlock(src, va).await;
    cpu.ptl_unlock(dst, va).await;
    let new = alloc_hugetlb_folio(cpu, va).await;
    copy_user_highpage(cpu, new, page, va).await;
    put_page(cpu, page).await;
    cpu.ptl_lock(dst, va).await;
    cpu.ptl_lock(src, va).await;
    // hugetlb_install_folio.
    page_add_new_anon_rmap(cpu, new).await;
    let writable = cpu.rules().is(HugetlbForkWritable::Always) || vm_flags & vm::WRITE != 0;
    cpu.set_pte_at(dst, va, make_huge_pte(cpu, new, writable)).await;
}

/// `hugetlb_change_protection`: the new entry has the access rights of the area's `vm_page_prot`, which lacks the write bit in a private
/// mapping; a store gets it back by a fault. The flush comes when all entries have been changed.
pub async fn hugetlb_change_protection(cpu: &Cpu, mm: MmStruct, va: Va) {
    cpu.call("hugetlb_change_protection", (mm, va), async |cpu, (mm, va)| {
        cpu.ptl_lock(mm, va).await;
        let is_mapped = cpu.ptep_get(mm, va).await.present();
        if is_mapped {
            let old = cpu.ptep_get_and_clear(mm, va, Prim::PtepModifyProtStart).await;
            cpu.store(mm.pte(va), pte_modify(cpu, old), Prim::PtepModifyProtCommit).await;
        }
        cpu.ptl_unlock(mm, va).await;
        if is_mapped {
            flush_tlb_page(cpu, mm, va, Safeguard::HugetlbProtectFlush).await;
        }
    })
    .await
}
