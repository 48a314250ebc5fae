//! Changes of protection: mprotect, and the walk that userfaultfd shares with it.
//!
//! Follows `mm/mprotect.c` (v5.4 to v6.18, markers as in v6.4): `mprotect_fixup`, `change_protection`, `change_pte_range`. Left
//! out: NUMA hinting, PROT_NONE, VMA splits and merges.

use cowrace_machine::{Prim, encode};
use cowrace_report::{Aim, Obstacle};

use crate::cpu::Cpu;
use crate::era::{AnonExclusive, ChangeFlush, MprotectUpgrade, Safeguard, UffdUnprotect};
use crate::huge_memory::{change_pmd_range, vma_adjust_trans_huge};
use crate::hugetlb::hugetlb_change_protection;
use crate::mmap::vma_start_write;
use crate::mmu_gather::{tlb_finish_mmu, tlb_gather_mmu};
use crate::objects::{MmStruct, vm};
use crate::pgtable::{
    Entry, MIGRATION_WRITE, Pte, SWP_EXCLUSIVE, UFFD_WP, pte_dirty, pte_mkwrite, pte_modify, pte_needs_flush,
};
use crate::tlb::{dec_tlb_flush_pending, flush_tlb_batched_pending, flush_tlb_page, inc_tlb_flush_pending};
use crate::userfaultfd_k::userfaultfd_wp_use_markers;
use crate::vma::{set_vm_flags, vmas};
use crate::world::Va;

/// The change that a walk makes to each PTE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// mprotect to read-only, or to read-write, where a store gets its write bit from a fault.
    Protection {
        /// The new VMA flags.
        vm_flags: u64,
    },
    /// `MM_CP_UFFD_WP`.
    UffdWp,
    /// `MM_CP_UFFD_WP_RESOLVE`.
    UffdWpResolve {
        /// The VMA's flags.
        vm_flags: u64,
    },
}
encode!(enum Change { Protection { vm_flags }, UffdWp, UffdWpResolve { vm_flags } });

impl Change {
    /// The entry without the write bit, which a private mapping's `vm_page_prot` does not have.
    pub(crate) fn of(self, cpu: &Cpu, old: Pte) -> Pte {
        let new = pte_modify(cpu, old);
        match self {
            Self::UffdWp => new.set(UFFD_WP),
            Self::UffdWpResolve { .. } => new.clear(UFFD_WP),
            Self::Protection { .. } => new,
        }
    }

    /// The flush after the walk.
    const fn flush(self) -> Safeguard {
        match self {
            Self::Protection { .. } => Safeguard::MprotectFlush,
            Self::UffdWp => Safeguard::UffdWpFlush,
            Self::UffdWpResolve { .. } => Safeguard::UffdUnprotectFlush,
        }
    }
}

/// `mprotect_fixup`, for each VMA in turn up to the first address without one (`do_mprotect_pkey`): the VMA's flags first, then the PTEs,
/// all under the mmap lock for writing. If the flags do not change, there is nothing to do and no PTE is read (every version read: v5.7,
/// v5.9, v5.18, v6.1, v6.12).
pub async fn mprotect_fixup(cpu: &Cpu, mm: MmStruct, va: Va, write: bool) {
    cpu.call("mprotect_fixup", (mm, va, write), async |cpu, (mm, va, write)| {
        cpu.mmap_write_lock(mm).await;
        let mut effect = Err(Obstacle::NoVma);
        for (va, old) in vmas(cpu, mm, va).await {
            if old & vm::EXISTS == 0 {
                break;
            }
            let vm_flags = if write { old | vm::WRITE } else { old & !vm::WRITE };
            if vm_flags == old {
                effect = effect.or(Err(Obstacle::SameProtection));
                continue;
            }
            let locked = vma_start_write(cpu, mm, va).await;
            vma_adjust_trans_huge(cpu, mm, va).await;
            set_vm_flags(cpu, mm, va, vm_flags).await;
            if cpu.is_vm_hugetlb_page(va) {
                hugetlb_change_protection(cpu, mm, va).await;
            } else {
                change_protection(cpu, mm, va, Change::Protection { vm_flags }).await;
            }
            if locked {
                cpu.write_unlock(cpu.vm_lock(mm, va), Prim::VmaEndWrite).await;
            }
            effect = Ok(());
        }
        if let Err(why) = effect {
            cpu.no_effect(Aim::Protect, why);
        }
        cpu.mmap_write_unlock(mm).await;
    })
    .await
}

/// What a walk has found and done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Walked {
    /// There was an entry to change.
    pub(crate) found: bool,
    /// An entry was changed that a TLB may have.
    pub(crate) flush: bool,
}
encode!(struct Walked { found, flush });

impl Walked {
    /// What two walks have found and done.
    pub(crate) const fn and(self, other: Self) -> Self {
        Self { found: self.found | other.found, flush: self.flush | other.flush }
    }
}

/// `change_protection`: the TLB is flushed when the walk is over, not PTE by PTE. Up to v5.18 that is its own matter; then its callers
/// gather.
pub async fn change_protection(cpu: &Cpu, mm: MmStruct, va: Va, change: Change) {
    cpu.call("change_protection", (mm, va, change), async |cpu, (mm, va, change)| {
        let gathers = cpu.rules().is(ChangeFlush::Gather);
        match gathers {
            true => tlb_gather_mmu(cpu, mm).await,
            false => inc_tlb_flush_pending(cpu, mm).await,
        }
        let walked = match cpu.kernel().geometry.range(va) {
            Some(range) => change_pmd_range(cpu, mm, va, range, change).await,
            None => change_pte_range(cpu, mm, va, change).await,
        };
        if !walked.found && change == Change::UffdWp {
            cpu.no_effect(Aim::WriteProtect, Obstacle::NothingMapped);
        }
        if gathers {
            tlb_finish_mmu(cpu, mm, walked.flush.then_some((va, change.flush())), []).await;
        } else {
            if walked.flush {
                flush_tlb_page(cpu, mm, va, change.flush()).await;
            }
            dec_tlb_flush_pending(cpu, mm).await;
        }
    })
    .await
}

/// `change_pte_range`: one PTE.
pub(crate) async fn change_pte_range(cpu: &Cpu, mm: MmStruct, va: Va, change: Change) -> Walked {
    cpu.call("change_pte_range", (mm, va, change), async |cpu, (mm, va, change)| {
        cpu.ptl_lock(mm, va).await;
        flush_tlb_batched_pending(cpu, mm).await;
        let pte = cpu.ptep_get(mm, va).await;
        let mut walked = Walked { found: true, flush: false };
        match (pte.entry(), change) {
            (Entry::Page(_), _) => {
                // The PTE is none for a moment, so that the hardware walker cannot set a bit that would be lost.
                let old = cpu.ptep_get_and_clear(mm, va, Prim::PtepModifyProtStart).await;
                let new = changed_pte(cpu, old, change).await;
                cpu.store(mm.pte(va), new, Prim::PtepModifyProtCommit).await;
                walked.flush = change_needs_flush(cpu, old, new);
            }
            (Entry::Swap(_), Change::UffdWp) => cpu.set_pte_at(mm, va, pte.set(UFFD_WP)).await,
            (Entry::Swap(_), Change::UffdWpResolve { .. }) => {
                cpu.set_pte_at(mm, va, pte.clear(UFFD_WP)).await
            }
            (Entry::Migration(_), change) => {
                // Its page is mapped read-only again, and is exclusive still.
                let mut new = pte.clear(MIGRATION_WRITE);
                if pte.has(MIGRATION_WRITE) && cpu.rules().is(AnonExclusive::Yes) {
                    new = new.set(SWP_EXCLUSIVE);
                }
                match change {
                    Change::UffdWp => new = new.set(UFFD_WP),
                    Change::UffdWpResolve { .. } => new = new.clear(UFFD_WP),
                    Change::Protection { .. } => {}
                }
                if !new.same(pte) {
                    cpu.set_pte_at(mm, va, new).await;
                }
            }
            (Entry::Marker, Change::UffdWpResolve { .. }) => cpu.set_pte_at(mm, va, Pte::default()).await,
            (Entry::None, Change::UffdWp) if userfaultfd_wp_use_markers(cpu, va) => {
                // Nothing is mapped, so no TLB has an entry to drop.
                cpu.set_pte_at(mm, va, Pte::marker_uffd_wp()).await;
            }
            (Entry::None, _) => walked.found = false,
            (Entry::Marker, Change::UffdWp) | (Entry::Swap(_) | Entry::Marker, Change::Protection { .. }) => {
            }
        }
        cpu.ptl_unlock(mm, va).await;
        walked
    })
    .await
}

/// Whether a change of an entry that a TLB may have is flushed: up to v5.18 each is, afterwards those that the architecture cannot do
/// without (c9fe66560bf2).
pub(crate) fn change_needs_flush(cpu: &Cpu, old: Pte, new: Pte) -> bool {
    cpu.rules().is(ChangeFlush::Range) || pte_needs_flush(cpu.arch(), old, new)
}

/// The PTE that a change makes. A private mapping's `vm_page_prot` has no write bit, so the bit is always lost, unless
/// the kernel tests whether a store would be allowed anyway.
pub(crate) async fn changed_pte(cpu: &Cpu, old: Pte, change: Change) -> Pte {
    let new = change.of(cpu, old);
    match change {
        Change::UffdWp => new,
        Change::UffdWpResolve { vm_flags } => {
            let upgrade = cpu.rules().is(UffdUnprotect::TryWritable);
            if upgrade && can_change_pte_writable(cpu, new, vm_flags).await {
                pte_mkwrite(cpu.arch(), new)
            } else {
                new
            }
        }
        Change::Protection { vm_flags } => {
            let upgrade = !cpu.rules().is(MprotectUpgrade::No);
            if upgrade && can_change_pte_writable(cpu, new, vm_flags).await {
                pte_mkwrite(cpu.arch(), new)
            } else {
                new
            }
        }
    }
}

/// `can_change_pte_writable` (64fe24a3e05e, with 76aefad628aa; read in v6.1, v6.2, v6.12): up to v6.1 it also requires
/// that the PTE is dirty, which since 7ea7e333842e matters only for shared mappings.
async fn can_change_pte_writable(cpu: &Cpu, pte: Pte, vm_flags: u64) -> bool {
    vm_flags & vm::WRITE != 0
        && (pte_dirty(cpu.arch(), pte) || cpu.rules().is(MprotectUpgrade::Yes))
        && pte.soft_dirty()
        && !pte.uffd_wp()
        && pte.page().is_anon()
        && cpu.rules().is(AnonExclusive::Yes)
        && cpu.page_anon_exclusive(pte.page()).await
}
