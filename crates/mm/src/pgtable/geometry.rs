//! The sizes of pages and page tables. They are data, so that a model with other sizes uses the same code.

use cowrace_machine::mmu;

use crate::world::{Va, World};

/// The sizes of pages and page tables in a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// The number of words in a page.
    pub words: u8,
    /// For each address, the first one in the same page table.
    tables: Vec<Va>,
}

impl Geometry {
    /// The sizes in a scenario: an area that is adjacent to the one before it is in the same page table.
    #[must_use]
    pub fn of(world: &World) -> Self {
        let mut tables: Vec<Va> = Vec::new();
        for (va, area) in world.areas.iter().enumerate() {
            let before = tables.last().copied().filter(|_| area.adjacent);
            tables.push(before.unwrap_or(va));
        }
        Self { words: mmu::DATA_WORDS, tables }
    }

    /// The first address in the page table of an address: it identifies the table and its lock.
    #[must_use]
    pub fn table(&self, va: Va) -> Va {
        self.tables[va]
    }
}
