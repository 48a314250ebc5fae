//! What a word of memory holds.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::Page;

/// The value of a word.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Value {
    /// A number.
    Number(u64),
    /// An entry of a page table or a TLB.
    Pte(Pte),
    /// The names of the flags that are set.
    Flags(Vec<Cow<'static, str>>),
    /// References to a page.
    References(References),
    /// Mappings of a page.
    Mappings(Mappings),
    /// A place for a page in a list or a cache: the page, or none.
    Page(Option<Page>),
    /// TLB flushes that were put off.
    Flushes {
        /// How many were put off.
        put_off: u64,
        /// How many of those were made.
        made: u64,
    },
    /// A lock.
    Lock(Lock),
    /// Whether a CPU has interrupts off.
    Interrupts {
        /// Whether they are off.
        off: bool,
    },
    /// Whether an object is alive.
    Alive(bool),
    /// A variable that nothing has been written to.
    Unset,
    /// A failure, as `EFAULT`.
    Errno(Cow<'static, str>),
    /// A page that a call gave out.
    Handle(Handle),
    /// A child process: the name of its mm.
    Child(String),
}

/// An entry of a page table or a TLB.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Pte {
    /// What is there.
    pub maps: Maps,
    /// The write bit.
    pub writable: bool,
    /// The dirty bit.
    pub dirty: bool,
    /// A swap entry stands for a page that was exclusive.
    pub exclusive: bool,
    /// The soft-dirty bit.
    pub soft_dirty: bool,
    /// The userfaultfd-wp bit.
    pub uffd_wp: bool,
}

/// What is at an entry of a page table.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Maps {
    /// Nothing.
    #[default]
    Nothing,
    /// A page.
    Page(Page),
    /// A swap slot.
    Swap(u16),
    /// A marker: nothing, but something is known of it.
    Marker,
}

/// References to a page. A pin is so many references that the two can be told apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct References {
    /// References that are no pins.
    pub plain: u64,
    /// Pins.
    pub pins: u64,
}

/// Mappings of a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Mappings {
    /// Entries of page tables that map it.
    pub active: u64,
    /// Swap entries that stand for it, under a proposal that counts them in the same word.
    pub inactive: u64,
}

/// A lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Lock {
    /// It is free.
    Free,
    /// A spinlock is held.
    Held,
    /// So many readers hold it.
    Readers(u64),
    /// A writer holds it.
    Writer,
}

/// A page that a call gave out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Handle {
    /// A pin; else a reference.
    pub pin: bool,
    /// The page.
    pub page: Page,
    /// It has been given back.
    pub given_back: bool,
}
