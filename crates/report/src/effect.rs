//! Calls without their intended effect, and limits of the model that are reached.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::Called;

/// The intended effect of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Aim {
    /// To page out a page.
    PageOut,
    /// To mark a page as lazily freed.
    MarkFree,
    /// To discard the mapped page.
    Discard,
    /// To change the protection of an area.
    Protect,
    /// To write-protect pages for userfaultfd.
    WriteProtect,
    /// To split a folio.
    Split,
    /// To move memory to another address.
    Move,
    /// To make one huge page of the pages of a range.
    Collapse,
}

/// What prevents the intended effect of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Obstacle {
    /// There is no VMA.
    NoVma,
    /// The mm has no users any more.
    NoMm,
    /// The VMA is not registered for write-protection with a userfaultfd.
    NotRegistered,
    /// No page is mapped.
    NothingMapped,
    /// The VMA already has that protection.
    SameProtection,
    /// The mapping is a file mapping.
    FileMapping,
    /// The area is of huge pages of hugetlb, and the call fails with `EINVAL`.
    Hugetlb,
    /// Another mm maps the page as well.
    MappedByOthers,
    /// The page is not on an LRU list: it is in the batch of a CPU, isolated, or free.
    NotOnLru,
    /// The page is one of hugetlb, and those are on no LRU list.
    NeverOnLru,
    /// The page is already marked as lazily freed.
    MarkedAlready,
    /// The page is in the swap cache.
    InSwapCache,
    /// The page may be pinned.
    MaybePinned,
    /// The page is locked.
    PageLocked,
    /// The folio of the page was not split: somebody else had a reference to it.
    NotSplit,
    /// The page is not part of a large folio.
    NotLarge,
    /// The VMA has no room for a huge page.
    TooSmall,
    /// Somebody has a reference to the page that is no mapping.
    InUse,
    /// No entry allows writing.
    NothingWritable,
    /// No page was accessed lately.
    NothingYoung,
    /// Userfaultfd write-protects a page.
    WriteProtected,
    /// There is a huge page already.
    HugeAlready,
    /// A page is part of a large folio.
    LargeFolio,
    /// A page is on swap, or is being migrated.
    NotPresent,
    /// A page is not populated, and the VMA is registered with a userfaultfd.
    NotPopulated,
}

/// Why a call did not have its intended effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NoEffect {
    /// The intended effect.
    pub aim: Aim,
    /// What prevented it.
    pub why: Obstacle,
}

/// A limit of the model that kernels do not have, or that is different there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Limit {
    /// No swap slot was free.
    SwapSlots,
    /// The list of free pages was full, so that one page was never handed out again.
    FreePages,
}

/// What an execution has shown about a call or about the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Shown {
    /// The call with this number finished, and nothing prevented its intended effect.
    Effect(u16),
    /// The call with this number finished without its intended effect.
    NoEffect(u16, NoEffect),
    /// A limit of the model was reached.
    Limit(Limit),
}

/// A call that does not have its intended effect in any execution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Ineffective {
    /// The call.
    #[serde(flatten)]
    pub called: Called,
    /// The intended effect.
    pub aim: Aim,
    /// Everything that prevented it, over all executions.
    pub reasons: BTreeSet<Obstacle>,
}
