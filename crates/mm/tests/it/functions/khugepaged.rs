//! khugepaged and `MADV_COLLAPSE`: which pages become a huge page, and what is waited for.

use cowrace_machine::Prim;
use cowrace_mm::Cpu;
use cowrace_mm::era::{
    CollapseLarge, CollapseShared, CollapseSync, CollapseUffdWp, CollapseWritable, GupFastPmd, Safeguard,
};
use cowrace_mm::gup::{Foll, get_user_pages_fast};
use cowrace_mm::khugepaged::{khugepaged_scan_mm_slot, madvise_collapse};
use cowrace_mm::objects::{Page, pg};
use cowrace_mm::pgtable::{Pmd, Pte, UFFD_WP};
use cowrace_mm::world::{Errno, GupFlags, Va};

use super::arms::{Told, behaviours, case};
use super::bench::{A, CHILD, Ran, State, add, clear, run, set, state_of};

behaviours![
    large_folios_are_collapsed_or_not,
    shared_pages_are_collapsed_or_not,
    pages_that_are_all_read_only_are_collapsed_or_not,
    what_is_protected_after_the_scan_is_collapsed_or_not,
    gup_fast_is_waited_for_or_not,
    gup_fast_looks_at_the_pmd_again_or_not,
    tlbs_are_flushed_before_the_copy,
    a_range_that_has_become_a_huge_page_is_left_alone,
    pages_that_somebody_uses_are_left_alone,
];

/// The range. Its pages follow it.
const RANGE: Va = 0;

fn buf(state: &str) -> State {
    state_of(&format!(
        "race state\nmm A {{ buf: {state} }}\n\nt @A                         u @A\n====                         ====\n\
         madvise(buf, MADV_COLLAPSE)  h = pin_user_pages_fast(buf[0], FOLL_WRITE)\n                             r = buf[1]\n\n\
         always r == 0\n"
    ))
}

fn shared(state: &str) -> State {
    state_of(&format!(
        "race state\nmm A {{ buf: {state} }}\nmm C = fork(A)\n\nt @A                         u @C\n\
         ====                         ====\nmadvise(buf, MADV_COLLAPSE)  r = buf[1]\n\nalways r == 0\n"
    ))
}

/// The first page as one of its own, which with the second makes two base pages.
fn base_pages(state: State) -> State {
    state.but(|memory| {
        let head = Page::from(Pte::from(memory.get(A.pte(RANGE + 1))).page().obj);
        let tail = Page::from(head.nth(1).obj);
        clear(memory, head.flags().addr, pg::HEAD);
        memory.set(tail.compound_head().addr, 0);
        memory.set(tail.flags().addr, memory.get(head.flags().addr));
        let each = memory.get(head.mapcount().addr);
        memory.set(head.refcount().addr, each);
        memory.set(tail.refcount().addr, each);
        memory.set(head.large_mapcount().addr, 0);
        memory.set(head.mm_ids().addr, 0);
    })
}

async fn collapse(cpu: &Cpu) -> Result<(), Errno> {
    cpu.mmap_read_lock(A).await;
    madvise_collapse(cpu, A, RANGE).await
}

async fn scan(cpu: &Cpu) {
    khugepaged_scan_mm_slot(cpu, A, RANGE).await;
}

async fn pin(cpu: &Cpu) -> bool {
    let flags = GupFlags { write: true, force: false, longterm: false, unlockable: true };
    get_user_pages_fast(cpu, A, RANGE + 1, Foll { pin: true, flags }).await.is_ok()
}

fn is_huge<R>(ran: &Ran<R>) -> bool {
    matches!(Pte::from(ran.memory.get(A.pmd(RANGE))).pmd(), Pmd::Huge(_))
}

fn large_folios_are_collapsed_or_not() -> Told {
    case("v6.18", buf("thp_pte"), collapse, |ran| (is_huge(ran), *ran.result())).arms(&[
        (CollapseLarge::Refused, (false, Err(Errno::Einval))),
        (CollapseLarge::Copied, (true, Ok(()))),
    ])
}

fn shared_pages_are_collapsed_or_not() -> Told {
    let state = base_pages(shared("thp_pte"))
        .but(|memory| set(memory, A.pte(RANGE + 1), cowrace_machine::mmu::WRITE));
    case("v6.12", state, collapse, |ran| (is_huge(ran), *ran.result())).arms(&[
        (CollapseShared::Refused, (false, Err(Errno::Eagain))),
        (CollapseShared::Copied, (true, Ok(()))),
    ])
}

fn pages_that_are_all_read_only_are_collapsed_or_not() -> Told {
    case("v6.18", base_pages(shared("thp_pte")), collapse, |ran| (is_huge(ran), *ran.result())).arms(&[
        (CollapseWritable::Needed, (false, Err(Errno::Einval))),
        (CollapseWritable::NotNeeded, (true, Ok(()))),
    ])
}

fn what_is_protected_after_the_scan_is_collapsed_or_not() -> Told {
    let state = buf("thp_pte").meanwhile(Prim::AllocPage, 0, |memory| set(memory, A.pte(RANGE + 1), UFFD_WP));
    case("v6.18", state, collapse, is_huge)
        .arms(&[(CollapseUffdWp::Scan, true), (CollapseUffdWp::Isolate, false)])
}

fn gup_fast_is_waited_for_or_not() -> Told {
    case("v6.18", buf("thp_pte"), collapse, |ran| ran.count(Prim::Synchronize) > 0)
        .arms(&[(CollapseSync::No, false), (CollapseSync::Yes, true)])
}

fn gup_fast_looks_at_the_pmd_again_or_not() -> Told {
    case("v6.18", buf("thp_pte"), pin, |ran| ran.count(Prim::PmdpGetLockless))
        .arms(&[(GupFastPmd::Once, 1), (GupFastPmd::Again, 2)])
}

fn tlbs_are_flushed_before_the_copy() -> Told {
    use Prim::{CopyUserHighpage, FlushTlb};
    case("v6.18", buf("thp_pte"), collapse, |ran| ran.order(&[FlushTlb, CopyUserHighpage])[0]).safeguard(
        Safeguard::CollapseFlush,
        FlushTlb,
        CopyUserHighpage,
    )
}

fn a_range_that_has_become_a_huge_page_is_left_alone() -> Told {
    let state = buf("thp_pte").meanwhile(Prim::AllocPage, 0, |memory| {
        let head = Pte::from(memory.get(A.pte(RANGE + 1)));
        memory.set(A.pmd(RANGE), head.bits());
    });
    case("v6.18", state, collapse, |ran| ran.count(Prim::PmdpClearFlush) > 0).safeguard(
        Safeguard::CollapsePmdTable,
        false,
        true,
    )
}

fn pages_that_somebody_uses_are_left_alone() -> Told {
    let state = buf("thp_pte").but(|memory| {
        let head = Page::from(Pte::from(memory.get(A.pte(RANGE + 1))).page().obj);
        add(memory, head.refcount().addr, 1);
    });
    case("v6.18", state, collapse, is_huge).safeguard(Safeguard::CollapseReferences, false, true)
}

/// khugepaged wants one page that was accessed lately, and `MADV_COLLAPSE` does not.
#[test]
fn khugepaged_spares_what_nobody_uses() {
    let era = cowrace_mm::Era::preset("v6.18").expect("a preset");
    let old = || {
        buf("thp_pte").but(|memory| {
            for page in [RANGE + 1, RANGE + 2] {
                clear(memory, A.pte(page), cowrace_machine::mmu::ACCESSED);
            }
        })
    };
    assert!(!is_huge(&run(&old(), &era, scan)));
    assert!(is_huge(&run(&old(), &era, collapse)));
    assert!(is_huge(&run(&buf("thp_pte"), &era, scan)));
}

/// The data of both pages are in the huge page, which nobody else has, and the pages are free.
#[test]
fn the_huge_page_has_the_data_and_belongs_to_one_mm() {
    let era = cowrace_mm::Era::preset("v6.18").expect("a preset");
    let state =
        shared("thp_pte = 5, 6").but(|memory| set(memory, A.pte(RANGE + 1), cowrace_machine::mmu::WRITE));
    let ran = run(&state, &era, collapse);
    let Pmd::Huge(huge) = Pte::from(ran.memory.get(A.pmd(RANGE))).pmd() else { panic!("no huge page") };
    assert_eq!([0, 1].map(|nth| ran.memory.get(huge.nth(nth).data(nth).addr)), [5, 6]);
    assert_eq!(ran.memory.get(huge.refcount().addr), 1);
    let old = Pte::from(ran.memory.get(CHILD.pte(RANGE + 1))).page();
    assert_eq!((ran.memory.get(old.mapcount().addr), ran.memory.get(old.refcount().addr)), (1, 2));
}
