//! The sizes of pages and page tables. They are data, so that a model with other sizes uses the same code.

use std::ops::Range;

use crate::world::{Va, World};

/// The sizes of pages and page tables in a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// For each address, the first one in the same page table.
    tables: Vec<Va>,
    /// For each address, the range that it is or is in, if a huge page may back it.
    ranges: Vec<Option<Va>>,
    /// For each address, its pages.
    pages: Vec<Range<Va>>,
    /// For each address, the words of its page.
    words: Vec<Range<u8>>,
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
        let all = 0..world.areas.len();
        Self {
            tables,
            ranges: all.clone().map(|va| world.range(va)).collect(),
            pages: all.clone().map(|va| world.pages(va)).collect(),
            words: all.map(|va| world.words(va)).collect(),
        }
    }

    /// The first address in the page table of an address: it identifies the table and its lock.
    #[must_use]
    pub fn table(&self, va: Va) -> Va {
        self.tables[va]
    }

    /// The range that an address is or is in, if a huge page may back it.
    #[must_use]
    pub fn range(&self, va: Va) -> Option<Va> {
        self.ranges[va]
    }

    /// Whether some memory may be backed by a huge page.
    #[must_use]
    pub fn has_thp(&self) -> bool {
        self.ranges.iter().any(Option::is_some)
    }

    /// The pages of a range; of another address, itself.
    #[must_use]
    pub fn pages(&self, va: Va) -> Range<Va> {
        self.pages[va].clone()
    }

    /// The words of the page at an address.
    #[must_use]
    pub fn words(&self, va: Va) -> Range<u8> {
        self.words[va].clone()
    }

    /// The TLB entries, by bit, that a flush of an address drops: those for its pages, and that for a huge page.
    #[must_use]
    pub fn entries(&self, va: Va) -> u16 {
        self.pages(va).chain(self.range(va)).fold(1 << va, |entries, va| entries | 1 << va)
    }
}
