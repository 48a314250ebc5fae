//! What holds a page in the place of a device or of a function of the kernel.

use cowrace_mm::Era;
use cowrace_mm::world::{Area, Call, FileKind, Target, VarId};

use crate::facility::Facility;
use crate::refusal::Why;

/// What holds a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Device {
    /// A pipe with the page: a reference, to read.
    Pipe,
    /// A fixed buffer of io_uring: a long-term pin, to write.
    FixedBuffer,
    /// `process_vm_readv` that waits for the other side: a short pin, to read.
    ProcessVmRead,
    /// `process_vm_writev` that waits for the other side: a short pin, to write.
    ProcessVmWrite {
        /// The word that it writes.
        word: u8,
    },
    /// `read(2)` from a FUSE file, whose server does not answer: as `O_DIRECT`, to write the page.
    FuseRead {
        /// The word that it writes.
        word: u8,
    },
    /// `write(2)` to a FUSE file, whose server does not read: as `O_DIRECT`, to read the page.
    FuseWrite {
        /// The word that it reads.
        word: u8,
    },
    /// The kernel's own test: a long-term pin, to read.
    GupTest {
        /// By GUP-fast.
        fast: bool,
    },
    /// `process_vm_readv` that gives the page back at once.
    Once,
    /// A store by `/proc/PID/mem`, which takes the page, writes and gives it back at once.
    ProcMem,
}

/// A page that is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handle {
    /// What holds it.
    pub device: Device,
    /// The page; its mm is the one whose process holds it.
    pub page: Target,
    /// The variable of the diagram.
    pub variable: Option<VarId>,
    /// The number of the call.
    pub call: u16,
}

/// What a diagram does through a handle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Uses {
    /// Accesses by the device that read, at how many moments.
    pub reads: usize,
    /// Accesses that write.
    pub writes: usize,
    /// The word of the first access.
    pub word: u8,
    /// It is taken, used at most to write once, and given back, and no other move is between.
    pub at_once: bool,
}

impl Device {
    /// The facility that it takes.
    #[must_use]
    pub const fn facility(self) -> Facility {
        match self {
            Self::Pipe => Facility::Pipe,
            Self::FixedBuffer => Facility::FixedBuffers,
            Self::ProcessVmRead | Self::ProcessVmWrite { .. } => Facility::ProcessVm,
            Self::FuseRead { .. } | Self::FuseWrite { .. } => Facility::Fuse,
            Self::GupTest { .. } => Facility::GupTest,
            Self::Once => Facility::ProcessVmOnce,
            Self::ProcMem => Facility::ProcMem,
        }
    }

    /// Whether reclaim of a sound kernel leaves the page alone: a pin, not a reference.
    pub(crate) fn is_pin(self, era: &Era) -> bool {
        match self {
            Self::Pipe | Self::Once | Self::ProcMem => false,
            Self::FuseRead { .. } | Self::FuseWrite { .. } => fuse_pins(era),
            Self::FixedBuffer | Self::ProcessVmRead | Self::ProcessVmWrite { .. } | Self::GupTest { .. } => {
                true
            }
        }
    }
}

/// Whether direct I/O of FUSE pins pages, since v6.9.
fn fuse_pins(era: &Era) -> bool {
    era.has("738adade96b2")
}

/// Whether direct I/O of block devices pins pages, since v6.5.
fn block_pins(era: &Era) -> bool {
    era.has("a7e689dd1c06")
}

/// Whether a FUSE file stands for a kind of file under a kernel.
pub(crate) fn file_is_fuse(era: &Era, file: FileKind) -> Result<(), Why> {
    match file {
        FileKind::Fuse => Ok(()),
        FileKind::Block if fuse_pins(era) == block_pins(era) => Ok(()),
        FileKind::Block => Err(Why::BlockIsNotFuse),
        FileKind::Nfs | FileKind::NineP => Err(Why::ForeignFile(file)),
    }
}

/// What stands for a call that takes hold of a page.
pub(crate) fn of(era: &Era, call: Call, area: &Area, uses: Uses) -> Result<Device, Why> {
    let Uses { reads, writes, word, at_once } = uses;
    let direct = |write: bool| match (write, reads, writes) {
        (true, 0, 0 | 1) => Ok(Device::FuseRead { word }),
        (false, 0 | 1, 0) => Ok(Device::FuseWrite { word }),
        _ => Err(Why::TooManyAccesses),
    };
    match call {
        Call::Vmsplice { .. } => Ok(Device::Pipe),
        Call::IoUringRegister { .. } => Ok(Device::FixedBuffer),
        Call::DirectRead { file, .. } => file_is_fuse(era, file).and(direct(true)),
        Call::DirectWrite { file, .. } => file_is_fuse(era, file).and(direct(false)),
        Call::ExtractPages { file, write, .. } => file_is_fuse(era, file).and(direct(write)),
        Call::Recvmsg { .. } => Err(Why::Ktls),
        Call::FuseSplice { .. } => Err(Why::FuseSplice),
        Call::Gup { fast: false, flags, .. } if area.uffd_wp && !flags.unlockable => Err(Why::FailsAtOnce),
        Call::Gup { pin, fast, flags, .. } => {
            // FOLL_FORCE makes a difference only where the area may not be written.
            let forced = flags.force && flags.write;
            match (pin, flags.write, flags.longterm) {
                (false, true, _) if at_once => Ok(Device::ProcMem),
                (_, true, _) if forced && area.read_only => Err(Why::HeldByForce),
                (true, false, false) if at_once && writes == 0 => Ok(Device::Once),
                (true, false, false) if reads <= 1 => Ok(Device::ProcessVmRead),
                (true, false, false) => Err(Why::TooManyAccesses),
                (true, false, true) => Ok(Device::GupTest { fast }),
                (true, true, false) if reads == 0 && writes == 1 => Ok(Device::ProcessVmWrite { word }),
                (true, true, _) => Ok(Device::FixedBuffer),
                (false, false, _) => Ok(Device::Pipe),
                (false, true, _) if !fuse_pins(era) => direct(true),
                (false, true, _) => Err(Why::GetToWrite),
            }
        }
        _ => Err(Why::NoSuchCall),
    }
}
