//! Fork.

use cowrace_machine::{Arch, Prim, mmu};
use cowrace_mm::Cpu;
use cowrace_mm::era::{AnonExclusive, Arm64Wrprotect, ForkPin, ForkSeq, HasPinned, Safeguard, VmaLock};
use cowrace_mm::fork::dup_mmap;
use cowrace_mm::pgtable::{SW_DIRTY, pte_dirty};

use super::arms::{Told, behaviours, case};
use super::bench::{A, CHILD, Maps, Ran, clear, forking, pin, set, writable};

behaviours![
    a_page_that_may_be_pinned_is_shared_or_copied_for_the_child,
    a_child_that_shares_write_protects_the_parent,
    a_count_without_a_pin_is_taken_for_one_where_pins_are_not_noted_in_the_mm,
    the_walk_is_bracketed_by_the_sequence_count,
    the_first_barrier_stands_between_the_count_and_the_walk,
    the_last_barrier_stands_between_the_walk_and_the_count,
    the_exclusive_mark_goes_before_the_page_is_shared,
    what_the_mmu_noted_of_a_store_is_kept_for_the_child,
    the_vmas_lock_is_taken_where_faults_go_by_it,
    the_parents_tlbs_are_flushed_at_the_end,
];

async fn fork(cpu: &Cpu) {
    dup_mmap(cpu, A, 1).await;
}

fn a_page_that_may_be_pinned_is_shared_or_copied_for_the_child() -> Told {
    use ForkPin::{Copy, CopyWrprotectFirst, Share};
    use Prim::{AllocPage, PageMaybeDmaPinned, PtepSetWrprotect};
    let steps = [AllocPage, PageMaybeDmaPinned, PtepSetWrprotect];
    case("v5.9", forking("anon").pinned(), fork, |ran| ran.order(&steps)).arms(&[
        (Share, vec![PtepSetWrprotect]),
        (CopyWrprotectFirst, vec![PtepSetWrprotect, PageMaybeDmaPinned, AllocPage]),
        (Copy, vec![PageMaybeDmaPinned, AllocPage]),
    ])
}

fn a_child_that_shares_write_protects_the_parent() -> Told {
    let shows = |ran: &Ran<()>| (ran.maps(CHILD), writable(ran.pte()));
    case("v5.9", forking("anon").pinned(), fork, shows).arms(&[
        (ForkPin::Share, (Maps::First, false)),
        (ForkPin::CopyWrprotectFirst, (Maps::Fresh, true)),
        (ForkPin::Copy, (Maps::Fresh, true)),
    ])
}

fn a_count_without_a_pin_is_taken_for_one_where_pins_are_not_noted_in_the_mm() -> Told {
    let many = forking("anon").but(pin);
    case("v5.9", many, fork, |ran| ran.maps(CHILD))
        .arms(&[(HasPinned::No, Maps::Fresh), (HasPinned::Yes, Maps::First)])
}

/// The requests around the write-protection of a page.
const WALK: [Prim; 4] =
    [Prim::PtepSetWrprotect, Prim::SmpWmb, Prim::WriteSeqcountBegin, Prim::WriteSeqcountEnd];

fn the_walk_is_bracketed_by_the_sequence_count() -> Told {
    use Prim::{PtepSetWrprotect, SmpWmb, WriteSeqcountBegin, WriteSeqcountEnd};
    case("v5.12", forking("anon"), fork, |ran| ran.order(&WALK)).arms(&[
        (ForkSeq::No, vec![PtepSetWrprotect]),
        (ForkSeq::Yes, vec![WriteSeqcountBegin, SmpWmb, PtepSetWrprotect, SmpWmb, WriteSeqcountEnd]),
    ])
}

fn the_first_barrier_stands_between_the_count_and_the_walk() -> Told {
    use Prim::{PtepSetWrprotect, SmpWmb, WriteSeqcountBegin, WriteSeqcountEnd};
    case("v5.12", forking("anon"), fork, |ran| ran.order(&WALK)).safeguard(
        Safeguard::ForkSeqBeginWmb,
        vec![WriteSeqcountBegin, SmpWmb, PtepSetWrprotect, SmpWmb, WriteSeqcountEnd],
        vec![WriteSeqcountBegin, PtepSetWrprotect, SmpWmb, WriteSeqcountEnd],
    )
}

fn the_last_barrier_stands_between_the_walk_and_the_count() -> Told {
    use Prim::{PtepSetWrprotect, SmpWmb, WriteSeqcountBegin, WriteSeqcountEnd};
    case("v5.12", forking("anon"), fork, |ran| ran.order(&WALK)).safeguard(
        Safeguard::ForkSeqEndWmb,
        vec![WriteSeqcountBegin, SmpWmb, PtepSetWrprotect, SmpWmb, WriteSeqcountEnd],
        vec![WriteSeqcountBegin, SmpWmb, PtepSetWrprotect, WriteSeqcountEnd],
    )
}

fn the_exclusive_mark_goes_before_the_page_is_shared() -> Told {
    use Prim::{ClearPageAnonExclusive, PageAnonExclusive, PageDupRmap, PtepSetWrprotect};
    let steps = [ClearPageAnonExclusive, PageAnonExclusive, PageDupRmap, PtepSetWrprotect];
    case("v6.12", forking("anon"), fork, |ran| ran.order(&steps)).arms(&[
        (AnonExclusive::No, vec![PageDupRmap, PtepSetWrprotect]),
        (AnonExclusive::Yes, vec![PageAnonExclusive, ClearPageAnonExclusive, PageDupRmap, PtepSetWrprotect]),
    ])
}

/// The page was clean for the kernel, until the MMU stored.
fn what_the_mmu_noted_of_a_store_is_kept_for_the_child() -> Told {
    let stored = forking("anon clean").on(Arch::Arm64).but(|memory| {
        clear(memory, A.pte(0), SW_DIRTY);
        set(memory, A.pte(0), mmu::DIRTY);
    });
    case("v5.9", stored, fork, |ran| pte_dirty(Arch::Arm64, ran.pte_of(CHILD)))
        .arms(&[(Arm64Wrprotect::DropsDirty, false), (Arm64Wrprotect::KeepsDirty, true)])
}

fn the_vmas_lock_is_taken_where_faults_go_by_it() -> Told {
    case("v6.6", forking("anon"), fork, |ran| ran.count(Prim::VmaStartWrite)).arms(&[
        (VmaLock::No, 0),
        (VmaLock::Racy, 0),
        (VmaLock::Yes, 1),
    ])
}

fn the_parents_tlbs_are_flushed_at_the_end() -> Told {
    use Prim::{FlushTlb, PtepSetWrprotect};
    let steps = [FlushTlb, PtepSetWrprotect];
    case("v6.12", forking("anon"), fork, |ran| ran.order(&steps)).safeguard(
        Safeguard::ForkFlush,
        vec![PtepSetWrprotect, FlushTlb],
        vec![PtepSetWrprotect],
    )
}
