//! userfaultfd write-protection.
//!
//! Follows `fs/userfaultfd.c` and `mm/userfaultfd.c` (v5.7 to v6.18): `mwriteprotect_range` and
//! `handle_userfault`. Left out: missing and minor faults, events, asynchronous mode.

use cowrace_machine::{Cond, Prim};
use cowrace_report::{Aim, Fact, Obstacle, Then};

use crate::cpu::Cpu;
use crate::era::{Safeguard, UffdMmget};
use crate::fault::{FaultResult, VmFault};
use crate::mprotect::{Change, change_protection};
use crate::objects::{MmStruct, vm};
use crate::pgtable::{Pmd, Pte};
use crate::sched_mm::{mmget_not_zero, mmput};
use crate::vma::vmas;
use crate::world::Va;

/// `userfaultfd_writeprotect`: the file of a userfaultfd holds a reference on the `mm_struct`, but not on its users. Up
/// to v5.14 it walks the mm all the same (CVE-2021-47461).
pub async fn userfaultfd_writeprotect(cpu: &Cpu, mm: MmStruct, va: Va, protect: bool) {
    cpu.call("userfaultfd_writeprotect", (mm, va, protect), async |cpu, (mm, va, protect)| {
        if cpu.rules().is(UffdMmget::No) {
            mwriteprotect_range(cpu, mm, va, protect).await;
        } else if mmget_not_zero(cpu, mm).await {
            mwriteprotect_range(cpu, mm, va, protect).await;
            mmput(cpu, mm).await;
        } else {
            cpu.no_effect(Aim::WriteProtect, Obstacle::NoMm);
        }
    })
    .await
}

/// `mwriteprotect_range`: under the mmap lock for reading, so that faults run at the same time. Removing the protection
/// wakes waiting faults. Of several VMAs each is done in turn, up to the first that is not registered, where the call fails (a1b92a3f14bf,
/// v6.4); left out: before that it fails for several VMAs, and protects nothing.
pub async fn mwriteprotect_range(cpu: &Cpu, mm: MmStruct, va: Va, protect: bool) {
    cpu.call("mwriteprotect_range", (mm, va, protect), async |cpu, (mm, va, protect)| {
        cpu.mmap_read_lock(mm).await;
        let mut all = vmas(cpu, mm, va).await;
        all.retain(|(_, vm_flags)| vm_flags & vm::EXISTS != 0);
        let is_registered = |vm_flags: u64| vm_flags & vm::UFFD_WP != 0;
        if !all.first().is_some_and(|(_, vm_flags)| is_registered(*vm_flags)) {
            cpu.no_effect(Aim::WriteProtect, Obstacle::NotRegistered);
        }
        // ENOENT if not all are registered.
        let succeeds = !all.is_empty() && all.iter().all(|(_, vm_flags)| is_registered(*vm_flags));
        for (va, vm_flags) in all.into_iter().take_while(|(_, vm_flags)| is_registered(*vm_flags)) {
            let change = if protect { Change::UffdWp } else { Change::UffdWpResolve { vm_flags } };
            change_protection(cpu, mm, va, change).await;
        }
        cpu.mmap_read_unlock(mm).await;
        if !protect && succeeds {
            cpu.fetch_add(mm.userfault_wakes(), 1, Prim::WriteOnce).await;
        }
    })
    .await
}

/// `handle_userfault`: sleeps until the protection is removed, unless that has already happened. Drops the lock that
/// protects the VMA, and returns [`FaultResult::Retry`]. Without `FAULT_FLAG_ALLOW_RETRY` it must not drop the lock,
/// and the fault fails.
///
/// Here `userfaultfd_must_wait` tests whether the page is still protected. Kernels (read in v5.9, v6.1, v6.12 and v7.2)
/// have a weaker test and so sleep more often: if there is no PTE, or if it lacks the write bit, which removing the
/// protection does not restore up to v6.1; and before 8e80af52db65 (May 2026) a swap entry is treated like a present
/// PTE, and its "write bit" on x86 is the soft-dirty bit of the entry. A fault that sleeps in this way has sent a
/// message, and wakes when the monitor answers it by removing the protection again. Messages are left out, and so are
/// these waits: the monitor is assumed to answer.
pub async fn handle_userfault(cpu: &Cpu, vmf: VmFault) -> FaultResult {
    cpu.call("handle_userfault", (vmf,), async |cpu, (vmf,)| {
        let mm = vmf.mm;
        if !vmf.allow_retry {
            cpu.why(Fact::UffdProtected { may_wait: false }.so(Then::Fail));
            return FaultResult::Sigbus;
        }
        let wakes = cpu.load(mm.userfault_wakes(), Prim::ReadOnce).await.bits;
        // userfaultfd_must_wait.
        let protected = entry_lockless(cpu, mm, vmf.va).await.uffd_wp();
        let must_wait = protected || !cpu.rules().keeps(Safeguard::UffdMustWait);
        if vmf.vma_locked {
            cpu.read_unlock(cpu.vm_lock(mm, vmf.va), Prim::VmaEndRead).await;
        } else {
            cpu.mmap_read_unlock(mm).await;
        }
        if must_wait {
            cpu.why(Fact::UffdProtected { may_wait: true }.so(Then::Wait));
            cpu.wait(mm.userfault_wakes(), Cond::Differs(wakes)).await;
        }
        FaultResult::Retry
    })
    .await
}

/// The entry that maps a page, a PMD if that maps a huge page.
async fn entry_lockless(cpu: &Cpu, mm: MmStruct, va: Va) -> Pte {
    if let Some(range) = cpu.kernel().geometry.range(va) {
        let pmd = cpu.pmdp_get_lockless(mm, range).await;
        if pmd.pmd() != Pmd::Table {
            return pmd;
        }
    }
    cpu.ptep_get_lockless(mm, va).await
}
