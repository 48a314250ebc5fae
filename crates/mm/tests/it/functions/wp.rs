//! Write faults: whether the page is reused or copied, and in what order a copy is mapped.

use cowrace_machine::Prim;
use cowrace_mm::era::{
    FreeSwapCache, GupLongterm, Safeguard, UffdFlush, UnshareCopy, WpFreeSwap, WpLruDrain, WpReuse, WpUnlock,
};
use cowrace_mm::fault::{FaultFlag, FaultResult, VmFault, wp::do_wp_page};
use cowrace_mm::objects::{SwpEntry, pg};
use cowrace_mm::{Cpu, Era};

use super::arms::{Told, behaviours, case};
use super::bench::{A, Maps, Ran, State, add, buf, clear, first, run, shared, writable, zap};

behaviours![
    a_reference_more_makes_a_copy_where_references_are_counted,
    a_page_without_the_mark_is_counted,
    an_entry_of_another_mm_makes_a_copy_unless_only_mappings_count,
    writeback_makes_a_copy_where_the_swap_cache_is_left,
    the_swap_caches_reference_is_dropped_before_references_are_counted,
    the_batchs_reference_is_dropped_before_references_are_counted,
    the_page_is_unlocked_before_the_pte_lock_is_dropped_or_after,
    a_page_that_was_copied_from_leaves_the_swap_cache,
    a_flush_that_is_pending_is_done_before_the_page_is_copied,
    the_copy_that_unsharing_makes_is_clean_or_dirty,
    unsharing_copies_a_page_of_a_file_where_long_term_pins_do_not_share_it,
    a_copy_is_mapped_after_the_old_entry_is_flushed,
    a_pte_that_changes_while_the_lock_is_slept_for_is_left_alone,
    references_are_counted_again_under_the_page_lock,
    a_pte_that_changes_while_the_page_is_copied_is_left_alone,
];

async fn fault(cpu: &Cpu, flag: FaultFlag) -> FaultResult {
    let vm_flags = cpu.find_vma(A, 0).await;
    cpu.ptl_lock(A, 0).await;
    let orig_pte = cpu.ptep_get(A, 0).await;
    let fault = VmFault { mm: A, va: 0, flag, vm_flags, orig_pte, vma_locked: false, allow_retry: true };
    do_wp_page(cpu, fault).await
}

async fn write(cpu: &Cpu) -> FaultResult {
    fault(cpu, FaultFlag::Write).await
}

async fn unshare(cpu: &Cpu) -> FaultResult {
    fault(cpu, FaultFlag::Unshare).await
}

fn maps(ran: &Ran<FaultResult>) -> Maps {
    ran.maps(A)
}

/// A page of its own that a write fault finds write-protected.
fn protected() -> State {
    buf("anon wrprotected")
}

/// The same, not known to be exclusive.
fn unmarked() -> State {
    buf("anon prevshared")
}

/// The rule about which kernel developers argued from v5.9 to v5.19.
fn a_reference_more_makes_a_copy_where_references_are_counted() -> Told {
    case("v6.12", protected().referenced(), write, maps).arms(&[
        (WpReuse::MapSwap, Maps::First),
        (WpReuse::Count, Maps::Fresh),
        (WpReuse::AnonExclusive, Maps::First),
        (WpReuse::MapCount, Maps::First),
        (WpReuse::ActiveInactive, Maps::First),
    ])
}

fn a_page_without_the_mark_is_counted() -> Told {
    case("v6.12", unmarked().referenced(), write, maps).arms(&[
        (WpReuse::MapSwap, Maps::First),
        (WpReuse::Count, Maps::Fresh),
        (WpReuse::AnonExclusive, Maps::Fresh),
        (WpReuse::MapCount, Maps::First),
        (WpReuse::ActiveInactive, Maps::First),
    ])
}

fn an_entry_of_another_mm_makes_a_copy_unless_only_mappings_count() -> Told {
    case("v6.12", unmarked().in_swap_cache(1), write, maps).arms(&[
        (WpReuse::MapSwap, Maps::Fresh),
        (WpReuse::Count, Maps::Fresh),
        (WpReuse::AnonExclusive, Maps::Fresh),
        (WpReuse::MapCount, Maps::First),
        (WpReuse::ActiveInactive, Maps::Fresh),
    ])
}

fn writeback_makes_a_copy_where_the_swap_cache_is_left() -> Told {
    case("v6.12", unmarked().in_swap_cache(0).flags(pg::WRITEBACK), write, maps).arms(&[
        (WpReuse::MapSwap, Maps::Fresh),
        (WpReuse::Count, Maps::Fresh),
        (WpReuse::AnonExclusive, Maps::Fresh),
        (WpReuse::MapCount, Maps::First),
        (WpReuse::ActiveInactive, Maps::First),
    ])
}

fn the_swap_caches_reference_is_dropped_before_references_are_counted() -> Told {
    case("v5.15", protected().in_swap_cache(0), write, maps)
        .arms(&[(WpFreeSwap::No, Maps::Fresh), (WpFreeSwap::Yes, Maps::First)])
}

fn the_batchs_reference_is_dropped_before_references_are_counted() -> Told {
    case("v5.15", protected().in_batch(), write, maps)
        .arms(&[(WpLruDrain::No, Maps::Fresh), (WpLruDrain::Yes, Maps::First)])
}

fn the_page_is_unlocked_before_the_pte_lock_is_dropped_or_after() -> Told {
    use Prim::{PtlUnlock, UnlockPage};
    case("v5.9", protected(), write, |ran| ran.order(&[PtlUnlock, UnlockPage])).arms(&[
        (WpUnlock::AfterReuse, vec![PtlUnlock, UnlockPage]),
        (WpUnlock::BeforeReuse, vec![UnlockPage, PtlUnlock]),
    ])
}

fn a_page_that_was_copied_from_leaves_the_swap_cache() -> Told {
    let stays = |ran: &Ran<_>| ran.memory.get(SwpEntry(0).cache()) != 0;
    case("v5.12", protected().in_swap_cache(0).referenced(), write, stays)
        .arms(&[(FreeSwapCache::No, true), (FreeSwapCache::Yes, false)])
}

fn a_flush_that_is_pending_is_done_before_the_page_is_copied() -> Told {
    use Prim::{AllocPage, FlushTlb};
    let pending = buf("anon uffd_wp wrprotected").referenced().flush_pending();
    case("v5.12", pending, write, |ran| ran.order(&[AllocPage, FlushTlb])).arms(&[
        (UffdFlush::No, vec![AllocPage, FlushTlb]),
        (UffdFlush::Yes, vec![FlushTlb, AllocPage, FlushTlb]),
    ])
}

fn the_copy_that_unsharing_makes_is_clean_or_dirty() -> Told {
    case("v6.12", shared("anon"), unshare, |ran| ran.has(ran.pte().page(), pg::DIRTY))
        .arms(&[(UnshareCopy::Clean, false), (UnshareCopy::Dirty, true)])
}

fn unsharing_copies_a_page_of_a_file_where_long_term_pins_do_not_share_it() -> Told {
    case("v6.12", buf("file"), unshare, maps)
        .arms(&[(GupLongterm::Share, Maps::File), (GupLongterm::Unshare, Maps::Fresh)])
}

/// The old entry is gone from page table and TLBs before the new one is there.
fn a_copy_is_mapped_after_the_old_entry_is_flushed() -> Told {
    use Prim::{CopyUserHighpage, FlushTlb, PtepClearFlush, PtlUnlock, SetPteAt};
    let order = |ran: &Ran<_>| {
        let mut order = ran.order(&[CopyUserHighpage, FlushTlb, PtepClearFlush, PtlUnlock, SetPteAt]);
        order.dedup();
        order
    };
    case("v6.12", shared("anon"), write, order).safeguard(
        Safeguard::WpCopyFlush,
        vec![PtlUnlock, CopyUserHighpage, PtepClearFlush, FlushTlb, SetPteAt, PtlUnlock],
        vec![PtlUnlock, CopyUserHighpage, PtepClearFlush, SetPteAt, PtlUnlock],
    )
}

fn a_pte_that_changes_while_the_lock_is_slept_for_is_left_alone() -> Told {
    let locked = protected().flags(pg::LOCKED).meanwhile(Prim::TrylockPage, 0, |memory| {
        clear(memory, first().flags().addr, pg::LOCKED);
        zap(memory);
    });
    case("v5.8", locked, write, maps).safeguard(Safeguard::WpLockPteSame, Maps::Nothing, Maps::First)
}

fn references_are_counted_again_under_the_page_lock() -> Told {
    let late = protected().meanwhile(Prim::TrylockPage, 0, |memory| add(memory, first().refcount().addr, 1));
    case("v5.15", late, write, maps).safeguard(Safeguard::WpCountRecheck, Maps::Fresh, Maps::First)
}

fn a_pte_that_changes_while_the_page_is_copied_is_left_alone() -> Told {
    let changed = shared("anon").meanwhile(Prim::AllocPage, 0, zap);
    case("v6.12", changed, write, maps).safeguard(Safeguard::WpCopyPteSame, Maps::Nothing, Maps::Fresh)
}

/// Kernels whose write faults differ: mappings decide, references, references without those of the kernel itself, and
/// the mark.
const GENERATIONS: [&str; 4] = ["v5.8", "v5.15", "v5.18", "v6.12"];

fn each_generation(state: &State, check: impl Fn(&str, &Ran<FaultResult>)) {
    for kernel in GENERATIONS {
        let era = Era::preset(kernel).expect("a preset");
        check(kernel, &run(state, &era, write));
    }
}

#[test]
fn a_page_of_ones_own_is_reused_by_every_generation() {
    each_generation(&protected(), |kernel, ran| {
        assert_eq!(*ran.result(), FaultResult::Write, "{kernel}");
        assert!(ran.maps(A) == Maps::First && writable(ran.pte()), "{kernel}: {:?}", ran.requests);
        assert_eq!(ran.count(Prim::CopyUserHighpage), 0, "{kernel}");
    });
}

#[test]
fn a_shared_page_is_copied_by_every_generation() {
    each_generation(&shared("anon"), |kernel, ran| {
        assert_eq!(*ran.result(), FaultResult::Write, "{kernel}");
        assert!(ran.maps(A) == Maps::Fresh && writable(ran.pte()), "{kernel}: {:?}", ran.requests);
        assert!(ran.count(Prim::CopyUserHighpage) > 0, "{kernel}");
        for page in [ran.pte().page(), first()] {
            assert_eq!(ran.memory.get(page.mapcount().addr), 1, "{kernel}");
        }
    });
}

#[test]
fn a_reference_more_or_a_pin_decides_where_references_are_counted() {
    for state in [protected().referenced(), protected().pinned()] {
        each_generation(&state, |kernel, ran| {
            let due = if matches!(kernel, "v5.15" | "v5.18") { Maps::Fresh } else { Maps::First };
            assert_eq!(ran.maps(A), due, "{kernel}: {:?}", ran.requests);
        });
    }
}

#[test]
fn the_zero_page_is_replaced_by_a_page_of_zeroes() {
    each_generation(&buf("zero"), |kernel, ran| {
        assert_eq!(*ran.result(), FaultResult::Write, "{kernel}");
        assert_eq!(ran.maps(A), Maps::Fresh, "{kernel}");
        assert_eq!(ran.count(Prim::CopyUserHighpage), 0, "{kernel}: there is nothing to copy");
    });
}

/// The mark decides before the count, and a page that has lost it may get it back.
#[test]
fn a_page_that_was_shared_becomes_exclusive_when_it_is_alone_again() {
    let era = Era::preset("v6.12").expect("a preset");
    let ran = run(&unmarked(), &era, write);
    assert!(ran.maps(A) == Maps::First && ran.has(first(), pg::ANON_EXCLUSIVE));
}

/// Whether it copies or not.
#[test]
fn unsharing_gives_no_write_bit() {
    let era = Era::preset("v6.12").expect("a preset");
    let alone = run(&unmarked(), &era, unshare);
    assert!(alone.maps(A) == Maps::First && !writable(alone.pte()));
    let copied = run(&shared("anon"), &era, unshare);
    assert!(copied.maps(A) == Maps::Fresh && !writable(copied.pte()));
}
