//! Observations: what user space sees at the end.

use cowrace_machine::{Memory, Obj, mmu};

use crate::objects::{MmStruct, file_page};
use crate::pgtable::{Entry, Pmd, Pte};
use crate::world::{Backing, Target, World};

/// A word as its owner would load it: through the PTE, the swap cache or the swap slot; or the result of a first access
/// where nothing is mapped.
#[must_use]
pub fn owner_view(world: &World, memory: &Memory, target: Target, word: u8) -> u64 {
    let mm = MmStruct(target.mm);
    if let Some(range) = world.range(target.va)
        && let Pmd::Huge(head) | Pmd::Invalid(head) = Pte::from(memory.get(mm.pmd(range))).pmd()
    {
        return memory.get(mmu::data(head.nth(word).obj, word));
    }
    let pte = Pte::from(memory.get(mm.pte(target.va)));
    match pte.entry() {
        Entry::Page(page) | Entry::Migration(page) => memory.get(mmu::data(page.obj, word)),
        Entry::Swap(entry) => match memory.get(entry.cache()) {
            0 => memory.get(entry.data(word)),
            pfn => memory.get(mmu::data(Obj::from_pfn(pfn), word)),
        },
        Entry::None | Entry::Marker => match world.areas[target.va].backing {
            Backing::PrivateFile => memory.get(mmu::data(file_page(target.va), word)),
            Backing::Anon | Backing::Hugetlb => 0,
        },
    }
}
