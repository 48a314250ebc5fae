//! What calls do to memory.

/// How a call moves a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Access {
    /// A load by user space, through the TLB.
    Load,
    /// A store by user space, through the TLB.
    Store,
    /// A device, or the kernel through a reference, reads it.
    DeviceRead,
    /// A device, or the kernel through a reference, writes it.
    DeviceWrite,
}

impl Access {
    /// Whether it is by user space.
    #[must_use]
    pub const fn is_by_user(self) -> bool {
        matches!(self, Self::Load | Self::Store)
    }

    /// Whether the word is written.
    #[must_use]
    pub const fn writes(self) -> bool {
        matches!(self, Self::Store | Self::DeviceWrite)
    }
}

/// What a call does to the mapping of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// Nothing that user space could see or that needs a flush.
    Nothing,
    /// The page goes out to swap, if it can.
    Reclaims,
    /// Nothing is mapped there any more.
    Unmaps,
    /// What is there goes to another address.
    Moves,
    /// What is there is lost at once.
    Discards,
    /// What is there may be lost until the next store.
    GivesUp,
    /// Stores fault from now on.
    WriteProtects,
}

impl Change {
    /// Whether TLB entries are flushed for it before the call returns, or before the page is freed.
    #[must_use]
    pub const fn flushes(self) -> bool {
        matches!(self, Self::Unmaps | Self::Moves | Self::Discards | Self::GivesUp | Self::WriteProtects)
    }

    /// Whether what is there may be lost, by the owner's wish.
    #[must_use]
    pub const fn loses(self) -> bool {
        matches!(self, Self::Discards | Self::GivesUp)
    }
}
