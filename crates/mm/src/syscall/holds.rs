//! How calls hold memory, and what is promised meanwhile.

/// How a call takes hold of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holds {
    /// As a get or as a pin.
    pub kind: Kind,
    /// What for.
    pub way: Way,
    /// What it takes hold of.
    pub of: Of,
    /// On whose behalf, which decides what is promised.
    pub api: Api,
    /// Whether it goes through GUP-fast.
    pub fast: bool,
}

/// A reference of `FOLL_GET` or of `FOLL_PIN`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A get.
    Get,
    /// A pin; a get in kernels that have no pins.
    Pin,
    /// The one or the other, by the era and the kind of file.
    ByEra,
}

/// What memory is held for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To read from.
    Read,
    /// To write into.
    Write,
    /// To write into if that is asked for, by `FOLL_WRITE`.
    Asked,
}

/// What is taken hold of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// The memory that the call's argument names.
    Memory,
    /// What another handle holds.
    Handle,
}

/// On whose behalf memory is held. A promise belongs to an API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Api {
    /// A pin.
    Pin,
    /// A get, or a pipe.
    Get,
    /// `O_DIRECT`.
    DirectIo,
    /// `recvmsg(2)`.
    Recvmsg,
}

/// What user space may rely on while memory is held. The specification has a rule for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Promise {
    /// A pin to write into.
    WritePin,
    /// A pin to read from, for long.
    LongtermReadPin,
    /// A pin to read from, for a short time.
    ReadPin,
    /// A get to write into.
    WriteGet,
    /// A get to read from.
    ReadGet,
    /// `read(2)` with `O_DIRECT`.
    DirectRead,
    /// `write(2)` with `O_DIRECT`.
    DirectWrite,
    /// `recvmsg(2)`.
    Recvmsg,
}
