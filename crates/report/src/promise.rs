//! Broken promises to user space.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// An observation that no execution of the specification can show together with the other observations.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Broken {
    /// The subject of the observation.
    pub subject: Subject,
    /// The observation.
    pub seen: Seen,
    /// The observation in the most similar execution of the specification.
    pub promised: Seen,
    /// The author of the value, if known.
    pub author: Option<Author>,
    /// The memory, if the observation is about memory.
    pub memory: Option<Place>,
}

/// The subject of an observation. Variables come first, because a scenario shows them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// A variable.
    Variable(String),
    /// The failure of a call without a result variable.
    Call {
        /// The actor that makes the call.
        actor: String,
        /// Its number.
        call: u16,
    },
    /// A word of memory at the end, as its owner sees it.
    Memory(Place),
    /// A handle at the end: whether it still refers to the memory that it was taken on.
    Handle {
        /// The variable that holds it.
        variable: String,
        /// The mm that it was taken on.
        mm: String,
        /// The area.
        area: String,
    },
}

/// A place in the memory of a process.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Place {
    /// The mm.
    pub mm: String,
    /// The area.
    pub area: String,
    /// The word; `None` for the whole of a page.
    pub word: Option<u8>,
}

/// An observation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Seen {
    /// Nothing: a variable that was never set, a call that did not fail.
    Nothing,
    /// A number.
    Number(u64),
    /// A failure.
    Errno(Cow<'static, str>),
    /// A handle to any page.
    Handle,
    /// A child process.
    Child,
    /// There is no such memory.
    Unmapped,
    /// The result of a store by the owner of the memory that a handle was taken on.
    OwnerStores(Through),
    /// The result of a store by the device through a handle.
    DeviceStores(Through),
}

/// Whether a store is seen on the other side of a handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Through {
    /// It is seen there.
    Seen,
    /// It is not seen there.
    Missed,
    /// It cannot be made.
    Refused,
}

/// The author of a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Author {
    /// The actor.
    pub actor: String,
    /// Whether its device wrote, not its CPU.
    pub device: bool,
    /// The value.
    pub value: u64,
    /// Whether the value should have been seen but was not; otherwise it was seen but should not have been.
    pub missed: bool,
}
