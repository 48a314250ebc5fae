//! What a call is, apart from how it is made: calls of one kind show the same races.

use cowrace_mm::syscall::{Access, Change, Gives, Life, Promise, Syscall};
use cowrace_mm::world::Call;

use crate::alphabet::Template;

/// The kind of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// It takes hold of memory, and this is what user space may rely on meanwhile.
    Holds(Promise),
    /// It moves a word.
    Moves(Access),
    /// It changes how memory is mapped.
    Changes(Change),
    /// It makes a child.
    Fork,
    /// It ends its process.
    Exit,
    /// Another one, by its name.
    Other(&'static str),
}

impl Kind {
    /// That of a call that is tried.
    #[must_use]
    pub fn of(template: &Template) -> Self {
        Self::of_row(template.row, &template.call())
    }

    /// That of any call; `None` if the model has no row for it.
    #[must_use]
    pub fn of_call(call: &Call) -> Option<Self> {
        Some(Self::of_row(call.syscall()?, call))
    }

    fn of_row(row: &Syscall, call: &Call) -> Self {
        match (call.promise(), row.access, call.change()) {
            (Some(promise), ..) => Self::Holds(promise),
            (None, Some(access), _) => Self::Moves(access),
            (None, None, Change::Nothing) if row.gives == Gives::Child => Self::Fork,
            (None, None, Change::Nothing) if row.life == Life::Exits => Self::Exit,
            (None, None, Change::Nothing) => Self::Other(row.name()),
            (None, None, change) => Self::Changes(change),
        }
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Holds(Promise::WritePin) => "pin to write",
            Self::Holds(Promise::LongtermReadPin) => "long-term pin to read",
            Self::Holds(Promise::ReadPin) => "pin to read",
            Self::Holds(Promise::WriteGet) => "get to write",
            Self::Holds(Promise::ReadGet) => "get to read",
            Self::Holds(Promise::DirectRead) => "O_DIRECT read",
            Self::Holds(Promise::DirectWrite) => "O_DIRECT write",
            Self::Holds(Promise::Recvmsg) => "recvmsg",
            Self::Moves(Access::Load) => "load",
            Self::Moves(Access::Store) => "store",
            Self::Moves(Access::DeviceRead) => "device read",
            Self::Moves(Access::DeviceWrite) => "device write",
            Self::Changes(Change::Reclaims) => "reclaim",
            Self::Changes(Change::Unmaps) => "munmap",
            Self::Changes(Change::Moves) => "mremap",
            Self::Changes(Change::Discards) => "MADV_DONTNEED",
            Self::Changes(Change::GivesUp) => "MADV_FREE",
            Self::Changes(Change::WriteProtects) => "write-protection",
            Self::Changes(Change::Nothing) => "nothing",
            Self::Fork => "fork",
            Self::Exit => "exit",
            Self::Other(name) => name,
        }
    }
}
