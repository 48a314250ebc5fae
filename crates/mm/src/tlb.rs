//! TLB flushes, and the count of pending flushes.
//!
//! Follows `arch/x86/mm/tlb.c`, `include/linux/mm_types.h` (`inc_tlb_flush_pending` and friends) and the batched flush
//! of `mm/rmap.c` (v5.4 to v6.18). A flush reaches CPUs in no particular order (`on_each_cpu_cond_mask` of
//! `kernel/smp.c`; `TLBI ..IS`), and the initiator waits for all of them; on an architecture with IPIs, it also waits
//! until CPUs that were in GUP-fast have left it. Left out: lazy TLB mode, ranges finer than the pages of the scenario.

use cowrace_machine::{InFlight, Prim, encode};
use cowrace_report::{Fact, Then};

use crate::cpu::Cpu;
use crate::era::{BatchedFlush, Safeguard};
use crate::objects::{BATCH_FLUSHED_SHIFT, BATCH_PENDING, MmStruct, irq_off, tlb};
use crate::world::{ActorId, Va};

/// `flush_tlb_range`: drops the entries of the pages in `entries` on every CPU that runs the mm; does nothing in a
/// kernel that lacks the flush.
pub async fn flush_tlb_range(cpu: &Cpu, mm: MmStruct, entries: u16, flush: Safeguard) {
    let flushed = cpu.part((mm, entries, flush), async |cpu, (mm, entries, flush)| {
        flush_cpus(cpu, mm, entries, flush).await;
    });
    flushed.await;
}

/// One CPU after the other drops its entries.
async fn flush_cpus(cpu: &Cpu, mm: MmStruct, entries: u16, flush: Safeguard) {
    let (kernel, rules) = (cpu.kernel(), cpu.rules());
    let mut targets = Vec::new();
    for &(actor, touched) in &kernel.cpumask[mm.0] {
        // The IPI is sent to all CPUs before the wait. A CPU that has interrupts off takes it when they are on again.
        let mut in_flight = None;
        if kernel.arch.flush_waits_for_irq_off()
            && kernel.gup_fast[actor]
            && actor != usize::from(cpu.actor())
            && rules.keeps(flush)
            && rules.keeps(Safeguard::FlushIpi)
        {
            in_flight = cpu.section_in_flight(irq_off(actor)).await;
        }
        let entries = if touched & entries != 0 && rules.keeps(flush) { touched & entries } else { 0 };
        if actor == usize::from(cpu.actor()) {
            flush_one(cpu, actor, entries).await;
        } else {
            targets.push((actor, entries, in_flight));
        }
    }
    // CPUs that take it at once come first, and CPUs that only have to be waited for come last: in this order no CPU
    // delays another.
    targets.sort_by_key(|&(_, entries, in_flight)| (entries == 0, in_flight.is_some()));
    while !targets.is_empty() {
        let next = next_to_flush(cpu, &targets).await;
        let (actor, entries, in_flight) = targets.remove(next);
        if let Some(in_flight) = in_flight {
            in_flight.over(cpu).await;
        }
        flush_one(cpu, actor, entries).await;
    }
}

async fn flush_one(cpu: &Cpu, actor: ActorId, entries: u16) {
    if entries != 0 {
        cpu.flush_tlb(tlb(actor), entries, Prim::FlushTlb).await;
    }
}

/// Which CPU drops its entries next. If entries may be evicted at any time, the order makes no difference.
async fn next_to_flush(cpu: &Cpu, targets: &[(ActorId, u16, Option<InFlight>)]) -> usize {
    let flushing = targets.iter().filter(|(_, entries, _)| *entries != 0);
    let count = flushing.clone().count() as u32;
    if count < 2 || cpu.kernel().world.environment.tlb_evict {
        return 0;
    }
    // If all have to be waited for, an earlier one may itself be waiting for a later one.
    let all_wait = flushing.clone().all(|(.., in_flight)| in_flight.is_some());
    cpu.choose(count, if all_wait { Prim::IpiOrder } else { Prim::FlushOrder }).await as usize
}

/// `tlb_remove_table_sync_one` of `mm/mmu_gather.c`: an IPI to all CPUs, on every architecture, and so a wait for everybody who is in GUP-fast.
pub async fn tlb_remove_table_sync_one(cpu: &Cpu) {
    cpu.call("tlb_remove_table_sync_one", (), async |cpu, ()| {
        let others = (0..cpu.kernel().gup_fast.len()).filter(|actor| *actor != usize::from(cpu.actor()));
        let mut in_flight = Vec::new();
        for actor in others.filter(|actor| cpu.kernel().gup_fast[*actor]) {
            in_flight.extend(cpu.section_in_flight(irq_off(actor)).await);
        }
        for section in in_flight {
            section.over(cpu).await;
        }
    })
    .await
}

/// `flush_tlb_page`; `flush_pmd_tlb_range` of a range, and `flush_tlb_range` of all its pages. A flush of a page drops the entry
/// of the huge page as well.
pub async fn flush_tlb_page(cpu: &Cpu, mm: MmStruct, va: Va, flush: Safeguard) {
    let entries = cpu.kernel().geometry.entries(va);
    flush_tlb_range(cpu, mm, entries, flush).await;
}

/// `flush_tlb_mm`.
pub async fn flush_tlb_mm(cpu: &Cpu, mm: MmStruct, flush: Safeguard) {
    flush_tlb_range(cpu, mm, u16::MAX, flush).await;
}

/// `inc_tlb_flush_pending`.
pub async fn inc_tlb_flush_pending(cpu: &Cpu, mm: MmStruct) {
    cpu.add(mm.tlb_flush_pending(), 1, Prim::IncTlbFlushPending).await;
}

/// `dec_tlb_flush_pending`.
pub async fn dec_tlb_flush_pending(cpu: &Cpu, mm: MmStruct) {
    cpu.add(mm.tlb_flush_pending(), -1, Prim::DecTlbFlushPending).await;
}

/// `mm_tlb_flush_pending`.
pub async fn mm_tlb_flush_pending(cpu: &Cpu, mm: MmStruct) -> bool {
    cpu.load(mm.tlb_flush_pending(), Prim::MmTlbFlushPending).await.bits > 0
}

/// `mm_tlb_flush_nested`.
pub async fn mm_tlb_flush_nested(cpu: &Cpu, mm: MmStruct) -> bool {
    cpu.load(mm.tlb_flush_pending(), Prim::MmTlbFlushNested).await.bits > 1
}

/// `flush_tlb_batched_pending`, under the PTE lock: makes the flush that reclaim has deferred. Other page tables have
/// other locks, so reclaim may defer more flushes meanwhile.
pub async fn flush_tlb_batched_pending(cpu: &Cpu, mm: MmStruct) {
    if cpu.rules().is(BatchedFlush::Defer) {
        return;
    }
    cpu.call("flush_tlb_batched_pending", (mm,), async |cpu, (mm,)| {
        let batch = cpu.load(mm.tlb_flush_batched(), Prim::TlbBatched).await.bits;
        let (pending, flushed) = (batch & BATCH_PENDING, batch >> BATCH_FLUSHED_SHIFT);
        if pending == flushed {
            return;
        }
        cpu.why(Fact::FlushPutOff.so(Then::FlushNow));
        flush_tlb_mm(cpu, mm, Safeguard::BatchedFlush).await;
        if cpu.rules().is(BatchedFlush::Count) {
            // Flushes that have been deferred since then stay pending.
            let done = pending | (pending << BATCH_FLUSHED_SHIFT);
            cpu.cmpxchg(mm.tlb_flush_batched(), batch, done, Prim::TlbBatched).await;
        } else {
            cpu.store(mm.tlb_flush_batched(), 0, Prim::TlbBatched).await;
        }
    })
    .await
}

/// `struct tlbflush_unmap_batch`: the flushes that one reclaimer has deferred for a page. It is local to the reclaimer
/// and passed by value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TlbUbc {
    /// The mms whose entries are to be dropped, by bit.
    mms: u32,
    /// The address of the page in them.
    va: Va,
    /// Whether some of the PTEs were dirty, so that a stale entry may still be used for writing.
    writable: bool,
}
encode!(struct TlbUbc { mms, va, writable });

/// `should_defer_flush`: whether another CPU runs the mm and would have to be interrupted.
#[must_use]
pub fn should_defer_flush(cpu: &Cpu, mm: MmStruct) -> bool {
    cpu.kernel().cpumask[mm.0].iter().any(|&(actor, _)| actor != usize::from(cpu.actor()))
}

/// `set_tlb_ubc_flush_pending`. Left out: both counts are reset when many thousands of flushes are pending.
pub async fn set_tlb_ubc_flush_pending(
    cpu: &Cpu,
    ubc: TlbUbc,
    mm: MmStruct,
    va: Va,
    writable: bool,
) -> TlbUbc {
    if cpu.rules().is(BatchedFlush::Count) {
        cpu.add(mm.tlb_flush_batched(), 1, Prim::SetTlbBatched).await;
    } else {
        cpu.store(mm.tlb_flush_batched(), 1, Prim::SetTlbBatched).await;
    }
    TlbUbc { mms: ubc.mms | 1 << mm.0, va, writable: ubc.writable || writable }
}

/// `try_to_unmap_flush`.
pub async fn try_to_unmap_flush(cpu: &Cpu, ubc: TlbUbc) {
    flush_deferred(cpu, ubc, Safeguard::UnmapBatchFlush).await;
}

/// `try_to_unmap_flush_dirty`: called before the page is written out. Returns what is left to flush.
pub async fn try_to_unmap_flush_dirty(cpu: &Cpu, ubc: TlbUbc) -> TlbUbc {
    if !ubc.writable || !cpu.rules().keeps(Safeguard::UnmapDirtyFlush) {
        return ubc;
    }
    flush_deferred(cpu, ubc, Safeguard::UnmapDirtyFlush).await;
    TlbUbc::default()
}

async fn flush_deferred(cpu: &Cpu, ubc: TlbUbc, flush: Safeguard) {
    cpu.call("try_to_unmap_flush", (ubc, flush), async |cpu, (ubc, flush)| {
        // In the order in which they were deferred, which is that of the walk: parents before children.
        for mm in (0..u32::BITS as usize).filter(|mm| ubc.mms & 1 << mm != 0) {
            flush_tlb_page(cpu, MmStruct(mm), ubc.va, flush).await;
        }
    })
    .await;
}
