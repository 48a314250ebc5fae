//! Transparent huge pages, as a PMD maps them.
//!
//! Follows `mm/huge_memory.c` (v5.4 to v6.18; read in v6.1.172 and v6.12.117, and in part in others). A huge page has
//! [`PAGES`](crate::world::PAGES) pages. Its references and flags are those of its head; each page has a mapcount of its own for PTEs,
//! and the head one for PMDs. A page table is deposited with each PMD that maps a huge page; here it is always there, and it is empty
//! meanwhile. Left out: the huge zero page (`use_zero_page` is off), swapping out of a folio as a whole (`CONFIG_THP_SWAP`
//! is off), so that reclaim splits it; migration and NUMA hinting; device memory; PUDs; an allocation that fails.

mod change;
mod fault;
mod folio;
mod fork;
mod gup;
mod lazyfree;
mod mremap;
mod split;
mod zap;

pub(crate) use change::change_pmd_range;
pub use change::clear_soft_dirty_pmd;
pub use fault::{handle_pmd_fault, pte_alloc};
pub use folio::deferred_split_scan;
pub(crate) use folio::{piece, split_folio};
pub use fork::copy_pmd_range;
pub(crate) use gup::follow_trans_huge_pmd;
pub use gup::gup_huge_pmd;
pub(crate) use lazyfree::{madvise_free_huge_pmd, unmap_huge_pmd};
pub(crate) use mremap::move_huge_pmd;
pub(crate) use split::{Freeze, split_huge_pmd_locked};
pub use split::{split_huge_pmd, vma_adjust_trans_huge};
pub use zap::zap_pmd_range;
