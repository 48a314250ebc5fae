//! The specification: every mm has pages of its own, a fork copies at once, and nothing is ever swapped, merged or
//! moved. Of a kernel it has only the parts whose effects user space can observe: page tables, TLBs, VMAs.

use std::ops::Range;
use std::panic::Location;

use cowrace_machine::{Addr, Cond, Memory, Obj, Prim, Round, UserAccess, encode, frame, mmu};
use cowrace_mm::objects::{MmStruct, tlb, tlb_entry, variable, variables, vm};
use cowrace_mm::result;
use cowrace_mm::world::{Area, Backing, Errno, MmId, Origin, Populate, Target, Va, World};

use crate::cpu::Cpu;
use crate::heir::Heirs;
use crate::layout::{
    EMPTY, HOME, LAZY, MAY_WRITE, SHARED, TAKEN_UP, UFFD_WP, WAS_DIRTY, at_home, home, objects, page,
};
use crate::promises::is_shared;
use crate::pte::{Change, Discard, settled};

/// The bits of a PTE that allows every access by user space.
const MAPPED: u64 = mmu::PRESENT | mmu::WRITE | mmu::ACCESSED;
/// The page that a PTE refers to.
const PFN: u64 = 0xffff << mmu::PFN_SHIFT;

/// What happens to a call at memory that userfaultfd protects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeldUp {
    /// It waits.
    Waits,
    /// It fails.
    Fails,
    /// It does either: kernels differ.
    Either,
}

encode!(fieldless enum HeldUp);

/// An access that takes a fault.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    pub(crate) mm: MmStruct,
    pub(crate) va: Va,
    pub(crate) write: bool,
    /// Whether it may write to what is read-only.
    pub(crate) force: bool,
    pub(crate) held_up: HeldUp,
}
encode!(struct Fault { mm, va, write, force, held_up });

/// The words of an area at the start.
fn at_first(area: &Area) -> [u64; 2] {
    match (area.backing, area.populate) {
        (Backing::Anon, Populate::ZeroPage | Populate::None) => [0, 0],
        _ => area.words,
    }
}

fn after_discard(area: &Area) -> [u64; 2] {
    if area.backing == Backing::PrivateFile { area.words } else { [0, 0] }
}

/// Whether an mm has an area at the start.
pub(crate) fn inherits(world: &World, mm: MmId, home: MmId) -> bool {
    mm == home
        || match world.mms[mm].origin {
            Origin::ForkedAtBoot(parent) => inherits(world, parent, home),
            Origin::Boot | Origin::Fork(_) => false,
        }
}

/// Makes the objects that a scenario has whatever its calls are. `samples` is the number of reads of histories.
pub(crate) fn create(memory: &mut Memory, world: &World, samples: usize) {
    let scenario = variables(world).chain(result::objects(world));
    scenario.chain(objects(world, samples)).for_each(|obj| memory.create_for_good(obj));
    // The helpers that come after the actors have no TLB of their own.
    (0..world.actors.len()).for_each(|actor| memory.create_for_good(tlb(actor)));
    for mm in 0..world.mms.len() {
        let this = MmStruct(mm);
        memory.create_for_good(this.obj());
        for va in 0..world.areas.len() {
            memory.create_for_good(this.table(va).obj());
            memory.create_for_good(this.vma(va).obj());
            memory.create_for_good(page(mm, va));
        }
    }
}

/// Memory before the first step of a scenario, without the objects that [`create`] makes.
pub(crate) fn boot(world: &World) -> Memory {
    let mut memory = Memory::new();
    for (mm, spec) in world.mms.iter().enumerate() {
        memory.set(MmStruct(mm).started(), u64::from(!matches!(spec.origin, Origin::Fork(_))));
        for va in world.addresses() {
            if inherits(world, mm, world.areas[va].mm) {
                map(&mut memory, world, mm, va);
            }
        }
    }
    for (va, area) in world.areas.iter().enumerate() {
        for &actor in &area.warm {
            let Some(mm) = world.actors[actor].mm else { continue };
            for va in world.pages(va) {
                let pte = memory.get(MmStruct(mm).pte(va));
                if pte & mmu::PRESENT != 0 {
                    memory.set(tlb_entry(actor, va), pte & (MAPPED | mmu::DIRTY | PFN));
                }
            }
        }
    }
    memory
}

fn map(memory: &mut Memory, world: &World, mm: MmId, va: Va) {
    let (area, this) = (&world.areas[va], MmStruct(mm));
    for (word, value) in at_first(area).into_iter().enumerate() {
        memory.set(mmu::data(page(mm, va), word as u8), value);
    }
    let mut flags = vm::EXISTS;
    let mut pte = mmu::pfn_bits(page(mm, va));
    pte |= match area.populate {
        Populate::None if area.uffd_wp => EMPTY,
        _ => mmu::PRESENT | mmu::ACCESSED,
    };
    if !area.read_only {
        flags |= vm::WRITE;
        pte |= MAY_WRITE;
    }
    if area.uffd_wp && mm == area.mm {
        flags |= vm::UFFD_WP;
    }
    if area.lazyfree {
        pte |= LAZY;
    } else if is_shared(area) {
        pte |= SHARED;
    } else if !area.soft_clean {
        pte |= mmu::DIRTY;
    }
    memory.set(this.vm_flags(va), flags);
    memory.set(this.pte(va), settled(pte));
}

impl Cpu<'_> {
    async fn pte(&self, mm: MmStruct, va: Va) -> u64 {
        self.load(mm.pte(va), Prim::PtepGet).await.bits
    }

    /// Changes a PTE. Returns the old PTE.
    async fn change_pte(&self, mm: MmStruct, va: Va, change: Change) -> u64 {
        let round = async |cpu: &Cpu<'_>, (mm, va, change): (MmStruct, Va, Change)| {
            let old = cpu.pte(mm, va).await;
            let Some(new) = change.of(old) else { return Round::Done(old) };
            let is_changed = cpu.cmpxchg(mm.pte(va), old, new, Prim::SetPteAt).await;
            if is_changed { Round::Done(old) } else { Round::Again((mm, va, change)) }
        };
        frame::rounds(self, Location::caller(), (mm, va, change), round).await
    }

    /// Flushes an address from the TLBs, one CPU after the other. Entries that are evicted early cover all other
    /// orders.
    async fn flush(&self, mm: MmStruct, va: Va) {
        for actor in self.users(mm.0, va) {
            self.flush_tlb(tlb(actor), 1 << va, Prim::FlushTlb).await;
        }
    }

    /// Takes a fault: waits while userfaultfd protects an address, or fails, as the caller requires, and populates
    /// empty memory. Returns whether it may be accessed then.
    async fn may_access(&self, fault: Fault) -> bool {
        let round = async |cpu: &Cpu<'_>, fault: Fault| {
            let Fault { mm, va, write, force, held_up } = fault;
            let wakes = cpu.load(mm.userfault_wakes(), Prim::ReadOnce).await.bits;
            let pte = cpu.pte(mm, va).await;
            if pte & EMPTY != 0 && (!write || force || pte & MAY_WRITE != 0) {
                cpu.change_pte(mm, va, Change::Populate).await;
                return Round::Again(fault);
            }
            if pte & mmu::PRESENT == 0 {
                if cpu.is_moved_here(mm, va).await {
                    return Round::Again(fault);
                }
                return Round::Done(false);
            }
            if !write || pte & mmu::WRITE != 0 {
                return Round::Done(true);
            }
            // The VMA is checked before userfaultfd.
            let allowed = cpu.load(mm.vm_flags(va), Prim::FindVma).await.bits & vm::WRITE != 0;
            if pte & UFFD_WP == 0 || !allowed && !force {
                return Round::Done(force);
            }
            let fails = match held_up {
                HeldUp::Waits => false,
                HeldUp::Fails => true,
                HeldUp::Either => cpu.choose(2, Prim::Ghost).await == 1,
            };
            if fails {
                return Round::Done(false);
            }
            cpu.wait(mm.userfault_wakes(), Cond::Differs(wakes)).await;
            Round::Again(fault)
        };
        frame::rounds(self, Location::caller(), fault, round).await
    }

    /// Whether there is memory at an address after all, when no `mremap` is under way.
    async fn is_moved_here(&self, mm: MmStruct, va: Va) -> bool {
        if self.world.places(va).len() == 1 {
            return false;
        }
        self.read_lock(mm.mmap_lock(), Prim::MmapReadLock).await;
        let pte = self.pte(mm, va).await;
        self.read_unlock(mm.mmap_lock(), Prim::MmapReadUnlock).await;
        pte & (mmu::PRESENT | EMPTY) != 0
    }

    /// The first address of the memory at an address: that itself, unless `mremap` has moved memory here.
    pub(crate) async fn home(&self, mm: MmStruct, va: Va) -> Va {
        if self.world.places(va).len() == 1 { va } else { home(self.pte(mm, va).await, va) }
    }

    /// `mremap(2)` of the VMAs of pages, under the lock that all calls take which change the address space. What is at the destination goes;
    /// then the entries come, and leave no trace of the TLBs at the old addresses. It fails if nothing is mapped at the first address, and, as
    /// kernels before v6.17 do, it may fail if there are several VMAs; the destination is unmapped then, and may be unmapped in any case.
    pub(crate) async fn mremap(&self, mm: MmStruct, from: Range<Va>, to: Range<Va>) -> Result<u64, Errno> {
        let vmas = self.vmas(mm, from.clone()).await;
        let is_there = vmas[0].1 & vm::EXISTS != 0;
        if !is_there && self.choose(2, Prim::Ghost).await == 0 {
            return Err(Errno::Efault);
        }
        for va in to.clone() {
            Heirs::part(self, Target { mm: mm.0, va }).await;
            self.change_pte(mm, va, Change::Unmap).await;
        }
        for va in to.clone() {
            self.flush(mm, va).await;
        }
        if !is_there || vmas.len() > 1 && self.choose(2, Prim::Ghost).await == 0 {
            for va in to {
                self.store(mm.vm_flags(va), 0, Prim::VmFlags).await;
            }
            return Err(Errno::Efault);
        }
        for (old, new) in from.clone().zip(to) {
            let flags = self.load(mm.vm_flags(old), Prim::FindVma).await.bits;
            self.store(mm.vm_flags(new), flags & !vm::UFFD_WP, Prim::VmFlags).await;
            let pte = self.change_pte(mm, old, Change::Unmap).await;
            if flags & vm::EXISTS != 0 && pte != 0 {
                let moved = settled(at_home(pte & !UFFD_WP, home(pte, old)));
                self.store(mm.pte(new), moved, Prim::SetPteAt).await;
            }
        }
        for va in from.clone() {
            self.flush(mm, va).await;
        }
        for va in from {
            self.store(mm.vm_flags(va), 0, Prim::VmFlags).await;
        }
        Ok(0)
    }

    /// Whether an unmapping that is under way is noticed. The VMA is removed first: a fault then finds no VMA, while an
    /// access with a translation still finds the page.
    async fn is_going(&self, mm: MmStruct, va: Va) -> bool {
        let flags = self.load(mm.vm_flags(va), Prim::FindVma).await.bits;
        flags & vm::EXISTS == 0 && self.choose(2, Prim::Ghost).await == 1
    }

    /// A load, or a store, by user space. The TLB entry may have been evicted early if the call is one that
    /// [`Cpu::evicts`].
    pub(crate) async fn user_access(
        &self,
        mm: MmStruct,
        (va, word): (Va, u8),
        store: Option<u64>,
        evicts: bool,
    ) -> Result<u64, Errno> {
        let round = async |cpu: &Cpu<'_>, round: (MmStruct, (Va, u8), Option<u64>, bool)| {
            let (mm, (va, word), store, evicts) = round;
            let this = usize::from(cpu.actor());
            if cpu.is_going(mm, va).await {
                return Round::Done(Err(Errno::Sigsegv));
            }
            if evicts && cpu.choose(2, Prim::TlbEvict).await == 1 {
                cpu.flush_tlb(tlb(this), 1 << va, Prim::TlbEvict).await;
            }
            if store.is_some() {
                Heirs::part(cpu, Target { mm: mm.0, va }).await;
            }
            let access = UserAccess {
                tlb: tlb_entry(this, va),
                pte: mm.pte(va),
                directory: None,
                page: 0,
                word,
                store,
            };
            if let Some(value) = cpu.user(access).await {
                cpu.touched(Target { mm: mm.0, va }, store.is_some(), None).await;
                return Round::Done(Ok(value.bits));
            }
            let fault = Fault { mm, va, write: store.is_some(), force: false, held_up: HeldUp::Waits };
            if cpu.may_access(fault).await { Round::Again(round) } else { Round::Done(Err(Errno::Sigsegv)) }
        };
        frame::rounds(self, Location::caller(), (mm, (va, word), store, evicts), round).await
    }

    /// Takes a handle on the page at an address. Also returns whether the page is the owner's own, and the first address of its memory.
    pub(crate) async fn take(&self, fault: Fault) -> Result<(Obj, bool, Va), Errno> {
        if self.is_going(fault.mm, fault.va).await {
            return Err(Errno::Efault);
        }
        let va = fault.va;
        let round = async |cpu: &Cpu<'_>, fault: Fault| {
            let Fault { mm, va, write, .. } = fault;
            if !cpu.may_access(fault).await {
                return Round::Done(Err(Errno::Efault));
            }
            // A pin to read unshares: since v5.19, who takes one may get a page of its own.
            Heirs::part(cpu, Target { mm: mm.0, va }).await;
            let pte = if write {
                cpu.change_pte(mm, va, Change::Take).await & !LAZY & !SHARED
            } else {
                cpu.pte(mm, va).await
            };
            // The memory may have been discarded again.
            if pte & EMPTY == 0 { Round::Done(Ok(pte)) } else { Round::Again(fault) }
        };
        let pte = frame::rounds(self, Location::caller(), fault, round).await?;
        let is_own = pte & SHARED == 0 || pte & mmu::DIRTY != 0;
        if pte & mmu::PRESENT == 0 { Err(Errno::Efault) } else { Ok((mmu::page(pte), is_own, home(pte, va))) }
    }

    /// `fork(2)`: each word of the child is that of the parent at some moment within the call.
    pub(crate) async fn fork(&self, parent: MmStruct, child: MmId) {
        let this = MmStruct(child);
        let mut absent = Vec::new();
        let mut inherited = Vec::new();
        for va in self.world.addresses() {
            let flags = self.load(parent.vm_flags(va), Prim::FindVma).await.bits;
            let pte = self.pte(parent, va).await;
            if flags & vm::EXISTS == 0 || flags & vm::DONTCOPY != 0 || pte & (mmu::PRESENT | EMPTY) == 0 {
                if self.world.places(va).len() > 1 {
                    // The memory may be at another address.
                    absent.push(va);
                } else {
                    Heirs::fork(self, Target { mm: parent.0, va }, None, child).await;
                }
                continue;
            }
            let home = home(pte, va);
            for word in self.world.words(va) {
                let value = self.load(mmu::data(mmu::page(pte), word), Prim::CopyUserHighpage).await;
                self.store(mmu::data(page(child, home), word), value, Prim::CopyUserHighpage).await;
            }
            let write = if flags & vm::WRITE == 0 { 0 } else { MAY_WRITE };
            let kept = if pte & mmu::DIRTY == 0 { pte & (LAZY | SHARED) } else { 0 };
            let kept = kept | pte & (TAKEN_UP | HOME);
            let new = mmu::PRESENT | mmu::ACCESSED | write | kept | mmu::pfn_bits(page(child, home));
            self.store(this.vm_flags(va), flags & !vm::UFFD_WP, Prim::VmFlags).await;
            self.store(this.pte(va), settled(new), Prim::SetPteAt).await;
            Heirs::fork(self, Target { mm: parent.0, va: home }, Some(mmu::page(pte)), child).await;
            inherited.push(home);
            self.inherited(va, (parent.0, child)).await;
        }
        for va in absent.into_iter().filter(|va| !inherited.contains(va)) {
            Heirs::fork(self, Target { mm: parent.0, va }, None, child).await;
        }
        self.store(this.started(), 1, Prim::WriteOnce).await;
    }

    /// `munmap(2)`: the VMA, then the entries, and then one flush.
    pub(crate) async fn munmap(&self, mm: MmStruct, pages: Range<Va>) {
        for va in pages.clone() {
            self.store(mm.vm_flags(va), 0, Prim::VmFlags).await;
        }
        for va in pages.clone() {
            Heirs::part(self, Target { mm: mm.0, va }).await;
            self.change_pte(mm, va, Change::Unmap).await;
        }
        for va in pages.clone() {
            self.flush(mm, va).await;
        }
        for va in pages {
            self.gone(Target { mm: mm.0, va }, true).await;
        }
    }

    /// `MADV_DONTNEED`, or the discarding of what `MADV_FREE` gave up (`lazily`): the entries, and then one flush. Memory that
    /// userfaultfd protects is discarded together with its protection.
    pub(crate) async fn discard(&self, mm: MmStruct, pages: Range<Va>, lazily: bool) {
        let mut discarded = Vec::new();
        for va in pages {
            if self.discard_entry(mm, va, lazily).await {
                discarded.push(va);
            }
        }
        for &va in &discarded {
            self.flush(mm, va).await;
        }
        for va in discarded {
            self.gone(Target { mm: mm.0, va }, false).await;
        }
    }

    /// Gives an address a new page. Returns whether there was something to discard.
    async fn discard_entry(&self, mm: MmStruct, va: Va, lazily: bool) -> bool {
        let new = self.fresh();
        let area = &self.world.areas[va];
        self.alloc(new, 0, 0, Prim::AllocPage).await;
        for (word, value) in after_discard(area).into_iter().enumerate() {
            if value != 0 {
                self.store(mmu::data(new, word as u8), value, Prim::CopyUserHighpage).await;
            }
        }
        Heirs::part(self, Target { mm: mm.0, va }).await;
        let change = Change::Discard(Discard { new, lazily, to_empty: area.uffd_wp });
        let old = self.change_pte(mm, va, change).await;
        change.of(old).is_some()
    }

    /// `MADV_FREE`: until the next store the memory may be discarded.
    pub(crate) async fn give_up(&self, mm: MmStruct, va: Va) {
        self.change_pte(mm, va, Change::GiveUp).await;
        self.flush(mm, va).await;
    }

    /// `mprotect(2)`, of the VMAs in turn up to the first address without one: the VMA, then the entries, and then one flush.
    pub(crate) async fn mprotect(&self, mm: MmStruct, pages: Range<Va>, write: bool) {
        for (pages, flags) in self.vmas(mm, pages).await {
            if flags & vm::EXISTS == 0 {
                break;
            }
            for va in pages.clone() {
                if write {
                    self.set_bits(mm.vm_flags(va), vm::WRITE, Prim::VmFlags).await;
                } else {
                    self.clear_bits(mm.vm_flags(va), vm::WRITE, Prim::VmFlags).await;
                }
            }
            for va in pages.clone() {
                self.change_pte(mm, va, Change::Protect { write }).await;
            }
            if !write {
                for va in pages {
                    self.flush(mm, va).await;
                }
            }
        }
    }

    /// The VMAs of pages, with their flags (0 if nothing is mapped there): one, unless the flags differ.
    pub(crate) async fn vmas(&self, mm: MmStruct, pages: Range<Va>) -> Vec<(Range<Va>, u64)> {
        let mut all = Vec::new();
        for va in pages.clone() {
            all.push((va..va + 1, self.load(mm.vm_flags(va), Prim::FindVma).await.bits));
        }
        if all.windows(2).all(|two| two[0].1 == two[1].1) {
            all.truncate(1);
            all[0].0 = pages;
        }
        all
    }

    /// Writing 4 to `/proc/PID/clear_refs`.
    pub(crate) async fn clear_refs(&self, mm: MmStruct) {
        for va in self.world.addresses() {
            self.change_pte(mm, va, Change::ClearRefs).await;
            self.flush(mm, va).await;
        }
    }

    /// The soft-dirty bit: 1 if there was a store since, and perhaps if there was none.
    pub(crate) async fn soft_dirty(&self, mm: MmStruct, va: Va) -> bool {
        let pte = self.pte(mm, va).await;
        pte & (mmu::DIRTY | WAS_DIRTY) != 0 || self.choose(2, Prim::Ghost).await == 1
    }

    /// `UFFDIO_WRITEPROTECT`, of the VMAs in turn up to one that is not registered, where the call fails and wakes nobody: the entries,
    /// and then one flush.
    pub(crate) async fn uffd_writeprotect(&self, mm: MmStruct, pages: Range<Va>, protect: bool) {
        let mut is_done = false;
        for (pages, flags) in self.vmas(mm, pages).await {
            if flags & vm::EXISTS == 0 {
                continue;
            }
            if flags & vm::UFFD_WP == 0 {
                return;
            }
            is_done = true;
            for va in pages.clone() {
                // It protects unpopulated memory only if that was asked for.
                let unpopulated = self.world.areas[va].wp_unpopulated;
                let change =
                    if protect { Change::WriteProtect { unpopulated } } else { Change::WriteUnprotect };
                self.change_pte(mm, va, change).await;
            }
            if protect {
                for va in pages {
                    self.flush(mm, va).await;
                }
            }
        }
        if is_done && !protect {
            self.fetch_add(mm.userfault_wakes(), 1, Prim::WriteOnce).await;
        }
    }

    /// A variable, once it is set.
    pub(crate) async fn variable(&self, var: usize) -> cowrace_mm::value::Value {
        cowrace_mm::value::Value::decode(self.wait(variable(var), Cond::AnySet(u64::MAX)).await.bits)
    }

    /// A word of a page.
    pub(crate) async fn data(&self, page: Obj, word: u8) -> u64 {
        let addr: Addr = mmu::data(page, word);
        self.load(addr, Prim::DmaRead).await.bits
    }
}
