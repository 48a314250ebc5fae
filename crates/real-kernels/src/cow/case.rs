//! The cases: what a process does with its memory, and what must not happen then.

use super::page::Page;

/// A case of `cow.c`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Case {
    /// A parent stores to memory that it shares with a child, after `mprotect` has taken the right to write away and given it back, or
    /// without that.
    Fork {
        /// Whether `mprotect` does so.
        mprotect: bool,
    },
    /// A child takes the memory into a pipe and unmaps it, and its parent stores.
    VmspliceInChild {
        /// Whether the parent calls `mprotect` before it stores.
        mprotect: bool,
    },
    /// A parent takes the memory into a pipe and unmaps it, and its child stores.
    VmspliceInParent {
        /// Whether it is taken before the fork.
        before_fork: bool,
    },
    /// A fixed buffer of `io_uring` whose PTEs have become read-only, and a store.
    FixedBufferReadOnly,
    /// A fixed buffer of `io_uring`, a fork whose child lives on, and a store.
    FixedBufferFork,
    /// A long-term read pin, and a store.
    RoPin {
        /// Of which memory.
        of: RoPin,
        /// Whether GUP-fast takes it.
        fast: bool,
    },
    /// `MADV_COLLAPSE` of memory, and a fork before or after, whose child must not see what its parent stores.
    Collapse(Shared),
    /// A store to a private mapping, which other mappings of the same page must not see.
    PrivateStore,
}

/// Which memory a read pin is taken of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RoPin {
    /// Shared with a child that lives.
    Shared,
    /// Shared with a child that has exited.
    PreviouslyShared,
    /// Never shared, and mapped read-only.
    Exclusive,
    /// Not anonymous: mapped read-only in a private mapping.
    NotAnonymous,
}

/// Which part of a huge page is shared with a child when it is collapsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shared {
    /// None: the fork comes later.
    None,
    /// All of it.
    Fully,
    /// The first half.
    Lower,
    /// The second half.
    Upper,
}

impl Case {
    /// Every case, in the order of the program.
    pub const ALL: [Self; 21] = [
        Self::Fork { mprotect: false },
        Self::Fork { mprotect: true },
        Self::VmspliceInChild { mprotect: false },
        Self::VmspliceInChild { mprotect: true },
        Self::VmspliceInParent { before_fork: true },
        Self::VmspliceInParent { before_fork: false },
        Self::FixedBufferReadOnly,
        Self::FixedBufferFork,
        Self::RoPin { of: RoPin::Shared, fast: false },
        Self::RoPin { of: RoPin::Shared, fast: true },
        Self::RoPin { of: RoPin::PreviouslyShared, fast: false },
        Self::RoPin { of: RoPin::PreviouslyShared, fast: true },
        Self::RoPin { of: RoPin::Exclusive, fast: false },
        Self::RoPin { of: RoPin::Exclusive, fast: true },
        Self::Collapse(Shared::None),
        Self::Collapse(Shared::Fully),
        Self::Collapse(Shared::Lower),
        Self::Collapse(Shared::Upper),
        Self::PrivateStore,
        Self::RoPin { of: RoPin::NotAnonymous, fast: false },
        Self::RoPin { of: RoPin::NotAnonymous, fast: true },
    ];

    /// Its name, as the program prints it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        self.names().0
    }

    /// Its name in those of scenarios.
    pub(super) const fn name(self) -> &'static str {
        self.names().1
    }

    const fn names(self) -> (&'static str, &'static str) {
        use RoPin::{Exclusive, NotAnonymous, PreviouslyShared, Shared as Child};
        match self {
            Self::Fork { mprotect: false } => ("Basic COW after fork()", "fork"),
            Self::Fork { mprotect: true } => {
                ("Basic COW after fork() with mprotect() optimization", "fork-mprotect")
            }
            Self::VmspliceInChild { mprotect: false } => ("vmsplice() + unmap in child", "vmsplice-in-child"),
            Self::VmspliceInChild { mprotect: true } => {
                ("vmsplice() + unmap in child with mprotect() optimization", "vmsplice-in-child-mprotect")
            }
            Self::VmspliceInParent { before_fork: true } => {
                ("vmsplice() before fork(), unmap in parent after fork()", "vmsplice-before-fork")
            }
            Self::VmspliceInParent { before_fork: false } => {
                ("vmsplice() + unmap in parent after fork()", "vmsplice-in-parent")
            }
            Self::FixedBufferReadOnly => {
                ("R/O-mapping a page registered as iouring fixed buffer", "fixed-buffer-read-only")
            }
            Self::FixedBufferFork => ("fork() with an iouring fixed buffer", "fixed-buffer-fork"),
            Self::RoPin { of: Child, fast: false } => {
                ("R/O GUP pin on R/O-mapped shared page", "ro-pin-shared")
            }
            Self::RoPin { of: Child, fast: true } => {
                ("R/O GUP-fast pin on R/O-mapped shared page", "ro-fast-pin-shared")
            }
            Self::RoPin { of: PreviouslyShared, fast: false } => {
                ("R/O GUP pin on R/O-mapped previously-shared page", "ro-pin-previously-shared")
            }
            Self::RoPin { of: PreviouslyShared, fast: true } => {
                ("R/O GUP-fast pin on R/O-mapped previously-shared page", "ro-fast-pin-previously-shared")
            }
            Self::RoPin { of: Exclusive, fast: false } => {
                ("R/O GUP pin on R/O-mapped exclusive page", "ro-pin-exclusive")
            }
            Self::RoPin { of: Exclusive, fast: true } => {
                ("R/O GUP-fast pin on R/O-mapped exclusive page", "ro-fast-pin-exclusive")
            }
            Self::Collapse(Shared::None) => {
                ("Basic COW after fork() when collapsing before fork()", "collapse-before-fork")
            }
            Self::Collapse(Shared::Fully) => (
                "Basic COW after fork() when collapsing after fork() (fully shared)",
                "collapse-fully-shared",
            ),
            Self::Collapse(Shared::Lower) => (
                "Basic COW after fork() when collapsing after fork() (lower shared)",
                "collapse-lower-shared",
            ),
            Self::Collapse(Shared::Upper) => (
                "Basic COW after fork() when collapsing after fork() (upper shared)",
                "collapse-upper-shared",
            ),
            Self::PrivateStore => ("Basic COW", "private-store"),
            Self::RoPin { of: NotAnonymous, fast: false } => ("R/O longterm GUP pin", "ro-pin"),
            Self::RoPin { of: NotAnonymous, fast: true } => ("R/O longterm GUP-fast pin", "ro-fast-pin"),
        }
    }

    /// The pages that it is run with.
    #[must_use]
    pub fn pages(self) -> &'static [Page] {
        match self {
            Self::Collapse(_) => &[Page::Thp],
            Self::PrivateStore | Self::RoPin { of: RoPin::NotAnonymous, .. } => &Page::NOT_ANONYMOUS,
            _ => &Page::ANONYMOUS,
        }
    }

    /// Every case with every kind of page that it is run with, in the order of the program.
    pub fn with_pages() -> impl Iterator<Item = (Self, Page)> {
        Self::ALL.into_iter().flat_map(|case| case.pages().iter().map(move |page| (case, *page)))
    }

    /// What its failure is to the model: the class of a violation.
    #[must_use]
    pub const fn damage(self) -> &'static str {
        match self {
            Self::FixedBufferReadOnly | Self::FixedBufferFork | Self::RoPin { .. } => "stale-pin",
            _ => "leak",
        }
    }
}
