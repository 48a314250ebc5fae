//! The test bench: a kernel function runs by itself on one CPU, from a state of memory that is described in the words
//! of a scenario.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use cowrace_machine::{Addr, Arch, Fault, Memory, Prim, Seat, mmu};
use cowrace_mm::objects::{
    Batch, GUP_PIN_COUNTING_BIAS, MmStruct, ONE_INACTIVE, Page, SwpEntry, boot_page, file_page, pg,
};
use cowrace_mm::pgtable::{Entry, Pte};
use cowrace_mm::world::World;
use cowrace_mm::{Cpu, Era, Kernel, program};
use cowrace_scenario::parse;

/// The mm that has the area.
pub(super) const A: MmStruct = MmStruct(0);
/// Its child, if there is one.
pub(super) const CHILD: MmStruct = MmStruct(1);

/// The page that the area has at the start.
pub(super) fn first() -> Page {
    Page::from(boot_page(0))
}

/// No function of the model makes so many requests.
const MOST: usize = 10_000;

/// A change of memory by another CPU.
type Change = Rc<dyn Fn(&mut Memory)>;

/// A state of memory, and the changes that other CPUs make while the function runs.
#[derive(Clone)]
pub(super) struct State {
    world: World,
    arch: Arch,
    before: Vec<Change>,
    meanwhile: Vec<(Prim, usize, Change)>,
    may_sleep: bool,
}

/// One area, `buf`, of an mm `A`, in this state.
pub(super) fn buf(state: &str) -> State {
    world(&format!("mm A {{ buf: {state} }}"), &[])
}

/// The same, shared with a child.
pub(super) fn shared(state: &str) -> State {
    world(&format!("mm A {{ buf: {state} }}\nmm C = fork(A)"), &[])
}

/// The same, of an mm that can be forked.
pub(super) fn forking(state: &str) -> State {
    world(&format!("mm A {{ buf: {state} }}"), &["C = fork()"])
}

/// The same, of an mm that can exit.
pub(super) fn exiting(state: &str) -> State {
    world(&format!("mm A {{ buf: {state} }}"), &["exit()"])
}

/// The same, of an mm that another CPU runs as well.
pub(super) fn threads(state: &str) -> State {
    let text = format!(
        "race state\nmm A {{ buf: {state} }}\n\nt @A            other @A\n====            ========\n\
         reclaim(A.buf)  s = buf[0]\nr = buf[0]      h = get_user_pages_fast(buf)\n\nalways r == 0\n"
    );
    state_of(&text)
}

/// The function runs on the CPU of the first column. The column itself does not run: it declares which CPU runs the mm,
/// that there is swap, and what else can happen to the mm.
fn world(mms: &str, more: &[&str]) -> State {
    let cells = ["reclaim(A.buf)", "r = buf[0]"].iter().chain(more).map(|cell| format!("{cell}\n"));
    state_of(&format!("race state\n{mms}\n\nt @A\n====\n{}\nalways r == 0\n", cells.collect::<String>()))
}

/// The state in which a scenario begins.
pub(super) fn state_of(text: &str) -> State {
    let scenario = parse(text).unwrap_or_else(|errors| panic!("{errors:?} in\n{text}"));
    let world = scenario.variants()[0].world().clone();
    State { world, arch: Arch::default(), before: Vec::new(), meanwhile: Vec::new(), may_sleep: false }
}

/// Adds to a word.
pub(super) fn add(memory: &mut Memory, addr: Addr, more: u64) {
    memory.set(addr, memory.get(addr) + more);
}

impl State {
    /// The state on another architecture.
    pub(super) fn on(self, arch: Arch) -> Self {
        Self { arch, ..self }
    }

    /// The state after a change.
    pub(super) fn but(mut self, change: impl Fn(&mut Memory) + 'static) -> Self {
        self.before.push(Rc::new(change));
        self
    }

    /// Another CPU changes something just after the `nth` request, from 0, of a primitive.
    pub(super) fn meanwhile(
        mut self,
        after: Prim,
        nth: usize,
        change: impl Fn(&mut Memory) + 'static,
    ) -> Self {
        self.meanwhile.push((after, nth, Rc::new(change)));
        self
    }

    /// The function may sleep for ever: nothing wakes it.
    pub(super) fn may_sleep(self) -> Self {
        Self { may_sleep: true, ..self }
    }

    /// With a pin on the page, noted in the mm.
    pub(super) fn pinned(self) -> Self {
        self.but(pin).but(|memory| memory.set(A.has_pinned(), 1))
    }

    /// With an additional reference on the page, such as one of GUP or of a lockless lookup.
    pub(super) fn referenced(self) -> Self {
        self.but(|memory| add(memory, first().refcount().addr, 1))
    }

    /// With flags of the page set.
    pub(super) fn flags(self, flags: u64) -> Self {
        self.but(move |memory| set(memory, first().flags().addr, flags))
    }

    /// With the page in the swap cache, and a number of swap entries that refer to its slot. They are also inactive
    /// references, which only some kernels count.
    pub(super) fn in_swap_cache(self, users: u64) -> Self {
        self.flags(pg::SWAPCACHE).but(move |memory| {
            let slot = SwpEntry(0);
            memory.set(slot.count(), users);
            memory.set(slot.cache(), first().obj.pfn());
            memory.set(first().private().addr, slot.0.into());
            add(memory, first().refcount().addr, 1);
            add(memory, first().mapcount().addr, users * ONE_INACTIVE);
        })
    }

    /// With the page in the LRU-add batch of this CPU.
    pub(super) fn in_batch(self) -> Self {
        self.referenced().but(|memory| {
            clear(memory, first().flags().addr, pg::LRU);
            memory.set(Batch::Add.page(0, 0), first().obj.pfn());
            memory.set(Batch::Add.nr(0), 1);
        })
    }

    /// With a pending flush of the TLB by another CPU.
    pub(super) fn flush_pending(self) -> Self {
        self.but(|memory| memory.set(A.tlb_flush_pending(), 1))
    }
}

/// Sets bits of a word.
pub(super) fn set(memory: &mut Memory, addr: Addr, bits: u64) {
    memory.set(addr, memory.get(addr) | bits);
}

/// Clears bits of a word.
pub(super) fn clear(memory: &mut Memory, addr: Addr, bits: u64) {
    memory.set(addr, memory.get(addr) & !bits);
}

/// Pins the page.
pub(super) fn pin(memory: &mut Memory) {
    add(memory, first().refcount().addr, GUP_PIN_COUNTING_BIAS);
}

/// Another thread has unmapped the page.
pub(super) fn zap(memory: &mut Memory) {
    memory.set(A.pte(0), 0);
}

/// Another thread has mapped a page that has been swapped out since.
pub(super) fn swap_out(memory: &mut Memory) {
    memory.set(A.pte(0), Pte::swap(SwpEntry(0)).bits());
}

/// The page that an mm maps at the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Maps {
    Nothing,
    Marker,
    Swap,
    Zero,
    /// The page of the page cache.
    File,
    /// The page that was there at the start.
    First,
    /// A page that the function has allocated.
    Fresh,
}

/// The record of a run.
pub(super) struct Ran<R> {
    result: Option<R>,
    pub(super) requests: Vec<Prim>,
    pub(super) memory: Memory,
    /// The keys of the rules and switches that it has read.
    pub(super) read: Vec<&'static str>,
}

impl<R> Ran<R> {
    /// The value that it has returned.
    pub(super) fn result(&self) -> &R {
        self.result.as_ref().expect("it has ended")
    }

    /// Whether it sleeps for ever.
    pub(super) fn sleeps(&self) -> bool {
        self.result.is_none()
    }

    pub(super) fn pte(&self) -> Pte {
        self.pte_of(A)
    }

    pub(super) fn pte_of(&self, mm: MmStruct) -> Pte {
        Pte::from(self.memory.get(mm.pte(0)))
    }

    pub(super) fn maps(&self, mm: MmStruct) -> Maps {
        match self.pte_of(mm).entry() {
            Entry::None => Maps::Nothing,
            Entry::Marker => Maps::Marker,
            Entry::Swap(_) => Maps::Swap,
            Entry::Page(page) if page.is_zero() => Maps::Zero,
            Entry::Page(page) if page.obj == file_page(0) => Maps::File,
            Entry::Page(page) if page.obj == boot_page(0) => Maps::First,
            Entry::Page(_) | Entry::Migration(_) => Maps::Fresh,
        }
    }

    /// The requests of these primitives, in order.
    pub(super) fn order(&self, of: &[Prim]) -> Vec<Prim> {
        self.requests.iter().copied().filter(|prim| of.contains(prim)).collect()
    }

    /// The number of requests of a primitive.
    pub(super) fn count(&self, prim: Prim) -> usize {
        self.order(&[prim]).len()
    }

    /// Whether a page has one of these flags.
    pub(super) fn has(&self, page: Page, flags: u64) -> bool {
        self.memory.get(page.flags().addr) & flags != 0
    }

    /// The references of the page that was there at the start.
    pub(super) fn references(&self) -> u64 {
        self.memory.get(first().refcount().addr)
    }
}

/// Whether the MMU may store through an entry.
pub(super) fn writable(pte: Pte) -> bool {
    pte.bits() & mmu::WRITE != 0
}

/// Runs a function on a CPU of a kernel from a state.
pub(super) fn run<R: 'static>(
    state: &State,
    era: &Era,
    body: impl AsyncFnOnce(&Cpu) -> R + 'static,
) -> Ran<R> {
    let mut memory = program(&state.world, era, state.arch).memory;
    state.before.iter().for_each(|change| change(&mut memory));
    let kernel: Arc<Kernel> = Arc::new(Kernel::new(&Arc::new(state.world.clone()), era, state.arch));
    let running = Arc::clone(&kernel);
    let result = Rc::new(RefCell::new(None));
    let given = Rc::clone(&result);
    let mut seat = Seat::new(0, |cpu| {
        Box::pin(async move {
            let cpu = Cpu::new(cpu, running);
            let result = body(&cpu).await;
            *given.borrow_mut() = Some(result);
        })
    });
    let mut requests = Vec::new();
    while let Some(request) = seat.poll() {
        if !memory.ready(&request.op) {
            assert!(state.may_sleep, "it sleeps for ever: {request:?}");
            break;
        }
        let done = memory.execute(&request);
        match done.fault {
            None => {}
            Some(Fault::Dead(obj)) => {
                panic!("{obj:?} was freed, or `initial_state.rs` does not make it: {request:?}")
            }
            Some(fault) => panic!("{fault:?} of {request:?}"),
        }
        assert!(requests.len() < MOST, "it never ends: it has made {MOST} requests, and now {request:?}");
        let nth = requests.iter().filter(|&&prim| prim == request.prim).count();
        requests.push(request.prim);
        let due = state.meanwhile.iter().filter(|(after, at, _)| (*after, *at) == (request.prim, nth));
        due.for_each(|(.., change)| change(&mut memory));
        seat.answer(done.answer);
    }
    let result = result.borrow_mut().take();
    Ran { result, requests, memory, read: kernel.rules.keys() }
}
