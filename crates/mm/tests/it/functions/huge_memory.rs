//! Transparent huge pages: faults, splits, fork, changes of the PMD, and GUP.

use cowrace_machine::{Arch, Memory, Prim, mmu};
use cowrace_mm::era::{
    DoubleMap, LargeWp, Safeguard, ThpChangeFlush, ThpFork, ThpSplitDirty, ThpSplitLock, ThpUpgrade, ThpWp,
    ThpWpElse,
};
use cowrace_mm::fault::{FaultFlag, VmFault, do_user_addr_fault, handle_mm_fault};
use cowrace_mm::fork::dup_mmap;
use cowrace_mm::gup::{Foll, get_user_pages, get_user_pages_fast};
use cowrace_mm::huge_memory::split_huge_pmd;
use cowrace_mm::madvise::madvise;
use cowrace_mm::mmap::zap_page_range;
use cowrace_mm::mprotect::{Change, change_protection, mprotect_fixup};
use cowrace_mm::objects::{GUP_PIN_COUNTING_BIAS, MmIds, MmStruct, Page, boot_page, pg, vm};
use cowrace_mm::pgtable::{Pmd, Pte, UFFD_WP};
use cowrace_mm::task_mmu::clear_refs_write;
use cowrace_mm::userfaultfd::mwriteprotect_range;
use cowrace_mm::world::{Advice, GupFlags, Va};
use cowrace_mm::{Cpu, Era};

use super::arms::{Told, behaviours, case};
use super::bench::{A, CHILD, Ran, State, add, run, set, state_of, writable};

behaviours![
    a_huge_page_is_reused_by_mappings_or_by_references,
    what_may_not_be_reused_is_copied_or_split,
    a_split_locks_the_page_or_not,
    the_pages_of_a_split_huge_page_are_dirty_or_not,
    a_huge_page_that_may_be_pinned_is_shared_or_split,
    a_change_flushes_at_once_or_at_the_end,
    an_exclusive_huge_page_is_writable_again_at_once_or_not,
    a_page_of_a_large_folio_is_reused_or_not,
    the_pages_of_a_split_huge_page_count_its_other_pmds_or_not,
    a_copied_huge_page_leaves_the_tlbs,
    a_split_huge_page_leaves_the_tlbs,
    what_clear_refs_takes_away_is_flushed,
    a_range_that_has_been_mapped_is_left_alone,
    a_pmd_that_has_changed_is_left_alone,
    a_pmd_that_changes_while_the_page_lock_is_waited_for_is_left_alone,
    a_pmd_that_changes_while_the_page_is_copied_is_left_alone,
    a_pmd_that_changes_while_a_split_waits_is_looked_at_again,
    gup_fast_looks_at_the_pmd_again,
    the_entries_come_before_the_pmd_that_refers_to_them,
];

/// The range; its pages follow it.
const RANGE: Va = 0;

/// The first page of the huge page that is there at the start.
fn head() -> Page {
    Page::from(boot_page(RANGE + 1))
}

fn area(state: &str, more: &str) -> State {
    state_of(&format!("race state\nmm A {{ buf: {state} }}\n{more}\n\nalways r == 0\n"))
}

/// Memory of an mm of one thread.
fn buf(state: &str) -> State {
    area(state, "\nt @A\n====\nr = buf[0]")
}

/// The same, shared with a child.
fn shared(state: &str) -> State {
    area(state, "mm C = fork(A)\n\nt @A\n====\nr = buf[0]")
}

/// The same, of an mm that can be forked.
fn forking(state: &str) -> State {
    area(state, "\nt @A\n====\nr = buf[0]\nC = fork()")
}

fn pmd(ran: &Ran<()>, mm: MmStruct) -> Pte {
    Pte::from(ran.memory.get(mm.pmd(RANGE)))
}

fn pte(ran: &Ran<()>, nth: usize) -> Pte {
    Pte::from(ran.memory.get(A.pte(RANGE + 1 + nth)))
}

/// What a PMD refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refers {
    Nothing,
    Table,
    /// The huge page that was there at the start.
    First,
    /// One that the function has allocated.
    Fresh,
    Invalid,
}

fn refers(ran: &Ran<()>, mm: MmStruct) -> Refers {
    match pmd(ran, mm).pmd() {
        Pmd::None => Refers::Nothing,
        Pmd::Table => Refers::Table,
        Pmd::Huge(page) if page.obj == head().obj => Refers::First,
        Pmd::Huge(_) => Refers::Fresh,
        Pmd::Invalid(_) => Refers::Invalid,
    }
}

async fn load(cpu: &Cpu) {
    let _ = do_user_addr_fault(cpu, A, RANGE + 1, false).await;
}

async fn store(cpu: &Cpu) {
    let _ = do_user_addr_fault(cpu, A, RANGE + 1, true).await;
}

async fn split(cpu: &Cpu) {
    split_huge_pmd(cpu, A, RANGE).await;
}

async fn fork(cpu: &Cpu) {
    dup_mmap(cpu, A, 1).await;
}

async fn protect(cpu: &Cpu) {
    change_protection(cpu, A, RANGE, Change::Protection { vm_flags: vm::EXISTS | vm::WRITE }).await;
}

fn referenced(memory: &mut Memory) {
    add(memory, head().refcount().addr, 1);
}

/// Another thread has unmapped the huge page.
fn zap(memory: &mut Memory) {
    memory.set(A.pmd(RANGE), 0);
}

/// The huge page is locked, by whoever unlocks it at some moment.
fn lock(memory: &mut Memory) {
    set(memory, head().flags().addr, pg::LOCKED);
}

fn unlock(memory: &mut Memory) {
    let flags = memory.get(head().flags().addr);
    memory.set(head().flags().addr, flags & !pg::LOCKED);
}

/// A state in which the page lock has to be waited for, and something happens meanwhile.
fn waiting(state: State, meanwhile: impl Fn(&mut Memory) + 'static) -> State {
    state.but(lock).meanwhile(Prim::PmdUnlock, 0, unlock).meanwhile(Prim::PmdUnlock, 0, meanwhile)
}

fn a_huge_page_is_reused_by_mappings_or_by_references() -> Told {
    case("v5.15", buf("thp prevshared").but(referenced), store, |ran| writable(pmd(ran, A)))
        .arms(&[(ThpWp::MapSwap, true), (ThpWp::Count, false)])
}

fn what_may_not_be_reused_is_copied_or_split() -> Told {
    case("v5.7", shared("thp"), store, |ran| refers(ran, A))
        .arms(&[(ThpWpElse::Copy, Refers::Fresh), (ThpWpElse::Split, Refers::Table)])
}

fn a_split_locks_the_page_or_not() -> Told {
    case("v5.15", buf("thp"), split, |ran| ran.count(Prim::TrylockPage))
        .arms(&[(ThpSplitLock::No, 0), (ThpSplitLock::Page, 1)])
}

fn the_pages_of_a_split_huge_page_are_dirty_or_not() -> Told {
    let dirty = |ran: &Ran<()>| pte(ran, 1).has(mmu::DIRTY);
    case("v6.1", buf("thp wrprotected"), split, dirty)
        .arms(&[(ThpSplitDirty::Page, false), (ThpSplitDirty::Pte, true)])
}

fn a_huge_page_that_may_be_pinned_is_shared_or_split() -> Told {
    let pinned = forking("thp").but(|memory| {
        add(memory, head().refcount().addr, GUP_PIN_COUNTING_BIAS);
        memory.set(A.has_pinned(), 1);
    });
    case("v5.11", pinned, fork, |ran| (refers(ran, A), refers(ran, CHILD))).arms(&[
        (ThpFork::Share, (Refers::First, Refers::First)),
        (ThpFork::Split, (Refers::Table, Refers::Table)),
    ])
}

fn a_change_flushes_at_once_or_at_the_end() -> Told {
    use Prim::{FlushTlb, PmdpInvalidate, SetPmdAt};
    let steps = [FlushTlb, PmdpInvalidate, SetPmdAt];
    case("v5.19", buf("thp"), protect, |ran| ran.order(&steps)).arms(&[
        (ThpChangeFlush::AtOnce, vec![PmdpInvalidate, FlushTlb, SetPmdAt, FlushTlb]),
        (ThpChangeFlush::AtTheEnd, vec![PmdpInvalidate, SetPmdAt, FlushTlb]),
    ])
}

fn an_exclusive_huge_page_is_writable_again_at_once_or_not() -> Told {
    case("v6.2", buf("thp wrprotected"), protect, |ran| writable(pmd(ran, A)))
        .arms(&[(ThpUpgrade::No, false), (ThpUpgrade::Yes, true)])
}

fn a_page_of_a_large_folio_is_reused_or_not() -> Told {
    // The other page has been unmapped, and the last one is left.
    let last = || {
        buf("thp_pte prevshared").but(|memory| {
            memory.set(A.pte(RANGE + 2), 0);
            memory.set(head().refcount().addr, 1);
            memory.set(head().nth(1).mapcount().addr, 0);
            memory.set(head().large_mapcount().addr, 1);
        })
    };
    let count = |ran: &Ran<()>| ran.count(Prim::CopyUserHighpage) > 0;
    let mut told = case("v6.6", last(), store, count).arms(&[
        (LargeWp::AsBase, false),
        (LargeWp::Never, true),
        (LargeWp::MmIds, true),
    ]);
    let both = buf("thp_pte prevshared").but(|memory| {
        memory.set(head().large_mapcount().addr, 2);
        memory.set(head().mm_ids().addr, MmIds::default().add(A, 2, 2).encode());
    });
    told.extend(case("v6.6", both, store, count).arms(&[
        (LargeWp::AsBase, true),
        (LargeWp::Never, true),
        (LargeWp::MmIds, false),
    ]));
    told
}

fn the_pages_of_a_split_huge_page_count_its_other_pmds_or_not() -> Told {
    let each = |ran: &Ran<()>| [0, 1].map(|nth| ran.memory.get(head().nth(nth).mapcount().addr));
    case("v6.1", shared("thp"), split, each).arms(&[(DoubleMap::Counted, [2, 2]), (DoubleMap::Gone, [1, 1])])
}

fn a_copied_huge_page_leaves_the_tlbs() -> Told {
    use Prim::{FlushTlb, PmdpClearFlush, SetPmdAt};
    let steps = [FlushTlb, PmdpClearFlush, SetPmdAt];
    case("v5.7", shared("thp"), store, |ran| ran.order(&steps)).safeguard(
        Safeguard::ThpWpCopyFlush,
        vec![PmdpClearFlush, FlushTlb, SetPmdAt],
        vec![PmdpClearFlush, SetPmdAt],
    )
}

fn a_split_huge_page_leaves_the_tlbs() -> Told {
    case("v6.12", buf("thp"), split, |ran| ran.count(Prim::FlushTlb)).safeguard(
        Safeguard::SplitPmdFlush,
        1,
        0,
    )
}

fn what_clear_refs_takes_away_is_flushed() -> Told {
    let clear = async |cpu: &Cpu| clear_refs_write(cpu, A).await;
    case("v5.10", buf("thp"), clear, |ran| ran.count(Prim::FlushTlb)).safeguard(
        Safeguard::ChangePmdFlush,
        1,
        0,
    )
}

fn a_range_that_has_been_mapped_is_left_alone() -> Told {
    let mapped = buf("thp").but(zap).meanwhile(Prim::PmdLock, 0, |memory| {
        memory.set(A.pmd(RANGE), Pte::mk(head()).bits());
    });
    case("v6.12", mapped, store, |ran| refers(ran, A)).safeguard(
        Safeguard::ThpPmdNone,
        Refers::First,
        Refers::Fresh,
    )
}

fn a_pmd_that_has_changed_is_left_alone() -> Told {
    let zapped = buf("thp wrprotected").meanwhile(Prim::PmdLock, 0, zap);
    case("v6.12", zapped, store, |ran| refers(ran, A)).safeguard(
        Safeguard::ThpWpPmdSame,
        Refers::Nothing,
        Refers::First,
    )
}

fn a_pmd_that_changes_while_the_page_lock_is_waited_for_is_left_alone() -> Told {
    case("v5.18", waiting(buf("thp prevshared"), zap), store, |ran| refers(ran, A)).safeguard(
        Safeguard::ThpWpLockPmdSame,
        Refers::Nothing,
        Refers::First,
    )
}

fn a_pmd_that_changes_while_the_page_is_copied_is_left_alone() -> Told {
    let zapped = shared("thp").meanwhile(Prim::AllocPage, 0, zap);
    case("v5.7", zapped, store, |ran| refers(ran, A)).safeguard(
        Safeguard::ThpWpCopyPmdSame,
        Refers::Nothing,
        Refers::Fresh,
    )
}

fn a_pmd_that_changes_while_a_split_waits_is_looked_at_again() -> Told {
    let write_protected = |memory: &mut Memory| {
        let pmd = memory.get(A.pmd(RANGE));
        memory.set(A.pmd(RANGE), pmd & !mmu::WRITE);
    };
    case("v5.15", waiting(buf("thp"), write_protected), split, |ran| ran.count(Prim::TrylockPage)).safeguard(
        Safeguard::SplitLockPmdSame,
        2,
        1,
    )
}

fn gup_fast_looks_at_the_pmd_again() -> Told {
    let pin = async |cpu: &Cpu| {
        let flags = GupFlags { write: true, force: false, longterm: false, unlockable: true };
        get_user_pages_fast(cpu, A, RANGE + 1, Foll { pin: false, flags })
            .await
            .map(|page| page.obj == head().obj)
    };
    let zapped = buf("thp").meanwhile(Prim::PmdpGetLockless, 0, zap);
    case("v6.12", zapped, pin, |ran| *ran.result()).safeguard(Safeguard::GupFastPmdSame, Ok(false), Ok(true))
}

fn the_entries_come_before_the_pmd_that_refers_to_them() -> Told {
    use Prim::{PmdPopulate, SetPteAt, SmpWmb};
    let steps = [PmdPopulate, SetPteAt, SmpWmb];
    case("v6.12", buf("thp"), split, |ran| ran.order(&steps)).safeguard(
        Safeguard::SplitPmdWmb,
        vec![SetPteAt, SetPteAt, SmpWmb, PmdPopulate],
        vec![SetPteAt, SetPteAt, PmdPopulate],
    )
}

/// Under kernels from the oldest to the newest of the model.
fn in_all(state: &State, body: impl AsyncFn(&Cpu) + Copy + 'static) -> Vec<Ran<()>> {
    let eras = ["v5.4", "v5.8", "v5.15", "v5.18", "v5.19", "v6.2", "v6.12", "v6.18"];
    let ran = |era| run(state, &Era::preset(era).expect("a preset"), async move |cpu: &Cpu| body(cpu).await);
    eras.map(ran).into()
}

#[test]
fn a_touch_of_nothing_maps_a_huge_page() {
    for ran in in_all(&buf("thp_none"), load).into_iter().chain(in_all(&buf("thp_none"), store)) {
        assert_eq!(refers(&ran, A), Refers::Fresh);
        assert!(writable(pmd(&ran, A)), "there is no huge zero page");
    }
}

#[test]
fn a_huge_page_of_its_own_is_written_to_as_it_is() {
    for ran in in_all(&buf("thp wrprotected"), store) {
        assert_eq!((refers(&ran, A), writable(pmd(&ran, A))), (Refers::First, true));
    }
}

/// The references and mappings of the two pages are those of the two PTEs.
#[test]
fn a_split_gives_each_page_an_entry_with_the_rights_of_the_pmd() {
    for state in ["thp", "thp wrprotected", "thp soft_clean"] {
        for ran in in_all(&buf(state), split) {
            assert_eq!(refers(&ran, A), Refers::Table);
            let is_writable = state == "thp";
            for nth in 0..2 {
                let entry = pte(&ran, nth);
                assert_eq!(entry.page().obj, head().nth(nth as u8).obj);
                assert_eq!((writable(entry), entry.soft_dirty()), (is_writable, state != "thp soft_clean"));
                assert_eq!(ran.memory.get(head().nth(nth as u8).mapcount().addr), 1);
            }
            assert_eq!(ran.memory.get(head().refcount().addr), 2);
            assert_eq!(ran.memory.get(head().entire_mapcount().addr), 0);
        }
    }
}

/// `PageDoubleMap`: while the child still maps it by a PMD, each page counts that.
#[test]
fn a_split_of_a_shared_huge_page_counts_the_other_mapping_in_each_page() {
    let counts = |era: &str| {
        let ran = run(&shared("thp"), &Era::preset(era).expect("a preset"), split);
        let memory = &ran.memory;
        let each = [0, 1].map(|nth| memory.get(head().nth(nth).mapcount().addr));
        let is_double = memory.get(head().flags().addr) & pg::DOUBLE_MAP != 0;
        (each, memory.get(head().entire_mapcount().addr), is_double)
    };
    assert_eq!(counts("v5.15"), ([2, 2], 1, true));
    assert_eq!(counts("v6.18"), ([1, 1], 1, false));
}

#[test]
fn the_last_pmd_takes_what_it_counted_in_each_page_with_it() {
    let body = async |cpu: &Cpu| {
        split_huge_pmd(cpu, A, RANGE).await;
        zap_page_range(cpu, CHILD, RANGE).await;
    };
    for ran in in_all(&shared("thp"), body) {
        for nth in 0..2 {
            assert_eq!(ran.memory.get(head().nth(nth).mapcount().addr), 1);
        }
        assert_eq!(ran.memory.get(head().flags().addr) & pg::DOUBLE_MAP, 0);
        assert_eq!(ran.memory.get(head().refcount().addr), 2);
    }
}

/// The mappings of the huge page, those by mm, and whether it may be shared.
fn counted(state: State, body: impl AsyncFnOnce(&Cpu) + 'static) -> (u64, Vec<(usize, u64)>, bool) {
    let ran = run(&state, &Era::preset("v6.18").expect("a preset"), body);
    let ids = MmIds::decode(ran.memory.get(head().mm_ids().addr));
    (ran.memory.get(head().large_mapcount().addr), ids.slots().collect(), ids.is_shared())
}

/// From v6.15 on.
#[test]
fn who_maps_a_large_folio_is_counted_by_mm() {
    assert_eq!(counted(buf("thp"), split), (2, vec![(0, 2)], false));
    assert_eq!(counted(shared("thp"), split), (3, vec![(0, 2), (1, 1)], true));
    let gone = async |cpu: &Cpu| {
        zap_page_range(cpu, CHILD, RANGE).await;
    };
    assert_eq!(counted(shared("thp"), gone), (1, vec![(0, 1)], false));
}

#[test]
fn half_of_a_huge_page_is_unmapped_and_the_other_half_stays() {
    let body = async |cpu: &Cpu| {
        zap_page_range(cpu, A, RANGE + 2).await;
    };
    for ran in in_all(&buf("thp"), body) {
        assert_eq!(refers(&ran, A), Refers::Table);
        assert!(pte(&ran, 0).present() && pte(&ran, 1).none());
        assert_eq!(ran.memory.get(head().refcount().addr), 1);
    }
}

#[test]
fn a_huge_page_goes_with_its_last_mapping() {
    let body = async |cpu: &Cpu| {
        zap_page_range(cpu, A, RANGE).await;
    };
    for ran in in_all(&buf("thp"), body) {
        assert_eq!(refers(&ran, A), Refers::Nothing);
        assert!(!ran.memory.alive(head().obj) && !ran.memory.alive(head().nth(1).obj));
    }
}

#[test]
fn a_pin_of_the_second_page_is_one_of_the_folio() {
    for fast in [true, false] {
        let body = async move |cpu: &Cpu| {
            let flags = GupFlags { write: true, force: false, longterm: false, unlockable: true };
            let foll = Foll { pin: true, flags };
            let taken = if fast {
                get_user_pages_fast(cpu, A, RANGE + 2, foll).await
            } else {
                get_user_pages(cpu, A, RANGE + 2, foll).await
            };
            assert_eq!(taken.map(|page| page.obj), Ok(head().nth(1).obj));
        };
        for state in ["thp", "thp_pte"] {
            let ran = run(&buf(state), &Era::preset("v6.18").expect("a preset"), body);
            assert!(ran.memory.get(head().refcount().addr) > GUP_PIN_COUNTING_BIAS, "{state} {fast}");
        }
    }
}

/// The hardware dirty bit of arm64 moves to the kernel's own when fork write-protects.
#[test]
fn fork_keeps_the_dirty_state_of_a_huge_page_on_arm64() {
    let ran = run(&forking("thp").on(Arch::Arm64), &Era::preset("v6.12").expect("a preset"), fork);
    for mm in [A, CHILD] {
        assert!(!writable(pmd(&ran, mm)));
        assert!(cowrace_mm::pgtable::pte_dirty(Arch::Arm64, pmd(&ran, mm)));
    }
}

/// Whether each page of the range is writable.
fn writables(ran: &Ran<()>) -> [bool; 2] {
    [0, 1].map(|nth| writable(pte(ran, nth)))
}

/// The range, whose pages PTEs map, without the VMA of one page.
fn without_vma(nth: usize) -> State {
    buf("thp_pte").but(move |memory| memory.set(A.vm_flags(RANGE + 1 + nth), 0))
}

#[test]
fn a_call_for_a_range_goes_on_with_the_vma_behind_a_hole() {
    let dontneed = async |cpu: &Cpu| {
        madvise(cpu, A, RANGE, Advice::DontNeed).await.expect("the advice can be taken");
    };
    for ran in in_all(&without_vma(0), dontneed) {
        assert_eq!([0, 1].map(|nth| pte(&ran, nth).present()), [true, false]);
    }
    for ran in in_all(&without_vma(0), async |cpu| clear_refs_write(cpu, A).await) {
        assert_eq!(writables(&ran), [true, false]);
    }
}

#[test]
fn mprotect_stops_at_a_hole() {
    let protect = async |cpu: &Cpu| mprotect_fixup(cpu, A, RANGE, false).await;
    for (nth, left) in [(0, [true, true]), (1, [false, true])] {
        for ran in in_all(&without_vma(nth), protect) {
            assert_eq!(writables(&ran), left, "without page {nth}");
        }
    }
}

#[test]
fn mprotect_changes_the_vma_that_has_another_protection() {
    let one = buf("thp_pte").but(|memory| {
        memory.set(A.vm_flags(RANGE + 1), vm::EXISTS);
        let pte = memory.get(A.pte(RANGE + 1));
        memory.set(A.pte(RANGE + 1), pte & !mmu::WRITE);
    });
    for ran in in_all(&one, async |cpu| mprotect_fixup(cpu, A, RANGE, false).await) {
        assert_eq!(writables(&ran), [false, false]);
    }
}

#[test]
fn userfaultfd_protects_each_vma_up_to_one_that_is_not_registered() {
    let protect = async |cpu: &Cpu| mwriteprotect_range(cpu, A, RANGE, true).await;
    for (nth, marked) in [(0, [false, false]), (1, [true, false])] {
        let state = buf("thp_pte uffd_wp").but(move |memory| {
            memory.set(A.vm_flags(RANGE + 1 + nth), vm::EXISTS | vm::WRITE);
        });
        for ran in in_all(&state, protect) {
            assert_eq!([0, 1].map(|nth| pte(&ran, nth).uffd_wp()), marked, "without page {nth}");
        }
    }
}

#[test]
fn the_child_gets_what_is_behind_a_hole() {
    let hole = forking("thp_pte").but(|memory| {
        memory.set(A.vm_flags(RANGE + 1), 0);
        memory.set(A.pte(RANGE + 1), 0);
    });
    for ran in in_all(&hole, fork) {
        let child = |nth: usize| Pte::from(ran.memory.get(CHILD.pte(RANGE + 1 + nth)));
        assert_eq!([0, 1].map(|nth| child(nth).present()), [false, true]);
    }
}

#[test]
fn a_copy_of_what_another_mm_maps_by_a_pmd_was_necessary() {
    // A has split its mapping; the child's PMD maps the huge page still.
    let text =
        "race state\nmm A { buf: thp }\nmm C = fork(A)\n\nt @A\n====\nr = buf[0]\n\nalways copies(A) == 0\n";
    let ran = run(&state_of(text), &Era::preset("v6.12").expect("a preset"), async |cpu: &Cpu| {
        split(cpu).await;
        store(cpu).await;
    });
    assert!(ran.count(Prim::CopyUserHighpage) > 0, "the page is shared");
    assert_eq!(ran.memory.get(A.copies()), 0);
}

#[test]
fn advice_that_changes_nothing_splits_nothing() {
    let half = |advice| async move |cpu: &Cpu| madvise(cpu, A, RANGE + 1, advice).await.expect("it is taken");
    for era in ["v5.4", "v6.12"] {
        let era = Era::preset(era).expect("a preset");
        assert_eq!(refers(&run(&buf("thp"), &era, half(Advice::DoFork)), A), Refers::First);
        assert_eq!(refers(&run(&buf("thp"), &era, half(Advice::DontFork)), A), Refers::Table);
    }
}

#[test]
fn userfaultfd_passes_over_a_hole_and_wakes_nobody_when_it_fails() {
    let state = |flags| {
        buf("thp_pte uffd_wp").but(move |memory| {
            memory.set(A.vm_flags(RANGE + 1), flags);
            let pte = memory.get(A.pte(RANGE + 2));
            memory.set(A.pte(RANGE + 2), pte | UFFD_WP);
        })
    };
    let resolve = async |cpu: &Cpu| mwriteprotect_range(cpu, A, RANGE, false).await;
    for (flags, wakes) in [(0, 1), (vm::EXISTS | vm::WRITE, 0)] {
        for ran in in_all(&state(flags), resolve) {
            assert_eq!(ran.memory.get(A.userfault_wakes()), wakes);
            assert_eq!(pte(&ran, 1).uffd_wp(), wakes == 0);
        }
    }
}

#[test]
fn a_fault_that_finds_no_pmd_after_its_split_gets_a_page_table() {
    // Shared, so that the store splits; another thread discards the huge page before that.
    let zapped = shared("thp").meanwhile(Prim::PmdUnlock, 0, zap);
    for era in ["v5.8", "v5.18", "v6.12"] {
        let ran = run(&zapped, &Era::preset(era).expect("a preset"), store);
        assert_eq!(refers(&ran, A), Refers::Table);
        assert!(pte(&ran, 0).present(), "{era}");
    }
}

#[test]
fn a_fault_that_finds_a_huge_page_after_its_split_is_tried_again() {
    let mapped = |memory: &mut Memory| memory.set(A.pmd(RANGE), Pte::mk(head()).bits());
    // The split finds nothing, and then another thread maps a huge page.
    let state = shared("thp").meanwhile(Prim::PmdUnlock, 0, zap).meanwhile(Prim::PmdUnlock, 1, mapped);
    for era in ["v5.18", "v6.12"] {
        let ran = run(&state, &Era::preset(era).expect("a preset"), async |cpu: &Cpu| {
            let vm_flags = cpu.find_vma(A, RANGE + 1).await;
            let fault = VmFault {
                mm: A,
                va: RANGE + 1,
                flag: FaultFlag::Write,
                vm_flags,
                orig_pte: Pte::default(),
                vma_locked: false,
                allow_retry: false,
            };
            handle_mm_fault(cpu, fault).await;
        });
        assert_eq!((refers(&ran, A), pte(&ran, 0).present()), (Refers::First, false), "{era}");
    }
}
