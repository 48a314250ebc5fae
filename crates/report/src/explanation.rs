//! An execution explained: what each row of its diagram changes and why, what is wrong with it, and the nearest execution
//! that holds.

use serde::{Deserialize, Serialize};

use crate::{
    Access, Change, Cow, Finding, Maps, NoEffect, Owner, Page, Pte, Reason, References, Value, Word,
};

/// What memory holds before anything happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Known {
    /// An entry of a page table or a TLB.
    Entry {
        /// Which.
        word: Word,
        /// What it is.
        pte: Pte,
    },
    /// The references of a page.
    References {
        /// The page.
        page: Page,
        /// How many.
        count: References,
        /// What holds them.
        holders: Vec<Holder>,
    },
}

/// What holds references of a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Holder {
    /// So many entries of page tables.
    Mappings(u64),
    /// A place in a list or a cache, by its owner: a batch of a CPU, a slot of the swap cache.
    List(Owner),
    /// So many pins.
    Pins(u64),
    /// So many that memory does not tell of: GUP, or a fault that is under way.
    Others(u64),
}

/// A row of a diagram: a call of an actor, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowName {
    /// The actor.
    pub actor: String,
    /// The call, as it stands in the scenario.
    pub call: String,
    /// How much of it.
    pub extent: Extent,
}

/// How much of a call a row is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Extent {
    /// All of it.
    Whole,
    /// Up to a step that has a name.
    UpTo(String),
    /// What is left of it.
    Rest,
}

/// A kernel function, as the release spells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Its file.
    pub file: String,
    /// The release in which it was read.
    pub release: String,
}

/// What happens in a row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The row; `None` if nothing happens in it.
    pub name: Option<RowName>,
    /// What happens, by the kernel function that does it.
    pub parts: Vec<Part>,
}

/// What one function does in a row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The function; `None` for what no kernel does.
    pub function: Option<Function>,
    /// What it does.
    pub lines: Vec<Line>,
}

/// One thing that happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Line {
    /// An access: by user space or a device, or one that allocates or frees a page.
    Access {
        /// The kernel primitive.
        primitive: String,
        /// What was asked and answered.
        access: Access,
    },
    /// The access went through a TLB entry that says what the page table does not.
    Stale {
        /// The entry.
        entry: Pte,
        /// What the page table says.
        page_table: Pte,
    },
    /// Why the kernel goes on as it does.
    Reason(Reason),
    /// What holds the references that the reason counts.
    HeldBy(Vec<Holder>),
    /// The call does not do what it is for.
    NoEffect(NoEffect),
    /// A word is another after the row than before it.
    Change(Change),
    /// A whole call changes nothing.
    Nothing,
}

/// A reason, and the function that gives it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// The reason.
    pub reason: Reason,
    /// The function; `None` for what no kernel does.
    pub function: Option<Function>,
}

/// What is wrong with an execution, and how it came to that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// What is wrong.
    pub finding: Finding,
    /// The kind of copy-on-write mistake, if it is one.
    pub cow: Option<Cow>,
    /// How it came to that, in the order in which it is told. Rows count from 1.
    pub clues: Vec<Clue>,
}

/// One thing that led to damage. Rows count from 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Clue {
    /// The value that the damage is about was written.
    Wrote {
        /// The row.
        row: usize,
        /// The actor.
        actor: String,
        /// Its device wrote, not its CPU.
        device: bool,
        /// The value.
        value: u64,
        /// Where it was written to.
        word: Word,
        /// Through a TLB entry that should have been gone.
        stale: bool,
        /// Why that was possible.
        why: Option<Given>,
    },
    /// The memory ceased to be a page.
    Replaced {
        /// The row.
        row: usize,
        /// The page.
        page: Page,
        /// What took its place.
        by: Maps,
        /// It was before the value was written.
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

/// What is found by an actor that looks.
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

/// What became of the search for the nearest execution that holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Nearest {
    /// One row is moved.
    Moved(Box<Counterfactual>),
    /// No row that is moved by itself makes it hold.
    None,
    /// There is too much to try.
    TooLarge,
}

/// An execution that holds, and differs in the place of one row. Rows count from 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counterfactual {
    /// The row that is moved.
    pub moved: (usize, RowName),
    /// The row that it is moved past: the farthest.
    pub past: (usize, RowName),
    /// It comes before that row instead of after it; else the other way round.
    pub earlier: bool,
    /// The reasons that are given in it and not in the bad one.
    pub reasons: Vec<Given>,
    /// What variables are then that were something else.
    pub outcome: Vec<(String, Value)>,
}
