//! `struct page` (`struct folio`) of `include/linux/mm_types.h`, v5.7 to v6.15, of small pages. Left out: compound
//! pages, memcg, NUMA, what file systems keep.

use cowrace_machine::{Addr, Dep, Encode, Obj, Place, Words, mmu};
use cowrace_report::{Mappings, References};

use super::structure::structure;
use super::{Format, Type};
use crate::world::Va;

/// `GUP_PIN_COUNTING_BIAS` of `include/linux/mm.h` (v5.7 and later).
pub const GUP_PIN_COUNTING_BIAS: u64 = 1024;

/// A page, and the load that its number came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Page {
    /// The object.
    pub obj: Obj,
    /// The load.
    pub dep: Dep,
}

/// Without the load that its number came from.
impl Encode for Page {
    fn encode(self, words: &mut Words) {
        self.obj.encode(words);
    }
}

structure! {
    Page in Page, at Place {
        /// `page->flags`.
        flags: "flags", Flags, Format::Flags(pg::NAMES);
        /// `page->_refcount`.
        refcount: "_refcount", References, Format::Refcount;
        /// `page->_mapcount`. Kept as the number of mappings; the kernel stores one less. The upper half counts
        /// inactive references, under the proposal that has them.
        mapcount: "_mapcount", Mappings, Format::Mapcount;
        /// `page->private`: the swap entry while the page is in the swap cache.
        private: "private", Other, Format::Number;
        /// `page->index`: the address at which rmap finds the page.
        index: "index", Other, Format::Number;
    }
    @ mmu::DATA: "data", Content, Format::Number
}

/// Mappings within `page->_mapcount`.
pub const ACTIVE: u64 = 0xffff_ffff;
/// One inactive reference within `page->_mapcount`.
pub const ONE_INACTIVE: u64 = 1 << 32;

/// What a `_refcount` counts.
#[must_use]
pub const fn references(refcount: u64) -> References {
    References { plain: refcount % GUP_PIN_COUNTING_BIAS, pins: refcount / GUP_PIN_COUNTING_BIAS }
}

/// What a `_mapcount` counts.
#[must_use]
pub const fn mappings(mapcount: u64) -> Mappings {
    Mappings { active: mapcount & ACTIVE, inactive: mapcount / ONE_INACTIVE }
}

/// `enum pageflags`.
pub mod pg {
    /// `PG_locked`.
    pub const LOCKED: u64 = 1 << 0;
    /// `PG_dirty`.
    pub const DIRTY: u64 = 1 << 1;
    /// `PG_lru`.
    pub const LRU: u64 = 1 << 2;
    /// `PG_swapcache`.
    pub const SWAPCACHE: u64 = 1 << 3;
    /// `PG_swapbacked`.
    pub const SWAPBACKED: u64 = 1 << 4;
    /// `PG_writeback`.
    pub const WRITEBACK: u64 = 1 << 5;
    /// `PG_uptodate`.
    pub const UPTODATE: u64 = 1 << 6;
    /// `PG_anon_exclusive`.
    pub const ANON_EXCLUSIVE: u64 = 1 << 7;

    /// Bits and names, for diagrams.
    pub const NAMES: &[(u64, &str)] = &[
        (LOCKED, "locked"),
        (DIRTY, "dirty"),
        (LRU, "lru"),
        (SWAPCACHE, "swapcache"),
        (SWAPBACKED, "swapbacked"),
        (WRITEBACK, "writeback"),
        (UPTODATE, "uptodate"),
        (ANON_EXCLUSIVE, "anon_exclusive"),
    ];
}

impl From<Obj> for Page {
    fn from(obj: Obj) -> Self {
        Self { obj, dep: Dep::default() }
    }
}

/// The shared zero page.
pub const ZERO_PAGE: Obj = Type::ZeroPage.object(0);

/// The page-cache page of a private file mapping.
#[must_use]
pub const fn file_page(va: Va) -> Obj {
    Type::FilePage.object(va as u16)
}

/// The page that an area has at the start.
#[must_use]
pub const fn boot_page(va: Va) -> Obj {
    Type::Page.object(va as u16)
}

impl Page {
    const fn word(self, word: u8) -> Place {
        Place { addr: Addr::new(self.obj, word), dep: self.dep }
    }

    /// A word of the page's data.
    #[must_use]
    pub const fn data(self, word: u8) -> Place {
        Place { addr: mmu::data(self.obj, word), dep: self.dep }
    }

    /// Whether it is the shared zero page.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.obj == ZERO_PAGE
    }

    /// `PageAnon`. What a page is never changes in this model, so no memory is read.
    #[must_use]
    pub fn is_anon(self) -> bool {
        !self.is_zero() && Type::of(self.obj) != Some(Type::FilePage)
    }
}
