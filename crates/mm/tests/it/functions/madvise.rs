//! madvise.

use cowrace_machine::Prim;
use cowrace_mm::Cpu;
use cowrace_mm::era::{MadvFreeSpares, Safeguard, VmaLock, ZapLruDrain};
use cowrace_mm::madvise::madvise;
use cowrace_mm::world::Advice;

use super::arms::{Told, behaviours, case};
use super::bench::{A, Ran, buf, first, shared};

behaviours![
    a_shared_page_that_is_clean_here_is_spared_by_both_proposals,
    a_shared_page_that_is_dirty_here_is_spared_by_one,
    what_is_discarded_leaves_the_batch_first,
    a_change_of_the_vma_keeps_faults_out_that_go_by_its_lock,
    a_clean_pte_is_flushed,
    a_flush_that_another_cpu_has_still_to_do_is_done,
];

async fn free(cpu: &Cpu) {
    let _ = madvise(cpu, A, 0, Advice::Free).await;
}

/// Whether the page was left alone; otherwise its PTE is old.
fn spares(ran: &Ran<()>) -> bool {
    ran.pte().young()
}

fn a_shared_page_that_is_clean_here_is_spared_by_both_proposals() -> Told {
    case("v6.12", shared("anon clean"), free, spares).arms(&[
        (MadvFreeSpares::InUse, false),
        (MadvFreeSpares::CleanPte, true),
        (MadvFreeSpares::Every, true),
    ])
}

fn a_shared_page_that_is_dirty_here_is_spared_by_one() -> Told {
    case("v6.12", shared("anon"), free, spares).arms(&[
        (MadvFreeSpares::InUse, false),
        (MadvFreeSpares::CleanPte, false),
        (MadvFreeSpares::Every, true),
    ])
}

fn what_is_discarded_leaves_the_batch_first() -> Told {
    let discard = async |cpu: &Cpu| {
        let _ = madvise(cpu, A, 0, Advice::DontNeed).await;
    };
    let is_freed = |ran: &Ran<()>| !ran.memory.alive(first().obj);
    case("v6.12", buf("anon").in_batch(), discard, is_freed)
        .arms(&[(ZapLruDrain::Yes, true), (ZapLruDrain::No, false)])
}

fn a_change_of_the_vma_keeps_faults_out_that_go_by_its_lock() -> Told {
    let dont_fork = async |cpu: &Cpu| {
        let _ = madvise(cpu, A, 0, Advice::DontFork).await;
    };
    case("v6.12", buf("anon"), dont_fork, |ran| ran.count(Prim::VmaStartWrite)).arms(&[
        (VmaLock::No, 0),
        (VmaLock::Racy, 1),
        (VmaLock::Yes, 1),
    ])
}

fn flushes(ran: &Ran<()>) -> usize {
    ran.count(Prim::FlushTlb)
}

fn a_clean_pte_is_flushed() -> Told {
    case("v6.12", buf("anon"), free, flushes).safeguard(Safeguard::MadvFreeFlush, 1, 0)
}

/// Nothing is mapped here, so the calls themselves have nothing to flush.
fn a_flush_that_another_cpu_has_still_to_do_is_done() -> Told {
    let page_out = async |cpu: &Cpu| {
        let _ = madvise(cpu, A, 0, Advice::PageOut).await;
    };
    let pending = buf("none").flush_pending();
    let mut told = case("v6.12", pending.clone(), free, flushes).safeguard(Safeguard::NestedFlush, 1, 0);
    told.extend(case("v6.12", pending, page_out, flushes).safeguard(Safeguard::NestedFlush, 1, 0));
    told
}
