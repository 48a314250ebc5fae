//! Reclaim.

use cowrace_machine::Prim;
use cowrace_mm::era::{AeBarriers, LazyfreeKept, MadvFree, ReclaimPin, Safeguard};
use cowrace_mm::objects::pg;
use cowrace_mm::vmscan::reclaim;
use cowrace_mm::{Cpu, Era};

use super::arms::{Told, behaviours, case};
use super::bench::{A, Maps, Ran, add, buf, first, pin, run, set, threads};

behaviours![
    a_page_that_may_be_pinned_is_swapped_out_or_spared,
    a_pin_that_comes_late_is_seen_if_it_is_looked_for_again,
    a_lazyfree_page_that_is_referenced_is_discarded_or_kept,
    a_lazyfree_page_that_is_kept_is_swap_backed_again_or_not,
    the_flush_of_an_exclusive_page_is_put_off_only_with_barriers,
    a_page_is_flushed_when_it_is_unmapped,
    a_dirty_page_is_flushed_before_it_is_written_out,
    a_page_is_flushed_before_it_is_freed,
    a_page_that_is_mapped_again_is_kept,
    a_page_that_was_written_to_is_not_freed,
    a_lazyfree_page_that_was_written_to_is_put_back_first,
    a_barrier_precedes_the_counting_of_a_lazyfree_pages_references,
    a_barrier_precedes_the_reading_of_a_lazyfree_pages_dirty_bit,
];

async fn out(cpu: &Cpu) {
    reclaim(cpu, A, 0).await;
}

fn a_page_that_may_be_pinned_is_swapped_out_or_spared() -> Told {
    case("v5.15", buf("anon").pinned(), out, |ran| ran.maps(A)).arms(&[
        (ReclaimPin::No, Maps::Swap),
        (ReclaimPin::Skip, Maps::First),
        (ReclaimPin::SkipAndRecheck, Maps::First),
    ])
}

fn a_pin_that_comes_late_is_seen_if_it_is_looked_for_again() -> Told {
    use Prim::{PageCount, PageMaybeDmaPinned};
    let late = buf("anon").meanwhile(Prim::SwapDuplicate, 0, pin);
    case("v5.15", late, out, |ran| ran.order(&[PageCount, PageMaybeDmaPinned])).arms(&[
        (ReclaimPin::No, vec![PageCount]),
        (ReclaimPin::Skip, vec![PageMaybeDmaPinned, PageCount]),
        (ReclaimPin::SkipAndRecheck, vec![PageMaybeDmaPinned, PageMaybeDmaPinned]),
    ])
}

fn a_lazyfree_page_that_is_referenced_is_discarded_or_kept() -> Told {
    case("v5.15", buf("anon lazyfree").referenced(), out, |ran| ran.maps(A))
        .arms(&[(MadvFree::Dirty, Maps::Nothing), (MadvFree::RefAndDirty, Maps::First)])
}

fn a_lazyfree_page_that_is_kept_is_swap_backed_again_or_not() -> Told {
    let swap_backed = |ran: &Ran<()>| ran.has(first(), pg::SWAPBACKED);
    case("v6.12", buf("anon lazyfree").referenced(), out, swap_backed)
        .arms(&[(LazyfreeKept::SwapBacked, true), (LazyfreeKept::IfDirty, false)])
}

fn the_flush_of_an_exclusive_page_is_put_off_only_with_barriers() -> Told {
    use Prim::{PtepClearFlush, PtepGetAndClear};
    case("v6.12", threads("anon"), out, |ran| ran.order(&[PtepClearFlush, PtepGetAndClear]))
        .arms(&[(AeBarriers::No, vec![PtepClearFlush]), (AeBarriers::Yes, vec![PtepGetAndClear])])
}

fn a_page_is_flushed_when_it_is_unmapped() -> Told {
    case("v6.12", buf("anon"), out, |ran| ran.count(Prim::FlushTlb)).safeguard(Safeguard::UnmapFlush, 1, 0)
}

fn a_dirty_page_is_flushed_before_it_is_written_out() -> Told {
    use Prim::{FlushTlb, SetPageWriteback};
    let order = |ran: &Ran<()>| ran.order(&[FlushTlb, SetPageWriteback]);
    case("v6.12", threads("anon"), out, order).safeguard(
        Safeguard::UnmapDirtyFlush,
        vec![FlushTlb, FlushTlb, SetPageWriteback],
        vec![SetPageWriteback, FlushTlb, FlushTlb],
    )
}

fn a_page_is_flushed_before_it_is_freed() -> Told {
    use Prim::{FlushTlb, FreePage};
    let order = |ran: &Ran<()>| ran.order(&[FlushTlb, FreePage]);
    case("v6.12", threads("anon lazyfree"), out, order).safeguard(
        Safeguard::UnmapBatchFlush,
        vec![FlushTlb, FlushTlb, FreePage],
        vec![FreePage],
    )
}

fn a_page_that_is_mapped_again_is_kept() -> Told {
    let again = buf("anon").meanwhile(Prim::PageRemoveRmap, 0, |memory| {
        add(memory, first().mapcount().addr, 1);
        add(memory, first().refcount().addr, 1);
    });
    case("v5.15", again, out, |ran| ran.count(Prim::PageDirty)).safeguard(Safeguard::UnmapMapcount, 0, 1)
}

fn is_freed(ran: &Ran<()>) -> bool {
    !ran.memory.alive(first().obj)
}

fn a_page_that_was_written_to_is_not_freed() -> Told {
    let written = |memory: &mut _| set(memory, first().flags().addr, pg::DIRTY);
    let frozen = buf("anon").meanwhile(Prim::PageRefFreeze, 0, written);
    case("v6.12", frozen, out, is_freed).safeguard(Safeguard::RemoveMappingDirty, false, true)
}

/// Isolation holds the last reference, so the page is freed either way: a store to a page that is unmapped and has no
/// reference is lost.
fn a_lazyfree_page_that_was_written_to_is_put_back_first() -> Told {
    use Prim::{FreePage, PageRefFreeze, PageRefUnfreeze, SetPageLru};
    let written = |memory: &mut _| set(memory, first().flags().addr, pg::DIRTY);
    let frozen = buf("anon lazyfree").meanwhile(PageRefFreeze, 0, written);
    let order = |ran: &Ran<()>| ran.order(&[FreePage, PageRefFreeze, PageRefUnfreeze, SetPageLru]);
    case("v6.12", frozen, out, order).safeguard(
        Safeguard::LazyfreeDirty,
        vec![PageRefFreeze, PageRefUnfreeze, SetPageLru, FreePage],
        vec![PageRefFreeze, FreePage],
    )
}

/// The requests with which a page of MADV_FREE is examined.
const LOOK: [Prim; 3] = [Prim::SmpMb, Prim::PageCount, Prim::SmpRmb];

fn a_barrier_precedes_the_counting_of_a_lazyfree_pages_references() -> Told {
    use Prim::{PageCount, SmpMb, SmpRmb};
    case("v6.12", buf("anon lazyfree"), out, |ran| ran.order(&LOOK)).safeguard(
        Safeguard::LazyfreeMb,
        vec![SmpMb, PageCount, SmpRmb],
        vec![PageCount, SmpRmb],
    )
}

fn a_barrier_precedes_the_reading_of_a_lazyfree_pages_dirty_bit() -> Told {
    use Prim::{PageCount, SmpMb, SmpRmb};
    case("v6.12", buf("anon lazyfree"), out, |ran| ran.order(&LOOK)).safeguard(
        Safeguard::LazyfreeRmb,
        vec![SmpMb, PageCount, SmpRmb],
        vec![SmpMb, PageCount],
    )
}

#[test]
fn a_page_that_is_idle_is_swapped_out_by_every_kernel() {
    for kernel in ["v5.4", "v5.8", "v5.15", "v6.12"] {
        let era = Era::preset(kernel).expect("a preset");
        let ran = run(&buf("anon"), &era, out);
        assert_eq!(ran.maps(A), Maps::Swap, "{kernel}");
        assert!(is_freed(&ran), "{kernel}");
    }
}
