//! Names of words of memory: which structure, whose, which field.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// A page, named so that the name means the same in every interleaving.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Page {
    /// The page that an area has at the start.
    Initial {
        /// The area; `None` if the scenario has one only.
        area: Option<String>,
    },
    /// The `nth` page that an actor allocates, from 0.
    Allocated {
        /// The actor.
        actor: String,
        /// Which of its pages.
        nth: u16,
    },
    /// The shared zero page.
    Zero,
    /// The page of the page cache that a private file mapping maps.
    File {
        /// The area.
        area: String,
    },
    /// A page that the program does not say more of.
    Numbered(u64),
}

/// Whose a word is: an instance of a structure.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Owner {
    /// What a page table has for an area.
    PageTable {
        /// Whose it is.
        mm: String,
        /// The area.
        area: String,
    },
    /// The entry of a CPU's TLB for an area.
    Tlb {
        /// The actor whose CPU it is.
        cpu: String,
        /// The area.
        area: String,
    },
    /// `struct page`.
    Page(Page),
    /// `struct mm_struct`.
    Mm(String),
    /// `struct vm_area_struct`.
    Vma {
        /// Whose it is.
        mm: String,
        /// The area.
        area: String,
    },
    /// The variables of a CPU.
    Cpu(String),
    /// A batch of pages that a CPU has.
    Batch {
        /// The actor whose CPU it is.
        cpu: String,
        /// Which batch, as `LRU batch`.
        batch: Cow<'static, str>,
    },
    /// A swap slot.
    Slot(u16),
    /// What the whole kernel shares.
    Kernel,
    /// A variable of the scenario.
    Variable(String),
    /// The failure of a call that no variable keeps, by the number of the call.
    Call(u16),
    /// An object that the program does not say more of.
    Object(String),
}

/// What a word is to those who read an explanation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// An entry of a page table.
    Pte,
    /// An entry of a TLB.
    Tlb,
    /// References to a page, pins included.
    References,
    /// Mappings of a page.
    Mappings,
    /// Flags of a page, or of a mapping.
    Flags,
    /// What is in a page.
    Content,
    /// A sequence count, or another mark that one side leaves for the other.
    Mark,
    /// A swap slot or the swap cache.
    Swap,
    /// A variable of the scenario.
    Variable,
    /// What is of use to the machinery only: locks, lists, bookkeeping.
    #[default]
    Other,
}

/// A word of memory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Word {
    /// Whose it is.
    pub of: Owner,
    /// The field, as the declaration of the structure has it: `_refcount`.
    pub field: Cow<'static, str>,
    /// Its place, if the field is an array.
    pub nth: Option<u8>,
    /// What it is to those who read an explanation.
    pub kind: Kind,
}
