//! The meaning of PTE bits on an architecture: dirty and writable.
//!
//! Follows `arch/x86/include/asm/pgtable.h` and `arch/arm64/include/asm/pgtable.h` (both read in v5.7, v5.9, v5.10,
//! v5.18, v6.1 and v6.12). The MMU of x86 sets the dirty bit when it stores, and the kernel uses this bit as its dirty
//! bit. On arm64 with hardware management of dirty state (`FEAT_HAFDBS`, which server CPUs have) a writable PTE has
//! `PTE_DBM`, which is `PTE_WRITE`; the MMU clears `PTE_RDONLY` when it stores; and the kernel has a dirty bit of its
//! own, `PTE_DIRTY`, which the MMU does not touch. In the model the bit that the MMU sets is [`mmu::DIRTY`] on every
//! architecture; on arm64 it represents a clear `PTE_RDONLY`. On both architectures, a store through a TLB entry
//! without that bit reads the PTE again: x86 walks again, and the PE of arm64 changes the descriptor in memory
//! atomically, or faults if it is no longer writable. Left out: arm64 without `FEAT_HAFDBS`, where the first store to a
//! clean page faults, and 143937ca51cc (v6.18), before which `pte_mkwrite` makes a clean PTE dirty as it does here.

use cowrace_machine::{Arch, Prim, Round, mmu};

use crate::cpu::Cpu;
use crate::era::Arm64Wrprotect;
use crate::objects::MmStruct;
use crate::world::Va;

use super::entry::{Pte, SOFT_DIRTY, SW_DIRTY};

const fn has_dbm(arch: Arch) -> bool {
    matches!(arch, Arch::Arm64)
}

/// `pte_hw_dirty` (arm64): the MMU has stored, or may store without a further change of the PTE.
fn pte_hw_dirty(pte: Pte) -> bool {
    pte.write() && pte.has(mmu::DIRTY)
}

/// `pte_dirty`.
#[must_use]
pub fn pte_dirty(arch: Arch, pte: Pte) -> bool {
    if has_dbm(arch) { pte.has(SW_DIRTY) || pte_hw_dirty(pte) } else { pte.has(mmu::DIRTY) }
}

/// `pte_mkdirty`, which marks the page soft-dirty as well.
#[must_use]
pub fn pte_mkdirty(arch: Arch, pte: Pte) -> Pte {
    let pte = pte.set(SOFT_DIRTY);
    match (has_dbm(arch), pte.write()) {
        (false, _) => pte.set(mmu::DIRTY),
        (true, true) => pte.set(SW_DIRTY | mmu::DIRTY),
        (true, false) => pte.set(SW_DIRTY),
    }
}

/// `pte_mkclean`.
#[must_use]
pub const fn pte_mkclean(pte: Pte) -> Pte {
    pte.clear(mmu::DIRTY | SW_DIRTY)
}

/// `pte_mkwrite`. On arm64 this makes the PTE dirty as well.
#[must_use]
pub const fn pte_mkwrite(arch: Arch, pte: Pte) -> Pte {
    pte.set(if has_dbm(arch) { mmu::WRITE | mmu::DIRTY } else { mmu::WRITE })
}

/// `pte_wrprotect` of a value. On arm64 the kernel's dirty bit preserves the hardware dirty state, since ff1712f953e2
/// (v5.10).
#[must_use]
pub fn pte_wrprotect(cpu: &Cpu, pte: Pte) -> Pte {
    if has_dbm(cpu.arch()) && pte_hw_dirty(pte) && cpu.rules().is(Arm64Wrprotect::DropsDirty) {
        return pte.clear(mmu::WRITE | mmu::DIRTY);
    }
    wrprotect(cpu.arch(), pte)
}

/// `pte_modify` with the protection of a private mapping, which never has the write bit.
#[must_use]
pub fn pte_modify(cpu: &Cpu, pte: Pte) -> Pte {
    wrprotect(cpu.arch(), pte)
}

/// The PTE without the write bit, with its dirty state preserved.
fn wrprotect(arch: Arch, pte: Pte) -> Pte {
    if !has_dbm(arch) {
        return pte.clear(mmu::WRITE);
    }
    let kept = if pte_hw_dirty(pte) { pte.set(SW_DIRTY) } else { pte };
    kept.clear(mmu::WRITE | mmu::DIRTY)
}

/// `pte_needs_flush` of an entry that is changed, and `huge_pmd_needs_flush`: on x86 if its rights change or its dirty bit is lost, on
/// other architectures always.
#[must_use]
pub fn pte_needs_flush(arch: Arch, old: Pte, new: Pte) -> bool {
    has_dbm(arch) || old.write() != new.write() || pte_dirty(arch, old) && !pte_dirty(arch, new)
}

/// `ptep_set_wrprotect`, with the PTE lock held: only the MMU can interfere. On arm64 this is a loop over `cmpxchg`,
/// which ends at the latest when the MMU has set its two bits.
pub async fn ptep_set_wrprotect(cpu: &Cpu, mm: MmStruct, va: Va) {
    if !has_dbm(cpu.arch()) {
        return cpu.clear_bits(mm.pte(va), mmu::WRITE, Prim::PtepSetWrprotect).await;
    }
    cpu.rounds((mm, va), async |cpu, (mm, va)| {
        let old = cpu.ptep_get(mm, va).await;
        let new = wrprotect(cpu.arch(), old);
        if cpu.cmpxchg(mm.pte(va), old.bits(), new.bits(), Prim::PtepSetWrprotect).await {
            return Round::Done(());
        }
        Round::Again((mm, va))
    })
    .await;
}

/// `pmdp_set_wrprotect`, with the lock of the directory held: as [`ptep_set_wrprotect`].
pub async fn pmdp_set_wrprotect(cpu: &Cpu, mm: MmStruct, range: Va) {
    if !has_dbm(cpu.arch()) {
        return cpu.clear_bits(mm.pmd(range), mmu::WRITE, Prim::PmdpSetWrprotect).await;
    }
    cpu.rounds((mm, range), async |cpu, (mm, range)| {
        let old = cpu.pmdp_get(mm, range).await;
        let new = wrprotect(cpu.arch(), old);
        if cpu.cmpxchg(mm.pmd(range), old.bits(), new.bits(), Prim::PmdpSetWrprotect).await {
            return Round::Done(());
        }
        Round::Again((mm, range))
    })
    .await;
}
