//! What user space sees at the end.

use cowrace_machine::{Memory, Obj, mmu};

use crate::objects::{MmStruct, file_page};
use crate::pte::Pte;
use crate::world::{Backing, Target, World};

/// A word as its owner would load it: through the PTE, the swap cache or the swap slot; what a first access
/// finds where nothing is mapped.
#[must_use]
pub fn owner_view(world: &World, memory: &Memory, target: Target, word: u8) -> u64 {
    let pte = Pte::from(memory.get(MmStruct(target.mm).pte(target.va)));
    if pte.present() {
        memory.get(mmu::data(pte.page().obj, word))
    } else if pte.is_swap() {
        match memory.get(pte.entry().cache()) {
            0 => memory.get(pte.entry().data(word)),
            pfn => memory.get(mmu::data(Obj::from_pfn(pfn), word)),
        }
    } else if world.areas[target.va].backing == Backing::PrivateFile {
        memory.get(mmu::data(file_page(target.va), word))
    } else {
        0
    }
}
