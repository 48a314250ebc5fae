//! Why the model went on as it did.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{Page, References};

/// Why a branch is taken: what the kernel has found, and the consequence.
///
/// `P` is the type of page names: objects where the model gives the reason, [`Page`] where it is recorded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Reason<P = Page> {
    /// The fact.
    pub fact: Fact<P>,
    /// The consequence; `None` if it depends on other facts as well, or if there is none.
    pub then: Option<Then>,
}

/// A fact that the kernel has found, or an action that it has taken.
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
    /// A page is of a large folio.
    LargeFolio {
        /// The page.
        page: P,
    },
    /// `folio_large_mapcount` was read.
    LargeMapcount {
        /// The page.
        page: P,
        /// What was read.
        mapcount: u64,
    },
    /// `folio_large_mapcount` and `folio_ref_count` were read.
    LargeReferences {
        /// The page.
        page: P,
        /// The mappings of its folio.
        mapcount: u64,
        /// The references to it.
        count: References,
    },
    /// More than one mm may map the folio of a page (`folio_maybe_mapped_shared`).
    MaybeMappedShared {
        /// The page.
        page: P,
    },
    /// A part of what a huge page is mapped at is asked for.
    HugeInPart,
    /// The page is unmapped for a moment: there is a migration entry for it.
    Migration {
        /// The page.
        page: P,
    },
    /// The page has left the folio whose head was looked up.
    OtherFolio {
        /// The page.
        page: P,
    },
    /// PTEs in a row map pages of a large folio, and are changed together.
    PteBatch {
        /// The folio.
        page: P,
        /// The number of the PTEs.
        nr: u64,
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
    /// The counts and flags that decide whether a page marked by `MADV_FREE` is discarded.
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
    /// The page is a page of user space.
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
    /// What the counts of mappings and swap entries show together.
    MappedElsewhere {
        /// The page.
        page: P,
        /// Whether it is mapped elsewhere, or a swap entry refers to it there.
        elsewhere: bool,
    },
    /// The page is not on an LRU list.
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
    /// The page is no longer the page of the swap entry.
    OtherSwapEntry {
        /// The page.
        page: P,
    },
    /// The page-table entry differs from the one that was read before.
    PteChanged,
    /// The PMD is no longer the one that was read.
    PmdChanged,
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
    /// A TLB flush by another task is pending (`mm_tlb_flush_nested`).
    OtherFlushPending,
    /// Reclaim has deferred a TLB flush of the mm.
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
    /// The handle has no page.
    NoPage,
    /// Any other fact: for trying out a patch of the model.
    Text(Cow<'static, str>),
}

/// The consequence of a fact.
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
    /// The page is assumed to be exclusive.
    TakeAsExclusive,
    /// The page is not yet assumed to be exclusive.
    NotExclusiveYet,
    /// The page stays exclusive, and mapped.
    StayExclusive,
    /// The page is assumed to be shared.
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
    /// The mapping of the huge page is split.
    SplitPmd,
    /// The page is kept.
    Keep,
    /// The page stays marked as lazily freed.
    KeepLazyfree,
    /// The page is left as it is.
    Leave,
    /// The page is discarded.
    Discard,
    /// The PTEs are put back, all of them with the bits of the first.
    PutBackAlike,
    /// They are moved with the bits of the first.
    MoveAlike,
    /// The operation is tried again.
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
    /// The fault waits until the page is mapped again.
    AwaitMigration,
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

    /// The fact with other page names.
    pub fn map<Q>(self, name: impl Fn(P) -> Q) -> Fact<Q> {
        match self {
            Self::PageCount { page, count } => Fact::PageCount { page: name(page), count },
            Self::PageMapcount { page, mapcount } => Fact::PageMapcount { page: name(page), mapcount },
            Self::LargeFolio { page } => Fact::LargeFolio { page: name(page) },
            Self::LargeMapcount { page, mapcount } => Fact::LargeMapcount { page: name(page), mapcount },
            Self::LargeReferences { page, mapcount, count } => {
                Fact::LargeReferences { page: name(page), mapcount, count }
            }
            Self::MaybeMappedShared { page } => Fact::MaybeMappedShared { page: name(page) },
            Self::HugeInPart => Fact::HugeInPart,
            Self::Migration { page } => Fact::Migration { page: name(page) },
            Self::OtherFolio { page } => Fact::OtherFolio { page: name(page) },
            Self::PteBatch { page, nr } => Fact::PteBatch { page: name(page), nr },
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
            Self::PmdChanged => Fact::PmdChanged,
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
    /// The reason with other page names.
    pub fn map<Q>(self, name: impl Fn(P) -> Q) -> Reason<Q> {
        Reason { fact: self.fact.map(name), then: self.then }
    }
}
