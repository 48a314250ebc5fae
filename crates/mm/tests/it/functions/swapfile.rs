//! Swap slots and the swap cache.

use cowrace_machine::{Memory, Prim};
use cowrace_mm::Cpu;
use cowrace_mm::era::{Safeguard, SwapinReuse, WpReuse};
use cowrace_mm::objects::{Page, SwpEntry, pg};
use cowrace_mm::swapfile::{free_swap_and_cache, lookup_swap_cache, swapin_readahead, try_to_free_swap};

use super::arms::{Told, behaviours, case};
use super::bench::{Ran, buf, first};

behaviours![
    a_page_that_has_left_the_swap_cache_is_looked_up_again,
    a_page_that_another_cpu_has_read_is_taken,
    a_slot_that_has_been_freed_is_not_read,
    a_page_that_is_in_no_swap_cache_does_not_leave_it,
    a_page_that_is_mapped_stays_in_the_swap_cache,
    what_is_read_is_counted_as_inactive_by_the_proposal_alone,
];

const SLOT: SwpEntry = SwpEntry(0);

async fn lookup(cpu: &Cpu) -> Option<Page> {
    lookup_swap_cache(cpu, SLOT).await
}

async fn read(cpu: &Cpu) -> Option<Page> {
    swapin_readahead(cpu, SLOT, 0).await
}

async fn free(cpu: &Cpu) {
    free_swap_and_cache(cpu, SLOT).await;
}

fn a_page_that_has_left_the_swap_cache_is_looked_up_again() -> Told {
    let left = buf("swapcached").meanwhile(Prim::PageRefAddUnless, 0, |memory| memory.set(SLOT.cache(), 0));
    let found = |ran: &Ran<Option<Page>>| ran.result().is_some();
    case("v6.12", left, lookup, found).safeguard(Safeguard::SwapLookupReload, false, true)
}

/// The page that the area would have had is cached for the slot.
fn cache(memory: &mut Memory) {
    memory.create(first().obj);
    memory.set(first().refcount().addr, 1);
    memory.set(first().flags().addr, pg::UPTODATE | pg::SWAPBACKED | pg::SWAPCACHE | pg::LRU);
    memory.set(SLOT.cache(), first().obj.pfn());
}

fn a_page_that_another_cpu_has_read_is_taken() -> Told {
    let raced = buf("swapped").meanwhile(Prim::LookupSwapCache, 0, cache);
    let takes = |ran: &Ran<Option<Page>>| ran.result().is_some_and(|page| page.obj == first().obj);
    case("v6.12", raced, read, takes).safeguard(Safeguard::SwapcachePrepareCached, true, false)
}

fn a_slot_that_has_been_freed_is_not_read() -> Told {
    let freed = buf("swapped").meanwhile(Prim::LookupSwapCache, 0, |memory| memory.set(SLOT.count(), 0));
    let reads = |ran: &Ran<Option<Page>>| ran.result().is_some();
    case("v6.12", freed, read, reads).safeguard(Safeguard::SwapcachePrepareCount, false, true)
}

fn a_page_that_is_in_no_swap_cache_does_not_leave_it() -> Told {
    let free = async |cpu: &Cpu| try_to_free_swap(cpu, first()).await;
    case("v6.12", buf("anon").referenced(), free, |ran| ran.references()).safeguard(
        Safeguard::FreeSwapCached,
        2,
        1,
    )
}

fn a_page_that_is_mapped_stays_in_the_swap_cache() -> Told {
    let stays = |ran: &Ran<()>| ran.has(first(), pg::SWAPCACHE);
    case("v6.12", buf("anon").in_swap_cache(1), free, stays).safeguard(
        Safeguard::FreeSwapUnmapped,
        true,
        false,
    )
}

fn what_is_read_is_counted_as_inactive_by_the_proposal_alone() -> Told {
    let counts = |ran: &Ran<Option<Page>>| ran.memory.get(ran.result().expect("a page").mapcount().addr) != 0;
    let mut told = case("v6.12", buf("swapped"), read, counts)
        .arms(&[(WpReuse::AnonExclusive, false), (WpReuse::ActiveInactive, true)]);
    told.extend(
        case("v6.12", buf("swapped"), read, counts)
            .arms(&[(SwapinReuse::SwapExclusive, false), (SwapinReuse::ActiveInactive, true)]),
    );
    told
}
