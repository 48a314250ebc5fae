//! Values of words of memory.

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
    /// An element of a list or a cache: a page, or none.
    Page(Option<Page>),
    /// Deferred TLB flushes.
    Flushes {
        /// The number of deferred flushes.
        put_off: u64,
        /// How many of those have been executed.
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
    /// A variable that has not been written to.
    Unset,
    /// A failure, such as `EFAULT`.
    Errno(Cow<'static, str>),
    /// A page that a call has returned.
    Handle(Handle),
    /// A child process: the name of its mm.
    Child(String),
}

/// An entry of a page table or a TLB.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Pte {
    /// What the entry maps.
    pub maps: Maps,
    /// The write bit.
    pub writable: bool,
    /// The dirty bit.
    pub dirty: bool,
    /// Whether a swap entry refers to a page that was exclusive.
    pub exclusive: bool,
    /// The soft-dirty bit.
    pub soft_dirty: bool,
    /// The userfaultfd-wp bit.
    pub uffd_wp: bool,
}

/// What an entry of a page table maps.
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
    /// A page that is unmapped for a moment: a migration entry.
    Migration(Page),
    /// A marker: no page, but the entry carries information.
    Marker,
    /// A page table: an entry of a page middle directory.
    Table,
    /// A huge page that the hardware does not find: an entry of a page middle directory that is being changed.
    Invalid(Page),
}

/// References to a page. A pin counts as many references, so that the two can be told apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct References {
    /// References that are not pins.
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
    /// Swap entries that refer to it, under a proposal that counts them in the same word.
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
    /// Readers hold it, with their number.
    Readers(u64),
    /// A writer holds it.
    Writer,
}

/// A page that a call has returned.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Handle {
    /// Whether it is a pin; otherwise it is a reference.
    pub pin: bool,
    /// The page.
    pub page: Page,
    /// Whether it has been released.
    pub given_back: bool,
}
