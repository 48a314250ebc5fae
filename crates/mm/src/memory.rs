//! Page faults: anonymous, write-protect, swap-in, and the copy.
//!
//! Follows `mm/memory.c`, function by function, v5.7 to v6.15; where kernels differ the rule of the era is
//! read at the place where their code differs. Left out: everything above the PTE level, shared and
//! PFN mappings, KSM, NUMA hinting, migration and device entries, memcg, MMU notifiers, allocation
//! failure.

use cowrace_machine::{Prim, mmu};
use cowrace_report::{Fact, Mappings, Then};

use crate::costs::count;
use crate::cpu::Cpu;
use crate::era::{
    AnonExclusive, FreeSwapCache, GupLongterm, Ordering, SwapinRecheck, SwapinReuse, SwapinWritable,
    UffdFlush, UnshareCopy, VmaLock, WpFreeSwap, WpLruDrain, WpReuse, WpUnlock,
};
use crate::objects::kernel::{COPIED, FAULTED};
use crate::objects::{MmStruct, Page, file_page, mappings, pg, references, vm};
use crate::page_alloc::{alloc_page, prepare_anon_page};
use crate::pgtable::{pte_mkdirty, pte_mkwrite, pte_wrprotect};
use crate::pte::{Pte, SOFT_DIRTY, UFFD_WP};
use crate::rmap::{page_add_anon_rmap, page_add_new_anon_rmap, page_remove_rmap_after_copy};
use crate::swap::{lru_add_drain, lru_cache_add, put_page};
use crate::swapfile::{
    free_swap_cache, lookup_swap_cache, page_swap_entry, reuse_by_active, reuse_by_mapcount, reuse_swap_page,
    swap_free, swapin_readahead, try_to_free_swap,
};
use crate::tlb::{flush_tlb_page, mm_tlb_flush_pending};
use crate::userfaultfd::handle_userfault;
use crate::world::{Errno, Va};

/// What a fault is for: `FAULT_FLAG_WRITE`, `FAULT_FLAG_UNSHARE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultFlag {
    /// A load.
    Read,
    /// A store.
    Write,
    /// GUP wants an exclusive page without writing to it (v5.19 and later).
    Unshare,
}

/// `struct vm_fault`.
#[derive(Clone, Copy, Debug)]
pub struct VmFault {
    /// The mm.
    pub mm: MmStruct,
    /// The address.
    pub va: Va,
    /// What it is for.
    pub flag: FaultFlag,
    /// `vma->vm_flags`.
    pub vm_flags: u64,
    /// The PTE that was read.
    pub orig_pte: Pte,
    /// Whether the VMA's lock is held instead of the mmap lock.
    pub vma_locked: bool,
    /// `FAULT_FLAG_ALLOW_RETRY`: the lock may be dropped in order to wait.
    pub allow_retry: bool,
}

/// `vm_fault_t`, as far as callers look at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultResult {
    /// Done, or overtaken: the access is tried again.
    Done,
    /// `VM_FAULT_WRITE`: COW was broken.
    Write,
    /// `VM_FAULT_RETRY`: the lock was dropped, to sleep in userfaultfd.
    Retry,
    /// `VM_FAULT_SIGBUS`: it would have to be dropped, and may not be.
    Sigbus,
}

impl VmFault {
    const fn write(&self) -> bool {
        matches!(self.flag, FaultFlag::Write)
    }

    const fn unshare(&self) -> bool {
        matches!(self.flag, FaultFlag::Unshare)
    }

    const fn vma(&self, flag: u64) -> bool {
        self.vm_flags & flag != 0
    }

    /// `maybe_mkwrite`.
    fn maybe_mkwrite(&self, cpu: &Cpu, pte: Pte) -> Pte {
        if self.vma(vm::WRITE) { pte_mkwrite(cpu.arch(), pte) } else { pte }
    }
}

/// The architecture's fault handler (`do_user_addr_fault` of `arch/x86/mm/fault.c`): takes the VMA's or the
/// mmap lock, finds the VMA and handles the fault. `Err` is a signal.
pub async fn do_user_addr_fault(cpu: &Cpu, mm: MmStruct, va: Va, write: bool) -> Result<(), Errno> {
    let _frame = cpu.frame("do_user_addr_fault");
    let flag = if write { FaultFlag::Write } else { FaultFlag::Read };
    let fault =
        VmFault { mm, va, flag, vm_flags: 0, orig_pte: Pte::default(), vma_locked: false, allow_retry: true };
    if !cpu.rules().is(VmaLock::No) && cpu.try_read_lock(mm.vm_lock(va), Prim::VmaStartRead).await {
        // lock_vma_under_rcu. Userfaultfd areas go the other way, as in v6.4.
        let vm_flags = cpu.find_vma(mm, va).await;
        if vm_flags & vm::EXISTS != 0 && vm_flags & vm::UFFD_WP == 0 {
            if let Some(errno) = access_error(cpu, vm_flags, write) {
                cpu.read_unlock(mm.vm_lock(va), Prim::VmaEndRead).await;
                return Err(errno);
            }
            let result = handle_mm_fault(cpu, VmFault { vm_flags, vma_locked: true, ..fault }).await;
            if result != FaultResult::Retry {
                cpu.read_unlock(mm.vm_lock(va), Prim::VmaEndRead).await;
            }
            return Ok(());
        }
        cpu.read_unlock(mm.vm_lock(va), Prim::VmaEndRead).await;
    }
    cpu.mmap_read_lock(mm).await;
    let vm_flags = cpu.find_vma(mm, va).await;
    if let Some(errno) = access_error(cpu, vm_flags, write) {
        cpu.mmap_read_unlock(mm).await;
        return Err(errno);
    }
    let result = handle_mm_fault(cpu, VmFault { vm_flags, ..fault }).await;
    if result != FaultResult::Retry {
        cpu.mmap_read_unlock(mm).await;
    }
    Ok(())
}

/// `access_error`: the signal for an access that the VMA does not allow.
fn access_error(cpu: &Cpu, vm_flags: u64, write: bool) -> Option<Errno> {
    let refused = vm_flags & vm::EXISTS == 0 || (write && vm_flags & vm::WRITE == 0);
    if refused {
        cpu.why(Fact::AccessRefused.so(Then::Sigsegv));
        cpu.step("SIGSEGV");
    }
    refused.then_some(Errno::Sigsegv)
}

/// `handle_mm_fault` with `handle_pte_fault`. The lock that protects the VMA is held, and dropped only for
/// [`FaultResult::Retry`].
pub async fn handle_mm_fault(cpu: &Cpu, mut vmf: VmFault) -> FaultResult {
    let _frame = cpu.frame("handle_pte_fault");
    count(cpu, FAULTED).await;
    let (mm, va) = (vmf.mm, vmf.va);
    vmf.orig_pte = cpu.ptep_get(mm, va).await;
    if vmf.orig_pte.none() {
        return do_pte_missing(cpu, &vmf).await;
    }
    if !vmf.orig_pte.present() {
        return do_swap_page(cpu, &vmf).await;
    }
    cpu.ptl_lock(mm, va).await;
    if !cpu.ptep_get(mm, va).await.same(vmf.orig_pte) && cpu.rules().keeps(Ordering::FaultPteSame) {
        cpu.why(Fact::PteChanged.so(Then::TryAgain));
        cpu.ptl_unlock(mm, va).await;
        return FaultResult::Done;
    }
    let pte = vmf.orig_pte;
    if vmf.flag != FaultFlag::Read && !pte.write() {
        return do_wp_page(cpu, &vmf).await;
    }
    let mut young = pte.set(mmu::ACCESSED);
    if vmf.write() {
        young = pte_mkdirty(cpu.arch(), young);
    }
    if !young.same(pte) {
        cpu.store(mm.pte(va), young, Prim::PtepSetAccessFlags).await;
    }
    cpu.ptl_unlock(mm, va).await;
    FaultResult::Done
}

/// `do_pte_missing`: nothing is mapped.
async fn do_pte_missing(cpu: &Cpu, vmf: &VmFault) -> FaultResult {
    match cpu.kernel().world.areas[vmf.va].backing {
        crate::world::Backing::Anon => do_anonymous_page(cpu, vmf).await,
        crate::world::Backing::PrivateFile => do_fault(cpu, vmf).await,
    }
}

/// `handle_pte_marker` with `pte_marker_handle_uffd_wp` (v6.4 on for anonymous memory): as where nothing is mapped,
/// and what is mapped then is write-protected, so that a store comes back to `do_wp_page`. A registration never ends
/// here, so no marker is left over from one.
async fn handle_pte_marker(cpu: &Cpu, vmf: &VmFault) -> FaultResult {
    cpu.why(Fact::UffdMarker);
    do_pte_missing(cpu, vmf).await
}

/// `pte_mkuffd_wp` where a marker was (`vmf_orig_pte_uffd_wp`).
fn keep_uffd_wp(cpu: &Cpu, vmf: &VmFault, pte: Pte) -> Pte {
    if vmf.orig_pte.uffd_wp() { pte_wrprotect(cpu, pte.set(UFFD_WP)) } else { pte }
}

/// `do_anonymous_page`: the first touch. A read maps the zero page, a write a fresh page.
async fn do_anonymous_page(cpu: &Cpu, vmf: &VmFault) -> FaultResult {
    let _frame = cpu.frame("do_anonymous_page");
    let (mm, va) = (vmf.mm, vmf.va);
    if !vmf.write() {
        cpu.ptl_lock(mm, va).await;
        if cpu.ptep_get(mm, va).await.same(vmf.orig_pte) || !cpu.rules().keeps(Ordering::AnonZeroPteNone) {
            cpu.set_pte_at(mm, va, keep_uffd_wp(cpu, vmf, Pte::mk(crate::objects::ZERO_PAGE.into()))).await;
        }
        cpu.ptl_unlock(mm, va).await;
        return FaultResult::Done;
    }
    let page = alloc_page(cpu).await;
    prepare_anon_page(cpu, page, va).await;
    map_new_page(cpu, vmf, page, Ordering::AnonPteNone).await
}

/// Maps a fresh page, unless somebody has been faster (`vmf_pte_changed`): the end of `do_anonymous_page`, and `finish_fault`.
async fn map_new_page(cpu: &Cpu, vmf: &VmFault, page: Page, recheck: Ordering) -> FaultResult {
    let (mm, va) = (vmf.mm, vmf.va);
    cpu.ptl_lock(mm, va).await;
    if !cpu.ptep_get(mm, va).await.same(vmf.orig_pte) && cpu.rules().keeps(recheck) {
        cpu.ptl_unlock(mm, va).await;
        put_page(cpu, page).await;
        return FaultResult::Done;
    }
    page_add_new_anon_rmap(cpu, page).await;
    lru_cache_add(cpu, page).await;
    let pte = vmf.maybe_mkwrite(cpu, pte_mkdirty(cpu.arch(), Pte::mk(page)));
    cpu.set_pte_at(mm, va, keep_uffd_wp(cpu, vmf, pte)).await;
    cpu.ptl_unlock(mm, va).await;
    FaultResult::Done
}

/// `do_fault` on a private file mapping: a read maps the page of the page cache read-only
/// (`do_read_fault`), a write copies it at once (`do_cow_fault`).
async fn do_fault(cpu: &Cpu, vmf: &VmFault) -> FaultResult {
    let _frame = cpu.frame("do_fault");
    let (mm, va) = (vmf.mm, vmf.va);
    let cached: Page = file_page(va).into();
    if vmf.flag == FaultFlag::Read {
        cpu.get_page(cached).await;
        cpu.ptl_lock(mm, va).await;
        let empty = cpu.ptep_get(mm, va).await.none() || !cpu.rules().keeps(Ordering::FinishFaultPteNone);
        if empty {
            cpu.add(cached.mapcount(), 1, Prim::PageAddAnonRmap).await;
            cpu.set_pte_at(mm, va, Pte::mk(cached)).await;
        }
        cpu.ptl_unlock(mm, va).await;
        if !empty {
            put_page(cpu, cached).await;
        }
        return FaultResult::Done;
    }
    let page = alloc_page(cpu).await;
    prepare_anon_page(cpu, page, va).await;
    copy_user_highpage(cpu, page, cached).await;
    map_new_page(cpu, vmf, page, Ordering::FinishFaultPteNone).await
}

/// `copy_user_highpage`: word by word, through the kernel's mapping, under no lock that stops writers.
pub async fn copy_user_highpage(cpu: &Cpu, to: Page, from: Page) {
    let _frame = cpu.frame("copy_user_highpage");
    count(cpu, COPIED).await;
    for word in 0..mmu::DATA_WORDS {
        let data = cpu.load(from.data(word), Prim::CopyUserHighpage).await;
        cpu.store(to.data(word), data, Prim::CopyUserHighpage).await;
    }
    cpu.why(Fact::Copied { from, to });
}

/// `do_wp_page`: a write (or unshare) fault on a PTE without the write bit. Called with the PTE lock held,
/// returns without it.
pub async fn do_wp_page(cpu: &Cpu, vmf: &VmFault) -> FaultResult {
    let _frame = cpu.frame("do_wp_page");
    let (mm, va) = (vmf.mm, vmf.va);
    if vmf.write() && vmf.vma(vm::UFFD_WP) && vmf.orig_pte.uffd_wp() {
        cpu.ptl_unlock(mm, va).await;
        return handle_userfault(cpu, vmf).await;
    }
    if vmf.write()
        && vmf.vma(vm::UFFD_WP)
        && cpu.rules().is(UffdFlush::Yes)
        && mm_tlb_flush_pending(cpu, mm).await
    {
        cpu.why(Fact::UffdFlushPending.so(Then::FlushFirst));
        flush_tlb_page(cpu, mm, va, Ordering::UffdFlush).await;
    }
    let page = vmf.orig_pte.page();
    if !page.is_anon() {
        if vmf.unshare() && cpu.rules().is(GupLongterm::Share) {
            cpu.ptl_unlock(mm, va).await;
            return FaultResult::Done;
        }
        cpu.why(Fact::NotAnonymous { page }.so(Then::Copy));
        if !page.is_zero() {
            cpu.get_page(page).await;
        }
        cpu.ptl_unlock(mm, va).await;
        return wp_page_copy(cpu, vmf, page).await;
    }
    let reuse = match cpu.rules().wp_reuse() {
        WpReuse::MapSwap | WpReuse::MapCount | WpReuse::ActiveInactive => {
            if vmf.unshare() && !must_unshare(cpu, page).await {
                cpu.ptl_unlock(mm, va).await;
                return FaultResult::Done;
            }
            if vmf.unshare() { Some(false) } else { wp_reuse_by_mapcount(cpu, vmf, page).await }
        }
        WpReuse::Count => {
            if vmf.unshare() {
                // The series of December 2021: unsharing goes by the mapcount, writing by page_count.
                if !must_unshare(cpu, page).await {
                    cpu.ptl_unlock(mm, va).await;
                    return FaultResult::Done;
                }
                Some(false)
            } else {
                wp_reuse_by_count(cpu, vmf, page).await
            }
        }
        WpReuse::AnonExclusive => {
            if cpu.page_anon_exclusive(page).await {
                cpu.why(Fact::AnonExclusive { page, exclusive: true }.so(Then::Reuse));
                Some(true)
            } else {
                cpu.why(Fact::AnonExclusive { page, exclusive: false }.so(Then::CountReferences));
                wp_reuse_by_count(cpu, vmf, page).await
            }
        }
    };
    match reuse {
        None => FaultResult::Done,
        Some(true) if vmf.unshare() => {
            cpu.ptl_unlock(mm, va).await;
            FaultResult::Done
        }
        Some(true) => {
            let late = reused_late(cpu);
            wp_page_reuse(cpu, vmf).await;
            if late {
                // v5.9-rc4 to rc6: the PTE lock is gone, so the page may be, too.
                cpu.unlock_page(page).await;
            }
            FaultResult::Write
        }
        Some(false) => {
            cpu.get_page(page).await;
            cpu.ptl_unlock(mm, va).await;
            wp_page_copy(cpu, vmf, page).await
        }
    }
}

/// Whether the page lock outlives `wp_page_reuse`.
fn reused_late(cpu: &Cpu) -> bool {
    cpu.rules().is(WpReuse::Count) && cpu.rules().is(WpUnlock::AfterReuse)
}

/// The unshare test of the proposals, with the PTE lock held (`gup_must_unshare` of the 2021 series).
pub async fn must_unshare(cpu: &Cpu, page: Page) -> bool {
    use crate::era::GupRead;
    match cpu.rules().gup_read() {
        GupRead::UnshareMapcount => {
            let mapcount = cpu.page_mapcount(page).await;
            cpu.why(Fact::PageMapcount { page, mapcount });
            mapcount > 1
        }
        GupRead::UnshareMapSwap => {
            // can_read_pin_swap_page of the copy-on-read tree (reconstructed from its messages): both counts
            // under the page lock, and sharing assumed if it cannot be had.
            if !cpu.trylock_page(page).await {
                cpu.why(Fact::PageLocked { page }.so(Then::TakeAsShared));
                return true;
            }
            let mapcount = cpu.page_mapcount(page).await;
            let swapcount = if cpu.page_swap_cache(page).await {
                Some(crate::swapfile::page_swapcount(cpu, page).await)
            } else {
                None
            };
            cpu.unlock_page(page).await;
            cpu.why(Fact::MapAndSwapcount { page, mapcount, swapcount });
            mapcount + swapcount.unwrap_or(0) > 1
        }
        GupRead::UnshareActiveInactive => !crate::rmap::only_active_reference(cpu, page).await,
        GupRead::UnshareExclusive => !cpu.page_anon_exclusive(page).await,
        GupRead::Share | GupRead::ForceWrite => false,
    }
}

/// `do_wp_page` up to v5.8, and under the proposals that keep its shape: the page lock is slept for, then
/// the mappings decide. `None` if the fault is over: the PTE lock is dropped then.
async fn wp_reuse_by_mapcount(cpu: &Cpu, vmf: &VmFault, page: Page) -> Option<bool> {
    let (mm, va) = (vmf.mm, vmf.va);
    if !cpu.trylock_page(page).await {
        cpu.get_page(page).await;
        cpu.ptl_unlock(mm, va).await;
        cpu.lock_page(page).await;
        cpu.ptl_lock(mm, va).await;
        if !cpu.ptep_get(mm, va).await.same(vmf.orig_pte) && cpu.rules().keeps(Ordering::WpLockPteSame) {
            cpu.unlock_page(page).await;
            cpu.ptl_unlock(mm, va).await;
            put_page(cpu, page).await;
            return None;
        }
        put_page(cpu, page).await;
    }
    let reuse = match cpu.rules().wp_reuse() {
        WpReuse::MapCount => reuse_by_mapcount(cpu, page).await,
        WpReuse::ActiveInactive => reuse_by_active(cpu, page).await,
        _ => reuse_swap_page(cpu, page).await,
    };
    cpu.why(Fact::MappedElsewhere { page, elsewhere: !reuse }.so(if reuse {
        Then::Reuse
    } else {
        Then::Copy
    }));
    cpu.unlock_page(page).await;
    Some(reuse)
}

/// `do_wp_page` from v5.9 on: references decide. v5.18 first gets rid of the references of the swap cache
/// and of this CPU's LRU-add batch; from v5.19 on a page that passes becomes exclusive.
async fn wp_reuse_by_count(cpu: &Cpu, vmf: &VmFault, page: Page) -> Option<bool> {
    let rules = cpu.rules();
    let copy = |count: u64| {
        cpu.why(Fact::PageCount { page, count: references(count) }.so(Then::Copy));
        Some(false)
    };
    let count = cpu.page_count(page).await;
    if rules.is(WpFreeSwap::No) && rules.is(WpLruDrain::No) {
        if count != 1 {
            return copy(count);
        }
    } else {
        if count > 3 {
            return copy(count);
        }
        if rules.is(WpLruDrain::Yes) && !cpu.page_flag(page, pg::LRU, Prim::PageFlagTest).await {
            lru_add_drain(cpu).await;
        }
        let count = cpu.page_count(page).await;
        let swapcache = rules.is(WpFreeSwap::Yes) && cpu.page_swap_cache(page).await;
        if count > 1 + u64::from(swapcache) {
            return copy(count);
        }
    }
    if !cpu.trylock_page(page).await {
        cpu.why(Fact::PageLocked { page }.so(Then::Copy));
        return Some(false);
    }
    if rules.is(WpFreeSwap::Yes) && cpu.page_swap_cache(page).await {
        try_to_free_swap(cpu, page).await;
    }
    // 09854ba94c6a looks at the mapcount again as well; with one reference it can only be 1.
    let count = cpu.page_count(page).await;
    if count != 1 && rules.keeps(Ordering::WpCountRecheck) {
        cpu.unlock_page(page).await;
        return copy(count);
    }
    let then = if vmf.unshare() { Then::TakeAsExclusive } else { Then::Reuse };
    cpu.why(Fact::PageCount { page, count: references(count) }.so(then));
    if rules.is(AnonExclusive::Yes) {
        cpu.set_page_anon_exclusive(page).await;
    }
    if !reused_late(cpu) {
        cpu.unlock_page(page).await;
    }
    Some(true)
}

/// `wp_page_reuse`: the page stays, the PTE becomes writable. Drops the PTE lock.
async fn wp_page_reuse(cpu: &Cpu, vmf: &VmFault) {
    let _frame = cpu.frame("wp_page_reuse");
    let entry = vmf.maybe_mkwrite(cpu, pte_mkdirty(cpu.arch(), vmf.orig_pte.set(mmu::ACCESSED)));
    cpu.store(vmf.mm.pte(vmf.va), entry, Prim::PtepSetAccessFlags).await;
    cpu.ptl_unlock(vmf.mm, vmf.va).await;
}

/// `wp_page_copy`: a copy takes the page's place. Called without the PTE lock, with a reference on the
/// old page; the copy is made under no lock at all.
async fn wp_page_copy(cpu: &Cpu, vmf: &VmFault, old: Page) -> FaultResult {
    let _frame = cpu.frame("wp_page_copy");
    let (mm, va) = (vmf.mm, vmf.va);
    let new = alloc_page(cpu).await;
    if !old.is_zero() {
        copy_user_highpage(cpu, new, old).await;
    }
    prepare_anon_page(cpu, new, va).await;
    cpu.ptl_lock(mm, va).await;
    let copied = cpu.ptep_get(mm, va).await.same(vmf.orig_pte) || !cpu.rules().keeps(Ordering::WpCopyPteSame);
    if copied {
        let mut entry = Pte::mk(new);
        if vmf.unshare() {
            entry = entry.carry(vmf.orig_pte, SOFT_DIRTY | UFFD_WP);
        } else {
            entry = vmf.maybe_mkwrite(cpu, pte_mkdirty(cpu.arch(), entry));
        }
        // The old entry must be gone from every TLB before the new one can be used from any.
        cpu.ptep_get_and_clear(mm, va, Prim::PtepClearFlush).await;
        flush_tlb_page(cpu, mm, va, Ordering::WpCopyFlush).await;
        page_add_new_anon_rmap(cpu, new).await;
        lru_cache_add(cpu, new).await;
        if vmf.unshare() && cpu.rules().is(UnshareCopy::Dirty) {
            cpu.set_bits(new.flags(), pg::DIRTY, Prim::SetPageDirty).await;
        }
        cpu.set_pte_at(mm, va, entry).await;
        if !old.is_zero() {
            // Behind the switch of the PTE: another mm may keep the page as soon as the count says so.
            page_remove_rmap_after_copy(cpu, mm, old).await;
            // The mapping's reference; the fault's own is still held.
            cpu.page_ref_sub(old, 1).await;
        }
    } else {
        cpu.why(Fact::PteChanged.so(Then::DropCopy));
    }
    cpu.ptl_unlock(mm, va).await;
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
}

/// `do_swap_page`: the PTE holds a swap entry.
async fn do_swap_page(cpu: &Cpu, vmf: &VmFault) -> FaultResult {
    let _frame = cpu.frame("do_swap_page");
    let (mm, va) = (vmf.mm, vmf.va);
    if vmf.orig_pte.is_marker() {
        return handle_pte_marker(cpu, vmf).await;
    }
    let entry = vmf.orig_pte.entry();
    let cached = lookup_swap_cache(cpu, entry).await;
    let found = if cached.is_some() { cached } else { swapin_readahead(cpu, entry, va).await };
    let Some(page) = found else {
        // Who freed the slot holds the PTE lock until the PTE is another.
        cpu.why(Fact::SwapSlotFree { slot: entry.0.into() }.so(Then::TryAgain));
        cpu.ptl_lock(mm, va).await;
        cpu.ptep_get(mm, va).await;
        cpu.ptl_unlock(mm, va).await;
        return FaultResult::Done;
    };
    cpu.lock_page(page).await;
    let recheck = cpu.rules().swapin_recheck();
    let stale = match recheck {
        SwapinRecheck::No => false,
        SwapinRecheck::SwapCache => !cpu.page_swap_cache(page).await,
        SwapinRecheck::Private => {
            !cpu.page_swap_cache(page).await || page_swap_entry(cpu, page).await != entry
        }
    };
    if stale {
        cpu.why(Fact::OtherSwapEntry { page }.so(Then::TryAgain));
        cpu.unlock_page(page).await;
        put_page(cpu, page).await;
        return FaultResult::Done;
    }
    let rules = cpu.rules();
    let counts = matches!(rules.swapin_reuse(), SwapinReuse::Count | SwapinReuse::SwapExclusive);
    if counts
        && rules.is(WpLruDrain::Yes)
        && vmf.write()
        && !cpu.page_flag(page, pg::LRU, Prim::PageFlagTest).await
    {
        lru_add_drain(cpu).await;
    }
    cpu.ptl_lock(mm, va).await;
    if !cpu.ptep_get(mm, va).await.same(vmf.orig_pte) && rules.keeps(Ordering::SwapinPteSame) {
        cpu.ptl_unlock(mm, va).await;
        cpu.unlock_page(page).await;
        put_page(cpu, page).await;
        return FaultResult::Done;
    }
    let mut pte = Pte::mk(page).carry(vmf.orig_pte, SOFT_DIRTY | UFFD_WP);
    let mut exclusive = false;
    let mut satisfied = !vmf.write();
    if counts {
        // v5.18: our swap reference goes first, then what is left is counted.
        exclusive = rules.is(SwapinReuse::SwapExclusive) && vmf.orig_pte.swp_exclusive();
        if exclusive && cpu.page_flag(page, pg::WRITEBACK, Prim::PageWriteback).await {
            // A device that needs stable pages may be reading it; assume that it does.
            cpu.why(Fact::Writeback { page }.so(Then::NotExclusiveYet));
            exclusive = false;
        }
        swap_free(cpu, entry).await;
        if vmf.write() && cpu.page_count(page).await == 2 && cpu.page_swap_cache(page).await {
            try_to_free_swap(cpu, page).await;
        }
        let count = cpu.page_count(page).await;
        if exclusive || count == 1 {
            let counted = Fact::PageCount { page, count: references(count) };
            cpu.why(if exclusive { Fact::SwapEntryExclusive } else { counted }.so(Then::Keep));
            exclusive = true;
            if rules.is(SwapinWritable::Yes) {
                // Unless a write fault is needed for other reasons; then do_wp_page sees to a store.
                if vmf.vma(vm::WRITE) && !pte.uffd_wp() && pte.soft_dirty() {
                    pte = vmf.maybe_mkwrite(cpu, pte);
                    if vmf.write() {
                        pte = pte_mkdirty(cpu.arch(), pte);
                        satisfied = true;
                    }
                }
            } else if vmf.write() {
                pte = vmf.maybe_mkwrite(cpu, pte_mkdirty(cpu.arch(), pte));
                satisfied = true;
            }
        } else {
            cpu.why(Fact::PageCount { page, count: references(count) }.so(Then::MapReadOnly));
        }
        page_add_anon_rmap(cpu, page, exclusive).await;
        if pte.uffd_wp() {
            pte = pte_wrprotect(cpu, pte);
        }
        cpu.set_pte_at(mm, va, pte).await;
    } else {
        if vmf.write() {
            let reuse = match rules.swapin_reuse() {
                SwapinReuse::MapCount => reuse_by_mapcount(cpu, page).await,
                SwapinReuse::ActiveInactive => swapin_reuse_by_active(cpu, page).await,
                _ => reuse_swap_page(cpu, page).await,
            };
            if reuse {
                cpu.why(Fact::MappedElsewhere { page, elsewhere: false }.so(Then::MapWritable));
                pte = vmf.maybe_mkwrite(cpu, pte_mkdirty(cpu.arch(), pte));
                satisfied = true;
            }
        }
        if pte.uffd_wp() {
            pte = pte_wrprotect(cpu, pte);
        }
        cpu.set_pte_at(mm, va, pte).await;
        page_add_anon_rmap(cpu, page, exclusive).await;
        swap_free(cpu, entry).await;
    }
    cpu.unlock_page(page).await;
    if satisfied {
        cpu.ptl_unlock(mm, va).await;
        return if vmf.write() { FaultResult::Write } else { FaultResult::Done };
    }
    // The lookup's reference has become the mapping's; the PTE lock is still held.
    do_wp_page(cpu, &VmFault { orig_pte: pte, ..*vmf }).await
}

/// The proposal's test at swap-in: our entry is the one inactive reference, and nobody is active.
async fn swapin_reuse_by_active(cpu: &Cpu, page: Page) -> bool {
    let counts = cpu.load(page.mapcount(), Prim::PageMapcount).await.bits;
    let Mappings { active, inactive } = mappings(counts);
    cpu.why(Fact::ActiveInactive { page, active, inactive });
    counts == crate::objects::ONE_INACTIVE
}
