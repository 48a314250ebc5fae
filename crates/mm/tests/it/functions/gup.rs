//! get_user_pages and pin_user_pages, fast and slow.

use cowrace_machine::Prim;
use cowrace_mm::era::{
    AeBarriers, FollPin, ForkSeq, GupForce, GupLongterm, GupRead, HasPinned, PinSteps, Safeguard,
};
use cowrace_mm::fault::must_unshare;
use cowrace_mm::gup::{Foll, get_user_pages, get_user_pages_fast};
use cowrace_mm::objects::{GUP_PIN_COUNTING_BIAS, Page, file_page, pg};
use cowrace_mm::pgtable::Pte;
use cowrace_mm::world::{Errno, GupFlags};
use cowrace_mm::{Cpu, Era};

use super::arms::{Told, behaviours, case};
use super::bench::{A, Maps, Ran, State, add, buf, first, run, shared, writable};

behaviours![
    a_read_of_a_shared_page_takes_it_or_breaks_cow,
    a_pin_of_a_shared_page_unshares_by_the_mark,
    what_is_swapped_out_elsewhere_is_shared_if_swap_is_asked,
    a_locked_page_is_taken_as_shared_if_the_lock_is_needed,
    a_long_term_pin_of_a_file_page_unshares,
    a_forced_write_goes_by_a_fault_of_its_own_or_by_the_mark,
    a_pin_is_counted_apart_from_other_references,
    a_pin_is_taken_in_one_step_or_two,
    the_barrier_of_a_pin_follows_its_second_step,
    a_barrier_precedes_the_reading_of_the_mark,
    a_pin_is_noted_in_the_mm,
    the_sequence_count_is_read_around_the_walk,
    the_first_barrier_stands_between_the_count_and_the_walk,
    the_last_barrier_stands_between_the_walk_and_the_count,
    the_walk_does_not_begin_while_fork_is_at_work,
    a_pin_is_given_back_if_fork_has_begun,
    a_reference_is_given_back_if_the_pte_has_changed,
    a_forced_write_needs_the_page_that_its_own_cow_made,
];

const READ: GupFlags = GupFlags { write: false, force: false, longterm: false, unlockable: true };
const WRITE: GupFlags = GupFlags { write: true, ..READ };

async fn get(cpu: &Cpu) -> Result<Page, Errno> {
    get_user_pages(cpu, A, 0, Foll { pin: false, flags: READ }).await
}

async fn pin(cpu: &Cpu) -> Result<Page, Errno> {
    get_user_pages(cpu, A, 0, Foll { pin: true, flags: READ }).await
}

async fn pin_fast(cpu: &Cpu) -> Result<Page, Errno> {
    get_user_pages_fast(cpu, A, 0, Foll { pin: true, flags: READ }).await
}

async fn pin_longterm(cpu: &Cpu) -> Result<Page, Errno> {
    get_user_pages(cpu, A, 0, Foll { pin: true, flags: GupFlags { longterm: true, ..READ } }).await
}

async fn force(cpu: &Cpu) -> Result<Page, Errno> {
    get_user_pages(cpu, A, 0, Foll { pin: false, flags: GupFlags { force: true, ..WRITE } }).await
}

/// A page of its own that is write-protected and not known to be exclusive.
fn unmarked() -> State {
    buf("anon prevshared")
}

fn a_read_of_a_shared_page_takes_it_or_breaks_cow() -> Told {
    let shows = |ran: &Ran<_>| (ran.maps(A), writable(ran.pte()));
    case("v6.12", shared("anon"), get, shows).arms(&[
        (GupRead::Share, (Maps::First, false)),
        (GupRead::ForceWrite, (Maps::Fresh, true)),
        (GupRead::UnshareExclusive, (Maps::First, false)),
        (GupRead::UnshareMapcount, (Maps::Fresh, false)),
        (GupRead::UnshareMapSwap, (Maps::Fresh, false)),
        (GupRead::UnshareActiveInactive, (Maps::Fresh, false)),
    ])
}

fn a_pin_of_a_shared_page_unshares_by_the_mark() -> Told {
    let shows = |ran: &Ran<_>| (ran.maps(A), writable(ran.pte()));
    case("v6.12", shared("anon"), pin, shows).arms(&[
        (GupRead::Share, (Maps::First, false)),
        (GupRead::ForceWrite, (Maps::Fresh, true)),
        (GupRead::UnshareExclusive, (Maps::Fresh, false)),
    ])
}

fn what_is_swapped_out_elsewhere_is_shared_if_swap_is_asked() -> Told {
    let must = async |cpu: &Cpu| must_unshare(cpu, first()).await;
    case("v6.12", unmarked().in_swap_cache(1), must, |ran| *ran.result()).arms(&[
        (GupRead::Share, false),
        (GupRead::ForceWrite, false),
        (GupRead::UnshareExclusive, true),
        (GupRead::UnshareMapcount, false),
        (GupRead::UnshareMapSwap, true),
        (GupRead::UnshareActiveInactive, true),
    ])
}

fn a_locked_page_is_taken_as_shared_if_the_lock_is_needed() -> Told {
    let must = async |cpu: &Cpu| must_unshare(cpu, first()).await;
    case("v6.12", buf("anon").flags(pg::LOCKED), must, |ran| *ran.result()).arms(&[
        (GupRead::Share, false),
        (GupRead::ForceWrite, false),
        (GupRead::UnshareExclusive, false),
        (GupRead::UnshareMapcount, false),
        (GupRead::UnshareMapSwap, true),
        (GupRead::UnshareActiveInactive, false),
    ])
}

fn a_long_term_pin_of_a_file_page_unshares() -> Told {
    case("v6.12", buf("file"), pin_longterm, |ran| ran.maps(A))
        .arms(&[(GupLongterm::Share, Maps::File), (GupLongterm::Unshare, Maps::Fresh)])
}

fn a_forced_write_goes_by_a_fault_of_its_own_or_by_the_mark() -> Told {
    use Prim::{PageRefAdd, PtepSetAccessFlags};
    case("v6.12", buf("anon read_only"), force, |ran| ran.order(&[PageRefAdd, PtepSetAccessFlags])).arms(&[
        (GupForce::CowFlag, vec![PtepSetAccessFlags, PageRefAdd]),
        (GupForce::AnonExclusive, vec![PageRefAdd]),
    ])
}

fn a_pin_is_counted_apart_from_other_references() -> Told {
    case("v5.8", buf("anon"), pin, |ran| ran.references())
        .arms(&[(FollPin::No, 2), (FollPin::Yes, 1 + GUP_PIN_COUNTING_BIAS)])
}

/// How GUP-fast takes a reference.
const STEPS: [Prim; 3] = [Prim::PageRefAddUnless, Prim::PageRefAdd, Prim::SmpMbAfterAtomic];

fn a_pin_is_taken_in_one_step_or_two() -> Told {
    use Prim::{PageRefAdd, PageRefAddUnless, SmpMbAfterAtomic};
    case("v6.12", buf("anon"), pin_fast, |ran| ran.order(&STEPS)).arms(&[
        (PinSteps::One, vec![PageRefAddUnless]),
        (PinSteps::Two, vec![PageRefAddUnless, PageRefAdd]),
        (PinSteps::TwoMb, vec![PageRefAddUnless, PageRefAdd, SmpMbAfterAtomic]),
    ])
}

fn the_barrier_of_a_pin_follows_its_second_step() -> Told {
    use Prim::{PageRefAdd, PtepGetLockless, SmpMbAfterAtomic};
    let steps = [PageRefAdd, PtepGetLockless, SmpMbAfterAtomic];
    case("v6.12", buf("anon"), pin_fast, |ran| ran.order(&steps)).arms(&[
        (PinSteps::Two, vec![PtepGetLockless, PageRefAdd, PtepGetLockless]),
        (PinSteps::TwoMb, vec![PtepGetLockless, PageRefAdd, SmpMbAfterAtomic, PtepGetLockless]),
    ])
}

/// The requests between the beginning of the walk and its end; the barriers of the sequence count are outside these.
fn a_barrier_precedes_the_reading_of_the_mark() -> Told {
    use Prim::{LocalIrqRestore, PageAnonExclusive, PtepGetLockless, SmpRmb};
    let steps = [LocalIrqRestore, PageAnonExclusive, PtepGetLockless, SmpRmb];
    let walk = |ran: &Ran<_>| {
        let order = ran.order(&steps);
        let begins = order.iter().position(|&prim| prim == PtepGetLockless).expect("a walk");
        let ends = order.iter().position(|&prim| prim == LocalIrqRestore).expect("its end");
        order[begins..ends].to_vec()
    };
    case("v6.12", buf("anon wrprotected"), pin_fast, walk).arms(&[
        (AeBarriers::No, vec![PtepGetLockless, PtepGetLockless, PageAnonExclusive]),
        (AeBarriers::Yes, vec![PtepGetLockless, PtepGetLockless, SmpRmb, PageAnonExclusive]),
    ])
}

fn a_pin_is_noted_in_the_mm() -> Told {
    let noted = |ran: &Ran<_>| ran.memory.get(A.has_pinned());
    let mut told = case("v5.12", buf("anon"), pin, noted).arms(&[(HasPinned::No, 0), (HasPinned::Yes, 1)]);
    told.extend(case("v5.12", buf("anon"), pin_fast, noted).arms(&[(HasPinned::No, 0), (HasPinned::Yes, 1)]));
    told
}

/// The requests around the walk.
const WALK: [Prim; 4] = [Prim::LocalIrqSave, Prim::ReadSeqcount, Prim::ReadSeqcountRetry, Prim::SmpRmb];

fn the_sequence_count_is_read_around_the_walk() -> Told {
    use Prim::{LocalIrqSave, ReadSeqcount, ReadSeqcountRetry, SmpRmb};
    case("v5.12", buf("anon"), pin_fast, |ran| ran.order(&WALK)).arms(&[
        (ForkSeq::No, vec![LocalIrqSave]),
        (ForkSeq::Yes, vec![ReadSeqcount, SmpRmb, LocalIrqSave, SmpRmb, ReadSeqcountRetry]),
    ])
}

fn the_first_barrier_stands_between_the_count_and_the_walk() -> Told {
    use Prim::{LocalIrqSave, ReadSeqcount, ReadSeqcountRetry, SmpRmb};
    case("v5.12", buf("anon"), pin_fast, |ran| ran.order(&WALK)).safeguard(
        Safeguard::GupSeqBeginRmb,
        vec![ReadSeqcount, SmpRmb, LocalIrqSave, SmpRmb, ReadSeqcountRetry],
        vec![ReadSeqcount, LocalIrqSave, SmpRmb, ReadSeqcountRetry],
    )
}

fn the_last_barrier_stands_between_the_walk_and_the_count() -> Told {
    use Prim::{LocalIrqSave, ReadSeqcount, ReadSeqcountRetry, SmpRmb};
    case("v5.12", buf("anon"), pin_fast, |ran| ran.order(&WALK)).safeguard(
        Safeguard::GupSeqRetryRmb,
        vec![ReadSeqcount, SmpRmb, LocalIrqSave, SmpRmb, ReadSeqcountRetry],
        vec![ReadSeqcount, SmpRmb, LocalIrqSave, ReadSeqcountRetry],
    )
}

/// Whether the pin was taken without locks.
fn is_fast(ran: &Ran<Result<Page, Errno>>) -> bool {
    ran.count(Prim::MmapReadLock) == 0
}

fn the_walk_does_not_begin_while_fork_is_at_work() -> Told {
    let odd = buf("anon").but(|memory| memory.set(A.write_protect_seq(), 1));
    case("v5.12", odd, pin_fast, is_fast).safeguard(Safeguard::GupSeqOdd, false, true)
}

fn a_pin_is_given_back_if_fork_has_begun() -> Told {
    let begins = buf("anon").meanwhile(Prim::LocalIrqSave, 0, |memory| add(memory, A.write_protect_seq(), 1));
    case("v5.12", begins, pin_fast, is_fast).safeguard(Safeguard::GupSeqRetry, false, true)
}

fn a_reference_is_given_back_if_the_pte_has_changed() -> Told {
    let zapped = buf("anon").meanwhile(Prim::PageRefAddUnless, 0, |memory| memory.set(A.pte(0), 0));
    let shows = |ran: &Ran<Result<Page, Errno>>| ran.result().is_ok_and(|page| page.obj == first().obj);
    case("v5.8", zapped, pin_fast, shows).safeguard(Safeguard::GupFastPteSame, false, true)
}

/// Dirty COW: before the write is followed, the copy has been discarded, and the page of the file is mapped again.
fn a_forced_write_needs_the_page_that_its_own_cow_made() -> Told {
    let discarded = buf("file read_only").meanwhile(Prim::FindVma, 1, |memory| {
        let cached = Page::from(file_page(0));
        memory.set(A.pte(0), Pte::mk(cached).bits());
        add(memory, cached.mapcount().addr, 1);
        add(memory, cached.refcount().addr, 1);
    });
    case("v5.8", discarded, force, |ran| ran.maps(A)).safeguard(
        Safeguard::GupForceDirty,
        Maps::Fresh,
        Maps::File,
    )
}

#[test]
fn a_pin_is_taken_by_both_ways_and_counts() {
    for kernel in ["v5.8", "v5.15", "v6.12"] {
        let era = Era::preset(kernel).expect("a preset");
        let slow = async |cpu: &Cpu| get_user_pages(cpu, A, 0, Foll { pin: true, flags: WRITE }).await;
        let fast = async |cpu: &Cpu| get_user_pages_fast(cpu, A, 0, Foll { pin: true, flags: WRITE }).await;
        for ran in [run(&buf("anon"), &era, slow), run(&buf("anon"), &era, fast)] {
            assert!(ran.result().is_ok_and(|page| page.obj == first().obj), "{kernel}");
            assert_eq!(ran.references(), 1 + GUP_PIN_COUNTING_BIAS, "{kernel}: {:?}", ran.requests);
        }
    }
}

/// The fast path leaves this to the slow path.
#[test]
fn a_pin_to_write_breaks_cow() {
    for kernel in ["v5.8", "v5.15", "v6.12"] {
        let era = Era::preset(kernel).expect("a preset");
        let pin = async |cpu: &Cpu| get_user_pages_fast(cpu, A, 0, Foll { pin: true, flags: WRITE }).await;
        let ran = run(&shared("anon"), &era, pin);
        assert_eq!(ran.maps(A), Maps::Fresh, "{kernel}");
        assert!(ran.result().is_ok_and(|page| page.obj == ran.pte().page().obj), "{kernel}");
    }
}
