//! The initial state of a scenario.

use cowrace_machine::{ALIVE, Addr, Arch, FOR_GOOD, Memory, mmu};

use crate::cpu::Kernel;
use crate::era::{AnonExclusive, LargeWp};
use crate::objects::{
    Batch, MmIds, MmStruct, ONE_INACTIVE, Page, PerCpu, SwpEntry, Tlb, ZERO_PAGE, boot_page, file_page,
    kernel, pg, tlb_entry, variables, vm,
};
use crate::pgtable::{Pte, SOFT_DIRTY, SWP_EXCLUSIVE, pte_mkdirty};
use crate::quiescent::Quiescent;
use crate::world::{Area, Backing, MmId, Origin, PAGES, Populate, Thp, Va, World};

/// Memory as it is before the first actor moves.
#[must_use]
pub(crate) fn memory(kernel: &Kernel) -> Memory {
    let world = &kernel.world;
    let mut memory = objects(kernel);
    for (mm, spec) in world.mms.iter().enumerate() {
        memory.set(MmStruct(mm).started(), u64::from(!matches!(spec.origin, Origin::Fork(_))));
    }
    let mut next_slot = 0;
    for (va, area) in world.areas.iter().enumerate() {
        let sharers = sharers(world, area.mm);
        match area.thp {
            Some(Thp::Range) => populate_range(&mut memory, kernel, va, &sharers),
            Some(Thp::Page(_)) => continue,
            None => populate(&mut memory, kernel, va, &sharers, &mut next_slot),
        }
        for &actor in &area.warm {
            let Some(mm) = world.actors[actor].mm else { continue };
            let entry = if area.thp.is_some() { MmStruct(mm).pmd(va) } else { MmStruct(mm).pte(va) };
            let pte = memory.get(entry);
            if pte & mmu::PRESENT != 0 {
                let hardware =
                    mmu::PRESENT | mmu::WRITE | mmu::ACCESSED | mmu::DIRTY | (0xffff << mmu::PFN_SHIFT);
                memory.set(tlb_entry(actor, va), pte & hardware);
            }
        }
    }
    memory
}

/// Tells what to write into memory with nothing but objects, so that it is as where the first calls of a scenario have ended.
pub(crate) fn go_on(kernel: &Kernel, state: &Quiescent, mut write: impl FnMut(Addr, u64)) {
    let world = &kernel.world;
    state.words().for_each(|(addr, word)| write(addr, word));
    for mm in 0..world.mms.len() {
        let has_exited = state.has_exited(world, mm);
        if has_exited {
            write(MmStruct(mm).mm_users(), 0);
            write(MmStruct(mm).task_mm(), 0);
        }
        for va in 0..world.areas.len() {
            let life = match (has_exited, kernel.exits[mm]) {
                (true, _) => 0,
                (false, true) => ALIVE,
                (false, false) => FOR_GOOD,
            };
            write(Addr::life(MmStruct(mm).vma(va).obj()), life);
        }
    }
}

/// The objects that are there at the start, with nothing in them but the users of mms.
pub(crate) fn objects(kernel: &Kernel) -> Memory {
    let world = &kernel.world;
    let mut memory = Memory::new();
    memory.create_for_good(kernel::OBJ);
    if world.environment.page_reuse {
        kernel::free_list(world.free_pages()).for_each(|obj| memory.create_for_good(obj));
    }
    kernel::hugetlb_fault_mutexes(world).for_each(|obj| memory.create_for_good(obj));
    variables(world).chain(crate::result::objects(world)).for_each(|obj| memory.create_for_good(obj));
    for slot in 0..kernel.swap_slots {
        memory.create_for_good(SwpEntry(slot).obj());
    }
    memory.create(ZERO_PAGE);
    memory.set(Page::from(ZERO_PAGE).refcount().addr, 1);
    // The last one is for probes at the end.
    for actor in 0..=world.actors.len() {
        memory.create_for_good(Tlb(actor).obj());
        memory.create_for_good(PerCpu(actor).obj());
        for batch in Batch::ALL {
            memory.create_for_good(batch.pages(actor).obj());
        }
    }
    for mm in 0..world.mms.len() {
        memory.create_for_good(MmStruct(mm).obj());
        for va in 0..world.areas.len() {
            memory.create_for_good(MmStruct(mm).table(va).obj());
            if world.areas[va].thp == Some(Thp::Range) {
                memory.create_for_good(MmStruct(mm).directory(va).obj());
            }
            let vma = MmStruct(mm).vma(va).obj();
            if kernel.exits[mm] { memory.create(vma) } else { memory.create_for_good(vma) }
        }
        if kernel.exits[mm] {
            memory.set(MmStruct(mm).mm_users(), 1);
            memory.set(MmStruct(mm).task_mm(), 1);
        }
    }
    memory
}

/// The mms that map an area of `home` at the start: itself and its children forked before the start.
fn sharers(world: &World, home: MmId) -> Vec<MmId> {
    let mut all = vec![home];
    for (mm, spec) in world.mms.iter().enumerate() {
        if let Origin::ForkedAtBoot(parent) = spec.origin
            && all.contains(&parent)
        {
            all.push(mm);
        }
    }
    all
}

fn set_vm_flags(memory: &mut Memory, area: &Area, va: Va, sharers: &[MmId]) {
    let mut flags = vm::EXISTS;
    if !area.read_only {
        flags |= vm::WRITE;
    }
    if area.uffd_wp {
        flags |= vm::UFFD_WP;
    }
    for &mm in sharers {
        // A forked child is not registered with userfaultfd.
        let inherited = if mm == area.mm { flags } else { flags & !vm::UFFD_WP };
        memory.set(MmStruct(mm).vm_flags(va), inherited);
    }
}

/// A range that a huge page may back: nothing, or a huge page that PMDs or PTEs map.
fn populate_range(memory: &mut Memory, kernel: &Kernel, range: Va, sharers: &[MmId]) {
    let (rules, area, pages) =
        (kernel.rules.reading(), &kernel.world.areas[range], kernel.geometry.pages(range));
    for va in pages.clone() {
        set_vm_flags(memory, area, va, sharers);
    }
    if area.populate == Populate::None {
        return;
    }
    let (by_pte, number) = (area.populate == Populate::PteMapped, sharers.len() as u64);
    let head = Page::from(boot_page(pages.start));
    let exclusive = sharers.len() == 1 && !area.previously_shared;
    let dirty = !area.clean && !area.lazyfree;
    let mut huge = Pte::mk(head);
    if area.lazyfree {
        huge = huge.clear(mmu::ACCESSED);
    }
    if dirty {
        huge = pte_mkdirty(kernel.arch, huge);
    }
    let soft = if area.soft_clean { 0 } else { SOFT_DIRTY };
    if exclusive && !area.wrprotected && !area.soft_clean && !area.read_only {
        huge = huge.set(mmu::WRITE).set(if dirty { mmu::DIRTY } else { 0 });
    }
    let huge = huge.clear(SOFT_DIRTY).set(soft);
    for (nth, va) in (0..).zip(pages.clone()) {
        let page = Page { obj: boot_page(va), ..head };
        memory.create(page.obj);
        memory.set(page.data(nth).addr, area.words[usize::from(nth)]);
        if nth > 0 {
            memory.set(page.compound_head().addr, head.obj.pfn());
        }
        if by_pte {
            memory.set(page.mapcount().addr, number);
            map_all(memory, sharers, va, huge.of_page(page.obj));
        }
        if exclusive && (by_pte || nth == 0) && rules.is(AnonExclusive::Yes) {
            memory.set(page.own_flags().addr, pg::ANON_EXCLUSIVE);
        }
    }
    let marked = memory.get(head.flags().addr);
    let swapbacked = if area.lazyfree { 0 } else { pg::SWAPBACKED };
    memory.set(head.flags().addr, marked | pg::HEAD | pg::UPTODATE | pg::LRU | swapbacked);
    memory.set(head.index().addr, range as u64);
    let each = if by_pte { PAGES as u64 } else { 1 };
    memory.set(head.refcount().addr, number * each);
    if !by_pte {
        memory.set(head.entire_mapcount().addr, number);
    }
    for &mm in sharers {
        memory.set(MmStruct(mm).pmd(range), if by_pte { Pte::table().bits() } else { huge.bits() });
    }
    if rules.is(LargeWp::MmIds) {
        let mut ids = MmIds::default();
        for (nth, &mm) in (1..).zip(sharers) {
            ids = ids.add(MmStruct(mm), each, nth * each);
        }
        memory.set(head.large_mapcount().addr, number * each);
        memory.set(head.mm_ids().addr, ids.encode());
    }
}

fn populate(memory: &mut Memory, kernel: &Kernel, va: Va, sharers: &[MmId], next_slot: &mut u8) {
    let (rules, area) = (kernel.rules.reading(), &kernel.world.areas[va]);
    let shared = sharers.len() > 1;
    let exclusive = !shared && !area.previously_shared;
    set_vm_flags(memory, area, va, sharers);
    if area.backing == Backing::PrivateFile {
        let page = Page::from(file_page(va));
        memory.create(page.obj);
        data(memory, page, area.words);
        memory.set(page.flags().addr, pg::LRU | pg::UPTODATE);
        memory.set(page.index().addr, va as u64);
        let mapped = if area.populate == Populate::None { 0 } else { sharers.len() as u64 };
        // The page cache holds one reference.
        memory.set(page.refcount().addr, 1 + mapped);
        memory.set(page.mapcount().addr, mapped);
        if mapped > 0 {
            map_all(memory, sharers, va, Pte::mk(page));
        }
        return;
    }
    let soft = if area.soft_clean { 0 } else { SOFT_DIRTY };
    match area.populate {
        Populate::None | Populate::PteMapped => {}
        Populate::ZeroPage => map_all(memory, sharers, va, Pte::mk(ZERO_PAGE.into()).set(soft)),
        Populate::Mapped => {
            let page = Page::from(boot_page(va));
            new_page(memory, page, va, area.words);
            let (batched, is_huge) = (area.lru_batch.is_some(), area.backing == Backing::Hugetlb);
            let mut page_flags = pg::UPTODATE;
            if !batched && !is_huge {
                page_flags |= pg::LRU;
            }
            if !area.lazyfree && !is_huge {
                page_flags |= pg::SWAPBACKED;
            }
            if exclusive && rules.is(AnonExclusive::Yes) {
                page_flags |= pg::ANON_EXCLUSIVE;
            }
            memory.set(page.flags().addr, page_flags);
            memory.set(page.refcount().addr, sharers.len() as u64 + u64::from(batched));
            memory.set(page.mapcount().addr, sharers.len() as u64);
            if let Some(actor) = area.lru_batch {
                let count = memory.get(Batch::Add.nr(actor));
                memory.set(Batch::Add.page(actor, count), page.obj.pfn());
                memory.set(Batch::Add.nr(actor), count + 1);
            }
            let mut pte = Pte::mk(page);
            if area.lazyfree {
                pte = pte.clear(mmu::ACCESSED);
            }
            let dirty = !area.clean && !area.lazyfree;
            // Clearing soft-dirty bits also write-protects.
            let writable = exclusive && !area.wrprotected && !area.soft_clean && !area.read_only;
            if dirty {
                pte = pte_mkdirty(kernel.arch, pte);
            }
            if writable {
                pte = pte.set(mmu::WRITE).set(if dirty { mmu::DIRTY } else { 0 });
            }
            map_all(memory, sharers, va, pte.clear(SOFT_DIRTY).set(soft));
        }
        Populate::Swapped | Populate::SwapCached => {
            let entry = SwpEntry(*next_slot);
            *next_slot += 1;
            memory.set(entry.count(), sharers.len() as u64);
            for (word, value) in area.words.into_iter().enumerate() {
                memory.set(entry.data(word as u8), value);
            }
            if area.populate == Populate::SwapCached {
                let page = Page::from(boot_page(va));
                new_page(memory, page, va, area.words);
                memory.set(page.flags().addr, pg::UPTODATE | pg::SWAPBACKED | pg::SWAPCACHE | pg::LRU);
                memory.set(page.refcount().addr, 1);
                if rules.counts_inactive() {
                    memory.set(page.mapcount().addr, sharers.len() as u64 * ONE_INACTIVE);
                }
                memory.set(page.private().addr, u64::from(entry.0));
                memory.set(entry.cache(), page.obj.pfn());
            }
            let mut pte = Pte::swap(entry).set(soft);
            if exclusive && rules.is(AnonExclusive::Yes) && kernel.arch != Arch::NoSwapExclusive {
                pte = pte.set(SWP_EXCLUSIVE);
            }
            map_all(memory, sharers, va, pte);
        }
    }
}

fn new_page(memory: &mut Memory, page: Page, va: Va, words: [u64; 2]) {
    memory.create(page.obj);
    data(memory, page, words);
    memory.set(page.index().addr, va as u64);
}

fn data(memory: &mut Memory, page: Page, words: [u64; 2]) {
    for (word, value) in words.into_iter().enumerate() {
        memory.set(page.data(word as u8).addr, value);
    }
}

fn map_all(memory: &mut Memory, sharers: &[MmId], va: Va, pte: Pte) {
    for &mm in sharers {
        memory.set(MmStruct(mm).pte(va), pte.bits());
    }
}
