//! What calls are told: values, memory, flags.

use cowrace_machine::encode;

use super::ids::{MmId, Va, VarId};

/// A number or a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arg {
    /// A number.
    Number(u64),
    /// What a variable holds when the call is made.
    Variable(VarId),
}

/// Memory, from wherever it is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Target {
    /// The mm.
    pub mm: MmId,
    /// The address.
    pub va: Va,
}

/// Flags of the GUP family.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GupFlags {
    /// `FOLL_WRITE`.
    pub write: bool,
    /// `FOLL_FORCE`.
    pub force: bool,
    /// `FOLL_LONGTERM`.
    pub longterm: bool,
    /// Whether it may let go of the mmap lock to wait, and then try again: a `locked` was passed, which kernels since
    /// v6.2 note as `FOLL_UNLOCKABLE`. Who may not gets `EFAULT` where userfaultfd would have it wait.
    pub unlockable: bool,
}
encode!(struct GupFlags { write, force, longterm, unlockable });

/// What kind of file direct I/O goes to: it decides how the page is held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// A block device, or a file system that does I/O as those do.
    #[default]
    Block,
    /// NFS.
    Nfs,
    /// 9p over virtio, without a copy.
    NineP,
    /// FUSE, opened by the server with `FOPEN_DIRECT_IO`.
    Fuse,
}
encode!(fieldless enum FileKind, Advice);

impl FileKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Block, Self::Nfs, Self::NineP, Self::Fuse];

    /// The word for it in a scenario.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Nfs => "nfs",
            Self::NineP => "9p",
            Self::Fuse => "fuse",
        }
    }
}

/// Advice of `madvise`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// `MADV_DONTNEED`.
    DontNeed,
    /// `MADV_DONTFORK`.
    DontFork,
    /// `MADV_DOFORK`.
    DoFork,
    /// `MADV_PAGEOUT`.
    PageOut,
    /// `MADV_FREE`.
    Free,
    /// `MADV_COLLAPSE`.
    Collapse,
}
