//! mprotect.

use cowrace_machine::Prim;
use cowrace_mm::Cpu;
use cowrace_mm::era::{AnonExclusive, BatchedFlush, ChangeFlush, MprotectUpgrade, Safeguard, VmaLock};
use cowrace_mm::mprotect::mprotect_fixup;

use super::arms::{Told, behaviours, case};
use super::bench::{A, Ran, buf, shared, writable};

behaviours![
    a_dirty_page_is_writable_at_once_from_the_first_version_on,
    a_clean_page_is_writable_at_once_since_the_second,
    a_page_is_writable_at_once_only_where_exclusive_pages_are_marked,
    a_flush_that_was_put_off_is_done_first,
    the_vmas_lock_keeps_faults_out,
    what_is_taken_away_is_flushed,
    what_does_not_change_is_flushed_only_without_a_gather,
    a_gather_makes_the_flush_that_another_cpu_has_still_to_make,
];

async fn to_read_write(cpu: &Cpu) {
    mprotect_fixup(cpu, A, 0, true).await;
}

async fn to_read_only(cpu: &Cpu) {
    mprotect_fixup(cpu, A, 0, false).await;
}

fn flushes(ran: &Ran<()>) -> usize {
    ran.count(Prim::FlushTlb)
}

fn upgrades(ran: &Ran<()>) -> bool {
    writable(ran.pte())
}

fn a_dirty_page_is_writable_at_once_from_the_first_version_on() -> Told {
    case("v6.12", buf("anon read_only"), to_read_write, upgrades).arms(&[
        (MprotectUpgrade::No, false),
        (MprotectUpgrade::Dirty, true),
        (MprotectUpgrade::Yes, true),
    ])
}

fn a_clean_page_is_writable_at_once_since_the_second() -> Told {
    case("v6.12", buf("anon read_only clean"), to_read_write, upgrades).arms(&[
        (MprotectUpgrade::No, false),
        (MprotectUpgrade::Dirty, false),
        (MprotectUpgrade::Yes, true),
    ])
}

fn a_page_is_writable_at_once_only_where_exclusive_pages_are_marked() -> Told {
    case("v6.12", buf("anon read_only"), to_read_write, upgrades)
        .arms(&[(AnonExclusive::No, false), (AnonExclusive::Yes, true)])
}

fn a_flush_that_was_put_off_is_done_first() -> Told {
    use Prim::{FlushTlb, PtepModifyProtStart};
    let put_off = buf("anon").but(|memory| memory.set(A.tlb_flush_batched(), 1));
    case("v5.15", put_off, to_read_only, |ran| ran.order(&[FlushTlb, PtepModifyProtStart])).arms(&[
        (BatchedFlush::Defer, vec![PtepModifyProtStart, FlushTlb]),
        (BatchedFlush::Catch, vec![FlushTlb, PtepModifyProtStart, FlushTlb]),
        (BatchedFlush::Count, vec![FlushTlb, PtepModifyProtStart, FlushTlb]),
    ])
}

fn the_vmas_lock_keeps_faults_out() -> Told {
    case("v6.12", buf("anon"), to_read_only, |ran| ran.count(Prim::VmaStartWrite)).arms(&[
        (VmaLock::No, 0),
        (VmaLock::Racy, 1),
        (VmaLock::Yes, 1),
    ])
}

fn what_is_taken_away_is_flushed() -> Told {
    case("v6.12", buf("anon"), to_read_only, flushes).safeguard(Safeguard::MprotectFlush, 1, 0)
}

/// mprotect to read-only of a page that fork has write-protected.
fn what_does_not_change_is_flushed_only_without_a_gather() -> Told {
    case("v6.12", shared("anon"), to_read_only, flushes)
        .arms(&[(ChangeFlush::Range, 1), (ChangeFlush::Gather, 0)])
}

fn a_gather_makes_the_flush_that_another_cpu_has_still_to_make() -> Told {
    let pending = buf("none").flush_pending();
    case("v6.12", pending, to_read_only, flushes).arms(&[(ChangeFlush::Range, 0), (ChangeFlush::Gather, 1)])
}
