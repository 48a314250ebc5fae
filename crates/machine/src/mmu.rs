//! What the hardware walker knows: the bits of a PTE and of a TLB entry, and the location of a page's data.

use crate::{Addr, Obj};

/// No entry: the answer of a walk that finds no page table.
pub const NO_TABLE: u64 = 1 << 63;
/// The entry refers to a page.
pub const PRESENT: u64 = 1 << 0;
/// The entry may be written through.
pub const WRITE: u64 = 1 << 1;
/// The walker has used the entry.
pub const ACCESSED: u64 = 1 << 2;
/// The walker has written through the entry.
pub const DIRTY: u64 = 1 << 3;
/// The first bit of the page's number.
pub const PFN_SHIFT: u32 = 16;
/// The number of words of data in a page.
pub const DATA_WORDS: u8 = 2;
/// The index of the first word of data within a page's object.
pub const DATA: u8 = 12;

/// The page to which an entry of a page table or TLB refers.
#[must_use]
pub const fn page(entry: u64) -> Obj {
    Obj::from_pfn((entry >> PFN_SHIFT) & 0xffff)
}

/// Whether an entry of a TLB serves a load or a store without a walk.
#[must_use]
pub const fn hits(entry: u64, store: bool) -> bool {
    let needs = if store { PRESENT | WRITE | DIRTY } else { PRESENT };
    entry & needs == needs
}

/// The number of a page, shifted to its place in an entry.
#[must_use]
pub const fn pfn_bits(page: Obj) -> u64 {
    page.pfn() << PFN_SHIFT
}

/// Word `word` of the data of `page`.
#[must_use]
pub const fn data(page: Obj, word: u8) -> Addr {
    assert!(word < DATA_WORDS);
    Addr::new(page, DATA + word)
}
