//! Unmapping: munmap and exit.

use cowrace_machine::Prim;
use cowrace_mm::Cpu;
use cowrace_mm::era::{Safeguard, VmaLock, ZapLruDrain};
use cowrace_mm::mmap::{exit_mmap, munmap, zap_page_range};

use super::arms::{Told, behaviours, case};
use super::bench::{A, Ran, buf, exiting, first};

behaviours![
    a_page_in_this_cpus_batch_is_freed_if_the_batch_is_drained,
    the_vmas_lock_keeps_faults_out,
    a_page_is_flushed_before_it_is_freed,
    a_flush_that_another_cpu_has_still_to_do_is_done,
];

async fn unmap(cpu: &Cpu) {
    munmap(cpu, A, 0).await;
}

async fn zap(cpu: &Cpu) {
    zap_page_range(cpu, A, 0).await;
}

async fn exit(cpu: &Cpu) {
    exit_mmap(cpu, A).await;
}

fn a_page_in_this_cpus_batch_is_freed_if_the_batch_is_drained() -> Told {
    let is_freed = |ran: &Ran<()>| !ran.memory.alive(first().obj);
    let due = [(ZapLruDrain::Yes, true), (ZapLruDrain::No, false)];
    let mut told = case("v6.12", buf("anon").in_batch(), unmap, is_freed).arms(&due);
    told.extend(case("v6.12", exiting("anon").in_batch(), exit, is_freed).arms(&due));
    told
}

fn the_vmas_lock_keeps_faults_out() -> Told {
    case("v6.12", buf("anon"), unmap, |ran| ran.count(Prim::VmaStartWrite)).arms(&[
        (VmaLock::No, 0),
        (VmaLock::Racy, 1),
        (VmaLock::Yes, 1),
    ])
}

fn a_page_is_flushed_before_it_is_freed() -> Told {
    use Prim::{FlushTlb, FreePage};
    case("v6.12", buf("anon"), zap, |ran| ran.order(&[FlushTlb, FreePage])).safeguard(
        Safeguard::ZapFlush,
        vec![FlushTlb, FreePage],
        vec![FreePage],
    )
}

/// Nothing is mapped here, so the call itself has nothing to flush.
fn a_flush_that_another_cpu_has_still_to_do_is_done() -> Told {
    let pending = buf("none").flush_pending();
    case("v6.12", pending, zap, |ran| ran.count(Prim::FlushTlb)).safeguard(Safeguard::NestedFlush, 1, 0)
}
