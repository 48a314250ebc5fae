//! What an argument can be.

/// One argument of a syscall: what is written for it, and which of the [`Arguments`](super::Arguments) it gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// `O_DIRECT`, which goes without saying and is said nevertheless.
    Direct,
    /// The kind of file that direct I/O goes to: `file`. It may be left out.
    File,
    /// An area of the own mm: `va`.
    Area,
    /// A word of an area of the own mm: `va` and `word`.
    Word,
    /// An area of the own mm, where other calls take one of any mm: `target`.
    OwnMemory,
    /// An area of the mm of a process: `target`.
    Memory,
    /// A page, wherever it is mapped: `target`. It is found without a process.
    Page,
    /// The mm of a process: `mm`.
    Mm,
    /// A variable that holds a handle: `handle`.
    Handle,
    /// A handle that is given back as a pin or as a get: `handle`.
    GivenBack {
        /// As a pin.
        pin: bool,
    },
    /// A word of the page that a handle is of: `handle` and `word`.
    HandleWord,
    /// A word of the page that a handle is of, which is written through it: `handle` and `word`.
    WritableWord,
    /// A number or a variable: `value`.
    Value,
    /// A variable: `variable`.
    Variable,
    /// Flags of the GUP family: `flags`. They may be left out.
    GupFlags,
    /// `FOLL_WRITE` or nothing: `write`. It may be left out.
    Direction,
    /// Where memory goes: an area of the own mm: `to`.
    Destination,
    /// Advice of `madvise`: `advice`.
    Advice,
    /// Protection of `mprotect`: `write`.
    Protection,
    /// Mode of `UFFDIO_WRITEPROTECT`: `protect`.
    UffdMode,
}

impl Argument {
    /// The fewest and the most that is written for it, counted between commas.
    #[must_use]
    pub const fn count(self) -> (usize, usize) {
        match self {
            Self::File | Self::Direction => (0, 1),
            Self::GupFlags => (0, 3),
            _ => (1, 1),
        }
    }
}
