//! `struct vm_fault` of `include/linux/mm.h`, and the results of faults.

use cowrace_machine::encode;

use crate::cpu::Cpu;
use crate::objects::{MmStruct, vm};
use crate::pgtable::{Pte, pte_mkwrite};
use crate::world::Va;

/// The kind of access that faults: `FAULT_FLAG_WRITE`, `FAULT_FLAG_UNSHARE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultFlag {
    /// A load.
    Read,
    /// A store.
    Write,
    /// GUP wants an exclusive page without writing to it (v5.19 and later).
    Unshare,
}
encode!(fieldless enum FaultFlag);

/// `struct vm_fault`.
#[derive(Clone, Copy, Debug)]
pub struct VmFault {
    /// The mm.
    pub mm: MmStruct,
    /// The address.
    pub va: Va,
    /// The kind of access.
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
encode!(struct VmFault { mm, va, flag, vm_flags, orig_pte, vma_locked, allow_retry });

/// `vm_fault_t`, as far as callers use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultResult {
    /// Done, or overtaken: the access is tried again.
    Done,
    /// `VM_FAULT_WRITE`: COW was broken.
    Write,
    /// `VM_FAULT_RETRY`: the lock was dropped, to sleep in userfaultfd.
    Retry,
    /// `VM_FAULT_SIGBUS`: the lock would have to be dropped, and must not be.
    Sigbus,
}
encode!(fieldless enum FaultResult);

impl VmFault {
    /// Whether the access is a store.
    pub(crate) const fn write(&self) -> bool {
        matches!(self.flag, FaultFlag::Write)
    }

    /// Whether GUP wants an exclusive page without writing to it.
    pub(super) const fn unshare(&self) -> bool {
        matches!(self.flag, FaultFlag::Unshare)
    }

    /// Whether the VMA has a flag.
    pub(crate) const fn vma(&self, flag: u64) -> bool {
        self.vm_flags & flag != 0
    }

    /// `maybe_mkwrite`.
    pub(crate) fn maybe_mkwrite(&self, cpu: &Cpu, pte: Pte) -> Pte {
        if self.vma(vm::WRITE) { pte_mkwrite(cpu.arch(), pte) } else { pte }
    }
}
