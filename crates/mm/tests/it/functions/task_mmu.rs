//! /proc/PID/clear_refs.

use cowrace_machine::{Arch, Prim, mmu};
use cowrace_mm::Cpu;
use cowrace_mm::era::{
    Arm64Wrprotect, ClearRefsFlush, ClearRefsLock, ClearRefsPin, HasPinned, Safeguard, VmaLock,
};
use cowrace_mm::pgtable::{SW_DIRTY, pte_dirty};
use cowrace_mm::task_mmu::clear_refs_write;

use super::arms::{Told, behaviours, case};
use super::bench::{A, Ran, buf, clear, pin, set, writable};

behaviours![
    the_mmap_lock_is_taken_for_reading_or_for_writing,
    a_page_that_may_be_pinned_stays_writable_where_it_is_spared,
    a_count_without_a_pin_spares_where_pins_are_not_noted_in_the_mm,
    the_flush_is_explicit_or_elided,
    an_elided_flush_is_made_if_another_cpu_has_one_to_do,
    the_vmas_lock_is_taken_where_faults_go_by_it,
    what_the_mmu_noted_of_a_store_is_kept,
];

async fn clear_refs(cpu: &Cpu) {
    clear_refs_write(cpu, A).await;
}

fn the_mmap_lock_is_taken_for_reading_or_for_writing() -> Told {
    use Prim::{MmapReadLock, MmapWriteLock};
    case("v5.12", buf("anon"), clear_refs, |ran| ran.order(&[MmapReadLock, MmapWriteLock]))
        .arms(&[(ClearRefsLock::Read, vec![MmapReadLock]), (ClearRefsLock::Write, vec![MmapWriteLock])])
}

fn stays_writable(ran: &Ran<()>) -> bool {
    writable(ran.pte())
}

fn a_page_that_may_be_pinned_stays_writable_where_it_is_spared() -> Told {
    case("v5.12", buf("anon").pinned(), clear_refs, stays_writable)
        .arms(&[(ClearRefsPin::No, false), (ClearRefsPin::Skip, true)])
}

fn a_count_without_a_pin_spares_where_pins_are_not_noted_in_the_mm() -> Told {
    case("v5.12", buf("anon").but(pin), clear_refs, stays_writable)
        .arms(&[(HasPinned::No, true), (HasPinned::Yes, false)])
}

fn flushes(ran: &Ran<()>) -> usize {
    ran.count(Prim::FlushTlb)
}

fn the_flush_is_explicit_or_elided() -> Told {
    case("v5.12", buf("anon"), clear_refs, flushes)
        .arms(&[(ClearRefsFlush::Elided, 0), (ClearRefsFlush::Explicit, 1)])
}

fn an_elided_flush_is_made_if_another_cpu_has_one_to_do() -> Told {
    let pending = buf("anon").flush_pending();
    case("v5.7", pending, clear_refs, flushes).safeguard(Safeguard::NestedFlush, 1, 0)
}

fn the_vmas_lock_is_taken_where_faults_go_by_it() -> Told {
    case("v6.12", buf("anon"), clear_refs, |ran| ran.count(Prim::VmaStartWrite)).arms(&[
        (VmaLock::No, 0),
        (VmaLock::Racy, 1),
        (VmaLock::Yes, 1),
    ])
}

/// The page was clean for the kernel, until the MMU stored.
fn what_the_mmu_noted_of_a_store_is_kept() -> Told {
    let stored = buf("anon clean").on(Arch::Arm64).but(|memory| {
        clear(memory, A.pte(0), SW_DIRTY);
        set(memory, A.pte(0), mmu::DIRTY);
    });
    case("v5.9", stored, clear_refs, |ran| pte_dirty(Arch::Arm64, ran.pte()))
        .arms(&[(Arm64Wrprotect::DropsDirty, false), (Arm64Wrprotect::KeepsDirty, true)])
}
