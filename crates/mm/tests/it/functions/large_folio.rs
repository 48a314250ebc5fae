//! Large folios: `MADV_FREE`, reclaim, and splits.

use cowrace_machine::{Memory, Prim, mmu};
use cowrace_mm::era::{
    GupHead, LazyfreeLarge, MadvFreeLarge, MappedShared, MigrationDirty, MigrationWait, PageoutLarge,
    Safeguard, SplitFlush, UnmapBatch,
};
use cowrace_mm::fault::do_user_addr_fault;
use cowrace_mm::fork::dup_mmap;
use cowrace_mm::gup::{Foll, get_user_pages_fast};
use cowrace_mm::huge_memory::deferred_split_scan;
use cowrace_mm::madvise::madvise;
use cowrace_mm::mmap::zap_page_range;
use cowrace_mm::mprotect::{Change, change_protection};
use cowrace_mm::objects::{MmStruct, Page, boot_page, pg, vm};
use cowrace_mm::pgtable::{Entry, MIGRATION_WRITE, Pmd, Pte, SOFT_DIRTY, SWP_EXCLUSIVE, UFFD_WP};
use cowrace_mm::task_mmu::clear_refs_write;
use cowrace_mm::vmscan::reclaim;
use cowrace_mm::world::{Advice, GupFlags, Va};
use cowrace_mm::{Cpu, Era};

use super::arms::{Told, behaviours, case};
use super::bench::{A, CHILD, Ran, State, add, clear, run, set, state_of, writable};

behaviours![
    a_folio_that_ptes_map_is_freed_lazily_as_a_whole_or_split,
    a_folio_that_ptes_map_is_paged_out_as_a_whole_or_split,
    a_folio_that_others_map_is_not_freed_lazily,
    a_lazyfree_huge_page_is_discarded_page_by_page_or_as_a_whole,
    ptes_of_a_lazyfree_folio_are_cleared_and_put_back_together,
    gup_fast_looks_at_the_head_again,
    a_fault_that_waits_for_a_migration_has_a_reference_or_not,
    a_page_of_a_split_folio_is_dirty_in_its_pte_or_not,
    a_split_of_a_folio_flushes_page_by_page_or_once,
    what_userfaultfd_protects_is_not_put_back_as_something_else,
    a_page_of_a_split_folio_leaves_the_tlbs,
    the_flags_of_a_page_come_before_it_is_one_of_its_own,
];

/// The range; its pages follow it.
const RANGE: Va = 0;

/// The first page of the folio that is there at the start.
fn head() -> Page {
    Page::from(boot_page(RANGE + 1))
}

/// Its second page, as one of its own.
fn second() -> Page {
    Page::from(boot_page(RANGE + 2))
}

fn area(state: &str, more: &str) -> State {
    state_of(&format!("race state\nmm A {{ buf: {state} }}\n{more}\n\nalways r == 0\n"))
}

/// Memory of an mm of one thread.
fn buf(state: &str) -> State {
    area(state, "\nt @A\n====\nr = buf[0]\ns = buf[1]\nreclaim(A.buf)")
}

/// The same, shared with a child.
fn shared(state: &str) -> State {
    area(state, "mm C = fork(A)\n\nt @A\n====\nr = buf[0]")
}

/// The same, of an mm that can be forked.
fn forking(state: &str) -> State {
    area(state, "\nt @A\n====\nr = buf[0]\nC = fork()")
}

/// The same, of an mm that another CPU runs as well.
fn threads(state: &str) -> State {
    area(state, "\nt @A        other @A\n==========  ==========\nr = buf[0]  s = buf[1]")
}

fn pte(ran: &Ran<()>, nth: usize) -> Pte {
    Pte::from(ran.memory.get(A.pte(RANGE + 1 + nth)))
}

fn is_large(ran: &Ran<()>) -> bool {
    ran.has(head(), pg::HEAD)
}

fn referenced(memory: &mut Memory) {
    add(memory, head().refcount().addr, 1);
}

/// The second PTE has lost its write bit, as after a fork.
fn second_is_read_only(memory: &mut Memory) {
    clear(memory, A.pte(RANGE + 2), mmu::WRITE);
    clear(memory, second().own_flags().addr, pg::ANON_EXCLUSIVE);
}

/// A change of the second page has split the VMA.
fn vma_is_split(memory: &mut Memory) {
    set(memory, A.vm_flags(RANGE + 2), vm::DONTCOPY);
}

/// The child maps the second page alone.
fn child_maps_second(memory: &mut Memory) {
    memory.set(CHILD.pmd(RANGE), Pte::table().bits());
    memory.set(CHILD.pte(RANGE + 2), Pte::mk(second()).bits());
    memory.set(second().mapcount().addr, memory.get(second().mapcount().addr) + 1);
}

async fn free(cpu: &Cpu) {
    madvise(cpu, A, RANGE, Advice::Free).await.expect("anonymous memory");
}

async fn free_second(cpu: &Cpu) {
    madvise(cpu, A, RANGE + 2, Advice::Free).await.expect("anonymous memory");
}

async fn out(cpu: &Cpu) {
    reclaim(cpu, A, RANGE).await;
}

async fn split(cpu: &Cpu) {
    deferred_split_scan(cpu, A, RANGE).await;
}

async fn load_second(cpu: &Cpu) {
    let _ = do_user_addr_fault(cpu, A, RANGE + 2, false).await;
}

fn a_folio_that_ptes_map_is_freed_lazily_as_a_whole_or_split() -> Told {
    case("v6.12", buf("thp_pte"), free, |ran| (is_large(ran), ran.has(head(), pg::SWAPBACKED)))
        .arms(&[(MadvFreeLarge::Split, (false, true)), (MadvFreeLarge::Whole, (true, false))])
}

fn a_folio_that_ptes_map_is_paged_out_as_a_whole_or_split() -> Told {
    use Prim::{ClearPageCompound, SwapIo, TestClearPageLru};
    let page_out = async |cpu: &Cpu| {
        madvise(cpu, A, RANGE, Advice::PageOut).await.expect("memory");
    };
    let first = |ran: &Ran<()>| ran.order(&[ClearPageCompound, SwapIo, TestClearPageLru])[0];
    case("v6.12", buf("thp_pte"), page_out, first)
        .arms(&[(PageoutLarge::Split, ClearPageCompound), (PageoutLarge::Whole, TestClearPageLru)])
}

fn a_folio_that_others_map_is_not_freed_lazily() -> Told {
    let by_pmd = || {
        shared("thp").but(|memory| {
            child_maps_second(memory);
            memory.set(head().entire_mapcount().addr, 1);
        })
    };
    let lazyfree = |ran: &Ran<()>| !ran.has(head(), pg::SWAPBACKED);
    let mut told = case("v6.12", by_pmd(), free, lazyfree).arms(&[
        (MappedShared::Exact, false),
        (MappedShared::FirstPage, true),
        (MappedShared::Likely, false),
    ]);
    // Its first page has two mappings, and the second has one.
    let by_ptes = || {
        buf("thp_pte").but(|memory| {
            memory.set(head().mapcount().addr, 2);
            memory.set(head().refcount().addr, 3);
        })
    };
    let tried = |ran: &Ran<()>| ran.count(Prim::TrylockPage) > 0;
    told.extend(case("v6.12", by_ptes(), free_second, tried).arms(&[
        (MappedShared::Exact, true),
        (MappedShared::FirstPage, false),
        (MappedShared::Likely, false),
    ]));
    told
}

fn a_lazyfree_huge_page_is_discarded_page_by_page_or_as_a_whole() -> Told {
    use Prim::{ClearPageCompound, PmdPopulate, PmdpClearFlush};
    let steps = [ClearPageCompound, PmdPopulate, PmdpClearFlush];
    case("v6.12", buf("thp lazyfree"), out, |ran| ran.order(&steps)).arms(&[
        (LazyfreeLarge::SplitFolio, vec![PmdPopulate, ClearPageCompound]),
        (LazyfreeLarge::SplitPmd, vec![PmdPopulate]),
        (LazyfreeLarge::Whole, vec![PmdpClearFlush]),
    ])
}

fn ptes_of_a_lazyfree_folio_are_cleared_and_put_back_together() -> Told {
    use Prim::{PageRemoveRmap, PtepClearFlush};
    let mixed = buf("thp_pte lazyfree").but(second_is_read_only).but(referenced);
    let second = |ran: &Ran<()>| writable(pte(ran, 1));
    let mut told = case("v6.18", mixed, out, second).arms(&[
        (UnmapBatch::No, false),
        (UnmapBatch::Folio, true),
        (UnmapBatch::Any, true),
        (UnmapBatch::SameRights, false),
    ]);
    let steps = |ran: &Ran<()>| ran.order(&[PageRemoveRmap, PtepClearFlush]);
    let one_by_one = || vec![PtepClearFlush, PageRemoveRmap, PtepClearFlush, PageRemoveRmap];
    let together = || vec![PtepClearFlush, PtepClearFlush, PageRemoveRmap, PageRemoveRmap];
    told.extend(case("v6.18", buf("thp_pte lazyfree"), out, steps).arms(&[
        (UnmapBatch::No, one_by_one()),
        (UnmapBatch::Folio, together()),
        (UnmapBatch::Any, together()),
        (UnmapBatch::SameRights, together()),
    ]));
    told.extend(case("v6.18", buf("thp_pte lazyfree").but(vma_is_split), out, steps).arms(&[
        (UnmapBatch::No, one_by_one()),
        (UnmapBatch::Folio, together()),
        (UnmapBatch::Any, one_by_one()),
        (UnmapBatch::SameRights, one_by_one()),
    ]));
    told
}

/// The folio has been split by somebody else, and its pages are mapped again.
fn is_split(memory: &mut Memory) {
    memory.set(second().compound_head().addr, 0);
    memory.set(second().refcount().addr, 1);
    memory.set(head().refcount().addr, 1);
    clear(memory, head().flags().addr, pg::HEAD);
}

fn gup_fast_looks_at_the_head_again() -> Told {
    let pin = async |cpu: &Cpu| {
        let flags = GupFlags { write: true, force: false, longterm: false, unlockable: true };
        get_user_pages_fast(cpu, A, RANGE + 2, Foll { pin: false, flags }).await.expect("memory");
    };
    let state = buf("thp_pte").meanwhile(Prim::CompoundHead, 0, is_split);
    let references = |ran: &Ran<()>| [head(), second()].map(|page| ran.memory.get(page.refcount().addr));
    case("v5.15", state, pin, references).arms(&[(GupHead::Once, [2, 1]), (GupHead::Again, [1, 2])])
}

/// The second page is unmapped for a moment.
fn migrating(memory: &mut Memory) {
    memory.set(A.pte(RANGE + 2), Pte::migration(second().obj).set(MIGRATION_WRITE).bits());
}

fn a_fault_that_waits_for_a_migration_has_a_reference_or_not() -> Told {
    let state = buf("thp_pte").but(migrating).may_sleep();
    case("v5.18", state, load_second, |ran| (ran.sleeps(), ran.count(Prim::PageRefAddUnless)))
        .arms(&[(MigrationWait::GetsReference, (true, 1)), (MigrationWait::GetsNothing, (true, 0))])
}

fn a_page_of_a_split_folio_is_dirty_in_its_pte_or_not() -> Told {
    case("v6.1", buf("thp_pte"), split, |ran| (pte(ran, 1).has(mmu::DIRTY), ran.has(second(), pg::DIRTY)))
        .arms(&[(MigrationDirty::Page, (false, true)), (MigrationDirty::Pte, (true, true))])
}

fn a_split_of_a_folio_flushes_page_by_page_or_once() -> Told {
    use Prim::{FlushTlb, PageRefFreeze, PtepClearFlush, PtepGetAndClear};
    let steps = [FlushTlb, PageRefFreeze, PtepClearFlush, PtepGetAndClear];
    case("v6.12", threads("thp_pte"), split, |ran| ran.order(&steps)).arms(&[
        (
            SplitFlush::AtOnce,
            vec![PtepClearFlush, FlushTlb, FlushTlb, PtepClearFlush, FlushTlb, FlushTlb, PageRefFreeze],
        ),
        (SplitFlush::Batched, vec![PtepGetAndClear, PtepGetAndClear, FlushTlb, FlushTlb, PageRefFreeze]),
    ])
}

fn what_userfaultfd_protects_is_not_put_back_as_something_else() -> Told {
    let state = buf("thp_pte lazyfree").but(referenced).but(|memory| {
        clear(memory, A.pte(RANGE + 2), mmu::WRITE);
        set(memory, A.pte(RANGE + 2), UFFD_WP);
    });
    case("v6.18", state, out, |ran| pte(ran, 1).uffd_wp()).safeguard(Safeguard::UnmapBatchUffdWp, true, false)
}

fn a_page_of_a_split_folio_leaves_the_tlbs() -> Told {
    case("v6.6", buf("thp_pte"), split, |ran| ran.count(Prim::FlushTlb)).safeguard(
        Safeguard::MigrateFlush,
        2,
        0,
    )
}

fn the_flags_of_a_page_come_before_it_is_one_of_its_own() -> Told {
    use Prim::{ClearCompoundHead, PageRefUnfreeze, SmpWmb};
    let steps = [ClearCompoundHead, PageRefUnfreeze, SmpWmb];
    case("v6.12", buf("thp_pte"), split, |ran| ran.order(&steps)).safeguard(
        Safeguard::SplitTailWmb,
        vec![SmpWmb, ClearCompoundHead, PageRefUnfreeze, PageRefUnfreeze],
        vec![ClearCompoundHead, PageRefUnfreeze, PageRefUnfreeze],
    )
}

/// Under kernels from the oldest to the newest of the model.
fn in_all(state: &State, body: impl AsyncFn(&Cpu) + Copy + 'static) -> Vec<Ran<()>> {
    let eras = ["v5.4", "v5.15", "v5.18", "v5.19", "v6.1", "v6.12", "v6.18"];
    let ran = |era| run(state, &Era::preset(era).expect("a preset"), async move |cpu: &Cpu| body(cpu).await);
    eras.map(ran).into()
}

/// The references and mappings of a page.
fn counts(ran: &Ran<()>, page: Page) -> (u64, u64) {
    (ran.memory.get(page.refcount().addr), ran.memory.get(page.mapcount().addr))
}

#[test]
fn a_split_folio_is_two_pages_with_the_rights_that_they_had() {
    for state in ["thp", "thp_pte", "thp wrprotected", "thp_pte wrprotected"] {
        for ran in in_all(&buf(state), split) {
            assert!(!is_large(&ran));
            assert_eq!(ran.memory.get(A.pmd(RANGE)), Pte::table().bits());
            for (nth, page) in [head(), second()].into_iter().enumerate() {
                assert_eq!(pte(&ran, nth).page().obj, page.obj);
                assert_eq!(writable(pte(&ran, nth)), !state.contains("wrprotected"));
                assert_eq!(counts(&ran, page), (1, 1));
                assert_eq!(ran.memory.get(page.index().addr), (RANGE + 1 + nth) as u64);
                assert!(ran.has(page, pg::LRU) && !ran.has(page, pg::LOCKED));
                assert_eq!(ran.memory.get(page.data(nth as u8).addr), 0);
            }
        }
    }
}

#[test]
fn a_split_folio_of_two_processes_is_mapped_by_both_again() {
    for state in ["thp", "thp_pte"] {
        for ran in in_all(&shared(state), split) {
            assert!(!is_large(&ran));
            for page in [head(), second()] {
                assert_eq!(counts(&ran, page), (2, 2));
                assert!(!ran.has(page, pg::ANON_EXCLUSIVE));
            }
        }
    }
}

#[test]
fn a_page_that_was_exclusive_is_so_again() {
    let ran = in_newest(buf("thp"), split);
    assert!(ran.has(head(), pg::ANON_EXCLUSIVE) && ran.has(second(), pg::ANON_EXCLUSIVE));
}

/// At first sight.
#[test]
fn a_folio_with_another_reference_is_not_split() {
    for state in ["thp", "thp_pte"] {
        for ran in in_all(&buf(state).but(referenced), split) {
            assert!(is_large(&ran));
            assert_eq!(ran.count(Prim::PageRefFreeze), 0);
        }
    }
}

/// When its pages have been unmapped: they are mapped again as they were.
#[test]
fn a_folio_with_a_late_reference_is_not_split() {
    for state in ["thp", "thp_pte"] {
        let late = buf(state).meanwhile(Prim::PageCount, 0, referenced);
        for ran in in_all(&late, split) {
            assert!(is_large(&ran));
            assert_eq!(ran.count(Prim::PageRefFreeze), 1);
            for nth in 0..2 {
                assert!(writable(pte(&ran, nth)));
                assert_eq!(ran.memory.get(head().nth(nth as u8).mapcount().addr), 1);
            }
            assert_eq!(ran.memory.get(head().refcount().addr), 3);
        }
    }
}

fn in_newest(state: State, body: impl AsyncFnOnce(&Cpu) + 'static) -> Ran<()> {
    run(&state, &Era::preset("v6.18").expect("a preset"), body)
}

#[test]
fn a_migration_entry_goes_without_a_reference_or_a_mapping() {
    let zap = async |cpu: &Cpu| {
        zap_page_range(cpu, A, RANGE + 2).await;
    };
    let ran = in_newest(buf("thp_pte").but(migrating), zap);
    assert!(pte(&ran, 1).none());
    assert_eq!((ran.count(Prim::PageRemoveRmap), ran.count(Prim::PageRefSubAndTest)), (0, 0));
}

#[test]
fn a_migration_entry_is_shared_by_fork_and_protected_by_mprotect() {
    let fork = async |cpu: &Cpu| dup_mmap(cpu, A, 1).await;
    let ran = in_newest(forking("thp_pte").but(migrating), fork);
    for mm in [A, CHILD] {
        let entry = Pte::from(ran.memory.get(mm.pte(RANGE + 2)));
        assert!(matches!(entry.entry(), Entry::Migration(_)));
        assert!(!entry.has(MIGRATION_WRITE | SWP_EXCLUSIVE));
    }
    let protect = async |cpu: &Cpu| {
        change_protection(cpu, A, RANGE + 2, Change::Protection { vm_flags: vm::EXISTS }).await;
    };
    let ran = in_newest(buf("thp_pte").but(migrating), protect);
    assert!(!pte(&ran, 1).has(MIGRATION_WRITE) && pte(&ran, 1).has(SWP_EXCLUSIVE));
    let protect = async |cpu: &Cpu| change_protection(cpu, A, RANGE + 2, Change::UffdWp).await;
    assert!(pte(&in_newest(buf("thp_pte").but(migrating), protect), 1).uffd_wp());
    let clear = async |cpu: &Cpu| clear_refs_write(cpu, A).await;
    assert!(!pte(&in_newest(buf("thp_pte").but(migrating), clear), 1).has(SOFT_DIRTY));
}

/// In every kernel a huge page that nobody else refers to goes: to swap, or to nowhere if `MADV_FREE` was called for it.
#[test]
fn a_huge_page_is_reclaimed() {
    for state in ["thp", "thp_pte", "thp lazyfree", "thp_pte lazyfree"] {
        for ran in in_all(&buf(state), out) {
            assert!(!ran.memory.alive(head().obj) && !ran.memory.alive(second().obj), "{state}");
            if state.contains("lazyfree") {
                let is_none = Pte::from(ran.memory.get(A.pmd(RANGE))).pmd() == Pmd::None;
                assert!(is_none || pte(&ran, 0).none() && pte(&ran, 1).none());
            } else {
                assert!(matches!(pte(&ran, 0).entry(), Entry::Swap(_)));
                assert!(matches!(pte(&ran, 1).entry(), Entry::Swap(_)));
            }
        }
    }
}

#[test]
fn a_lazyfree_huge_page_that_was_written_to_stays() {
    for state in ["thp lazyfree", "thp_pte lazyfree"] {
        let dirty = buf(state).but(|memory| {
            let mm: MmStruct = A;
            let entries = [mm.pmd(RANGE), mm.pte(RANGE + 1)];
            let used = entries.into_iter().find(|&entry| memory.get(entry) & mmu::PRESENT != 0);
            set(memory, used.expect("one of them maps it"), mmu::DIRTY);
        });
        for ran in in_all(&dirty, out) {
            assert!(ran.memory.alive(head().obj) && ran.has(head(), pg::SWAPBACKED), "{state}");
        }
    }
}
