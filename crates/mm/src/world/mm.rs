//! Address spaces, and how each begins.

use super::ids::MmId;

/// How an address space begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It is there from the start, with memory of its own.
    Boot,
    /// It is there from the start as a forked child of another: all pages shared and write-protected.
    ForkedAtBoot(MmId),
    /// A `fork()` of an actor of the parent makes it.
    Fork(MmId),
}

/// An address space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mm {
    /// Its name.
    pub name: String,
    /// Where it comes from.
    pub origin: Origin,
}
