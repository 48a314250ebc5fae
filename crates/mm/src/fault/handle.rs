//! The path of a fault from the architecture's handler to the function for its kind.

use cowrace_machine::{Prim, mmu};
use cowrace_report::{Fact, Then};

use super::missing::do_pte_missing;
use super::swap::do_swap_page;
use super::vm_fault::{FaultFlag, FaultResult, VmFault};
use super::wp::do_wp_page;
use crate::costs::count;
use crate::cpu::Cpu;
use crate::era::{Safeguard, VmaLock};
use crate::huge_memory::{handle_pmd_fault, pte_alloc};
use crate::hugetlb::hugetlb_fault;
use crate::objects::kernel::FAULTED;
use crate::objects::{MmStruct, vm};
use crate::pgtable::{Entry, Pte, pte_mkdirty};
use crate::world::{Errno, Va};

/// The architecture's fault handler (`do_user_addr_fault` of `arch/x86/mm/fault.c`): takes the VMA's or the
/// mmap lock, finds the VMA and handles the fault. `Err` is a signal.
pub async fn do_user_addr_fault(cpu: &Cpu, mm: MmStruct, va: Va, write: bool) -> Result<(), Errno> {
    cpu.call("do_user_addr_fault", (mm, va, write), async |cpu, (mm, va, write)| {
        let flag = if write { FaultFlag::Write } else { FaultFlag::Read };
        let fault = VmFault {
            mm,
            va,
            flag,
            vm_flags: 0,
            orig_pte: Pte::default(),
            vma_locked: false,
            allow_retry: true,
        };
        // Faults of hugetlb take the mmap lock (up to v6.8; since then, what excludes the one excludes the other).
        let may_lock_vma = !cpu.is_vm_hugetlb_page(va) && !cpu.rules().is(VmaLock::No);
        if may_lock_vma && cpu.try_read_lock(cpu.vm_lock(mm, va), Prim::VmaStartRead).await {
            // lock_vma_under_rcu. Faults in userfaultfd areas take the mmap lock, as in v6.4.
            let vm_flags = cpu.find_vma(mm, va).await;
            if vm_flags & vm::EXISTS != 0 && vm_flags & vm::UFFD_WP == 0 {
                if let Some(errno) = access_error(cpu, vm_flags, write) {
                    cpu.read_unlock(cpu.vm_lock(mm, va), Prim::VmaEndRead).await;
                    return Err(errno);
                }
                let result = handle_mm_fault(cpu, VmFault { vm_flags, vma_locked: true, ..fault }).await;
                if result != FaultResult::Retry {
                    cpu.read_unlock(cpu.vm_lock(mm, va), Prim::VmaEndRead).await;
                }
                return Ok(());
            }
            cpu.read_unlock(cpu.vm_lock(mm, va), Prim::VmaEndRead).await;
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
    })
    .await
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
pub async fn handle_mm_fault(cpu: &Cpu, vmf: VmFault) -> FaultResult {
    count(cpu, FAULTED).await;
    if cpu.is_vm_hugetlb_page(vmf.va) {
        return hugetlb_fault(cpu, vmf).await;
    }
    if let Some(range) = cpu.kernel().geometry.range(vmf.va) {
        if let Some(result) = handle_pmd_fault(cpu, vmf, range).await {
            return result;
        }
        if !pte_alloc(cpu, vmf.mm, range).await {
            cpu.why(Fact::PteChanged.so(Then::TryAgain));
            return FaultResult::Done;
        }
    }
    handle_pte_fault(cpu, vmf).await
}

async fn handle_pte_fault(cpu: &Cpu, vmf: VmFault) -> FaultResult {
    cpu.call("handle_pte_fault", (vmf,), async |cpu, (mut vmf,)| {
        let (mm, va) = (vmf.mm, vmf.va);
        vmf.orig_pte = cpu.ptep_get(mm, va).await;
        match vmf.orig_pte.entry() {
            Entry::None => return do_pte_missing(cpu, vmf).await,
            Entry::Swap(_) | Entry::Migration(_) | Entry::Marker => return do_swap_page(cpu, vmf).await,
            Entry::Page(_) => {}
        }
        cpu.ptl_lock(mm, va).await;
        if !cpu.ptep_get(mm, va).await.same(vmf.orig_pte) && cpu.rules().keeps(Safeguard::FaultPteSame) {
            cpu.why(Fact::PteChanged.so(Then::TryAgain));
            cpu.ptl_unlock(mm, va).await;
            return FaultResult::Done;
        }
        let pte = vmf.orig_pte;
        if vmf.flag != FaultFlag::Read && !pte.write() {
            return do_wp_page(cpu, vmf).await;
        }
        set_access_flags(cpu, mm, va, pte, vmf.write()).await;
        cpu.ptl_unlock(mm, va).await;
        FaultResult::Done
    })
    .await
}

/// `ptep_set_access_flags`: the entry becomes young, and for a store dirty.
pub(crate) async fn set_access_flags(cpu: &Cpu, mm: MmStruct, va: Va, pte: Pte, write: bool) {
    let mut young = pte.set(mmu::ACCESSED);
    if write {
        young = pte_mkdirty(cpu.arch(), young);
    }
    if !young.same(pte) {
        cpu.store(mm.pte(va), young, Prim::PtepSetAccessFlags).await;
    }
}
