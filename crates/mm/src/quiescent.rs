//! Quiescent states: memory while no call is under way, up to names.
//!
//! Pages and swap slots are numbered in the order in which page tables, TLBs, batches and variables refer to them, and
//! contents in the order in which they are met. What no call to come can notice is left out: pages that nothing refers
//! to, counters that are only compared with themselves within a call, and what calls have been told. So two states from
//! which a scenario goes on alike are, as a rule, the same; and from two that are the same it does go on alike.
//!
//! A [`Continuation`](crate::Continuation) goes on in such a state.

use std::collections::HashMap;
use std::sync::Arc;

use cowrace_machine::{Addr, Arch, Memory, Obj, mmu};

use crate::cpu::Kernel;
use crate::era::Era;
use crate::objects::{
    BATCH_FLUSHED_SHIFT, BATCH_PENDING, Format, MmStruct, Page, SwpEntry, Type, Whose, kernel, pg, thing,
    variable,
};
use crate::pgtable::{Entry, Pte};
use crate::value::{Handle, Value};
use crate::world::{Backing, MmId, VarId, World};

/// New names for contents of memory: two contents have the same name only if they are the same.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    names: HashMap<u64, u64>,
    fixed: Vec<u64>,
    last: u64,
}

impl Contents {
    /// Zero and the contents of files keep their names: memory gets them again without a store.
    #[must_use]
    pub fn of(world: &World) -> Self {
        let files = world.areas.iter().filter(|area| area.backing == Backing::PrivateFile);
        Self { fixed: files.flat_map(|area| area.words).chain([0]).collect(), ..Self::default() }
    }

    /// The name of a word of contents.
    pub fn name(&mut self, word: u64) -> u64 {
        if self.fixed.contains(&word) {
            return word;
        }
        let Self { names, fixed, last } = self;
        *names.entry(word).or_insert_with(|| {
            *last += 1;
            while fixed.contains(last) {
                *last += 1;
            }
            *last
        })
    }
}

/// A quiescent state: the words that are not zero, in order.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Quiescent(Box<[(u32, u64)]>);

impl Quiescent {
    /// The state of memory at the end of a program, with contents as they are. `held` are the variables whose handles have
    /// not been given back; what the others contain is left out.
    #[must_use]
    pub fn of(memory: &Memory, held: &[VarId]) -> Self {
        Names::of(memory, held).words(memory)
    }

    /// With other names for contents.
    #[must_use]
    pub fn named(&self, contents: &mut Contents) -> Self {
        self.named_where(contents, |addr| is_content(addr).then_some(0))
    }

    /// With other names for the contents in some words, each given by the bits that are not of the contents.
    #[must_use]
    pub fn named_where(&self, contents: &mut Contents, content: impl Fn(Addr) -> Option<u64>) -> Self {
        let name = |&(index, word): &(u32, u64)| match content(Addr::at(index as usize)) {
            Some(others) => (index, word & others | contents.name(word & !others)),
            None => (index, word),
        };
        Self(self.0.iter().map(name).collect())
    }

    /// A state as words of memory.
    #[must_use]
    pub fn new(mut words: Vec<(u32, u64)>) -> Self {
        words.sort_unstable();
        Self(words.into())
    }

    /// A word of memory.
    #[must_use]
    pub fn get(&self, addr: Addr) -> u64 {
        let at = self.0.binary_search_by_key(&(addr.index() as u32), |&(index, _)| index);
        at.map_or(0, |at| self.0[at].1)
    }

    /// Whether an mm has been taken down.
    #[must_use]
    pub fn has_exited(&self, world: &World, mm: MmId) -> bool {
        (0..world.areas.len()).any(|va| self.get(Addr::life(MmStruct(mm).vma(va).obj())) == 0)
    }

    /// How many swap slots there are up to the last one that is in use.
    pub(crate) fn swap_slots(&self) -> u8 {
        let objects = self.0.iter().map(|&(index, _)| Addr::at(index as usize).obj());
        let slots = objects.filter(|&obj| Type::of(obj) == Some(Type::Swap));
        slots.map(|obj| obj.nth() as u8 + 1).max().unwrap_or(0)
    }

    /// The words that are not zero.
    pub fn words(&self) -> impl Iterator<Item = (Addr, u64)> + '_ {
        self.0.iter().map(|&(index, word)| (Addr::at(index as usize), word))
    }

    /// Writes the state into memory in which nothing else is.
    pub fn write_to(&self, memory: &mut Memory) {
        self.words().for_each(|(addr, word)| memory.set(addr, word));
    }
}

/// The new names of pages and swap slots.
struct Names {
    pages: Vec<Obj>,
    slots: Vec<u8>,
    held: Vec<Addr>,
}

impl Names {
    fn of(memory: &Memory, held: &[VarId]) -> Self {
        let held = held.iter().map(|&var| variable(var)).collect();
        let mut names = Self { pages: Vec::new(), slots: Vec::new(), held };
        for (index, word) in memory.nonzero() {
            let addr = Addr::at(index);
            match names.refers(memory, addr) {
                Some(Refers::Pte) => names.entry(word),
                Some(Refers::Page) => names.add_page(Obj::from_pfn(word)),
                Some(Refers::Handle) => {
                    if let Value::Handle(handle) = Value::decode(word) {
                        names.add_page(handle.page);
                    }
                }
                None => {}
            }
        }
        // The swap cache, from slots that page tables name to others.
        let used = (0..u8::MAX).filter(|&slot| {
            memory.get(SwpEntry(slot).count()) != 0 || memory.get(SwpEntry(slot).cache()) != 0
        });
        for slot in used {
            names.add_slot(slot);
        }
        let mut at = 0;
        while let Some(&slot) = names.slots.get(at) {
            match memory.get(SwpEntry(slot).cache()) {
                0 => {}
                pfn => names.add_page(Obj::from_pfn(pfn)),
            }
            at += 1;
        }
        names
    }

    /// How a word refers to pages, if it does: words of swap slots aside.
    fn refers(&self, memory: &Memory, addr: Addr) -> Option<Refers> {
        let thing = thing(addr)?;
        match (thing.whose, thing.field.format) {
            (Whose::PageTable(..) | Whose::Directory(..) | Whose::Tlb(_), Format::Pte) => Some(Refers::Pte),
            // What is behind the end of a batch is not in it.
            (Whose::Batch(actor, batch), Format::Page) => {
                (u64::from(thing.nth?) < memory.get(batch.nr(actor))).then_some(Refers::Page)
            }
            (Whose::Kernel, Format::Page) => Some(Refers::Page),
            (Whose::Variable(_), Format::Value) if self.held.contains(&addr) => Some(Refers::Handle),
            _ => None,
        }
    }

    fn entry(&mut self, word: u64) {
        match Pte::from(word).entry() {
            Entry::Page(page) | Entry::Migration(page) => self.add_page(page.obj),
            Entry::Swap(SwpEntry(slot)) => self.add_slot(slot),
            Entry::None | Entry::Marker => {}
        }
    }

    fn add_page(&mut self, page: Obj) {
        if is_renamed(page) && !self.pages.contains(&page) {
            self.pages.push(page);
        }
    }

    fn add_slot(&mut self, slot: u8) {
        if !self.slots.contains(&slot) {
            self.slots.push(slot);
        }
    }

    fn page(&self, page: Obj) -> Obj {
        let at = self.pages.iter().position(|&other| other == page);
        at.map_or(page, |at| Type::Page.object(at as u16))
    }

    fn slot(&self, slot: u8) -> u8 {
        self.slots.iter().position(|&other| other == slot).map_or(slot, |at| at as u8)
    }

    fn pte(&self, word: u64) -> u64 {
        const PFN: u64 = 0xffff << mmu::PFN_SHIFT;
        match Pte::from(word).entry() {
            Entry::Page(page) | Entry::Migration(page) => word & !PFN | mmu::pfn_bits(self.page(page.obj)),
            Entry::Swap(SwpEntry(slot)) => word & !PFN | u64::from(self.slot(slot)) << mmu::PFN_SHIFT,
            Entry::None | Entry::Marker => word,
        }
    }

    fn words(&self, memory: &Memory) -> Quiescent {
        let mut words = Vec::new();
        let mut put = |addr: Addr, word: u64| {
            if word != 0 {
                words.push((addr.index() as u32, word));
            }
        };
        for (index, word) in memory.nonzero() {
            let addr = Addr::at(index);
            let obj = addr.obj();
            match (Type::of(obj), self.refers(memory, addr)) {
                (_, Some(Refers::Pte)) => put(addr, self.pte(word)),
                (_, Some(Refers::Page)) => put(addr, self.page(Obj::from_pfn(word)).pfn()),
                (_, Some(Refers::Handle)) => {
                    if let Value::Handle(handle) = Value::decode(word) {
                        put(addr, Value::Handle(Handle { page: self.page(handle.page), ..handle }).encode());
                    }
                }
                // Pages that are never renamed: the zero page, and those of files.
                (Some(Type::ZeroPage | Type::FilePage), None) => {
                    put(addr, page_word(memory, addr, word, self))
                }
                (Some(of), None) => put(addr, plain(of, addr, word)),
                (None, None) => {}
            }
        }
        for &page in &self.pages {
            if !memory.alive(page) {
                // An access to it is a fault, whatever it contains.
                continue;
            }
            for word in 0..=Obj::WORDS {
                let addr = if word == Obj::WORDS { Addr::life(page) } else { Addr::new(page, word) };
                let new = self.page(page);
                let there = if word == Obj::WORDS { Addr::life(new) } else { Addr::new(new, word) };
                put(there, page_word(memory, addr, memory.get(addr), self));
            }
        }
        for &slot in &self.slots {
            let (old, new) = (SwpEntry(slot), SwpEntry(self.slot(slot)));
            put(new.count(), memory.get(old.count()));
            let cache = memory.get(old.cache());
            put(new.cache(), if cache == 0 { 0 } else { self.page(Obj::from_pfn(cache)).pfn() });
            for word in 0..mmu::DATA_WORDS {
                put(new.data(word), memory.get(old.data(word)));
            }
        }
        Quiescent::new(words)
    }
}

/// How a word refers to pages.
enum Refers {
    Pte,
    Page,
    Handle,
}

/// Whether a page is named by number alone.
fn is_renamed(page: Obj) -> bool {
    page.owner().is_some() || Type::of(page) == Some(Type::Page)
}

/// A word of a page.
fn page_word(memory: &Memory, addr: Addr, word: u64, names: &Names) -> u64 {
    let page = Page::from(addr.obj());
    if addr == page.private().addr {
        let in_cache = memory.get(page.flags().addr) & pg::SWAPCACHE != 0;
        if in_cache { u64::from(names.slot(word as u8)) } else { 0 }
    } else {
        word
    }
}

/// Whether a word is one of what user space keeps in memory.
fn is_content(addr: Addr) -> bool {
    let Some(thing) = thing(addr) else { return false };
    match thing.whose {
        Whose::Page(_) | Whose::Slot(_) => thing.nth.is_some(),
        _ => false,
    }
}

/// A word of an object that refers to no page.
fn plain(of: Type, addr: Addr, word: u64) -> u64 {
    let obj = addr.obj();
    if addr == Addr::life(obj) {
        // The others are made again.
        return if of == Type::Vma { 1 } else { 0 };
    }
    match of {
        // What calls have been told.
        Type::Variables | Type::Failures | Type::HugetlbFaultMutex => 0,
        // Renamed apart.
        Type::Swap | Type::Page => 0,
        // Behind the end.
        Type::AddBatch | Type::LazyfreeBatch => 0,
        Type::Mm => {
            let mm = MmStruct(usize::from(obj.nth()));
            let counts = [mm.write_protect_seq(), mm.userfault_wakes(), mm.copies()];
            if counts.contains(&addr) {
                0
            } else if addr == mm.tlb_flush_batched() {
                batched(word)
            } else {
                word
            }
        }
        Type::Kernel if addr == kernel::MIGRATIONS_ENDED => 0,
        Type::PerCpu => {
            let actor = usize::from(obj.nth());
            let is_count = addr == crate::objects::irq_off(actor);
            if is_count { 0 } else { word }
        }
        Type::Kernel => {
            let counts = [kernel::COPIED, kernel::FAULTED];
            if counts.contains(&addr) { 0 } else { word }
        }
        _ => word,
    }
}

/// `mm->tlb_flush_batched`: only whether flushes are pending, and how many.
fn batched(word: u64) -> u64 {
    let (pending, flushed) = (word & BATCH_PENDING, word >> BATCH_FLUSHED_SHIFT);
    pending.saturating_sub(flushed)
}

/// The quiescent state in which a scenario begins.
#[must_use]
pub fn start(world: &World, era: &Era, arch: Arch) -> Quiescent {
    let kernel = Kernel::new(&Arc::new(world.clone()), era, arch);
    Quiescent::of(&crate::initial_state::memory(&kernel), &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_are_named_in_their_order_and_zero_stays() {
        let mut contents = Contents { fixed: vec![0, 2], ..Contents::default() };
        assert_eq!([70, 0, 2, 50, 70].map(|word| contents.name(word)), [1, 0, 2, 3, 1]);
    }

    #[test]
    fn a_batched_flush_that_was_made_is_forgotten() {
        assert_eq!(batched(3 | 3 << BATCH_FLUSHED_SHIFT), 0);
        assert_eq!(batched(3 | 1 << BATCH_FLUSHED_SHIFT), 2);
        assert_eq!(batched(1), 1);
    }
}
