//! Faults at the PMD level.
//!
//! Follows `mm/huge_memory.c` and `__handle_mm_fault` of `mm/memory.c` (v5.4 to v6.18).

use cowrace_machine::{Prim, Tail, mmu};
use cowrace_report::{Fact, Then};

use super::split::split_huge_pmd;
use crate::costs::count;
use crate::cpu::Cpu;
use crate::era::{AnonExclusive, Safeguard, ThpWp, ThpWpElse};
use crate::fault::{FaultFlag, FaultResult, VmFault};
use crate::objects::kernel::COPIED;
use crate::objects::{MmStruct, Page, pg, references, vm};
use crate::page_alloc::alloc_huge_page;
use crate::pgtable::{Pmd, Pte, pte_mkdirty};
use crate::rmap::{
    folio_set_large_mapcount, folio_sub_large_mapcount, page_add_new_anon_rmap_pmd,
    page_remove_rmap_pmd_after_copy, page_trans_huge_map_swapcount,
};
use crate::swap::put_page;
use crate::tlb::flush_tlb_page;
use crate::userfaultfd::handle_userfault;
use crate::vma::is_one_vma;
use crate::world::{PAGES, Va};

/// `__handle_mm_fault` of `mm/memory.c` at the PMD level. `None` if the fault goes on at the PTE level.
pub async fn handle_pmd_fault(cpu: &Cpu, vmf: VmFault, range: Va) -> Option<FaultResult> {
    cpu.call("__handle_mm_fault", (vmf, range), async |cpu, (mut vmf, range)| {
        vmf.orig_pte = cpu.pmdp_get_lockless(vmf.mm, range).await;
        match vmf.orig_pte.pmd() {
            Pmd::Table => None,
            Pmd::None => do_huge_pmd_anonymous_page(cpu, vmf, range).await,
            Pmd::Huge(_) | Pmd::Invalid(_) if vmf.flag != FaultFlag::Read && !vmf.orig_pte.write() => {
                do_huge_pmd_wp_page(cpu, vmf, range).await
            }
            Pmd::Huge(_) | Pmd::Invalid(_) => {
                huge_pmd_set_accessed(cpu, vmf, range).await;
                Some(FaultResult::Done)
            }
        }
    })
    .await
}

/// `do_huge_pmd_anonymous_page`, without the huge zero page: a load allocates as well. A range whose VMA has been split is not big
/// enough, and its pages are base pages.
async fn do_huge_pmd_anonymous_page(cpu: &Cpu, vmf: VmFault, range: Va) -> Option<FaultResult> {
    cpu.call("do_huge_pmd_anonymous_page", (vmf, range), async |cpu, (vmf, range)| {
        let mm = vmf.mm;
        if !is_one_vma(cpu, mm, range).await {
            return None;
        }
        let page = alloc_huge_page(cpu, range).await;
        cpu.pmd_lock(mm, range).await;
        if cpu.pmdp_get(mm, range).await.pmd() != Pmd::None && cpu.rules().keeps(Safeguard::ThpPmdNone) {
            cpu.pmd_unlock(mm, range).await;
            put_page(cpu, page).await;
            return Some(FaultResult::Done);
        }
        page_add_new_anon_rmap_pmd(cpu, page).await;
        folio_set_large_mapcount(cpu, mm, page).await;
        // A huge page does not stay in the batch of the CPU.
        cpu.set_bits(page.flags(), pg::LRU, Prim::SetPageLru).await;
        cpu.set_pmd_at(mm, range, vmf.maybe_mkwrite(cpu, pte_mkdirty(cpu.arch(), Pte::mk(page)))).await;
        cpu.pmd_unlock(mm, range).await;
        Some(FaultResult::Done)
    })
    .await
}

/// What `handle_pte_fault` and `do_anonymous_page` of `mm/memory.c` (read in v5.4, v5.10, v6.1 and v6.12) ask of the PMD before they look at
/// a page table, since no lock was held: if it has none, it gets an empty one (`pte_alloc`). Returns whether it refers to a table; if it maps a huge page meanwhile, the fault is tried again
/// (`pmd_trans_unstable`, `pte_offset_map_nolock` since v6.5).
pub async fn pte_alloc(cpu: &Cpu, mm: MmStruct, range: Va) -> bool {
    let mut pmd = cpu.pmdp_get(mm, range).await.pmd();
    if pmd == Pmd::None {
        cpu.pmd_lock(mm, range).await;
        pmd = cpu.pmdp_get(mm, range).await.pmd();
        if pmd == Pmd::None {
            cpu.store(mm.pmd(range), Pte::table(), Prim::PmdPopulate).await;
            pmd = Pmd::Table;
        }
        cpu.pmd_unlock(mm, range).await;
    }
    pmd == Pmd::Table
}

/// `huge_pmd_set_accessed`: the entry becomes young, and for a store dirty.
async fn huge_pmd_set_accessed(cpu: &Cpu, vmf: VmFault, range: Va) {
    cpu.call("huge_pmd_set_accessed", (vmf, range), async |cpu, (vmf, range)| {
        cpu.pmd_lock(vmf.mm, range).await;
        let pmd = cpu.pmdp_get(vmf.mm, range).await;
        if pmd.same(vmf.orig_pte) {
            let mut young = pmd.set(mmu::ACCESSED);
            if vmf.write() {
                young = pte_mkdirty(cpu.arch(), young);
            }
            if !young.same(pmd) {
                cpu.store(vmf.mm.pmd(range), young, Prim::PmdpSetAccessFlags).await;
            }
        }
        cpu.pmd_unlock(vmf.mm, range).await;
    })
    .await
}

/// `do_huge_pmd_wp_page`, with the test of `wp_huge_pmd` for userfaultfd before it: reuses the huge page, or else copies it (up to
/// v5.7) or splits the mapping (since 3917c80280c9, v5.8) and goes on at the PTE level.
async fn do_huge_pmd_wp_page(cpu: &Cpu, vmf: VmFault, range: Va) -> Option<FaultResult> {
    if vmf.write() && vmf.vma(vm::UFFD_WP) && vmf.orig_pte.uffd_wp() {
        return Some(handle_userfault(cpu, vmf).await);
    }
    match reuse_or_not(cpu, vmf, range).await {
        Tail::Return(result) => Some(result),
        Tail::Call(page) if cpu.rules().is(ThpWpElse::Copy) => Some(copy(cpu, vmf, range, page).await),
        Tail::Call(_) => {
            split_huge_pmd(cpu, vmf.mm, range).await;
            None
        }
    }
}

/// `do_huge_pmd_wp_page` up to the copy or the split. A page that is reused is exclusive from v5.19 on. Where it copies, the page is
/// returned with a reference.
async fn reuse_or_not(cpu: &Cpu, vmf: VmFault, range: Va) -> Tail<FaultResult, Page> {
    cpu.call("do_huge_pmd_wp_page", (vmf, range), async |cpu, (vmf, range)| {
        let (mm, rules) = (vmf.mm, cpu.rules());
        cpu.pmd_lock(mm, range).await;
        if !cpu.pmdp_get(mm, range).await.same(vmf.orig_pte) && rules.keeps(Safeguard::ThpWpPmdSame) {
            cpu.why(Fact::PmdChanged.so(Then::TryAgain));
            cpu.pmd_unlock(mm, range).await;
            return Tail::Return(FaultResult::Done);
        }
        let page = vmf.orig_pte.page();
        if rules.is(AnonExclusive::Yes) && cpu.page_anon_exclusive(page).await {
            cpu.why(Fact::AnonExclusive { page, exclusive: true }.so(Then::Reuse));
            return Tail::Return(reuse(cpu, vmf, range).await);
        }
        if !cpu.trylock_page(page).await {
            cpu.get_page(page).await;
            cpu.pmd_unlock(mm, range).await;
            cpu.lock_page(page).await;
            cpu.pmd_lock(mm, range).await;
            if !cpu.pmdp_get(mm, range).await.same(vmf.orig_pte) && rules.keeps(Safeguard::ThpWpLockPmdSame) {
                cpu.pmd_unlock(mm, range).await;
                cpu.unlock_page(page).await;
                put_page(cpu, page).await;
                return Tail::Return(FaultResult::Done);
            }
            put_page(cpu, page).await;
        }
        if rules.is(AnonExclusive::Yes) && cpu.page_anon_exclusive(page).await {
            cpu.why(Fact::AnonExclusive { page, exclusive: true }.so(Then::Reuse));
            cpu.unlock_page(page).await;
            return Tail::Return(reuse(cpu, vmf, range).await);
        }
        let reuses = if rules.is(ThpWp::MapSwap) {
            page_trans_huge_map_swapcount(cpu, page).await
        } else {
            is_alone(cpu, page).await
        };
        if reuses && rules.is(AnonExclusive::Yes) {
            cpu.set_page_anon_exclusive(page).await;
        }
        cpu.unlock_page(page).await;
        if reuses {
            return Tail::Return(reuse(cpu, vmf, range).await);
        }
        if rules.is(ThpWpElse::Copy) {
            cpu.get_page(page).await;
        }
        cpu.pmd_unlock(mm, range).await;
        Tail::Call(page)
    })
    .await
}

/// Whether the mapping has the only reference (3bff7e3f1f16, v5.18). Left out: the swap cache.
async fn is_alone(cpu: &Cpu, page: Page) -> bool {
    let count = cpu.page_count(page).await;
    let is_alone = count == 1;
    cpu.why(Fact::PageCount { page, count: references(count) }.so(if is_alone {
        Then::Reuse
    } else {
        Then::SplitPmd
    }));
    is_alone
}

/// The end of `do_huge_pmd_wp_page` where the page stays: unsharing leaves the entry alone. Drops the lock.
async fn reuse(cpu: &Cpu, vmf: VmFault, range: Va) -> FaultResult {
    let unshares = vmf.flag == FaultFlag::Unshare;
    if !unshares {
        let entry = vmf.maybe_mkwrite(cpu, pte_mkdirty(cpu.arch(), vmf.orig_pte.set(mmu::ACCESSED)));
        cpu.store(vmf.mm.pmd(range), entry, Prim::PmdpSetAccessFlags).await;
    }
    cpu.pmd_unlock(vmf.mm, range).await;
    if unshares { FaultResult::Done } else { FaultResult::Write }
}

/// `do_huge_pmd_wp_page` from the copy on (up to v5.7), with a reference on the old page.
async fn copy(cpu: &Cpu, vmf: VmFault, range: Va, old: Page) -> FaultResult {
    cpu.call("do_huge_pmd_wp_page", (vmf, range, old), async |cpu, (vmf, range, old)| {
        let mm = vmf.mm;
        let new = alloc_huge_page(cpu, range).await;
        for nth in 0..PAGES as u8 {
            count(cpu, COPIED).await;
            let data = cpu.load(old.nth(nth).data(nth), Prim::CopyUserHighpage).await;
            cpu.store(new.nth(nth).data(nth), data, Prim::CopyUserHighpage).await;
        }
        cpu.why(Fact::Copied { from: old, to: new });
        cpu.pmd_lock(mm, range).await;
        put_page(cpu, old).await;
        if !cpu.pmdp_get(mm, range).await.same(vmf.orig_pte) && cpu.rules().keeps(Safeguard::ThpWpCopyPmdSame)
        {
            cpu.why(Fact::PmdChanged.so(Then::DropCopy));
            cpu.pmd_unlock(mm, range).await;
            put_page(cpu, new).await;
            return FaultResult::Done;
        }
        cpu.pmdp_huge_get_and_clear(mm, range, Prim::PmdpClearFlush).await;
        flush_tlb_page(cpu, mm, range, Safeguard::ThpWpCopyFlush).await;
        page_add_new_anon_rmap_pmd(cpu, new).await;
        folio_set_large_mapcount(cpu, mm, new).await;
        cpu.set_bits(new.flags(), pg::LRU, Prim::SetPageLru).await;
        cpu.set_pmd_at(mm, range, vmf.maybe_mkwrite(cpu, pte_mkdirty(cpu.arch(), Pte::mk(new)))).await;
        folio_sub_large_mapcount(cpu, mm, old, 1).await;
        page_remove_rmap_pmd_after_copy(cpu, mm, old).await;
        put_page(cpu, old).await;
        cpu.pmd_unlock(mm, range).await;
        FaultResult::Write
    })
    .await
}
