//! Why the model goes on as it does.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{Page, References};

/// Why a branch is taken: what the kernel has found, and what it does about it.
///
/// `P` is how pages are named: by objects where the model gives the reason, by [`Page`] where it is kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Reason<P = Page> {
    /// What was found.
    pub fact: Fact<P>,
    /// What follows from it; `None` if that takes other facts as well, or if nothing follows.
    pub then: Option<Then>,
}

/// What the kernel has found, or has done.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Fact<P = Page> {
    /// `page_count` was read.
    PageCount {
        /// The page.
        page: P,
        /// What was read.
        count: References,
    },
    /// `page_mapcount` was read.
    PageMapcount {
        /// The page.
        page: P,
        /// What was read.
        mapcount: u64,
    },
    /// `page_mapcount` and `page_swapcount` were read.
    MapAndSwapcount {
        /// The page.
        page: P,
        /// Its mappings.
        mapcount: u64,
        /// Swap entries that refer to its slot; `None` if it is not in the swap cache.
        swapcount: Option<u64>,
    },
    /// Active and inactive references were read, under a proposal that counts them.
    ActiveInactive {
        /// The page.
        page: P,
        /// Mappings.
        active: u64,
        /// Swap entries.
        inactive: u64,
    },
    /// What decides whether a page that `MADV_FREE` was called for is discarded.
    Lazyfree {
        /// The page.
        page: P,
        /// Its references.
        count: References,
        /// Its mappings.
        mapcount: u64,
        /// Whether it is dirty.
        dirty: bool,
    },
    /// `PageAnonExclusive` was tested.
    AnonExclusive {
        /// The page.
        page: P,
        /// Whether it is set.
        exclusive: bool,
    },
    /// The page is not anonymous.
    NotAnonymous {
        /// The page.
        page: P,
    },
    /// The page is one of user space.
    UserPage {
        /// The page.
        page: P,
    },
    /// The page is locked.
    PageLocked {
        /// The page.
        page: P,
    },
    /// `page_maybe_dma_pinned`: the page may be pinned.
    MaybePinned {
        /// The page.
        page: P,
    },
    /// The page may be shared with another process.
    MaybeShared {
        /// The page.
        page: P,
    },
    /// What counts of mappings and swap entries say together.
    MappedElsewhere {
        /// The page.
        page: P,
        /// Whether it is mapped elsewhere, or a swap entry stands for it there.
        elsewhere: bool,
    },
    /// The page is on no LRU list.
    NotOnLru {
        /// The page.
        page: P,
    },
    /// The page is clean.
    Clean {
        /// The page.
        page: P,
    },
    /// The page is under writeback.
    Writeback {
        /// The page.
        page: P,
    },
    /// The page was copied.
    Copied {
        /// From here.
        from: P,
        /// To there.
        to: P,
    },
    /// The swap entry is exclusive.
    SwapEntryExclusive,
    /// The swap slot is free by now.
    SwapSlotFree {
        /// The slot.
        slot: u16,
    },
    /// The page no longer is that of the swap entry.
    OtherSwapEntry {
        /// The page.
        page: P,
    },
    /// The page-table entry is another than the one that was read before.
    PteChanged,
    /// The VMA does not allow the access.
    AccessRefused,
    /// There is a marker of userfaultfd where nothing is mapped.
    UffdMarker,
    /// The page is write-protected by userfaultfd.
    UffdProtected {
        /// Whether this fault may wait.
        may_wait: bool,
    },
    /// A TLB flush is pending, in an area that is registered with a userfaultfd for write-protection.
    UffdFlushPending,
    /// A TLB flush of somebody else is pending (`mm_tlb_flush_nested`).
    OtherFlushPending,
    /// Reclaim has put off a TLB flush of the mm.
    FlushPutOff,
    /// No entry of a page table was changed.
    NothingGathered,
    /// `write_protect_seq` is odd: a fork is under way.
    SeqcountOdd,
    /// `write_protect_seq` has moved: a fork was under way.
    SeqcountMoved,
    /// GUP-fast has failed.
    GupFastFailed,
    /// The task has no mm any more.
    TaskWithoutMm,
    /// The mm has no user any more.
    MmWithoutUsers,
    /// The handle stands for no page.
    NoPage,
    /// Anything else: for a patch of the model that is to be tried out.
    Text(Cow<'static, str>),
}

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Then {
    /// The page is copied.
    Copy,
    /// The page is copied for the child, at fork.
    CopyForChild,
    /// The page is reused: its entry becomes writable.
    Reuse,
    /// The page is taken to be exclusive.
    TakeAsExclusive,
    /// The page is not taken to be exclusive yet.
    NotExclusiveYet,
    /// The page stays exclusive, and mapped.
    StayExclusive,
    /// The page is taken to be shared.
    TakeAsShared,
    /// The references of the page are counted.
    CountReferences,
    /// The page is mapped writable.
    MapWritable,
    /// The page is mapped read-only.
    MapReadOnly,
    /// The page stays mapped writable.
    LeaveWritable,
    /// The page is unshared first.
    Unshare,
    /// The reference that was taken is dropped, and the page is unshared.
    DropAndUnshare,
    /// The reference that was taken is dropped.
    DropReference,
    /// The pin that was taken is dropped.
    DropPin,
    /// The copy that was made is thrown away.
    DropCopy,
    /// The page is kept.
    Keep,
    /// The page is kept as one that may be freed.
    KeepLazyfree,
    /// The page is left as it is.
    Leave,
    /// The page is discarded.
    Discard,
    /// It is tried again.
    TryAgain,
    /// The slow path is taken.
    SlowPath,
    /// The TLB is flushed before the page is looked at.
    FlushFirst,
    /// The TLB is flushed now.
    FlushNow,
    /// All TLB entries of the mm are flushed.
    FlushAll,
    /// Nothing is flushed.
    NoFlush,
    /// The fault waits for the monitor of the userfaultfd.
    Wait,
    /// The fault fails.
    Fail,
    /// The task gets a SIGSEGV.
    Sigsegv,
}

impl<P> Fact<P> {
    /// The fact as a reason for something.
    pub fn so(self, then: Then) -> Reason<P> {
        Reason { fact: self, then: Some(then) }
    }

    /// The fact with pages named in another way.
    pub fn map<Q>(self, name: impl Fn(P) -> Q) -> Fact<Q> {
        match self {
            Self::PageCount { page, count } => Fact::PageCount { page: name(page), count },
            Self::PageMapcount { page, mapcount } => Fact::PageMapcount { page: name(page), mapcount },
            Self::MapAndSwapcount { page, mapcount, swapcount } => {
                Fact::MapAndSwapcount { page: name(page), mapcount, swapcount }
            }
            Self::ActiveInactive { page, active, inactive } => {
                Fact::ActiveInactive { page: name(page), active, inactive }
            }
            Self::Lazyfree { page, count, mapcount, dirty } => {
                Fact::Lazyfree { page: name(page), count, mapcount, dirty }
            }
            Self::AnonExclusive { page, exclusive } => Fact::AnonExclusive { page: name(page), exclusive },
            Self::NotAnonymous { page } => Fact::NotAnonymous { page: name(page) },
            Self::UserPage { page } => Fact::UserPage { page: name(page) },
            Self::PageLocked { page } => Fact::PageLocked { page: name(page) },
            Self::MaybePinned { page } => Fact::MaybePinned { page: name(page) },
            Self::MaybeShared { page } => Fact::MaybeShared { page: name(page) },
            Self::MappedElsewhere { page, elsewhere } => {
                Fact::MappedElsewhere { page: name(page), elsewhere }
            }
            Self::NotOnLru { page } => Fact::NotOnLru { page: name(page) },
            Self::Clean { page } => Fact::Clean { page: name(page) },
            Self::Writeback { page } => Fact::Writeback { page: name(page) },
            Self::Copied { from, to } => Fact::Copied { from: name(from), to: name(to) },
            Self::OtherSwapEntry { page } => Fact::OtherSwapEntry { page: name(page) },
            Self::SwapEntryExclusive => Fact::SwapEntryExclusive,
            Self::SwapSlotFree { slot } => Fact::SwapSlotFree { slot },
            Self::PteChanged => Fact::PteChanged,
            Self::AccessRefused => Fact::AccessRefused,
            Self::UffdMarker => Fact::UffdMarker,
            Self::UffdProtected { may_wait } => Fact::UffdProtected { may_wait },
            Self::UffdFlushPending => Fact::UffdFlushPending,
            Self::OtherFlushPending => Fact::OtherFlushPending,
            Self::FlushPutOff => Fact::FlushPutOff,
            Self::NothingGathered => Fact::NothingGathered,
            Self::SeqcountOdd => Fact::SeqcountOdd,
            Self::SeqcountMoved => Fact::SeqcountMoved,
            Self::GupFastFailed => Fact::GupFastFailed,
            Self::TaskWithoutMm => Fact::TaskWithoutMm,
            Self::MmWithoutUsers => Fact::MmWithoutUsers,
            Self::NoPage => Fact::NoPage,
            Self::Text(text) => Fact::Text(text),
        }
    }
}

impl<P> From<Fact<P>> for Reason<P> {
    fn from(fact: Fact<P>) -> Self {
        Self { fact, then: None }
    }
}

impl<P> Reason<P> {
    /// The reason with pages named in another way.
    pub fn map<Q>(self, name: impl Fn(P) -> Q) -> Reason<Q> {
        Reason { fact: self.fact.map(name), then: self.then }
    }
}
