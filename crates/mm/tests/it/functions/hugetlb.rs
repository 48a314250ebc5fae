//! Huge pages of hugetlb: faults, fork, mprotect and madvise.

use cowrace_machine::Prim;
use cowrace_mm::era::{
    AnonExclusive, HugetlbDontneed, HugetlbForce, HugetlbFork, HugetlbForkWritable, Safeguard,
};
use cowrace_mm::fault::do_user_addr_fault;
use cowrace_mm::fork::dup_mmap;
use cowrace_mm::gup::{Foll, get_user_pages};
use cowrace_mm::madvise::madvise;
use cowrace_mm::mprotect::mprotect_fixup;
use cowrace_mm::world::{Advice, GupFlags};
use cowrace_mm::{Cpu, Era};

use super::arms::{Told, behaviours, case};
use super::bench::{A, CHILD, Maps, Ran, State, buf, forking, run, shared, writable, zap};

behaviours![
    a_page_that_may_be_pinned_is_shared_or_copied_for_the_child,
    a_copy_for_the_child_is_writable_where_the_area_is_not_or_not,
    the_exclusive_mark_goes_before_the_page_is_shared,
    a_page_is_dropped_or_not,
    a_forced_store_makes_the_entry_writable_or_fails,
    the_copied_page_leaves_the_tlbs,
    what_mprotect_takes_away_is_flushed,
    an_entry_that_has_changed_is_left_alone,
    an_entry_that_changes_while_the_page_is_copied_is_left_alone,
];

async fn load(cpu: &Cpu) {
    let _ = do_user_addr_fault(cpu, A, 0, false).await;
}

async fn store(cpu: &Cpu) {
    let _ = do_user_addr_fault(cpu, A, 0, true).await;
}

async fn fork(cpu: &Cpu) {
    dup_mmap(cpu, A, 1).await;
}

fn maps(ran: &Ran<()>) -> Maps {
    ran.maps(A)
}

fn a_page_that_may_be_pinned_is_shared_or_copied_for_the_child() -> Told {
    use HugetlbFork::{Copy, CopySeqcount, Share};
    use Prim::{AllocPage, PageMaybeDmaPinned, PtepSetWrprotect, WriteSeqcountBegin, WriteSeqcountEnd};
    let steps = [AllocPage, PageMaybeDmaPinned, PtepSetWrprotect, WriteSeqcountBegin, WriteSeqcountEnd];
    case("v5.18", forking("hugetlb").pinned(), fork, |ran| ran.order(&steps)).arms(&[
        (Share, vec![PtepSetWrprotect]),
        (Copy, vec![PageMaybeDmaPinned, AllocPage]),
        (CopySeqcount, vec![WriteSeqcountBegin, PageMaybeDmaPinned, AllocPage, WriteSeqcountEnd]),
    ])
}

fn a_copy_for_the_child_is_writable_where_the_area_is_not_or_not() -> Told {
    let pinned = forking("hugetlb read_only").pinned();
    case("v6.12", pinned, fork, |ran| (ran.maps(CHILD), writable(ran.pte_of(CHILD)))).arms(&[
        (HugetlbForkWritable::Always, (Maps::Fresh, true)),
        (HugetlbForkWritable::VmWrite, (Maps::Fresh, false)),
    ])
}

fn the_exclusive_mark_goes_before_the_page_is_shared() -> Told {
    use Prim::{ClearPageAnonExclusive, PageDupRmap, PtepSetWrprotect};
    let steps = [ClearPageAnonExclusive, PageDupRmap, PtepSetWrprotect];
    case("v6.12", forking("hugetlb"), fork, |ran| ran.order(&steps)).arms(&[
        (AnonExclusive::No, vec![PageDupRmap, PtepSetWrprotect]),
        (AnonExclusive::Yes, vec![ClearPageAnonExclusive, PageDupRmap, PtepSetWrprotect]),
    ])
}

fn a_page_is_dropped_or_not() -> Told {
    let discard = async |cpu: &Cpu| {
        let _ = madvise(cpu, A, 0, Advice::DontNeed).await;
    };
    case("v6.12", buf("hugetlb"), discard, maps)
        .arms(&[(HugetlbDontneed::No, Maps::First), (HugetlbDontneed::Yes, Maps::Nothing)])
}

fn a_forced_store_makes_the_entry_writable_or_fails() -> Told {
    let force = async |cpu: &Cpu| {
        let flags = GupFlags { write: true, force: true, longterm: false, unlockable: false };
        let _ = get_user_pages(cpu, A, 0, Foll { pin: false, flags }).await;
    };
    case("v6.12", buf("hugetlb read_only"), force, |ran| writable(ran.pte()))
        .arms(&[(HugetlbForce::Writes, true), (HugetlbForce::Fails, false)])
}

fn the_copied_page_leaves_the_tlbs() -> Told {
    use Prim::{FlushTlb, PtepClearFlush, SetPteAt};
    let steps = [FlushTlb, PtepClearFlush, SetPteAt];
    case("v6.12", shared("hugetlb"), store, |ran| ran.order(&steps)).safeguard(
        Safeguard::HugetlbWpFlush,
        vec![PtepClearFlush, FlushTlb, SetPteAt],
        vec![PtepClearFlush, SetPteAt],
    )
}

fn what_mprotect_takes_away_is_flushed() -> Told {
    let to_read_only = async |cpu: &Cpu| mprotect_fixup(cpu, A, 0, false).await;
    case("v6.12", buf("hugetlb"), to_read_only, |ran| ran.count(Prim::FlushTlb)).safeguard(
        Safeguard::HugetlbProtectFlush,
        1,
        0,
    )
}

fn an_entry_that_has_changed_is_left_alone() -> Told {
    let zapped = buf("hugetlb wrprotected").meanwhile(Prim::PtlLock, 0, zap);
    case("v6.12", zapped, store, maps).safeguard(Safeguard::HugetlbFaultPteSame, Maps::Nothing, Maps::First)
}

fn an_entry_that_changes_while_the_page_is_copied_is_left_alone() -> Told {
    let zapped = shared("hugetlb").meanwhile(Prim::AllocPage, 0, zap);
    case("v6.12", zapped, store, maps).safeguard(Safeguard::HugetlbWpPteSame, Maps::Nothing, Maps::Fresh)
}

/// Under the oldest and the newest kernel of the model.
fn in_all(state: &State, body: impl AsyncFn(&Cpu) + Copy + 'static) -> [Ran<()>; 2] {
    ["v5.4", "v6.18"].map(|era| {
        let era = Era::preset(era).expect("a preset");
        run(state, &era, async move |cpu: &Cpu| body(cpu).await)
    })
}

/// What base pages stopped doing in v5.9.
#[test]
fn a_page_that_is_mapped_once_is_reused_whatever_references_there_are() {
    for ran in in_all(&buf("hugetlb prevshared").pinned().referenced(), store) {
        assert_eq!((ran.maps(A), writable(ran.pte())), (Maps::First, true));
    }
}

#[test]
fn a_load_of_what_is_not_there_gets_a_page_that_the_next_store_keeps() {
    for ran in in_all(&buf("hugetlb").but(zap), load) {
        assert_eq!((ran.maps(A), writable(ran.pte())), (Maps::Fresh, false));
    }
    for ran in in_all(&buf("hugetlb").but(zap), store) {
        assert_eq!((ran.maps(A), writable(ran.pte())), (Maps::Fresh, true));
        assert_eq!(ran.count(Prim::AllocPage), 1, "hugetlb_no_page makes it writable itself");
    }
}

#[test]
fn what_fork_shares_is_read_only_in_both() {
    for ran in in_all(&forking("hugetlb"), fork) {
        assert_eq!((ran.maps(A), ran.maps(CHILD)), (Maps::First, Maps::First));
        assert!(!writable(ran.pte()) && !writable(ran.pte_of(CHILD)));
    }
}

#[test]
fn faults_take_the_mutex_of_the_page_and_the_mmap_lock() {
    use Prim::{MmapReadLock, MmapReadUnlock, MutexLock, MutexUnlock, VmaStartRead};
    let steps = [MmapReadLock, MmapReadUnlock, MutexLock, MutexUnlock, VmaStartRead];
    for ran in in_all(&shared("hugetlb"), store) {
        assert_eq!(ran.order(&steps), [MmapReadLock, MutexLock, MutexUnlock, MmapReadUnlock]);
    }
}
