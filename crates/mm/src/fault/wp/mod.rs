//! Write faults: whether the page is reused or copied.
//!
//! Each generation of the decision has a file: mappings ([`mapcount`], up to v5.8), references ([`count`], from v5.9
//! on), and a mark that a page is exclusive ([`exclusive`], from v5.19 on). Its function returns whether the page is
//! reused, or `None` if the fault is over and the PTE lock has been dropped.

pub mod count;
pub mod exclusive;
pub mod mapcount;

use cowrace_machine::{Prim, Tail, mmu};
use cowrace_report::{Fact, Then};

use count::{unlocks_late, wp_reuse_by_count};
use exclusive::wp_reuse_exclusive;
use mapcount::wp_reuse_by_mapcount;

use super::copy::copy_user_highpage;
use super::vm_fault::{FaultResult, VmFault};
use crate::cpu::Cpu;
use crate::era::{FreeSwapCache, GupLongterm, Safeguard, UffdFlush, UnshareCopy, WpReuse};
use crate::folio::page_folio;
use crate::objects::{Page, pg, vm};
use crate::page_alloc::{alloc_page, prepare_anon_page};
use crate::pgtable::{Pte, SOFT_DIRTY, UFFD_WP, pte_mkdirty};
use crate::rmap::{page_add_new_anon_rmap, page_remove_rmap_after_copy, remove_pte_of_large};
use crate::swap::{lru_cache_add, put_page};
use crate::swapfile::free_swap_cache;
use crate::tlb::{flush_tlb_page, mm_tlb_flush_pending};
use crate::userfaultfd::handle_userfault;

/// `do_wp_page`: a write (or unshare) fault on a PTE without the write bit. Called with the PTE lock held,
/// returns without it.
pub async fn do_wp_page(cpu: &Cpu, vmf: VmFault) -> FaultResult {
    match reuse_or_copy(cpu, vmf).await {
        Tail::Return(result) => result,
        Tail::Call((vmf, page)) => wp_page_copy(cpu, vmf, page).await,
    }
}

/// `do_wp_page` up to the call of `wp_page_copy` with which it may end.
async fn reuse_or_copy(cpu: &Cpu, vmf: VmFault) -> Tail<FaultResult, (VmFault, Page)> {
    cpu.call("do_wp_page", (vmf,), async |cpu, (vmf,)| {
        let (mm, va) = (vmf.mm, vmf.va);
        if vmf.write() && vmf.vma(vm::UFFD_WP) && vmf.orig_pte.uffd_wp() {
            cpu.ptl_unlock(mm, va).await;
            return Tail::Return(handle_userfault(cpu, vmf).await);
        }
        if vmf.write()
            && vmf.vma(vm::UFFD_WP)
            && cpu.rules().is(UffdFlush::Yes)
            && mm_tlb_flush_pending(cpu, mm).await
        {
            cpu.why(Fact::UffdFlushPending.so(Then::FlushFirst));
            flush_tlb_page(cpu, mm, va, Safeguard::UffdFlush).await;
        }
        let page = page_folio(cpu, vmf.orig_pte.page()).await;
        if !page.is_anon() {
            if vmf.unshare() && cpu.rules().is(GupLongterm::Share) {
                cpu.ptl_unlock(mm, va).await;
                return Tail::Return(FaultResult::Done);
            }
            cpu.why(Fact::NotAnonymous { page }.so(Then::Copy));
            if !page.is_zero() {
                cpu.get_page(page).await;
            }
            cpu.ptl_unlock(mm, va).await;
            return Tail::Call((vmf, page));
        }
        let reuse = cpu.part((vmf, page), async |cpu, (vmf, page)| match cpu.rules().wp_reuse() {
            WpReuse::MapSwap | WpReuse::MapCount | WpReuse::ActiveInactive => {
                wp_reuse_by_mapcount(cpu, vmf, page).await
            }
            WpReuse::Count => wp_reuse_by_count(cpu, vmf, page).await,
            WpReuse::AnonExclusive => wp_reuse_exclusive(cpu, vmf, page).await,
        });
        match reuse.await {
            None => Tail::Return(FaultResult::Done),
            Some(true) if vmf.unshare() => {
                cpu.ptl_unlock(mm, va).await;
                Tail::Return(FaultResult::Done)
            }
            Some(true) => {
                let late = unlocks_late(cpu);
                wp_page_reuse(cpu, vmf).await;
                if late {
                    // v5.9-rc4 to rc6: the PTE lock has been dropped, so the page may already be freed.
                    cpu.unlock_page(page).await;
                }
                Tail::Return(FaultResult::Write)
            }
            Some(false) => {
                cpu.get_page(page).await;
                cpu.ptl_unlock(mm, va).await;
                Tail::Call((vmf, page))
            }
        }
    })
    .await
}

/// `wp_page_reuse`: the page stays, the PTE becomes writable. Drops the PTE lock.
async fn wp_page_reuse(cpu: &Cpu, vmf: VmFault) {
    cpu.call("wp_page_reuse", (vmf,), async |cpu, (vmf,)| {
        let entry = vmf.maybe_mkwrite(cpu, pte_mkdirty(cpu.arch(), vmf.orig_pte.set(mmu::ACCESSED)));
        cpu.store(vmf.mm.pte(vmf.va), entry, Prim::PtepSetAccessFlags).await;
        cpu.ptl_unlock(vmf.mm, vmf.va).await;
    })
    .await
}

/// `wp_page_copy`: a copy replaces the page. Called without the PTE lock, with a reference on the old page; the copy is
/// made under no lock at all.
async fn wp_page_copy(cpu: &Cpu, vmf: VmFault, old: Page) -> FaultResult {
    cpu.call("wp_page_copy", (vmf, old), async |cpu, (vmf, old)| {
        let new = alloc_page(cpu).await;
        if !old.is_zero() {
            copy_user_highpage(cpu, new, old, vmf.va).await;
        }
        prepare_anon_page(cpu, new, vmf.va).await;
        let copied = cpu.part((vmf, new, old), async |cpu, (vmf, new, old)| {
            let (mm, va) = (vmf.mm, vmf.va);
            cpu.ptl_lock(mm, va).await;
            if !cpu.ptep_get(mm, va).await.same(vmf.orig_pte) && cpu.rules().keeps(Safeguard::WpCopyPteSame) {
                cpu.why(Fact::PteChanged.so(Then::DropCopy));
                cpu.ptl_unlock(mm, va).await;
                return false;
            }
            let mut entry = Pte::mk(new);
            if vmf.unshare() {
                entry = entry.carry(vmf.orig_pte, SOFT_DIRTY | UFFD_WP);
            } else {
                entry = vmf.maybe_mkwrite(cpu, pte_mkdirty(cpu.arch(), entry));
            }
            // The old entry must be gone from every TLB before the new one can be used from any.
            cpu.ptep_get_and_clear(mm, va, Prim::PtepClearFlush).await;
            flush_tlb_page(cpu, mm, va, Safeguard::WpCopyFlush).await;
            page_add_new_anon_rmap(cpu, new).await;
            lru_cache_add(cpu, new).await;
            if vmf.unshare() && cpu.rules().is(UnshareCopy::Dirty) {
                cpu.set_bits(new.flags(), pg::DIRTY, Prim::SetPageDirty).await;
            }
            cpu.set_pte_at(mm, va, entry).await;
            if !old.is_zero() {
                // After the PTE has been changed: another mm may reuse the page as soon as the count allows it.
                remove_pte_of_large(cpu, mm, old).await;
                page_remove_rmap_after_copy(cpu, mm, old).await;
                // This is the mapping's reference; the fault's own reference is still held.
                cpu.page_ref_sub(old, 1).await;
            }
            cpu.ptl_unlock(mm, va).await;
            true
        });
        let copied = copied.await;
        if copied && old.is_anon() && cpu.rules().is(FreeSwapCache::Yes) {
            free_swap_cache(cpu, old).await;
        }
        if !copied {
            put_page(cpu, new).await;
        }
        if !old.is_zero() {
            put_page(cpu, old).await;
        }
        if copied && vmf.write() { FaultResult::Write } else { FaultResult::Done }
    })
    .await
}
