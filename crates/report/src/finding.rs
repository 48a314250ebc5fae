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
    /// What was seen.
    pub detail: Detail,
}

/// What was seen of damage.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Detail {
    /// An access that must not be.
    Fault {
        /// In which way.
        fault: Fault,
        /// Which access; `None` if the engine does not say.
        access: Option<Box<Faulty>>,
    },
    /// Nobody can move.
    Deadlock {
        /// What each of the actors waits for that have not finished; nothing if the engine does not say.
        waiting: Vec<Waiting>,
    },
    /// A predicate of the scenario fails.
    Predicate {
        /// The predicate, as it is written.
        text: String,
        /// It must be true; else it must not be.
        always: bool,
        /// What it speaks of, and what that is.
        values: Vec<(Term, Value)>,
    },
    /// What user space was promised does not hold.
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
        /// Who refers to it.
        holders: Holders,
    },
    /// Who maps a page, and how, does not go with its being exclusive or not.
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

/// In which way an access must not be.
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
    /// An object is allocated that is alive, or freed that is not.
    Twice,
}

/// An access that must not be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Faulty {
    /// The actor.
    pub actor: String,
    /// The kernel primitive.
    pub primitive: String,
    /// What was asked and answered.
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
    /// Others that have not come to a barrier of the scenario.
    Barrier {
        /// Those.
        absent: Vec<String>,
    },
    /// A lock, or another condition.
    Access {
        /// The kernel primitive.
        primitive: String,
        /// What it asks for.
        access: Box<Access>,
        /// Those that hold the lock.
        holders: Vec<String>,
    },
}

/// Something that a predicate of a scenario speaks of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Term {
    /// A variable.
    Variable(String),
    /// A word of memory, as its owner sees it.
    Memory {
        /// Whose.
        mm: String,
        /// The area.
        area: String,
        /// The word.
        word: u8,
    },
    /// How many copies were made in an mm that were not needed.
    Copies {
        /// The mm.
        mm: String,
    },
}

/// Who refers to a page: how many of each.
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
