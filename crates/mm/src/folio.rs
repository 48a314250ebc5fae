//! Folios: which pages belong together.
//!
//! Follows `compound_head` and `folio_test_large` of `include/linux/page-flags.h` and `folio_pte_batch` of `mm/internal.h` (v5.4 to
//! v6.18). A scenario without memory that a huge page may back has no large folios, and asks for none.

use std::ops::Range;

use cowrace_machine::{Obj, Prim, mmu};

use crate::cpu::Cpu;
use crate::objects::{MmStruct, Page, pg};
use crate::pgtable::{Pte, SOFT_DIRTY, pte_dirty, pte_mkdirty};
use crate::world::Va;

/// `page_folio` (`compound_head` in older kernels): the page, with the head of its folio looked up. A `struct page` can be read even when
/// its page is free: GUP-fast looks the head up before it has a reference, and validates it by taking one.
pub async fn page_folio(cpu: &Cpu, page: Page) -> Page {
    if !cpu.kernel().geometry.has_thp() || !page.is_anon() {
        return page;
    }
    match cpu.load(page.compound_head(), Prim::CompoundHead).speculative().await.bits {
        0 => page,
        head => Page { head: Obj::from_pfn(head), ..page },
    }
}

/// `folio_test_large`, of a page whose folio has been looked up.
pub async fn folio_test_large(cpu: &Cpu, page: Page) -> bool {
    cpu.kernel().geometry.has_thp() && cpu.page_flag(page, pg::HEAD, Prim::FolioTestLarge).await
}

/// The page, with the head of its folio looked up, if that is a large one.
pub async fn large_folio(cpu: &Cpu, page: Page) -> Option<Page> {
    if !page.is_anon() {
        return None;
    }
    let page = page_folio(cpu, page).await;
    folio_test_large(cpu, page).await.then_some(page)
}

/// Entries of a page table that map pages of one folio in a row.
#[derive(Clone, Copy, Debug)]
pub struct PteBatch {
    /// The address of the first.
    pub first: Va,
    /// How many they are.
    pub nr: usize,
    /// The first one, which is young and dirty if one of them is.
    pub pte: Pte,
}

impl PteBatch {
    /// One entry.
    #[must_use]
    pub const fn of(va: Va, pte: Pte) -> Self {
        Self { first: va, nr: 1, pte }
    }

    /// The addresses.
    #[must_use]
    pub const fn addresses(self) -> Range<Va> {
        self.first..self.first + self.nr
    }

    /// With the entry of the next page.
    fn and(self, cpu: &Cpu, next: Pte) -> Self {
        Self { nr: self.nr + 1, pte: with_bits_of(cpu, self.pte, next), ..self }
    }
}

/// An entry that is young and dirty if it or another one is.
fn with_bits_of(cpu: &Cpu, pte: Pte, other: Pte) -> Pte {
    let pte = pte.set(other.bits() & mmu::ACCESSED);
    if pte_dirty(cpu.arch(), other) { pte_mkdirty(cpu.arch(), pte).carry(pte, SOFT_DIRTY) } else { pte }
}

/// `folio_pte_batch`: the entries from the first address on that map pages of its folio in a row. They may differ in every bit that is not
/// among the `respected` ones.
pub async fn folio_pte_batch(
    cpu: &Cpu,
    mm: MmStruct,
    pages: Range<Va>,
    pte: Pte,
    respected: u64,
) -> PteBatch {
    let mut batch = PteBatch::of(pages.start, pte);
    for va in pages.skip(1) {
        let next = cpu.ptep_get(mm, va).await;
        let is_next = next.present() && next.page().obj == pte.page().obj.after(batch.nr as u8);
        if !is_next || (next.bits() ^ pte.bits()) & respected != 0 {
            break;
        }
        batch = batch.and(cpu, next);
    }
    batch
}

/// `get_and_clear_ptes`: clears the entries of a batch. Returns what the first one was, young and dirty if one of them was.
pub async fn get_and_clear_ptes(cpu: &Cpu, mm: MmStruct, batch: PteBatch, prim: Prim) -> Pte {
    let mut cleared = None;
    for va in batch.addresses() {
        let pte = cpu.ptep_get_and_clear(mm, va, prim).await;
        cleared = Some(cleared.map_or(pte, |first| with_bits_of(cpu, first, pte)));
    }
    cleared.unwrap_or_default()
}

/// `set_ptes`: maps the pages of a batch in a row, each with the bits of the entry of the first.
pub async fn set_ptes(cpu: &Cpu, mm: MmStruct, batch: PteBatch, pte: Pte) {
    for (nth, va) in (0..).zip(batch.addresses()) {
        cpu.set_pte_at(mm, va, pte.of_page(pte.page().obj.after(nth))).await;
    }
}
