//! Kernel functions by themselves: from a state of memory, the requests that one makes and the state that it leaves.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use cowrace_machine::{Arch, Memory, Prim, Seat};
use cowrace_mm::fault::{FaultFlag, FaultResult, VmFault, must_unshare, wp::do_wp_page};
use cowrace_mm::gup::{Foll, get_user_pages, get_user_pages_fast};
use cowrace_mm::objects::{GUP_PIN_COUNTING_BIAS, MmStruct, Page, boot_page, pg, vm};
use cowrace_mm::pgtable::{Entry, Pte};
use cowrace_mm::vmscan::reclaim;
use cowrace_mm::world::{GupFlags, World};
use cowrace_mm::{Cpu, Era, Kernel, program};
use cowrace_scenario::parse;

const A: MmStruct = MmStruct(0);
const READ: GupFlags = GupFlags { write: false, force: false, longterm: false, unlockable: true };
const WRITE: GupFlags = GupFlags { write: true, ..READ };

/// A state of memory: what areas and mms a scenario begins with, and references beside those that it has.
struct State {
    world: World,
    references: u64,
}

/// One area, `buf`, of an mm `A`, in this state.
fn buf(state: &str) -> State {
    with(&format!("mm A {{ buf: {state} }}"))
}

/// The same, shared with a child.
fn shared(state: &str) -> State {
    with(&format!("mm A {{ buf: {state} }}\nmm C = fork(A)"))
}

fn with(mms: &str) -> State {
    // The column is not run: it says that there is swap.
    let text = format!("race state\n{mms}\n\nt @A\n====\nreclaim(A.buf)\nr = buf[0]\n\nalways r == 0\n");
    let scenario = parse(&text).unwrap_or_else(|errors| panic!("{errors:?} in\n{text}"));
    State { world: scenario.variants()[0].world().clone(), references: 0 }
}

impl State {
    /// With a pin on the page.
    fn pinned(self) -> Self {
        Self { references: self.references + GUP_PIN_COUNTING_BIAS, ..self }
    }

    /// With a reference more on the page, as GUP takes one, or a lockless lookup.
    fn referenced(self) -> Self {
        Self { references: self.references + 1, ..self }
    }
}

/// What a function did.
struct Ran<R> {
    result: R,
    requests: Vec<Prim>,
    memory: Memory,
}

impl<R> Ran<R> {
    fn pte(&self) -> Pte {
        Pte::from(self.memory.get(A.pte(0)))
    }

    /// Whether the page that was there is mapped, and may be written to.
    fn is_reused(&self) -> bool {
        matches!(self.pte().entry(), Entry::Page(page) if page.obj == boot_page(0)) && self.pte().write()
    }

    /// Whether a copy is mapped in its place.
    fn is_copied(&self) -> bool {
        matches!(self.pte().entry(), Entry::Page(page) if page.obj != boot_page(0))
            && self.requests.contains(&Prim::CopyUserHighpage)
    }
}

/// Runs a function on a CPU of a kernel, alone, from a state.
fn run<R: 'static>(state: State, kernel: &str, body: impl AsyncFnOnce(&Cpu) -> R + 'static) -> Ran<R> {
    let era = Era::preset(kernel).expect("a preset");
    let mut memory = program(&state.world, &era, Arch::default()).memory;
    let count = Page::from(boot_page(0)).refcount().addr;
    memory.set(count, memory.get(count) + state.references);
    let kernel: Arc<Kernel> = Arc::new(Kernel::new(&state.world, &era, Arch::default()));
    let result = Rc::new(RefCell::new(None));
    let given = Rc::clone(&result);
    let mut seat = Seat::new(0, |cpu| {
        Box::pin(async move {
            let cpu = Cpu::new(cpu, kernel);
            let result = body(&cpu).await;
            *given.borrow_mut() = Some(result);
        })
    });
    let mut requests = Vec::new();
    while let Some(request) = seat.poll() {
        assert!(memory.ready(&request.op), "it waits for ever: {request:?}");
        let done = memory.execute(&request);
        assert!(done.fault.is_none(), "{:?} of {request:?}", done.fault);
        requests.push(request.prim);
        seat.answer(done.answer);
    }
    let result = result.borrow_mut().take().expect("it has ended");
    Ran { result, requests, memory }
}

/// A write fault on a PTE that is present and lacks the write bit.
fn write_fault(state: State, kernel: &str) -> Ran<FaultResult> {
    fault(state, kernel, FaultFlag::Write)
}

fn fault(state: State, kernel: &str, flag: FaultFlag) -> Ran<FaultResult> {
    run(state, kernel, async move |cpu: &Cpu| {
        cpu.ptl_lock(A, 0).await;
        let orig_pte = cpu.ptep_get(A, 0).await;
        let vm_flags = vm::EXISTS | vm::WRITE;
        let fault = VmFault { mm: A, va: 0, flag, vm_flags, orig_pte, vma_locked: false, allow_retry: true };
        do_wp_page(cpu, fault).await
    })
}

const MAPCOUNT: &str = "v5.8";
const COUNT: &str = "v5.15";
const COUNT_AND_DRAIN: &str = "v5.18";
const EXCLUSIVE: &str = "v6.12";

#[test]
fn a_page_of_ones_own_is_reused_by_every_generation() {
    for kernel in [MAPCOUNT, COUNT, COUNT_AND_DRAIN, EXCLUSIVE] {
        let ran = write_fault(buf("anon wrprotected"), kernel);
        assert_eq!(ran.result, FaultResult::Write, "{kernel}");
        assert!(ran.is_reused() && !ran.is_copied(), "{kernel}: {:?}", ran.requests);
    }
}

#[test]
fn a_shared_page_is_copied_by_every_generation() {
    for kernel in [MAPCOUNT, COUNT, COUNT_AND_DRAIN, EXCLUSIVE] {
        let ran = write_fault(shared("anon"), kernel);
        assert_eq!(ran.result, FaultResult::Write, "{kernel}");
        assert!(ran.is_copied() && ran.pte().write(), "{kernel}: {:?}", ran.requests);
        let copy = ran.pte().page();
        assert_eq!(ran.memory.get(copy.mapcount().addr), 1, "{kernel}");
        assert_eq!(ran.memory.get(Page::from(boot_page(0)).mapcount().addr), 1, "{kernel}");
    }
}

/// What Linux argued about from v5.9 to v5.19: a reference that nobody writes through makes a copy, or it does not.
#[test]
fn a_reference_more_decides_where_references_are_counted() {
    for (kernel, copies) in [(MAPCOUNT, false), (COUNT, true), (COUNT_AND_DRAIN, true), (EXCLUSIVE, false)] {
        for state in [buf("anon wrprotected").referenced(), buf("anon wrprotected").pinned()] {
            let ran = write_fault(state, kernel);
            assert_eq!(ran.is_copied(), copies, "{kernel}: {:?}", ran.requests);
            assert_eq!(ran.is_reused(), !copies, "{kernel}");
        }
    }
}

/// The mark decides before the count, and a page that has lost it may get it back.
#[test]
fn a_page_that_was_shared_becomes_exclusive_when_it_is_alone_again() {
    let ran = write_fault(buf("anon prevshared"), EXCLUSIVE);
    assert!(ran.is_reused());
    let flags = ran.memory.get(Page::from(boot_page(0)).flags().addr);
    assert_ne!(flags & pg::ANON_EXCLUSIVE, 0);
    let ran = write_fault(buf("anon prevshared").referenced(), EXCLUSIVE);
    assert!(ran.is_copied(), "a reference more, and no mark");
}

#[test]
fn the_zero_page_is_never_written_to() {
    for kernel in [MAPCOUNT, COUNT, EXCLUSIVE] {
        let ran = write_fault(buf("zero"), kernel);
        assert_eq!(ran.result, FaultResult::Write, "{kernel}");
        assert!(matches!(ran.pte().entry(), Entry::Page(page) if !page.is_zero()), "{kernel}");
        assert!(!ran.requests.contains(&Prim::CopyUserHighpage), "{kernel}: there is nothing to copy");
    }
}

/// An unshare fault leaves the PTE write-protected, whether it copies or not.
#[test]
fn unsharing_gives_no_write_bit() {
    let alone = fault(buf("anon prevshared"), EXCLUSIVE, FaultFlag::Unshare);
    assert!(!alone.is_copied() && !alone.pte().write());
    let copied = fault(shared("anon"), EXCLUSIVE, FaultFlag::Unshare);
    assert!(copied.is_copied() && !copied.pte().write());
}

/// The order of a copy: the old entry is gone from page table and TLBs before the new one is there.
#[test]
fn a_copy_is_mapped_after_the_old_entry_is_flushed() {
    let ran = write_fault(shared("anon"), EXCLUSIVE);
    let at = |prim| ran.requests.iter().rposition(|&p| p == prim).unwrap_or_else(|| panic!("no {prim:?}"));
    assert!(at(Prim::CopyUserHighpage) < at(Prim::PtepClearFlush));
    assert!(at(Prim::PtepClearFlush) < at(Prim::SetPteAt));
    assert!(at(Prim::SetPteAt) < at(Prim::PtlUnlock));
}

#[test]
fn gup_unshares_what_is_not_exclusive() {
    let must = async |cpu: &Cpu| must_unshare(cpu, boot_page(0).into()).await;
    assert!(!run(buf("anon"), EXCLUSIVE, must).result);
    assert!(run(shared("anon"), EXCLUSIVE, must).result);
    assert!(run(buf("anon prevshared"), EXCLUSIVE, must).result, "it has lost the mark");
    // Up to v5.18 a read pin shares.
    assert!(!run(shared("anon"), COUNT, must).result);
}

#[test]
fn a_pin_is_taken_by_both_ways_and_counts() {
    for kernel in [MAPCOUNT, COUNT, EXCLUSIVE] {
        for fast in [true, false] {
            let pin = async move |cpu: &Cpu| {
                let foll = Foll { pin: true, flags: WRITE };
                match fast {
                    true => get_user_pages_fast(cpu, A, 0, foll).await,
                    false => get_user_pages(cpu, A, 0, foll).await,
                }
            };
            let ran = run(buf("anon"), kernel, pin);
            let page = ran.result.expect("a page");
            assert_eq!(page.obj, boot_page(0), "{kernel}");
            let count = ran.memory.get(page.refcount().addr);
            assert_eq!(count, 1 + GUP_PIN_COUNTING_BIAS, "{kernel}, fast {fast}");
        }
    }
}

/// A pin to write makes a copy first where the page is shared; the fast way leaves that to the slow one.
#[test]
fn a_pin_to_write_breaks_cow() {
    for kernel in [MAPCOUNT, COUNT, EXCLUSIVE] {
        let pin = async |cpu: &Cpu| get_user_pages_fast(cpu, A, 0, Foll { pin: true, flags: WRITE }).await;
        let ran = run(shared("anon"), kernel, pin);
        assert!(ran.is_copied(), "{kernel}");
        assert_eq!(ran.result.expect("a page").obj, ran.pte().page().obj, "{kernel}");
    }
}

#[test]
fn reclaim_swaps_out_what_is_idle_and_spares_what_may_be_pinned() {
    let out = async |cpu: &Cpu| reclaim(cpu, A, 0).await;
    for kernel in [MAPCOUNT, COUNT, EXCLUSIVE] {
        let ran = run(buf("anon"), kernel, out);
        assert!(matches!(ran.pte().entry(), Entry::Swap(_)), "{kernel}: {:?}", ran.pte());
    }
    let spared = run(buf("anon").pinned(), EXCLUSIVE, out);
    assert!(matches!(spared.pte().entry(), Entry::Page(_)), "{:?}", spared.pte());
    assert!(spared.requests.contains(&Prim::PageMaybeDmaPinned));
}
