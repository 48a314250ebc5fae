//! Page tables: the entries, the meaning of their bits on an architecture, and the amount of memory that a table maps.

mod arch;
mod entry;
mod geometry;

pub use arch::{
    pmdp_set_wrprotect, pte_dirty, pte_mkclean, pte_mkdirty, pte_mkwrite, pte_modify, pte_needs_flush,
    pte_wrprotect, ptep_set_wrprotect,
};
pub use entry::{
    Entry, INVALID, MARKER, MIGRATION_WRITE, Pmd, Pte, SOFT_DIRTY, SW_DIRTY, SWAP, SWP_EXCLUSIVE, TABLE,
    UFFD_WP,
};
pub use geometry::Geometry;
