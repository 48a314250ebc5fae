//! The memory access of an event, and its result.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{Page, Pte, Value, Word};

/// A request and its result.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// Reads a word.
    Load {
        /// The word.
        word: Word,
        /// What was read.
        value: Value,
    },
    /// Writes a word.
    Store {
        /// The word.
        word: Word,
        /// What was written.
        value: Value,
    },
    /// Writes a word and returns the old value.
    Exchange {
        /// The word.
        word: Word,
        /// What was written.
        value: Value,
        /// What was there.
        old: Value,
    },
    /// Adds to a word.
    Add {
        /// The word.
        word: Word,
        /// How much.
        amount: Amount,
    },
    /// Subtracts from a word, and returns whether zero is left.
    SubtractAndTest {
        /// The word.
        word: Word,
        /// How much.
        amount: u64,
        /// Whether zero is left.
        zero: bool,
    },
    /// Adds to a word unless it has a certain value.
    AddUnless {
        /// The word.
        word: Word,
        /// How much.
        amount: u64,
        /// Whether it did.
        done: bool,
    },
    /// Writes a word if it has an expected value.
    CompareExchange {
        /// The word.
        word: Word,
        /// The expected value.
        old: Value,
        /// The new value.
        new: Value,
        /// Whether it was written.
        done: bool,
    },
    /// Sets bits of a word.
    Set {
        /// The word.
        word: Word,
        /// The names of the bits, if they have any.
        flags: Vec<Cow<'static, str>>,
    },
    /// Clears bits of a word.
    Clear {
        /// The word.
        word: Word,
        /// The names of the bits, if they have any.
        flags: Vec<Cow<'static, str>>,
    },
    /// Takes a lock, and waits for it if necessary.
    Lock {
        /// The word.
        word: Word,
    },
    /// Takes a lock if it is free.
    Trylock {
        /// The word.
        word: Word,
        /// Whether it did.
        done: bool,
    },
    /// Releases a lock.
    Unlock {
        /// The word.
        word: Word,
    },
    /// Turns a hold for writing into one for reading.
    Downgrade {
        /// The word.
        word: Word,
    },
    /// Enters a section whose end others can wait for.
    SectionBegin {
        /// The word.
        word: Word,
    },
    /// Leaves such a section.
    SectionEnd {
        /// The word.
        word: Word,
    },
    /// Waits until a word has a certain value.
    Await {
        /// The word.
        word: Word,
    },
    /// Waits until an actor has finished.
    Join {
        /// The actor.
        actor: String,
    },
    /// Waits for the other participants of a barrier of the scenario.
    Barrier,
    /// A memory barrier.
    Fence,
    /// Allocates a page.
    Allocate {
        /// The page.
        page: Page,
    },
    /// Frees a page.
    Free {
        /// The page.
        page: Page,
    },
    /// Frees a VMA.
    FreeVma {
        /// Its owner.
        mm: String,
        /// The area.
        area: String,
    },
    /// A nondeterministic choice other than scheduling.
    Choose {
        /// The alternative that was chosen.
        choice: u64,
        /// The number of alternatives.
        of: u32,
    },
    /// A load or store by user space.
    User(UserAccess),
    /// Drops entries of a CPU's TLB.
    FlushTlb {
        /// The entries.
        entries: Vec<Word>,
    },
}

/// The amount that is added to a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Amount {
    /// Added to the word, or to its lower half if it has a count in each half.
    pub plain: i64,
    /// Added to the inactive references of a page, which are in the upper half.
    pub inactive: i64,
}

/// A load or store by user space.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UserAccess {
    /// The page-table entry of the area that is accessed: its owner says which area of which mm.
    pub pte: Word,
    /// Which word of the area.
    pub nth: u8,
    /// What is stored; `None` for a load.
    pub store: Option<u64>,
    /// The result.
    pub outcome: UserOutcome,
}

/// The result of a load or store by user space.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum UserOutcome {
    /// The MMU refused it.
    PageFault {
        /// The page-table entry that it found.
        pte: Pte,
    },
    /// The entry is one of a page middle directory and refers to a page table: the walk goes on there.
    Table,
    /// It was made.
    Done {
        /// The value that was loaded; for a store, the previous value.
        value: u64,
        /// How the MMU found the page.
        by: Translation,
    },
}

/// How the MMU found a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Translation {
    /// Through the page table.
    Walk,
    /// Through the TLB.
    Tlb,
}
