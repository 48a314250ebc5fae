//! get_user_pages and pin_user_pages, fast and slow.
//!
//! Follows `mm/gup.c` (v5.4 to v6.18). One page at a time. Left out: PUD leaves, migration out of CMA for `FOLL_LONGTERM`, `FOLL_NUMA`, secretmem,
//! `FOLL_FAST_ONLY`.

use cowrace_machine::{Prim, Round, encode};
use cowrace_report::{Fact, Then};

use crate::cpu::Cpu;
use crate::era::{
    AeBarriers, FollPin, ForkSeq, GupFastPmd, GupForce, GupHead, GupLongterm, GupRead, HasPinned,
    HugetlbForce, PinSteps, Safeguard,
};
use crate::fault::{FaultFlag, FaultResult, VmFault, handle_mm_fault, must_unshare};
use crate::folio::page_folio;
use crate::huge_memory::{follow_trans_huge_pmd, gup_huge_pmd};
use crate::objects::{GUP_PIN_COUNTING_BIAS, MmStruct, Page, irq_off, pg, vm};
use crate::pgtable::{Pmd, Pte, pte_dirty};
use crate::rmap::page_mapcount;
use crate::swap::{put_page, put_page_refs};
use crate::world::{Errno, GupFlags, Va};

/// What a caller of GUP wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Foll {
    /// `FOLL_PIN` instead of `FOLL_GET`.
    pub pin: bool,
    /// `FOLL_WRITE`, `FOLL_FORCE`, `FOLL_LONGTERM`.
    pub flags: GupFlags,
}
encode!(struct Foll { pin, flags });

impl Foll {
    /// The effective request: in a kernel without `FOLL_PIN`, a caller that pins takes an ordinary reference.
    fn of(self, cpu: &Cpu) -> Self {
        Self { pin: pins(cpu, self.pin), ..self }
    }

    pub(crate) const fn refs(self) -> u64 {
        if self.pin { GUP_PIN_COUNTING_BIAS } else { 1 }
    }
}

/// Whether a caller that asks for a pin gets one: before 3faa52c03f44 (v5.7) `pin_user_pages` is `get_user_pages`, and
/// `unpin_user_page` is `put_page`.
pub fn pins(cpu: &Cpu, pin: bool) -> bool {
    pin && cpu.rules().is(FollPin::Yes)
}

/// `get_user_pages_fast`, `pin_user_pages_fast`: without locks if possible, otherwise in the slow path.
pub async fn get_user_pages_fast(cpu: &Cpu, mm: MmStruct, va: Va, foll: Foll) -> Result<Page, Errno> {
    cpu.call("internal_get_user_pages_fast", (mm, va, foll), async |cpu, (mm, va, foll)| {
        let foll = foll.of(cpu);
        set_has_pinned(cpu, mm, foll).await;
        match lockless_pages_from_mm(cpu, mm, va, foll).await {
            Some(page) => Ok(page),
            None => {
                cpu.why(Fact::GupFastFailed.so(Then::SlowPath));
                get_user_pages(cpu, mm, va, foll).await
            }
        }
    })
    .await
}

async fn set_has_pinned(cpu: &Cpu, mm: MmStruct, foll: Foll) {
    if foll.pin && cpu.rules().is(HasPinned::Yes) {
        cpu.store(mm.has_pinned(), 1, Prim::SetHasPinned).await;
    }
}

/// `lockless_pages_from_mm`: the walk with interrupts off, bracketed by fork's sequence count for pins.
async fn lockless_pages_from_mm(cpu: &Cpu, mm: MmStruct, va: Va, foll: Foll) -> Option<Page> {
    cpu.call("lockless_pages_from_mm", (mm, va, foll), async |cpu, (mm, va, foll)| {
        let watch_fork = foll.pin && cpu.rules().is(ForkSeq::Yes);
        let mut seq = 0;
        if watch_fork {
            seq = cpu.load(mm.write_protect_seq(), Prim::ReadSeqcount).await.bits;
            cpu.fence(Prim::SmpRmb, Safeguard::GupSeqBeginRmb).await;
            if seq & 1 == 1 && cpu.rules().keeps(Safeguard::GupSeqOdd) {
                cpu.why(Fact::SeqcountOdd);
                return None;
            }
        }
        let irq = irq_off(cpu.actor().into());
        cpu.section_begin(irq, Prim::LocalIrqSave).await;
        let page = gup_pmd_range(cpu, mm, va, foll).await;
        cpu.section_end(irq, Prim::LocalIrqRestore).await;
        if watch_fork && let Some(pinned) = page {
            cpu.fence(Prim::SmpRmb, Safeguard::GupSeqRetryRmb).await;
            let moved = cpu.load(mm.write_protect_seq(), Prim::ReadSeqcountRetry).await.bits != seq;
            if moved && cpu.rules().keeps(Safeguard::GupSeqRetry) {
                cpu.why(Fact::SeqcountMoved.so(Then::DropPin));
                put_page_refs(cpu, pinned, foll.refs()).await;
                return None;
            }
        }
        page
    })
    .await
}

/// `gup_pmd_range`: a huge page, or the page table.
async fn gup_pmd_range(cpu: &Cpu, mm: MmStruct, va: Va, foll: Foll) -> Option<Page> {
    if let Some(range) = cpu.kernel().geometry.range(va)
        && let Some(found) = gup_huge_pmd(cpu, mm, va, range, foll).await
    {
        return found;
    }
    gup_pte_range(cpu, mm, va, foll).await
}

/// `gup_pte_range`: reads the PTE, takes the reference, and reads the PTE again.
async fn gup_pte_range(cpu: &Cpu, mm: MmStruct, va: Va, foll: Foll) -> Option<Page> {
    cpu.call("gup_pte_range", (mm, va, foll), async |cpu, (mm, va, foll)| {
        let rules = cpu.rules();
        let pte = cpu.ptep_get_lockless(mm, va).await;
        let write = foll.flags.write || rules.is(GupRead::ForceWrite);
        if !pte.present() || pte.is_zero_page() || (write && !pte.write()) {
            return None;
        }
        let page = page_folio(cpu, pte.page()).await;
        let page = try_grab_folio(cpu, page, foll).await?;
        if !has_same_table(cpu, mm, va).await {
            cpu.why(Fact::PmdChanged.so(Then::DropReference));
            put_page_refs(cpu, page, foll.refs()).await;
            return None;
        }
        let again = cpu.ptep_get_lockless(mm, va).await;
        if !again.same(pte) && rules.keeps(Safeguard::GupFastPteSame) {
            cpu.why(Fact::PteChanged.so(Then::DropReference));
            put_page_refs(cpu, page, foll.refs()).await;
            return None;
        }
        if !pte.write() && !foll.flags.write && gup_must_unshare_fast(cpu, page, foll).await {
            cpu.why(Fact::MaybeShared { page }.so(Then::DropAndUnshare));
            put_page_refs(cpu, page, foll.refs()).await;
            return None;
        }
        Some(page)
    })
    .await
}

/// Whether the PMD still refers to the page table that is being read (70cbc3cc78a9, v6.1). Not read in scenarios in which none is taken away.
async fn has_same_table(cpu: &Cpu, mm: MmStruct, va: Va) -> bool {
    match cpu.kernel().geometry.range(va) {
        Some(range) if cpu.kernel().collapses && cpu.rules().is(GupFastPmd::Again) => {
            cpu.pmdp_get_lockless(mm, range).await.pmd() == Pmd::Table
        }
        _ => true,
    }
}

/// `try_grab_folio`, `try_grab_compound_head`: a reference, unless the page is free, or has left the folio whose head was looked up.
pub(crate) async fn try_grab_folio(cpu: &Cpu, page: Page, foll: Foll) -> Option<Page> {
    cpu.call("try_grab_folio", (page, foll), async |cpu, (page, foll)| {
        if !foll.pin || cpu.rules().is(PinSteps::One) {
            return try_get_folio(cpu, page, foll.refs()).await.then_some(page);
        }
        // c24d37322548: until the second step the page is not "maybe pinned".
        if !try_get_folio(cpu, page, 1).await {
            return None;
        }
        cpu.add(page.refcount(), GUP_PIN_COUNTING_BIAS as i64 - 1, Prim::PageRefAdd).await;
        if cpu.rules().is(PinSteps::TwoMb) {
            cpu.fence(Prim::SmpMbAfterAtomic, Safeguard::PinMb).await;
        }
        Some(page)
    })
    .await
}

/// `try_get_folio`, `try_get_compound_head`. The folio may have been split before the reference was taken, which is then one to another page
/// (c24d37322548). From v5.18 on the kernel tries again at once; here GUP-fast gives up, as before.
async fn try_get_folio(cpu: &Cpu, page: Page, refs: u64) -> bool {
    if !cpu.page_ref_add_unless(page, refs).await {
        return false;
    }
    let again = Page { head: page.obj, ..page };
    if cpu.kernel().geometry.has_thp()
        && cpu.rules().is(GupHead::Again)
        && page_folio(cpu, again).await.head != page.head
    {
        cpu.why(Fact::OtherFolio { page }.so(Then::DropReference));
        put_page_refs(cpu, page, refs).await;
        return false;
    }
    true
}

/// `gup_must_unshare` in GUP-fast, where no lock can be taken.
pub(crate) async fn gup_must_unshare_fast(cpu: &Cpu, page: Page, foll: Foll) -> bool {
    match cpu.rules().gup_read() {
        GupRead::Share | GupRead::ForceWrite => {}
        GupRead::UnshareExclusive => {
            if foll.pin && page.is_anon() {
                if cpu.rules().is(AeBarriers::Yes) {
                    cpu.fence(Prim::SmpRmb, Safeguard::AeBarriers).await;
                }
                return !cpu.page_anon_exclusive(page).await;
            }
        }
        GupRead::UnshareMapcount | GupRead::UnshareActiveInactive => {
            if page.is_anon() {
                return must_unshare(cpu, page).await;
            }
        }
        GupRead::UnshareMapSwap => {
            // Reconstructed: the swapcount cannot be read without the page lock, so a page in the swap cache takes the
            // slow path.
            if page.is_anon() {
                return page_mapcount(cpu, page).await > 1 || cpu.page_swap_cache(page).await;
            }
        }
    }
    longterm_must_unshare(cpu, page, foll)
}

/// `gup_must_unshare` for a page that is not anonymous: a long-term read pin in a private mapping (v6.2).
fn longterm_must_unshare(cpu: &Cpu, page: Page, foll: Foll) -> bool {
    !page.is_anon() && foll.flags.longterm && cpu.rules().is(GupLongterm::Unshare)
}

/// `gup_must_unshare` in the slow path, with the PTE lock held.
async fn gup_must_unshare(cpu: &Cpu, page: Page, foll: Foll) -> bool {
    if !page.is_anon() {
        return longterm_must_unshare(cpu, page, foll);
    }
    match cpu.rules().gup_read() {
        GupRead::Share | GupRead::ForceWrite => false,
        GupRead::UnshareExclusive => foll.pin && must_unshare(cpu, page).await,
        GupRead::UnshareMapcount | GupRead::UnshareMapSwap | GupRead::UnshareActiveInactive => {
            must_unshare(cpu, page).await
        }
    }
}

/// `get_user_pages`, `pin_user_pages` and their `_remote` forms (`__get_user_pages`): under the mmap lock, faulting in
/// missing pages. The caller decides whether a fault may drop the lock to wait: [`GupFlags::unlockable`].
pub async fn get_user_pages(cpu: &Cpu, mm: MmStruct, va: Va, foll: Foll) -> Result<Page, Errno> {
    cpu.call("__get_user_pages", (mm, va, foll), async |cpu, (mm, va, foll)| {
        let foll = foll.of(cpu);
        set_has_pinned(cpu, mm, foll).await;
        cpu.mmap_read_lock(mm).await;
        let taken = cpu.rounds((mm, va, foll, false), async |cpu, (mm, va, foll, foll_cow)| {
            let vm_flags = cpu.find_vma(mm, va).await;
            // check_vma_flags: only FOLL_FORCE may do what the VMA forbids, and only in private memory.
            let forbidden = foll.flags.write && vm_flags & vm::WRITE == 0 && !can_force(cpu, va, foll);
            if vm_flags & vm::EXISTS == 0 || forbidden {
                return Round::Done(Err(Errno::Efault));
            }
            let write = foll.flags.write || cpu.rules().is(GupRead::ForceWrite);
            let wanted = Wanted { foll, write, foll_cow, vm_flags };
            let flag = match follow_page_mask(cpu, mm, va, wanted).await {
                Ok(page) => return Round::Done(Ok(page)),
                Err(flag) => flag,
            };
            // faultin_page.
            let fault = VmFault {
                mm,
                va,
                flag,
                vm_flags,
                orig_pte: Pte::default(),
                vma_locked: false,
                allow_retry: foll.flags.unlockable,
            };
            let mut foll_cow = foll_cow;
            match handle_mm_fault(cpu, fault).await {
                // vm_fault_to_errno.
                FaultResult::Sigbus => return Round::Done(Err(Errno::Efault)),
                FaultResult::Retry => cpu.mmap_read_lock(mm).await,
                FaultResult::Write if vm_flags & vm::WRITE == 0 => foll_cow = true,
                FaultResult::Write | FaultResult::Done => {}
            }
            Round::Again((mm, va, foll, foll_cow))
        });
        let taken = taken.await;
        cpu.mmap_read_unlock(mm).await;
        taken
    })
    .await
}

/// Whether `FOLL_FORCE` is given and counts. hugetlb has no entry that GUP may write through and user space may not (f347454d0341).
fn can_force(cpu: &Cpu, va: Va, foll: Foll) -> bool {
    foll.flags.force && !(cpu.is_vm_hugetlb_page(va) && cpu.rules().is(HugetlbForce::Fails))
}

/// What the slow path looks for at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// What the caller wants.
    pub(crate) foll: Foll,
    /// The entry must allow stores, or GUP may write through it all the same.
    pub(crate) write: bool,
    /// `FOLL_COW`: a fault has broken COW.
    pub(crate) foll_cow: bool,
    /// The flags of the VMA.
    pub(crate) vm_flags: u64,
}
encode!(struct Wanted { foll, write, foll_cow, vm_flags });

impl Wanted {
    /// The fault that is needed where nothing is mapped.
    pub(crate) const fn fault(self) -> FaultFlag {
        if self.write { FaultFlag::Write } else { FaultFlag::Read }
    }
}

/// `follow_page_mask`: a page that a PMD maps, or one that a PTE maps.
async fn follow_page_mask(cpu: &Cpu, mm: MmStruct, va: Va, wanted: Wanted) -> Result<Page, FaultFlag> {
    if let Some(range) = cpu.kernel().geometry.range(va)
        && let Some(found) = follow_trans_huge_pmd(cpu, mm, va, range, wanted).await
    {
        return found;
    }
    follow_page_pte(cpu, mm, va, wanted).await
}

/// `follow_page_pte`: returns the page with a reference, or the fault that is needed first.
async fn follow_page_pte(cpu: &Cpu, mm: MmStruct, va: Va, wanted: Wanted) -> Result<Page, FaultFlag> {
    cpu.call("follow_page_pte", (mm, va, wanted), async |cpu, (mm, va, wanted)| {
        cpu.ptl_lock(mm, va).await;
        let pte = cpu.ptep_get(mm, va).await;
        if !pte.present() {
            cpu.ptl_unlock(mm, va).await;
            return Err(wanted.fault());
        }
        let page = page_folio(cpu, pte.page()).await;
        // Each end has an unlock of its own: the search learns from the place of a request what can follow it.
        match grab_mapped(cpu, va, pte, page, wanted).await {
            Ok(page) => {
                cpu.ptl_unlock(mm, va).await;
                Ok(page)
            }
            Err(fault) => {
                cpu.ptl_unlock(mm, va).await;
                Err(fault)
            }
        }
    })
    .await
}

/// The page that an entry maps, with a reference, or the fault that is needed first. The lock of the entry is held, so that a plain
/// addition is sufficient (`try_grab_page`).
pub(crate) async fn grab_mapped(
    cpu: &Cpu,
    va: Va,
    entry: Pte,
    page: Page,
    wanted: Wanted,
) -> Result<Page, FaultFlag> {
    let Wanted { foll, write, .. } = wanted;
    if write && !can_follow_write(cpu, va, entry, wanted).await {
        return Err(FaultFlag::Write);
    }
    if !write && !entry.write() && gup_must_unshare(cpu, page, foll).await {
        cpu.why(Fact::MaybeShared { page }.so(Then::Unshare));
        return Err(FaultFlag::Unshare);
    }
    cpu.add(page.refcount(), foll.refs() as i64, Prim::PageRefAdd).await;
    if foll.flags.write
        && !pte_dirty(cpu.arch(), entry)
        && !cpu.page_flag(page, pg::DIRTY, Prim::PageDirty).await
    {
        cpu.set_bits(page.flags(), pg::DIRTY, Prim::SetPageDirty).await;
    }
    Ok(page)
}

/// `can_follow_write_pte`, `can_follow_write_pmd`: `FOLL_FORCE` may write through a PTE without the write bit if COW has been broken, so that
/// its page belongs to this mm. Since 5535be309971 (v6.0) it also requires that no write fault is needed for
/// userfaultfd or for soft-dirty tracking (`pte_needs_soft_dirty_wp`). `VM_SOFTDIRTY` is left out, so pages are tracked
/// from the start; before the first clear_refs, the only difference is a fault for a page that was never written.
async fn can_follow_write(cpu: &Cpu, va: Va, pte: Pte, wanted: Wanted) -> bool {
    let Wanted { foll, foll_cow, vm_flags, .. } = wanted;
    // __follow_hugetlb_must_fault goes by the entry alone.
    if pte.write() || cpu.is_vm_hugetlb_page(va) {
        return pte.write();
    }
    match cpu.rules().gup_force() {
        GupForce::CowFlag => {
            // v5.8 turns reads of read-only areas into writes, so FOLL_FORCE is not tested there.
            let force = foll.flags.force || cpu.rules().is(GupRead::ForceWrite);
            force && foll_cow && (pte_dirty(cpu.arch(), pte) || !cpu.rules().keeps(Safeguard::GupForceDirty))
        }
        GupForce::AnonExclusive => {
            foll.flags.force
                && vm_flags & vm::WRITE == 0
                && !pte.uffd_wp()
                && pte.soft_dirty()
                && pte.page().is_anon()
                && cpu.page_anon_exclusive(pte.page()).await
        }
    }
}

/// `put_page`, `unpin_user_page`; a page that was written is marked dirty first
/// (`unpin_user_pages_dirty_lock`, `bio_release_pages`).
pub async fn release(cpu: &Cpu, page: Page, pin: bool, dirty: bool) {
    let page = page_folio(cpu, page).await;
    if dirty && !page.is_zero() && !cpu.page_flag(page, pg::DIRTY, Prim::PageDirty).await {
        cpu.call("set_page_dirty_lock", (page,), async |cpu, (page,)| {
            cpu.lock_page(page).await;
            cpu.set_bits(page.flags(), pg::DIRTY, Prim::SetPageDirty).await;
            cpu.unlock_page(page).await;
        })
        .await;
    }
    if pin {
        let unpin = async |cpu: &Cpu, (page,)| put_page_refs(cpu, page, GUP_PIN_COUNTING_BIAS).await;
        cpu.call("unpin_user_page", (page,), unpin).await;
    } else {
        cpu.call("put_page", (page,), async |cpu, (page,)| put_page(cpu, page).await).await;
    }
}
