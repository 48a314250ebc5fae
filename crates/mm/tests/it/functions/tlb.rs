//! TLB flushes, and deferred flushes.

use cowrace_machine::{Arch, Prim};
use cowrace_mm::Cpu;
use cowrace_mm::era::{BatchedFlush, Safeguard};
use cowrace_mm::objects::BATCH_FLUSHED_SHIFT;
use cowrace_mm::tlb::{TlbUbc, flush_tlb_batched_pending, flush_tlb_mm, set_tlb_ubc_flush_pending};

use super::arms::{Told, behaviours, case};
use super::bench::{A, Ran, State, add, buf, threads};

behaviours![
    a_flush_that_was_put_off_is_left_or_done_and_forgotten_or_done_and_counted,
    a_deferred_flush_is_noted_or_counted,
    a_flush_that_is_deferred_meanwhile_is_forgotten_unless_it_is_counted,
    a_flush_by_ipi_waits_for_gup_fast,
];

/// A state with a flush that reclaim has deferred.
fn put_off() -> State {
    buf("anon").but(|memory| memory.set(A.tlb_flush_batched(), 1))
}

async fn catch(cpu: &Cpu) {
    flush_tlb_batched_pending(cpu, A).await;
}

/// The number of CPUs that were flushed, and the mm's note of deferred flushes.
fn shows<R>(ran: &Ran<R>) -> (usize, u64) {
    (ran.count(Prim::FlushTlb), ran.memory.get(A.tlb_flush_batched()))
}

fn a_flush_that_was_put_off_is_left_or_done_and_forgotten_or_done_and_counted() -> Told {
    case("v5.15", put_off(), catch, shows).arms(&[
        (BatchedFlush::Defer, (0, 1)),
        (BatchedFlush::Catch, (1, 0)),
        (BatchedFlush::Count, (1, 1 | 1 << BATCH_FLUSHED_SHIFT)),
    ])
}

fn a_deferred_flush_is_noted_or_counted() -> Told {
    let put_off_more = async |cpu: &Cpu| {
        set_tlb_ubc_flush_pending(cpu, TlbUbc::default(), A, 0, true).await;
    };
    case("v5.15", put_off(), put_off_more, shows).arms(&[
        (BatchedFlush::Defer, (0, 1)),
        (BatchedFlush::Catch, (0, 1)),
        (BatchedFlush::Count, (0, 2)),
    ])
}

/// The bug that 5ee2fa2f0636 fixes.
fn a_flush_that_is_deferred_meanwhile_is_forgotten_unless_it_is_counted() -> Told {
    let more = put_off().meanwhile(Prim::FlushTlb, 0, |memory| add(memory, A.tlb_flush_batched(), 1));
    case("v5.15", more, catch, shows).arms(&[
        (BatchedFlush::Defer, (0, 1)),
        (BatchedFlush::Catch, (1, 0)),
        (BatchedFlush::Count, (1, 2)),
    ])
}

fn a_flush_by_ipi_waits_for_gup_fast() -> Told {
    let flush = async |cpu: &Cpu| flush_tlb_mm(cpu, A, Safeguard::ForkFlush).await;
    let asks = |ran: &Ran<()>| ran.count(Prim::Synchronize);
    case("v6.12", threads("anon").on(Arch::X86), flush, asks).safeguard(Safeguard::FlushIpi, 1, 0)
}
