//! What is wrong with an execution.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{Access, Broken, Class, Page, References, Value};

/// What is wrong with an execution.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Finding {
    /// The damage.
    pub class: Class,
    /// The damage that was observed.
    pub detail: Detail,
}

/// The damage that was observed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Detail {
    /// An illegal access.
    Fault {
        /// How it is illegal.
        fault: Fault,
        /// The access; `None` if the engine does not report it.
        access: Option<Box<Faulty>>,
    },
    /// No actor can move.
    Deadlock {
        /// What each unfinished actor waits for; empty if the engine does not report it.
        waiting: Vec<Waiting>,
    },
    /// A predicate of the scenario fails.
    Predicate {
        /// The predicate, as it is written.
        text: String,
        /// Whether it must always be true; otherwise it must never be true.
        always: bool,
        /// Its terms, with their values.
        values: Vec<(Term, Value)>,
    },
    /// The execution violates the specification.
    Promise(Box<Broken>),
    /// A page was freed while it was mapped or in the swap cache.
    BadPage {
        /// The page.
        page: Page,
    },
    /// The references of a page and its holders do not add up.
    References {
        /// The page.
        page: Page,
        /// What `_refcount` says.
        refcount: References,
        /// What `_mapcount` says.
        mapcount: u64,
        /// The holders of references to it.
        holders: Holders,
    },
    /// The mappings of a page contradict its exclusive flag.
    Exclusivity {
        /// The page.
        page: Page,
        /// What `_mapcount` says.
        mapcount: u64,
        /// Whether it is mapped writable.
        writable: bool,
        /// Whether it is marked exclusive.
        exclusive: bool,
    },
    /// Anything else.
    Text(Cow<'static, str>),
}

impl From<&'static str> for Detail {
    fn from(text: &'static str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Detail {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

/// How an access is illegal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// Freed memory is used.
    Freed,
    /// A count goes below zero.
    BelowZero,
    /// A lock is released that is not held: a defect of the model.
    NotHeld,
    /// An object is allocated although it is alive, or freed although it is not.
    Twice,
}

/// An illegal access.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Faulty {
    /// The actor.
    pub actor: String,
    /// The kernel primitive.
    pub primitive: String,
    /// The access and its result.
    pub access: Access,
    /// The kernel function.
    pub function: String,
}

/// An actor that cannot move.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Waiting {
    /// The actor.
    pub actor: String,
    /// What it waits for.
    pub waits: Waits,
}

/// What an actor waits for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Waits {
    /// Nothing: it has finished.
    Finished,
    /// Another actor, which has not finished.
    Actor(String),
    /// Other actors that have not reached a barrier of the scenario.
    Barrier {
        /// The names of these actors.
        absent: Vec<String>,
    },
    /// A lock, or another condition.
    Access {
        /// The kernel primitive.
        primitive: String,
        /// The access that it waits in.
        access: Box<Access>,
        /// The actors that hold the lock.
        holders: Vec<String>,
    },
}

/// A term of a predicate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Term {
    /// A variable.
    Variable(String),
    /// A word of memory, as its owner sees it.
    Memory {
        /// Its mm.
        mm: String,
        /// The area.
        area: String,
        /// The word.
        word: u8,
    },
    /// The number of unnecessary copies in an mm.
    Copies {
        /// The mm.
        mm: String,
    },
}

/// The holders of references to a page, with their numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Holders {
    /// Entries of page tables.
    pub mappings: u64,
    /// The swap cache.
    pub swap_cache: u64,
    /// Batches of CPUs.
    pub batches: u64,
    /// References that calls gave out.
    pub gets: u64,
    /// Pins that calls gave out.
    pub pins: u64,
}
