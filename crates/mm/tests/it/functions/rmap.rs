//! Mappings, and the mark of exclusive pages.

use cowrace_machine::Prim;
use cowrace_mm::Cpu;
use cowrace_mm::era::{ActiveRead, AeBarriers, AnonExclusive, ForkPin, HasPinned, Safeguard};
use cowrace_mm::objects::pg;
use cowrace_mm::rmap::{
    only_active_reference, page_add_new_anon_rmap, page_needs_cow_for_dma, page_try_share_anon_rmap,
};

use super::arms::{Told, behaviours, case};
use super::bench::{A, buf, first, pin};

behaviours![
    both_counts_are_read_at_once_or_one_after_the_other,
    a_fresh_page_is_marked_where_there_is_a_mark,
    the_mark_is_taken_between_barriers,
    a_page_that_may_be_pinned_keeps_its_mark,
    fork_asks_for_pins_only_where_it_minds_them,
    fork_asks_the_mm_first_where_pins_are_noted_there,
];

fn both_counts_are_read_at_once_or_one_after_the_other() -> Told {
    use Prim::{PageMapcount, PageSwapcount};
    let alone = async |cpu: &Cpu| only_active_reference(cpu, first()).await;
    case("active-inactive", buf("anon"), alone, |ran| ran.requests.clone()).arms(&[
        (ActiveRead::OneShot, vec![PageMapcount]),
        (ActiveRead::InactiveFirst, vec![PageSwapcount, PageMapcount]),
        (ActiveRead::ActiveFirst, vec![PageMapcount, PageSwapcount]),
    ])
}

fn a_fresh_page_is_marked_where_there_is_a_mark() -> Told {
    let add = async |cpu: &Cpu| page_add_new_anon_rmap(cpu, first()).await;
    case("v6.12", buf("anon prevshared"), add, |ran| ran.has(first(), pg::ANON_EXCLUSIVE))
        .arms(&[(AnonExclusive::No, false), (AnonExclusive::Yes, true)])
}

async fn share(cpu: &Cpu) -> bool {
    page_try_share_anon_rmap(cpu, first()).await
}

fn the_mark_is_taken_between_barriers() -> Told {
    use Prim::{ClearPageAnonExclusive, PageMaybeDmaPinned, SmpMb, SmpMbAfterAtomic};
    case("v6.12", buf("anon"), share, |ran| ran.requests.clone()).arms(&[
        (AeBarriers::No, vec![PageMaybeDmaPinned, ClearPageAnonExclusive]),
        (AeBarriers::Yes, vec![SmpMb, PageMaybeDmaPinned, ClearPageAnonExclusive, SmpMbAfterAtomic]),
    ])
}

fn a_page_that_may_be_pinned_keeps_its_mark() -> Told {
    let marked = |ran: &super::bench::Ran<bool>| ran.has(first(), pg::ANON_EXCLUSIVE);
    case("v6.12", buf("anon").pinned(), share, marked).safeguard(Safeguard::ShareAnonPinned, true, false)
}

async fn needs_cow(cpu: &Cpu) -> bool {
    page_needs_cow_for_dma(cpu, A, first()).await
}

fn fork_asks_for_pins_only_where_it_minds_them() -> Told {
    case("v6.12", buf("anon").pinned(), needs_cow, |ran| *ran.result()).arms(&[
        (ForkPin::Share, false),
        (ForkPin::CopyWrprotectFirst, true),
        (ForkPin::Copy, true),
    ])
}

fn fork_asks_the_mm_first_where_pins_are_noted_there() -> Told {
    case("v6.12", buf("anon").but(pin), needs_cow, |ran| *ran.result())
        .arms(&[(HasPinned::No, true), (HasPinned::Yes, false)])
}
