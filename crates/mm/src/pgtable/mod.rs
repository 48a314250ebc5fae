//! Page tables: what an entry is, what its bits mean to an architecture, and how much memory a table maps.

mod arch;
mod entry;
mod geometry;

pub use arch::{
    pte_dirty, pte_mkclean, pte_mkdirty, pte_mkwrite, pte_modify, pte_wrprotect, ptep_set_wrprotect,
};
pub use entry::{Entry, MARKER, Pte, SOFT_DIRTY, SW_DIRTY, SWAP, SWP_EXCLUSIVE, UFFD_WP};
pub use geometry::Geometry;
