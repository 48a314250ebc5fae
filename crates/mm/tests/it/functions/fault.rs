//! Faults: the lock that they take, and what they check again under the PTE lock.

use cowrace_machine::Prim;
use cowrace_mm::Cpu;
use cowrace_mm::era::{Safeguard, VmaLock};
use cowrace_mm::fault::do_user_addr_fault;
use cowrace_mm::objects::Page;
use cowrace_mm::objects::file_page;

use super::arms::{Told, behaviours, case};
use super::bench::{A, Maps, Ran, State, buf, swap_out, zap};

behaviours![
    the_vmas_lock_takes_the_place_of_the_mmap_lock,
    a_pte_that_has_changed_is_left_alone,
    the_zero_page_goes_only_where_nothing_is_mapped,
    a_fresh_page_goes_only_where_nothing_is_mapped,
    a_page_of_a_file_goes_only_where_nothing_is_mapped,
];

async fn load(cpu: &Cpu) {
    let _ = do_user_addr_fault(cpu, A, 0, false).await;
}

async fn store(cpu: &Cpu) {
    let _ = do_user_addr_fault(cpu, A, 0, true).await;
}

fn maps(ran: &Ran<()>) -> Maps {
    ran.maps(A)
}

fn the_vmas_lock_takes_the_place_of_the_mmap_lock() -> Told {
    use Prim::{MmapReadLock, VmaStartRead};
    case("v6.6", buf("anon wrprotected"), store, |ran| ran.order(&[MmapReadLock, VmaStartRead])).arms(&[
        (VmaLock::No, vec![MmapReadLock]),
        (VmaLock::Racy, vec![VmaStartRead]),
        (VmaLock::Yes, vec![VmaStartRead]),
    ])
}

fn a_pte_that_has_changed_is_left_alone() -> Told {
    let zapped = buf("anon clean").meanwhile(Prim::PtlLock, 0, zap);
    case("v6.12", zapped, store, maps).safeguard(Safeguard::FaultPteSame, Maps::Nothing, Maps::First)
}

/// Another thread has handled the fault first.
fn overtaken(state: State) -> State {
    state.meanwhile(Prim::PtlLock, 0, swap_out)
}

fn the_zero_page_goes_only_where_nothing_is_mapped() -> Told {
    let due = [Maps::Swap, Maps::Zero];
    case("v6.12", overtaken(buf("none")), load, maps).safeguard(Safeguard::AnonZeroPteNone, due[0], due[1])
}

fn a_fresh_page_goes_only_where_nothing_is_mapped() -> Told {
    let due = [Maps::Swap, Maps::Fresh];
    case("v6.12", overtaken(buf("none")), store, maps).safeguard(Safeguard::AnonPteNone, due[0], due[1])
}

fn a_page_of_a_file_goes_only_where_nothing_is_mapped() -> Told {
    let cached = Page::from(file_page(0));
    let file = buf("file").but(move |memory| {
        zap(memory);
        memory.set(cached.mapcount().addr, 0);
        memory.set(cached.refcount().addr, 1);
    });
    let read = [Maps::Swap, Maps::File];
    let mut told = case("v6.12", overtaken(file.clone()), load, maps).safeguard(
        Safeguard::FinishFaultPteNone,
        read[0],
        read[1],
    );
    let write = [Maps::Swap, Maps::Fresh];
    told.extend(case("v6.12", overtaken(file), store, maps).safeguard(
        Safeguard::FinishFaultPteNone,
        write[0],
        write[1],
    ));
    told
}
