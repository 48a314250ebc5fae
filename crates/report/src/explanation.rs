//! An execution explained: what each row of its diagram changes and why, what is wrong with it, and the nearest execution
//! that holds.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    Access, Change, Cow, Finding, Maps, NoEffect, Owner, Page, Pte, Reason, References, Value, Word,
};

/// A part of the initial content of memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Known {
    /// An entry of a page table or a TLB.
    Entry {
        /// The entry.
        word: Word,
        /// Its value.
        pte: Pte,
    },
    /// The references to a page.
    References {
        /// The page.
        page: Page,
        /// Their number.
        count: References,
        /// Their holders.
        holders: Vec<Holder>,
    },
}

/// A holder of references to a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Holder {
    /// Entries of page tables, with their number.
    Mappings(u64),
    /// A list or a cache, by its owner: a batch of a CPU, a slot of the swap cache.
    List(Owner),
    /// Pins, with their number.
    Pins(u64),
    /// Holders that memory does not show, with their number: GUP, or a fault that is under way.
    Others(u64),
}

/// The content of memory at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// The words that were not zero at the start, or have changed since, with their values.
    pub words: BTreeMap<Word, Value>,
    /// The pages that were in use and are free.
    pub freed: BTreeSet<Page>,
}

/// A row of a diagram: a call of an actor, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowName {
    /// The actor.
    pub actor: String,
    /// The text of the call in the scenario.
    pub call: String,
    /// The part of the call.
    pub extent: Extent,
}

/// The part of a call that a row shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Extent {
    /// The whole call.
    Whole,
    /// The part up to a named step.
    UpTo(String),
    /// The rest of the call.
    Rest,
}

/// A kernel function, by its name in a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Its file.
    pub file: String,
    /// The release.
    pub release: String,
}

/// What happens in a row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The row; `None` if nothing happens in it.
    pub name: Option<RowName>,
    /// The events, by kernel function.
    pub parts: Vec<Part>,
}

/// What one function does in a row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The function; `None` for events outside of the kernel.
    pub function: Option<Function>,
    /// Its events.
    pub lines: Vec<Line>,
}

/// One event or change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Line {
    /// An access by user space or a device, or an allocation or freeing of a page.
    Access {
        /// The kernel primitive.
        primitive: String,
        /// The access and its result.
        access: Access,
    },
    /// A page is allocated as one of a huge page, after its first.
    Tail {
        /// The page.
        page: Page,
        /// The first page.
        head: Page,
    },
    /// The access went through a TLB entry that differs from the page table.
    Stale {
        /// The entry.
        entry: Pte,
        /// The entry of the page table.
        page_table: Pte,
    },
    /// Why the kernel went on as it did.
    Reason(Reason),
    /// The holders of the references that the reason counts.
    HeldBy(Vec<Holder>),
    /// The call does not have its intended effect.
    NoEffect(NoEffect),
    /// A word has another value after the row than before it.
    Change(Change),
    /// A whole call changes nothing.
    Nothing,
}

/// A reason, and the function that gives it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Given {
    /// The reason.
    pub reason: Reason,
    /// The function; `None` for events outside of the kernel.
    pub function: Option<Function>,
}

/// What is wrong with an execution, and how that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// The finding.
    pub finding: Finding,
    /// The kind of copy-on-write mistake, if it is one.
    pub cow: Option<Cow>,
    /// How that happened, in the order in which it is told. Rows count from 1.
    pub clues: Vec<Clue>,
}

/// One event that led to the damage. Rows count from 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Clue {
    /// The damaged value was written.
    Wrote {
        /// The row.
        row: usize,
        /// The actor.
        actor: String,
        /// Whether its device wrote, not its CPU.
        device: bool,
        /// The value.
        value: u64,
        /// The word that it was written to.
        word: Word,
        /// Whether it was written through a stale TLB entry.
        stale: bool,
        /// Why that was possible.
        why: Option<Given>,
    },
    /// The page was replaced.
    Replaced {
        /// The row.
        row: usize,
        /// The page.
        page: Page,
        /// What replaced it.
        by: Maps,
        /// Whether this was before the value was written.
        before_write: bool,
        /// Why.
        why: Option<Given>,
    },
    /// The handle was taken on a page.
    Taken {
        /// The row.
        row: usize,
        /// The handle.
        handle: String,
        /// The page.
        page: Page,
    },
    /// An actor looks at the memory, and the damage shows.
    Looked {
        /// The row.
        row: usize,
        /// The actor.
        actor: String,
        /// What it finds.
        finds: Finds,
    },
    /// The owner of the memory finds the damage whenever it looks.
    Owns {
        /// The mm.
        mm: String,
        /// The area.
        area: String,
        /// What it finds.
        finds: Finds,
    },
    /// A page was copied that was not shared.
    Copied {
        /// The row.
        row: usize,
        /// Why.
        why: Given,
    },
    /// The damage shows.
    Shows {
        /// The row.
        row: usize,
    },
}

/// What an actor finds that looks at the memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finds {
    /// The value that was written is not there.
    Missing,
    /// The value that was written is there, and should not be.
    Present,
    /// A value that is not known to have been written.
    Other,
}

/// The result of the search for the nearest execution that holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Nearest {
    /// One row is moved.
    Moved(Box<Counterfactual>),
    /// Moving a single row does not make the execution hold.
    None,
    /// There are too many executions to search.
    TooLarge,
}

/// An execution that holds and differs only in the place of one row. Rows count from 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counterfactual {
    /// The row that is moved.
    pub moved: (usize, RowName),
    /// The row that it is moved past: the farthest.
    pub past: (usize, RowName),
    /// Whether it comes before that row instead of after it; otherwise it is the other way round.
    pub earlier: bool,
    /// The reasons that are given in this execution and not in the bad one.
    pub reasons: Vec<Given>,
    /// The variables with other values, with their values in this execution.
    pub outcome: Vec<(String, Value)>,
}
