//! What user space was promised, and did not get.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// Something shows what no execution of the specification can show together with the rest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Broken {
    /// What shows it.
    pub subject: Subject,
    /// What was seen of it.
    pub seen: Seen,
    /// What the specification shows that is most like this execution.
    pub promised: Seen,
    /// Whose value it is about, if that is known.
    pub author: Option<Author>,
    /// The memory that it is about, if it is about memory.
    pub memory: Option<Place>,
}

/// What damage shows in. Variables first: they are what a scenario draws.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// A variable.
    Variable(String),
    /// The failure of a call that no variable keeps.
    Call {
        /// The actor whose call it is.
        actor: String,
        /// Its number.
        call: u16,
    },
    /// A word of memory at the end, as its owner sees it.
    Memory(Place),
    /// A handle at the end: whether it still is the memory that it was taken on.
    Handle {
        /// The variable that keeps it.
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

/// What was seen of something.
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
    /// A handle, whichever.
    Handle,
    /// A child process.
    Child,
    /// There is no such memory.
    Unmapped,
    /// What becomes of a store by the owner of the memory that a handle was taken on.
    OwnerStores(Through),
    /// What becomes of a store by the device through a handle.
    DeviceStores(Through),
}

/// What becomes of a store on the other side of a handle.
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

/// Whose value it is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Author {
    /// The actor.
    pub actor: String,
    /// Its device wrote, not its CPU.
    pub device: bool,
    /// The value.
    pub value: u64,
    /// The value should have been seen and was not; else it was seen and should not have been.
    pub missed: bool,
}
