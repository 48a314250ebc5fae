//! Observations: what user space sees at the end.

use cowrace_machine::{Memory, Obj, mmu};

use crate::objects::{MmStruct, file_page};
use crate::pgtable::{Entry, Pte};
use crate::world::{Backing, Target, World};

/// A word as its owner would load it: through the PTE, the swap cache or the swap slot; or the result of a first access
/// where nothing is mapped.
#[must_use]
pub fn owner_view(world: &World, memory: &Memory, target: Target, word: u8) -> u64 {
    let pte = Pte::from(memory.get(MmStruct(target.mm).pte(target.va)));
    match pte.entry() {
        Entry::Page(page) => memory.get(mmu::data(page.obj, word)),
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
