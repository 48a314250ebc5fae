//! `struct page` (`struct folio`) of `include/linux/mm_types.h`, v5.7 to v6.18. Left out: memcg, NUMA, what file systems keep,
//! and of large folios all but those that a PMD can map (`PAGES` pages).

use cowrace_machine::{Addr, Dep, Encode, Obj, Place, Words, mmu};
use cowrace_report::{Mappings, References};

use super::structure::structure;
use super::{Format, Type};
use crate::world::Va;

/// `GUP_PIN_COUNTING_BIAS` of `include/linux/mm.h` (v5.7 and later).
pub const GUP_PIN_COUNTING_BIAS: u64 = 1024;

/// A page, and the load that its number came from. References and flags are those of its folio, which is that of its head; a
/// page has its own mapcount, exclusive mark and data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Page {
    /// The object.
    pub obj: Obj,
    /// The first page of its folio, as far as that is known: it is looked up by [`page_folio`](crate::folio::page_folio).
    pub head: Obj,
    /// The load.
    pub dep: Dep,
}

/// Without the load that its number came from.
impl Encode for Page {
    fn encode(self, words: &mut Words) {
        self.obj.encode(words);
        self.head.encode(words);
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
        /// `page->compound_head` of a tail page: the number of the head.
        compound_head: "compound_head", Other, Format::Page;
        /// `folio->_entire_mapcount` (`compound_mapcount` up to v6.1): mappings by PMDs.
        entire_mapcount: "_entire_mapcount", Mappings, Format::Mapcount;
        /// `folio->_large_mapcount`: mappings by PMDs and PTEs together. Kept only where it decides (v6.15 and later).
        large_mapcount: "_large_mapcount", Mappings, Format::Mapcount;
        /// `folio->_mm_id[0]`, `folio->_mm_id[1]` and their mapcounts, with `_mm_ids`. Kept only where they decide.
        mm_ids: "_mm_ids", Mappings, Format::MmIds;
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
    /// `PG_head`: the first page of a large folio.
    pub const HEAD: u64 = 1 << 8;
    /// `PG_double_map`: some PMD maps the folio while PTEs do (up to v6.1). Kept only where it decides (up to v5.17).
    pub const DOUBLE_MAP: u64 = 1 << 9;

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
        (HEAD, "head"),
        (DOUBLE_MAP, "double_map"),
    ];
}

impl From<Obj> for Page {
    fn from(obj: Obj) -> Self {
        Self::new(obj, Dep::default())
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

/// Whether every page has a field of its own, even a tail page: `_mapcount` and `compound_head`.
const fn is_own(word: u8) -> bool {
    matches!(word, 2 | 5)
}

impl Page {
    /// A page, and the load that its number came from.
    #[must_use]
    pub const fn new(obj: Obj, dep: Dep) -> Self {
        Self { obj, head: obj, dep }
    }

    const fn word(self, word: u8) -> Place {
        Place { addr: Addr::new(if is_own(word) { self.obj } else { self.head }, word), dep: self.dep }
    }

    /// The flags of the page itself: of a tail page, that it is exclusive.
    #[must_use]
    pub const fn own_flags(self) -> Place {
        Self::new(self.obj, self.dep).flags()
    }

    /// The first page of its folio.
    #[must_use]
    pub const fn head(self) -> Self {
        Self::new(self.head, self.dep)
    }

    /// A page of its folio.
    #[must_use]
    pub const fn nth(self, nth: u8) -> Self {
        Self { obj: self.head.after(nth), ..self }
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
