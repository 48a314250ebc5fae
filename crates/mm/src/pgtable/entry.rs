//! Page-table entries: `pte_t` and swap entries in it.
//!
//! Follows `include/linux/pgtable.h` and `include/linux/swapops.h` (v5.7 to v6.15). The bits that the
//! MMU reads are in [`cowrace_machine::mmu`]. Left out: protnone, markers other than
//! userfaultfd's, special mappings other than the zero page.

use cowrace_machine::{Obj, Value, encode, mmu};

use crate::objects::{Page, SwpEntry, ZERO_PAGE};

/// The soft-dirty bit.
pub const SOFT_DIRTY: u64 = 1 << 4;
/// The kernel's own dirty bit, where the MMU has another one ([`super::pte_dirty`]).
pub const SW_DIRTY: u64 = 1 << 8;
/// The userfaultfd-wp bit.
pub const UFFD_WP: u64 = 1 << 5;
/// The entry is a marker (`make_pte_marker`): nothing is mapped, but userfaultfd has write-protected it.
pub const MARKER: u64 = 1 << 9;
/// The entry is a swap entry.
pub const SWAP: u64 = 1 << 6;
/// The swap entry represents a page that was exclusive (`pte_swp_exclusive`, v5.19 and later).
pub const SWP_EXCLUSIVE: u64 = 1 << 7;

/// The entry is a migration entry: its page is unmapped for a moment. One of a page that was exclusive has [`SWP_EXCLUSIVE`] as well.
const MIGRATION: u64 = 1 << 12;
/// The migration entry represents a page that was mapped writable.
pub const MIGRATION_WRITE: u64 = 1 << 13;

/// The entry is one of a page middle directory that refers to a page table.
pub const TABLE: u64 = 1 << 10;
/// The entry is one of a page middle directory that maps a huge page, made invalid by `pmd_mkinvalid`: the walker finds nothing
/// there, and the kernel finds a huge page.
pub const INVALID: u64 = 1 << 11;

/// The page or the swap slot.
const PFN: u64 = 0xffff << mmu::PFN_SHIFT;

/// The kinds of entries of a page middle directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pmd {
    /// `pmd_none`: nothing.
    None,
    /// A page table.
    Table,
    /// `pmd_trans_huge`: a huge page.
    Huge(Page),
    /// The same, not present for the walker: it is being changed by whoever holds the lock.
    Invalid(Page),
}

/// The kinds of entries of a page table: every entry is one of these, and its bits tell more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// `pte_none`: nothing.
    None,
    /// `pte_present`: a page is mapped.
    Page(Page),
    /// `is_swap_pte`: a swap entry (`pte_to_swp_entry`).
    Swap(SwpEntry),
    /// `is_migration_entry`: the page is unmapped for a moment.
    Migration(Page),
    /// `is_pte_marker`: nothing is mapped, but userfaultfd has write-protected it.
    Marker,
}

/// A page-table entry, and the load from which it came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pte(pub Value);
encode!(struct Pte(value));

impl From<u64> for Pte {
    fn from(bits: u64) -> Self {
        Self(bits.into())
    }
}

impl From<Pte> for Value {
    fn from(pte: Pte) -> Self {
        pte.0
    }
}

impl Pte {
    /// An entry that maps a page: young, as `mk_pte` of a readable VMA makes it.
    #[must_use]
    pub fn mk(page: Page) -> Self {
        let bits = mmu::PRESENT | mmu::ACCESSED | mmu::pfn_bits(page.obj);
        Self(Value { bits, dep: page.dep })
    }

    /// An entry that refers to a swap slot.
    #[must_use]
    pub fn swap(entry: SwpEntry) -> Self {
        Self::from(SWAP | (u64::from(entry.0) << mmu::PFN_SHIFT))
    }

    /// An entry that represents a page until it is mapped again: `make_readable_migration_entry`.
    #[must_use]
    pub fn migration(page: Obj) -> Self {
        Self::from(MIGRATION | mmu::pfn_bits(page))
    }

    /// `make_pte_marker(PTE_MARKER_UFFD_WP)`: nothing is mapped, and userfaultfd has write-protected it.
    #[must_use]
    pub fn marker_uffd_wp() -> Self {
        Self::from(MARKER | UFFD_WP)
    }

    /// The bits.
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0.bits
    }

    /// `pte_same`.
    #[must_use]
    pub const fn same(self, other: Self) -> bool {
        self.0.bits == other.0.bits
    }

    /// Whether one of the bits is set.
    #[must_use]
    pub const fn has(self, bits: u64) -> bool {
        self.0.bits & bits != 0
    }

    /// With bits set.
    #[must_use]
    pub const fn set(mut self, bits: u64) -> Self {
        self.0.bits |= bits;
        self
    }

    /// With bits cleared.
    #[must_use]
    pub const fn clear(mut self, bits: u64) -> Self {
        self.0.bits &= !bits;
        self
    }

    /// With the bits of `mask` as in `other`.
    #[must_use]
    pub const fn carry(self, other: Self, mask: u64) -> Self {
        self.clear(mask).set(other.0.bits & mask)
    }

    /// `pte_none`.
    #[must_use]
    pub const fn none(self) -> bool {
        self.0.bits == 0
    }

    /// `pte_present`.
    #[must_use]
    pub const fn present(self) -> bool {
        self.has(mmu::PRESENT)
    }

    /// `pte_write`.
    #[must_use]
    pub const fn write(self) -> bool {
        self.has(mmu::WRITE)
    }

    /// `pte_young`.
    #[must_use]
    pub const fn young(self) -> bool {
        self.has(mmu::ACCESSED)
    }

    /// `pte_soft_dirty`.
    #[must_use]
    pub const fn soft_dirty(self) -> bool {
        self.has(SOFT_DIRTY)
    }

    /// `pte_uffd_wp`.
    #[must_use]
    pub const fn uffd_wp(self) -> bool {
        self.has(UFFD_WP)
    }

    /// `pte_swp_exclusive`.
    #[must_use]
    pub const fn swp_exclusive(self) -> bool {
        self.has(SWP_EXCLUSIVE)
    }

    /// The kind of the entry.
    #[must_use]
    pub const fn entry(self) -> Entry {
        match self.0.bits {
            0 => Entry::None,
            _ if self.present() => Entry::Page(self.page()),
            _ if self.has(MIGRATION) => Entry::Migration(self.page()),
            _ if self.has(SWAP) => Entry::Swap(SwpEntry((self.0.bits >> mmu::PFN_SHIFT) as u8)),
            _ => Entry::Marker,
        }
    }

    /// An entry of a page middle directory that refers to a page table.
    #[must_use]
    pub fn table() -> Self {
        Self::from(TABLE)
    }

    /// `pmd_mkinvalid`.
    #[must_use]
    pub const fn invalid(self) -> Self {
        self.clear(mmu::PRESENT).set(INVALID)
    }

    /// The kind of the entry, of one of a page middle directory.
    #[must_use]
    pub const fn pmd(self) -> Pmd {
        match self.0.bits {
            0 => Pmd::None,
            _ if self.has(TABLE) => Pmd::Table,
            _ if self.present() => Pmd::Huge(self.page()),
            _ => Pmd::Invalid(self.page()),
        }
    }

    /// `pte_page`: the page, remembering the load.
    #[must_use]
    pub const fn page(self) -> Page {
        Page::new(mmu::page(self.0.bits), self.0.dep)
    }

    /// The same of another page.
    #[must_use]
    pub const fn of_page(mut self, page: Obj) -> Self {
        self.0.bits = self.0.bits & !PFN | mmu::pfn_bits(page);
        self
    }

    /// Whether it maps the zero page (`is_zero_pfn`).
    #[must_use]
    pub fn is_zero_page(self) -> bool {
        self.present() && self.page().obj == ZERO_PAGE
    }
}
