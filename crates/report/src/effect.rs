//! Calls that do not do what they are for, and limits of the model that are reached.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::Called;

/// What a call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Aim {
    /// To page a page out.
    PageOut,
    /// To mark a page as one that may be freed.
    MarkFree,
    /// To discard what is mapped.
    Discard,
    /// To change the protection of an area.
    Protect,
    /// To write-protect pages for userfaultfd.
    WriteProtect,
}

/// What keeps a call from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Obstacle {
    /// There is no VMA.
    NoVma,
    /// There is no user of the mm any more.
    NoMm,
    /// The VMA is not registered for write-protection with a userfaultfd.
    NotRegistered,
    /// Nothing is mapped that the call is for.
    NothingMapped,
    /// The VMA has that protection.
    SameProtection,
    /// The mapping is one of a file.
    FileMapping,
    /// Somebody else maps the page as well.
    MappedByOthers,
    /// The page is on no LRU list: it is in a batch of a CPU, isolated, or free.
    NotOnLru,
    /// The page is marked as one that may be freed already.
    MarkedAlready,
    /// The page is in the swap cache.
    InSwapCache,
    /// The page may be pinned.
    MaybePinned,
    /// Somebody has the page locked.
    PageLocked,
}

/// Why a call did not do what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NoEffect {
    /// What it is for.
    pub aim: Aim,
    /// What kept it from that.
    pub why: Obstacle,
}

/// A limit of the model that kernels do not have, or have elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Limit {
    /// No swap slot was free.
    SwapSlots,
    /// The list of free pages was full, so that one page was never handed out again.
    FreePages,
}

/// What an execution has shown of a call, or of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Shown {
    /// The call with this number came to its end, and nothing kept it from what it is for.
    Effect(u16),
    /// The call with this number came to its end without doing what it is for.
    NoEffect(u16, NoEffect),
    /// A limit of the model was reached.
    Limit(Limit),
}

/// A call that does not do what it is for in any execution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Ineffective {
    /// The call.
    #[serde(flatten)]
    pub called: Called,
    /// What it is for.
    pub aim: Aim,
    /// All that kept it from that, in one execution or another.
    pub reasons: BTreeSet<Obstacle>,
}
