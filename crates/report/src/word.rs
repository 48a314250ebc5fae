//! Names of words of memory: their structure, its owner, and the field.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// A page. Its name means the same page in every interleaving.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Page {
    /// The page that an area has at the start.
    Initial {
        /// The area; `None` if the scenario has only one.
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
    /// A page that the program does not describe further.
    Numbered(u64),
}

/// The owner of a word: an instance of a structure.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Owner {
    /// The page table of an area.
    PageTable {
        /// Its owner.
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
        /// Its owner.
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
        /// The batch, such as `LRU batch`.
        batch: Cow<'static, str>,
    },
    /// A swap slot.
    Slot(u16),
    /// The variables of the whole kernel.
    Kernel,
    /// A variable of the scenario.
    Variable(String),
    /// The failure of a call without a result variable, by the number of the call.
    Call(u16),
    /// An object that the program does not describe further.
    Object(String),
}

/// The kind of a word, for explanations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// An entry of a page table.
    Pte,
    /// An entry of a TLB.
    Tlb,
    /// References to a page, including pins.
    References,
    /// Mappings of a page.
    Mappings,
    /// Flags of a page, or of a mapping.
    Flags,
    /// The content of a page.
    Content,
    /// A sequence count, or another mark that one side leaves for the other.
    Mark,
    /// A swap slot or the swap cache.
    Swap,
    /// A variable of the scenario.
    Variable,
    /// Words of use to the machinery only: locks, lists, bookkeeping.
    #[default]
    Other,
}

/// A word of memory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Word {
    /// Its owner.
    pub of: Owner,
    /// The field, by its name in the declaration of the structure: `_refcount`.
    pub field: Cow<'static, str>,
    /// The index, if the field is an array.
    pub nth: Option<u8>,
    /// The kind of the word, for explanations.
    pub kind: Kind,
}
