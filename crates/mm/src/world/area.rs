//! Memory, and its state at the start.

use super::ids::{ActorId, MmId};

/// What backs an area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backing {
    /// Private anonymous memory.
    Anon,
    /// A private mapping of a file.
    PrivateFile,
    /// A private mapping of huge pages (`MAP_HUGETLB`).
    Hugetlb,
}

/// How an area is populated at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Populate {
    /// A page of its own, exclusive, mapped. The default. A range has a huge page, which a PMD maps.
    Mapped,
    /// A huge page, which PTEs map. Ranges only.
    PteMapped,
    /// Nothing: the first access faults.
    None,
    /// The zero page, read-only. Anonymous memory only.
    ZeroPage,
    /// Out on swap, nothing in the swap cache. Anonymous memory only.
    Swapped,
    /// Out on swap, with the page still in the swap cache. Anonymous memory only.
    SwapCached,
}

/// Pages that a PMD maps, and so the pages of a transparent huge page: 512 on x86, and two here.
pub const PAGES: usize = 2;

/// What an area is of memory that a transparent huge page may back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thp {
    /// The range that a PMD maps. It has no page of its own: its pages are the areas that follow it.
    Range,
    /// One of its pages, from 0. Of the two words of a page it has one: that of its number.
    Page(u8),
}

/// A page of virtual memory, at the same address in every mm that inherits it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Area {
    /// Its name.
    pub name: String,
    /// The mm that it is declared in; forked children inherit it.
    pub mm: MmId,
    /// What backs it.
    pub backing: Backing,
    /// What it is of a huge page, if it is of one: the areas of a huge page follow each other.
    pub thp: Option<Thp>,
    /// How it is populated.
    pub populate: Populate,
    /// The PTE lacks the write bit although the VMA allows writing (after mprotect, clear_refs, ...).
    pub wrprotected: bool,
    /// The page was shared with a child that has exited: write-protected, and not known to be exclusive.
    pub previously_shared: bool,
    /// The PTE is not dirty.
    pub clean: bool,
    /// The PTE is not soft-dirty, and lacks the write bit: clearing the one removes the other.
    pub soft_clean: bool,
    /// `MADV_FREE` was called and nothing stored since. Implies clean.
    pub lazyfree: bool,
    /// The VMA does not allow writing.
    pub read_only: bool,
    /// Registered with userfaultfd for write-protection.
    pub uffd_wp: bool,
    /// In the same page table as the area before, so under the same PTE lock. Others are far from each other.
    pub adjacent: bool,
    /// With `UFFD_FEATURE_WP_UNPOPULATED`: what is not populated is protected as well.
    pub wp_unpopulated: bool,
    /// The page is in the LRU-add batch of this actor's CPU, which holds a reference.
    pub lru_batch: Option<ActorId>,
    /// Actors whose TLB has the entry, writable and dirty as the PTE is.
    pub warm: Vec<ActorId>,
    /// The two words of the page.
    pub words: [u64; 2],
}
