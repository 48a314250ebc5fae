//! Needed costs: the fewest page copies and page faults with which a kernel that knows the future could do.
//!
//! The specification copies at fork, so it is noted separately which memory could still share one page. After a fork,
//! parent and child have the same content, and a handle refers to the content on which it was taken. A write to content
//! that another holder still has, by a mapping or through a handle, needs a copy; the last holder needs none. These
//! notes do not change what is observed, but they add order where accesses have none, so they are taken only in an
//! exploration of their own.

use std::ops::ControlFlow;

use cowrace_explore::{Execution, Explorer, Observer, Progress};
use cowrace_machine::{Addr, Limits, Memory, Prim, Program};
use cowrace_mm::World;
use cowrace_mm::world::{Backing, MmId, Populate, Target, Va, VarId};
use cowrace_report::Needed;

use crate::cpu::{Cpu, Known};
use crate::keepers::Keeper;
use crate::layout::{COPIES, FAULTS, content, content_held, content_lock, needed_objects};
use crate::memory::inherits;
use crate::oracle::{Unknown, within};
use crate::program::program_of;
use crate::promises::{Promises, Rule};

/// Nothing is mapped, so accesses there need neither copies nor faults.
const GONE: u64 = 0;
/// There is no page: the memory was never touched, was discarded, or is on swap, from where every mm can get its own
/// page.
const ABSENT: u64 = 1;
/// The zero page.
const ZERO: u64 = 2;
/// The page of a file, which is never written.
const FILE: u64 = 3;
/// The first number of anonymous pages; the same number denotes the same page.
const PAGE: u64 = 4;
/// A flag in addition to the number: a handle referred to the page at the fork by which this mm got it, so the fork may
/// have made the copy that is needed now.
const EARLY: u64 = 1 << 8;

/// Whether an mm that writes to a page needs a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// No other holder has the page.
    Alone,
    /// It needs a copy, which a fork may have made.
    Early,
    /// It needs a copy, and a fault for it.
    Faulting,
}

/// Explores the specification for the fewest copies and the fewest faults that it needs, within limits and until `stop`
/// ends the search.
///
/// # Errors
///
/// If the specification is too large, if `mremap` moves memory, if pages become huge ones, or if the search was stopped.
pub fn needed(world: &World, limits: &Limits, stop: &(dyn Fn() -> bool + Sync)) -> Result<Needed, Unknown> {
    if world.moves() {
        return Err(Unknown::Moves);
    }
    if world.collapses() {
        return Err(Unknown::Collapses);
    }
    let mut fewest = Fewest { seen: None, stop };
    let program = counting(world);
    let explorer =
        Explorer::new(&program).limits(within(limits)).exhaustive(true).ends_only(true).estimates(false);
    let outcome = explorer.run(&mut fewest);
    fewest.seen.filter(|_| outcome.complete).ok_or_else(|| Unknown::of(outcome.stopped, limits))
}

fn counting(world: &World) -> Program {
    let known = Known::counting(world, Promises::default());
    let mut program = program_of(known);
    needed_objects(world).for_each(|obj| program.memory.create_for_good(obj));
    for (va, area) in world.areas.iter().enumerate() {
        let first = match (area.backing, area.populate) {
            (_, Populate::None | Populate::Swapped | Populate::SwapCached) => ABSENT,
            (Backing::PrivateFile, _) => FILE,
            (Backing::Anon | Backing::Hugetlb, Populate::ZeroPage) => ZERO,
            (Backing::Anon | Backing::Hugetlb, Populate::Mapped | Populate::PteMapped) => PAGE,
        };
        for mm in (0..world.mms.len()).filter(|&mm| inherits(world, mm, area.mm)) {
            program.memory.set(content(mm, va), first);
        }
    }
    program
}

struct Fewest<'s> {
    seen: Option<Needed>,
    stop: &'s (dyn Fn() -> bool + Sync),
}

impl Observer for Fewest<'_> {
    fn execution(&mut self, execution: &Execution<'_>) {
        let here = at_end(execution.memory());
        let fewest = self.seen.get_or_insert(here);
        fewest.copies = fewest.copies.min(here.copies);
        fewest.faults = fewest.faults.min(here.faults);
    }

    fn progress(&mut self, _: &Progress) -> ControlFlow<()> {
        if (self.stop)() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

fn at_end(memory: &Memory) -> Needed {
    Needed { copies: memory.get(COPIES), faults: memory.get(FAULTS) }
}

impl Cpu<'_> {
    /// Notes that user space has accessed an address, or GUP has, with the variable that keeps its handle.
    pub(crate) async fn touched(&self, Target { mm, va }: Target, write: bool, handle: Option<VarId>) {
        if !self.counts {
            return;
        }
        self.lock(content_lock(va), 1, Prim::Ghost).await;
        let is_file = self.world.areas[va].backing == Backing::PrivateFile;
        let (mut faults, mut copies) = (false, false);
        let found = self.note(content(mm, va)).await;
        match (found, write) {
            (ABSENT, false) if is_file => {
                faults = true;
                self.store(content(mm, va), FILE, Prim::Ghost).await;
            }
            (ABSENT, _) | (ZERO | FILE, true) => {
                (faults, copies) = (true, is_file);
                self.store(content(mm, va), self.unused(va).await, Prim::Ghost).await;
            }
            (PAGE.., true) => {
                let part = self.part(va, found, |who, _| who == mm).await;
                (faults, copies) = (part == Part::Faulting, part != Part::Alone);
            }
            _ => {}
        }
        // One fault is enough for a huge page: those of its first page count.
        let is_first = self.world.words(va).start == 0;
        self.needs(faults && is_first, copies).await;
        if let Some(keeper) = handle.and_then(|handle| self.counted(handle)) {
            let now = self.note(content(mm, va)).await & !EARLY;
            self.store(content_held(keeper.variable), now, Prim::Ghost).await;
        }
        self.unlock(content_lock(va), 1, Prim::Ghost).await;
    }

    /// Notes that a device has written to the memory of an mm, for a call that is under way.
    pub(crate) async fn written_by_device(&self, Target { mm, va }: Target) {
        if !self.counts {
            return;
        }
        self.lock(content_lock(va), 1, Prim::Ghost).await;
        let found = self.note(content(mm, va)).await;
        let copies = found >= PAGE && self.part(va, found, |who, _| who == mm).await != Part::Alone;
        self.needs(false, copies).await;
        self.unlock(content_lock(va), 1, Prim::Ghost).await;
    }

    /// Notes that a device has written through a handle.
    pub(crate) async fn written_through(&self, handle: VarId) {
        let Some(Keeper { target: Target { mm, va }, rule, .. }) = self.counted(handle) else { return };
        self.lock(content_lock(va), 1, Prim::Ghost).await;
        let found = self.note(content_held(handle)).await;
        let mut owner = mm;
        if rule == Rule::AliasUntilFork && self.note(content(mm, va)).await & !EARLY != found {
            // The page may have become the memory of any mm that still has it.
            for other in 0..self.world.mms.len() {
                if self.note(content(other, va)).await & !EARLY == found {
                    owner = other;
                    break;
                }
            }
        }
        let is_own = |who, addr| who == owner || addr == content_held(handle);
        let copies = found >= PAGE && self.part(va, found, is_own).await != Part::Alone;
        self.needs(false, copies).await;
        self.unlock(content_lock(va), 1, Prim::Ghost).await;
    }

    /// Notes that a handle has been released.
    pub(crate) async fn let_go(&self, handle: VarId) {
        if let Some(keeper) = self.counted(handle) {
            self.change(keeper.target.va, content_held(handle), GONE).await;
        }
    }

    /// Notes that a child has the content of its parent.
    pub(crate) async fn inherited(&self, va: Va, (parent, child): (MmId, MmId)) {
        if !self.counts {
            return;
        }
        self.lock(content_lock(va), 1, Prim::Ghost).await;
        let mut same = self.note(content(parent, va)).await & !EARLY;
        for addr in self.handles(va).map(|(_, addr)| addr) {
            if same >= PAGE && self.note(addr).await == same {
                same |= EARLY;
            }
        }
        self.store(content(child, va), same, Prim::Ghost).await;
        self.unlock(content_lock(va), 1, Prim::Ghost).await;
    }

    /// Notes that the page of an mm is gone, and with `unmapped` also the mapping.
    pub(crate) async fn gone(&self, Target { mm, va }: Target, unmapped: bool) {
        if self.counts {
            self.change(va, content(mm, va), if unmapped { GONE } else { ABSENT }).await;
        }
    }

    async fn change(&self, va: Va, what: Addr, to: u64) {
        self.lock(content_lock(va), 1, Prim::Ghost).await;
        self.store(what, to, Prim::Ghost).await;
        self.unlock(content_lock(va), 1, Prim::Ghost).await;
    }

    async fn note(&self, addr: Addr) -> u64 {
        self.load(addr, Prim::Ghost).await.bits
    }

    async fn needs(&self, faults: bool, copies: bool) {
        for (needed, count) in [(faults, FAULTS), (copies, COPIES)] {
            if needed {
                self.add(count, 1, Prim::Ghost).await;
            }
        }
    }

    /// Gives an mm, and the handles on its memory, a page of their own if another holder has theirs.
    async fn part(&self, va: Va, page: u64, is_own: impl Fn(MmId, Addr) -> bool) -> Part {
        let (mut own, mut others) = (Vec::new(), Vec::new());
        for (who, addr) in self.holders(va) {
            let has = self.note(addr).await;
            if has & !EARLY == page & !EARLY {
                if is_own(who, addr) { own.push(addr) } else { others.push(has) }
            }
        }
        if others.is_empty() {
            return Part::Alone;
        }
        let unused = self.unused(va).await;
        for addr in own {
            self.store(addr, unused, Prim::Ghost).await;
        }
        let late = page & EARLY == 0 && others.iter().any(|has| has & EARLY == 0);
        if late { Part::Faulting } else { Part::Early }
    }

    /// The first number that no page at an address has.
    async fn unused(&self, va: Va) -> u64 {
        let mut used = Vec::new();
        for (_, addr) in self.holders(va) {
            used.push(self.note(addr).await & !EARLY);
        }
        (PAGE..).find(|page| !used.contains(page)).unwrap_or(PAGE)
    }

    /// The possible holders of content at an address: mms, and the owners of handles.
    fn holders(&self, va: Va) -> impl Iterator<Item = (MmId, Addr)> {
        (0..self.world.mms.len()).map(move |mm| (mm, content(mm, va))).chain(self.handles(va))
    }

    /// The handles on memory at an address, each with its owner.
    fn handles(&self, va: Va) -> impl Iterator<Item = (MmId, Addr)> {
        let there = self.keepers.iter().filter(move |keeper| keeper.target.va == va);
        there.map(|keeper| (keeper.target.mm, content_held(keeper.variable)))
    }

    /// The handle that a variable keeps, if anything is counted.
    fn counted(&self, variable: VarId) -> Option<Keeper> {
        self.keeper(variable).filter(|_| self.counts)
    }
}
