//! The CPU as kernel code sees it: the seam's handle, with the primitives under the kernel's names.

use std::iter;
use std::ops::Deref;
use std::panic::Location;
use std::sync::Arc;

use cowrace_machine::{Addr, Arch, Ask, Encode, Mark, Obj, Prim, Round, Value, frame};
use cowrace_report::{Aim, Limit, NoEffect, Obstacle, Reason};

use crate::era::{Era, Noted, Reading, Safeguard};
use crate::names::page_name;
use crate::objects::{ACTIVE, AnonVma, GUP_PIN_COUNTING_BIAS, MmStruct, Page, SPIN, Vma, pg};
use crate::pgtable::{Geometry, Pte};
use crate::syscall::Access;
use crate::world::{ActorId, Backing, Call, MmId, Va, World};

/// What a kernel knows before it runs.
#[derive(Debug)]
pub struct Kernel {
    /// The rules of the era.
    pub rules: Noted,
    /// The architecture.
    pub arch: Arch,
    /// The scenario.
    pub world: Arc<World>,
    /// The sizes of pages and page tables.
    pub geometry: Geometry,
    /// For each address, the VMAs that may map its page.
    pub anon_vmas: Vec<AnonVma>,
    /// For each mm, the CPUs that run in it and the pages that they touch from user space, as bits.
    pub cpumask: Vec<Vec<(ActorId, u16)>>,
    /// Whether an actor goes through GUP-fast, so that a flush by IPI may have to wait for it.
    pub gup_fast: Vec<bool>,
    /// Whether page tables are taken away from their ranges, so that GUP-fast may be in one.
    pub collapses: bool,
    /// Whether an mm exits, so that the count of its users matters.
    pub exits: Vec<bool>,
    /// Swap slots that there are.
    pub swap_slots: u8,
    /// Whether some handle is kept by no variable, so that a page may have more references than are known.
    pub drops_handles: bool,
    /// Whether a predicate asks for the number of unnecessary copies.
    pub counts_copies: bool,
    /// Whether what executions cost is counted.
    pub counts_costs: bool,
}

impl Kernel {
    /// The kernel of an era, for a scenario.
    #[must_use]
    pub fn new(world: &Arc<World>, era: &Era, arch: Arch) -> Self {
        Self {
            rules: Noted::new(*era.rules()),
            arch,
            geometry: Geometry::of(world),
            anon_vmas: (0..world.areas.len()).map(|va| AnonVma::of(world, va)).collect(),
            cpumask: (0..world.mms.len()).map(|mm| cpumask(world, mm)).collect(),
            gup_fast: (0..world.actors.len()).map(|actor| goes_through_gup_fast(world, actor)).collect(),
            collapses: world.collapses(),
            exits: (0..world.mms.len()).map(|mm| exits(world, mm)).collect(),
            drops_handles: world.drops_handles(),
            swap_slots: world.swap_slots(),
            counts_copies: world.predicates.iter().any(|p| p.expr.counts_copies()),
            counts_costs: false,
            world: Arc::clone(world),
        }
    }

    /// The VMAs that an mm can have, by address: `mm->mm_mt`. That of a range is one, and so is that of each of its pages,
    /// which has flags of its own: if they are the same, the VMA has not been split.
    pub fn vmas(&self, mm: MmStruct) -> impl Iterator<Item = Vma> + '_ {
        let all = self.world.areas.iter().enumerate();
        all.filter(move |(_, area)| self.world.descends(mm.0, area.mm)).map(move |(va, _)| mm.vma(va))
    }

    /// The areas that an mm can have, by address, each as a whole: a range, but not its pages.
    pub fn areas(&self, mm: MmStruct) -> impl Iterator<Item = Va> + '_ {
        let is_whole = |va: &Va| self.geometry.range(*va).is_none_or(|range| range == *va);
        self.vmas(mm).map(|vma| vma.va).filter(is_whole)
    }
}

/// The CPUs that run an mm, and the pages that each touches from user space.
fn cpumask(world: &World, mm: MmId) -> Vec<(ActorId, u16)> {
    let runs_it = world.actors.iter().enumerate().filter(|(_, spec)| spec.mm == Some(mm));
    runs_it.map(|(actor, _)| (actor, touched(world, actor))).collect()
}

/// The pages that an actor touches from user space, as bits.
fn touched(world: &World, actor: ActorId) -> u16 {
    let own = world.actors[actor].mm;
    let by_user = calls(world, actor).filter(|call| call.access().is_some_and(Access::is_by_user));
    let touched = by_user
        .filter_map(|call| call.memory(own))
        .flat_map(|at| iter::once(at.va).chain(world.range(at.va)));
    touched.fold(0, |touched, va| touched | 1 << va)
}

/// The calls of an actor.
fn calls(world: &World, actor: ActorId) -> impl Iterator<Item = &Call> {
    world.calls().filter(move |(caller, _)| *caller == actor).map(|(_, spec)| &spec.call)
}

/// Whether some call takes an mm down.
fn exits(world: &World, mm: MmId) -> bool {
    world.calls().any(|(actor, spec)| world.actors[actor].mm == Some(mm) && spec.call.exits())
}

fn goes_through_gup_fast(world: &World, actor: ActorId) -> bool {
    calls(world, actor).any(Call::goes_through_gup_fast)
}

/// A CPU that runs kernel code.
#[derive(Clone, Debug)]
pub struct Cpu {
    cpu: cowrace_machine::Cpu,
    kernel: Arc<Kernel>,
}

impl Deref for Cpu {
    type Target = cowrace_machine::Cpu;

    fn deref(&self) -> &Self::Target {
        &self.cpu
    }
}

impl AsRef<cowrace_machine::Cpu> for Cpu {
    fn as_ref(&self) -> &cowrace_machine::Cpu {
        &self.cpu
    }
}

impl Cpu {
    /// A CPU of a kernel.
    #[must_use]
    pub const fn new(cpu: cowrace_machine::Cpu, kernel: Arc<Kernel>) -> Self {
        Self { cpu, kernel }
    }

    /// Runs a kernel function in a frame: requests carry its name, and what it remembers is known. `body` captures nothing.
    #[track_caller]
    pub fn call<A: Encode, R: Encode, F: AsyncFnOnce(&Self, A) -> R>(
        &self,
        function: &'static str,
        arguments: A,
        body: F,
    ) -> impl Future<Output = R> {
        frame::call(self, function, Location::caller(), arguments, body)
    }

    /// Runs a part of a function in a frame of its own: only its result is remembered when it has ended.
    #[track_caller]
    pub fn part<A: Encode, R: Encode, F: AsyncFnOnce(&Self, A) -> R>(
        &self,
        arguments: A,
        body: F,
    ) -> impl Future<Output = R> {
        frame::part(self, Location::caller(), arguments, body)
    }

    /// Runs rounds of a loop until one is the last. What a round hands to the next is all that is remembered of it.
    #[track_caller]
    pub fn rounds<S: Encode, R: Encode, F: AsyncFn(&Self, S) -> Round<S, R>>(
        &self,
        first: S,
        body: F,
    ) -> impl Future<Output = R> {
        frame::rounds(self, Location::caller(), first, body)
    }

    /// The kernel that it runs.
    #[must_use]
    pub fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    /// The architecture.
    #[must_use]
    pub fn arch(&self) -> Arch {
        self.kernel.arch
    }

    /// The rules of the era.
    #[must_use]
    pub fn rules(&self) -> Reading<'_> {
        self.kernel.rules.reading()
    }

    /// The call that is under way does not do what it is for. It must be that of every execution in which this actor was
    /// answered alike.
    pub fn no_effect(&self, aim: Aim, why: Obstacle) {
        self.mark(Mark::NoEffect(NoEffect { aim, why }));
    }

    /// The model is at a limit, and goes on as no kernel need go on.
    pub fn reached(&self, limit: Limit) {
        self.mark(Mark::Limit(limit));
    }

    /// A memory barrier, unless the kernel lacks it.
    #[track_caller]
    pub fn fence(&self, prim: Prim, barrier: Safeguard) -> impl Future<Output = ()> {
        let fence = if self.rules().keeps(barrier) { Some(self.cpu.fence(prim)) } else { None };
        async move {
            if let Some(fence) = fence {
                fence.await;
            }
        }
    }

    /// `page_count`.
    #[track_caller]
    pub fn page_count(&self, page: Page) -> Ask<'_, u64> {
        self.load(page.refcount(), Prim::PageCount).decode(|answer, _| answer.value)
    }

    /// `page_maybe_dma_pinned`: a plain read, compared with the bias. True also with that many ordinary
    /// references.
    #[track_caller]
    pub fn page_maybe_dma_pinned(&self, page: Page) -> Ask<'_, bool> {
        self.load(page.refcount(), Prim::PageMaybeDmaPinned)
            .decode(|answer, _| answer.value >= GUP_PIN_COUNTING_BIAS)
    }

    /// `page_mapcount`.
    #[track_caller]
    pub fn page_mapcount(&self, page: Page) -> Ask<'_, u64> {
        self.load_bits(page.mapcount(), ACTIVE, Prim::PageMapcount).decode(|answer, _| answer.value)
    }

    /// `get_page`: the caller knows that the page cannot go.
    #[track_caller]
    pub fn get_page(&self, page: Page) -> Ask<'_, ()> {
        self.add(page.refcount(), 1, Prim::PageRefAdd)
    }

    /// `get_page_unless_zero`, `try_get_page`: a lockless reference, refused by a page that is free.
    #[track_caller]
    pub fn get_page_unless_zero(&self, page: Page) -> Ask<'_, bool> {
        self.page_ref_add_unless(page, 1)
    }

    /// `page_ref_add_unless(page, count, 0)`.
    #[track_caller]
    pub fn page_ref_add_unless(&self, page: Page, count: u64) -> Ask<'_, bool> {
        self.add_unless(page.refcount(), count, 0, Prim::PageRefAddUnless).speculative()
    }

    /// `page_ref_sub`: more references are known to be there.
    #[track_caller]
    pub fn page_ref_sub(&self, page: Page, count: u64) -> Ask<'_, ()> {
        self.add(page.refcount(), -(count as i64), Prim::PageRefSub)
    }

    /// `folio_entire_mapcount`: mappings by PMDs.
    #[track_caller]
    pub fn folio_entire_mapcount(&self, page: Page) -> Ask<'_, u64> {
        self.load(page.entire_mapcount(), Prim::PageMapcount).decode(|answer, _| answer.value)
    }

    /// A test of page flags.
    #[track_caller]
    pub fn page_flag(&self, page: Page, flag: u64, prim: Prim) -> Ask<'_, bool> {
        self.load_bits(page.flags(), flag, prim).decode(|answer, _| answer.value != 0)
    }

    /// `PageAnonExclusive`.
    #[track_caller]
    pub fn page_anon_exclusive(&self, page: Page) -> Ask<'_, bool> {
        self.load_bits(page.own_flags(), pg::ANON_EXCLUSIVE, Prim::PageAnonExclusive)
            .decode(|answer, _| answer.value != 0)
    }

    /// `SetPageAnonExclusive`.
    #[track_caller]
    pub fn set_page_anon_exclusive(&self, page: Page) -> Ask<'_, ()> {
        self.set_bits(page.own_flags(), pg::ANON_EXCLUSIVE, Prim::SetPageAnonExclusive)
    }

    /// `ClearPageAnonExclusive`.
    #[track_caller]
    pub fn clear_page_anon_exclusive(&self, page: Page) -> Ask<'_, ()> {
        self.clear_bits(page.own_flags(), pg::ANON_EXCLUSIVE, Prim::ClearPageAnonExclusive)
    }

    /// `PageSwapCache`.
    #[track_caller]
    pub fn page_swap_cache(&self, page: Page) -> Ask<'_, bool> {
        self.page_flag(page, pg::SWAPCACHE, Prim::PageSwapCache)
    }

    /// `lock_page`.
    #[track_caller]
    pub fn lock_page(&self, page: Page) -> Ask<'_, ()> {
        self.lock(page.flags(), pg::LOCKED, Prim::LockPage)
    }

    /// `trylock_page`.
    #[track_caller]
    pub fn trylock_page(&self, page: Page) -> Ask<'_, bool> {
        self.trylock(page.flags(), pg::LOCKED, Prim::TrylockPage)
    }

    /// `unlock_page`.
    #[track_caller]
    pub fn unlock_page(&self, page: Page) -> Ask<'_, ()> {
        self.unlock(page.flags(), pg::LOCKED, Prim::UnlockPage)
    }

    /// The lock of the page table that has an address (`pte_lockptr`).
    fn ptl(&self, mm: MmStruct, va: Va) -> Addr {
        mm.table(self.kernel.geometry.table(va)).ptl()
    }

    /// `spin_lock(ptl)`.
    #[track_caller]
    pub fn ptl_lock(&self, mm: MmStruct, va: Va) -> Ask<'_, ()> {
        self.lock(self.ptl(mm, va), SPIN, Prim::PtlLock)
    }

    /// `spin_unlock(ptl)`.
    #[track_caller]
    pub fn ptl_unlock(&self, mm: MmStruct, va: Va) -> Ask<'_, ()> {
        self.unlock(self.ptl(mm, va), SPIN, Prim::PtlUnlock)
    }

    /// Another spinlock.
    #[track_caller]
    pub fn spin_lock(&self, addr: Addr) -> Ask<'_, ()> {
        self.lock(addr, SPIN, Prim::SpinLock)
    }

    /// Its release.
    #[track_caller]
    pub fn spin_unlock(&self, addr: Addr) -> Ask<'_, ()> {
        self.unlock(addr, SPIN, Prim::SpinUnlock)
    }

    /// `mutex_lock`.
    #[track_caller]
    pub fn mutex_lock(&self, addr: Addr) -> Ask<'_, ()> {
        self.lock(addr, SPIN, Prim::MutexLock)
    }

    /// `mutex_unlock`.
    #[track_caller]
    pub fn mutex_unlock(&self, addr: Addr) -> Ask<'_, ()> {
        self.unlock(addr, SPIN, Prim::MutexUnlock)
    }

    /// `is_vm_hugetlb_page`.
    #[must_use]
    pub fn is_vm_hugetlb_page(&self, va: Va) -> bool {
        self.kernel().world.areas[va].backing == Backing::Hugetlb
    }

    /// `ptep_get`.
    #[track_caller]
    pub fn ptep_get(&self, mm: MmStruct, va: Va) -> Ask<'_, Pte> {
        self.load(mm.pte(va), Prim::PtepGet).decode(|answer, dep| Pte(Value { bits: answer.value, dep }))
    }

    /// `ptep_get_lockless`.
    #[track_caller]
    pub fn ptep_get_lockless(&self, mm: MmStruct, va: Va) -> Ask<'_, Pte> {
        self.load(mm.pte(va), Prim::PtepGetLockless)
            .decode(|answer, dep| Pte(Value { bits: answer.value, dep }))
    }

    /// `set_pte_at`.
    #[track_caller]
    pub fn set_pte_at(&self, mm: MmStruct, va: Va, pte: Pte) -> Ask<'_, ()> {
        self.store(mm.pte(va), pte, Prim::SetPteAt)
    }

    /// `ptep_get_and_clear`, or another primitive that does the same.
    #[track_caller]
    pub fn ptep_get_and_clear(&self, mm: MmStruct, va: Va, prim: Prim) -> Ask<'_, Pte> {
        self.xchg(mm.pte(va), 0, prim).decode(|answer, dep| Pte(Value { bits: answer.value, dep }))
    }

    /// `pmd_lock` for a range.
    #[track_caller]
    pub fn pmd_lock(&self, mm: MmStruct, range: Va) -> Ask<'_, ()> {
        self.lock(mm.directory(range).ptl(), SPIN, Prim::PmdLock)
    }

    /// `spin_unlock` of the lock for a range.
    #[track_caller]
    pub fn pmd_unlock(&self, mm: MmStruct, range: Va) -> Ask<'_, ()> {
        self.unlock(mm.directory(range).ptl(), SPIN, Prim::PmdUnlock)
    }

    /// `pmdp_get`.
    #[track_caller]
    pub fn pmdp_get(&self, mm: MmStruct, range: Va) -> Ask<'_, Pte> {
        self.load(mm.pmd(range), Prim::PmdpGet).decode(|answer, dep| Pte(Value { bits: answer.value, dep }))
    }

    /// `pmdp_get_lockless`.
    #[track_caller]
    pub fn pmdp_get_lockless(&self, mm: MmStruct, range: Va) -> Ask<'_, Pte> {
        self.load(mm.pmd(range), Prim::PmdpGetLockless)
            .decode(|answer, dep| Pte(Value { bits: answer.value, dep }))
    }

    /// `set_pmd_at`.
    #[track_caller]
    pub fn set_pmd_at(&self, mm: MmStruct, range: Va, pmd: Pte) -> Ask<'_, ()> {
        self.store(mm.pmd(range), pmd, Prim::SetPmdAt)
    }

    /// `pmdp_huge_get_and_clear`, or another primitive that does the same.
    #[track_caller]
    pub fn pmdp_huge_get_and_clear(&self, mm: MmStruct, range: Va, prim: Prim) -> Ask<'_, Pte> {
        self.xchg(mm.pmd(range), 0, prim).decode(|answer, dep| Pte(Value { bits: answer.value, dep }))
    }

    /// The lock of the VMA at an address. That of a range is one, even when the VMA has been split in it.
    #[must_use]
    pub fn vm_lock(&self, mm: MmStruct, va: Va) -> Addr {
        mm.vm_lock(self.kernel.geometry.range(va).unwrap_or(va))
    }

    /// `mmap_read_lock`.
    #[track_caller]
    pub fn mmap_read_lock(&self, mm: MmStruct) -> Ask<'_, ()> {
        self.read_lock(mm.mmap_lock(), Prim::MmapReadLock)
    }

    /// `mmap_read_unlock`.
    #[track_caller]
    pub fn mmap_read_unlock(&self, mm: MmStruct) -> Ask<'_, ()> {
        self.read_unlock(mm.mmap_lock(), Prim::MmapReadUnlock)
    }

    /// `mmap_write_lock`.
    #[track_caller]
    pub fn mmap_write_lock(&self, mm: MmStruct) -> Ask<'_, ()> {
        self.write_lock(mm.mmap_lock(), Prim::MmapWriteLock)
    }

    /// `mmap_write_unlock`.
    #[track_caller]
    pub fn mmap_write_unlock(&self, mm: MmStruct) -> Ask<'_, ()> {
        self.write_unlock(mm.mmap_lock(), Prim::MmapWriteUnlock)
    }

    /// `mmap_write_downgrade`.
    #[track_caller]
    pub fn mmap_write_downgrade(&self, mm: MmStruct) -> Ask<'_, ()> {
        self.downgrade(mm.mmap_lock(), Prim::MmapWriteDowngrade)
    }

    /// The flags of the VMA at the address of a page (`find_vma`); 0 if there is none.
    #[track_caller]
    pub fn find_vma(&self, mm: MmStruct, va: Va) -> Ask<'_, u64> {
        self.load(mm.vm_flags(va), Prim::FindVma).decode(|answer, _| answer.value)
    }

    /// Says why a branch is taken, as a fact and what follows from it: `PageCount { page, count }.so(Copy)`. Costs
    /// nothing if nothing reads along.
    pub fn why(&self, reason: impl Into<Reason<Page>>) {
        self.cpu.why(|| reason.into().map(|page| self.name(page)));
    }

    /// The name of a page, for findings.
    #[must_use]
    pub fn name(&self, page: Page) -> cowrace_report::Page {
        page_name(&self.kernel.world, page.obj)
    }

    /// An object that this CPU allocates next.
    #[must_use]
    pub fn next_page(&self) -> Obj {
        self.fresh()
    }
}
