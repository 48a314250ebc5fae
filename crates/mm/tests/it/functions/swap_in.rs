//! Faults on swap entries.

use cowrace_machine::{Memory, Prim};
use cowrace_mm::Cpu;
use cowrace_mm::era::{Safeguard, SwapinRecheck, SwapinReuse, SwapinWritable, WpLruDrain};
use cowrace_mm::fault::do_user_addr_fault;
use cowrace_mm::objects::{SwpEntry, pg};

use super::arms::{Told, behaviours, case};
use super::bench::{A, Maps, Ran, State, buf, clear, first, shared, writable, zap};

behaviours![
    a_reference_more_makes_a_copy_where_references_are_counted,
    an_entry_of_another_mm_makes_a_copy_unless_only_mappings_count,
    writeback_makes_a_copy_where_the_swap_cache_is_left,
    a_page_that_has_left_the_swap_cache_is_noticed,
    a_page_that_is_cached_for_another_entry_is_noticed_by_its_entry,
    an_exclusive_page_is_mapped_writable_by_a_read,
    the_batch_is_drained_before_a_page_that_is_in_it_is_counted,
    an_entry_that_has_changed_is_noticed_under_the_lock,
];

async fn store(cpu: &Cpu) {
    let _ = do_user_addr_fault(cpu, A, 0, true).await;
}

async fn load(cpu: &Cpu) {
    let _ = do_user_addr_fault(cpu, A, 0, false).await;
}

/// The page that is mapped in the end, and whether it is marked as exclusive.
fn shows(ran: &Ran<()>) -> (Maps, bool) {
    (ran.maps(A), ran.has(ran.pte().page(), pg::ANON_EXCLUSIVE))
}

fn a_reference_more_makes_a_copy_where_references_are_counted() -> Told {
    case("v6.12", buf("swapcached").referenced(), store, shows).arms(&[
        (SwapinReuse::MapSwap, (Maps::First, false)),
        (SwapinReuse::Count, (Maps::Fresh, true)),
        (SwapinReuse::SwapExclusive, (Maps::First, true)),
        (SwapinReuse::MapCount, (Maps::First, false)),
        (SwapinReuse::ActiveInactive, (Maps::First, false)),
    ])
}

fn an_entry_of_another_mm_makes_a_copy_unless_only_mappings_count() -> Told {
    case("v6.12", shared("swapcached"), store, shows).arms(&[
        (SwapinReuse::MapSwap, (Maps::Fresh, true)),
        (SwapinReuse::Count, (Maps::Fresh, true)),
        (SwapinReuse::SwapExclusive, (Maps::Fresh, true)),
        (SwapinReuse::MapCount, (Maps::First, false)),
        (SwapinReuse::ActiveInactive, (Maps::Fresh, true)),
    ])
}

fn writeback_makes_a_copy_where_the_swap_cache_is_left() -> Told {
    case("v6.12", buf("swapcached").flags(pg::WRITEBACK), store, shows).arms(&[
        (SwapinReuse::MapSwap, (Maps::Fresh, true)),
        (SwapinReuse::Count, (Maps::Fresh, true)),
        (SwapinReuse::SwapExclusive, (Maps::Fresh, true)),
        (SwapinReuse::MapCount, (Maps::First, false)),
        (SwapinReuse::ActiveInactive, (Maps::First, false)),
    ])
}

/// A state that changes between the lookup and the page lock.
fn found(change: impl Fn(&mut Memory) + 'static) -> State {
    buf("swapcached").meanwhile(Prim::LookupSwapCache, 1, change)
}

fn a_page_that_has_left_the_swap_cache_is_noticed() -> Told {
    let left = found(|memory| {
        clear(memory, first().flags().addr, pg::SWAPCACHE);
        memory.set(SwpEntry(0).cache(), 0);
        memory.set(first().refcount().addr, memory.get(first().refcount().addr) - 1);
    });
    case("v5.15", left, load, |ran| ran.maps(A)).arms(&[
        (SwapinRecheck::No, Maps::First),
        (SwapinRecheck::SwapCache, Maps::Swap),
        (SwapinRecheck::Private, Maps::Swap),
    ])
}

fn a_page_that_is_cached_for_another_entry_is_noticed_by_its_entry() -> Told {
    let other = found(|memory| memory.set(first().private().addr, 1));
    case("v5.15", other, load, |ran| ran.maps(A)).arms(&[
        (SwapinRecheck::No, Maps::First),
        (SwapinRecheck::SwapCache, Maps::First),
        (SwapinRecheck::Private, Maps::Swap),
    ])
}

fn an_exclusive_page_is_mapped_writable_by_a_read() -> Told {
    case("v6.12", buf("swapcached"), load, |ran| writable(ran.pte()))
        .arms(&[(SwapinWritable::No, false), (SwapinWritable::Yes, true)])
}

fn the_batch_is_drained_before_a_page_that_is_in_it_is_counted() -> Told {
    case("v5.18", buf("swapcached").in_batch(), store, |ran| ran.maps(A))
        .arms(&[(WpLruDrain::No, Maps::Fresh), (WpLruDrain::Yes, Maps::First)])
}

fn an_entry_that_has_changed_is_noticed_under_the_lock() -> Told {
    let zapped = buf("swapcached").meanwhile(Prim::PtlLock, 0, zap);
    case("v6.12", zapped, load, |ran| ran.maps(A)).safeguard(
        Safeguard::SwapinPteSame,
        Maps::Nothing,
        Maps::First,
    )
}
