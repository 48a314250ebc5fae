//! What a program needs of its kernel.

/// A facility of the kernel, or of its machine. Where one is lacking, the program says SKIP, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Facility {
    /// `vmsplice(2)` and `tee(2)`.
    Pipe,
    /// Fixed buffers of io_uring.
    FixedBuffers,
    /// `userfaultfd(2)` for pages that are missing.
    Userfaultfd,
    /// `process_vm_readv(2)` and `process_vm_writev(2)` that wait for a missing page.
    ProcessVm,
    /// `process_vm_readv(2)` and `process_vm_writev(2)` at once.
    ProcessVmOnce,
    /// `/proc/PID/mem`.
    ProcMem,
    /// The kernel's own test of long-term pins.
    GupTest,
    /// A file with `O_DIRECT`.
    DirectIo,
    /// A FUSE file with direct I/O, served by the program.
    Fuse,
    /// Write-protection by userfaultfd.
    WriteProtect,
    /// Soft-dirty bits.
    SoftDirty,
    /// Swap, and `MADV_PAGEOUT`.
    Swap,
    /// Reclaim by a memory cgroup, for pages that several processes map. What lacks it skips only where it is needed.
    Cgroup,
}

/// The pieces of C of a facility.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pieces {
    /// The text.
    pub text: &'static str,
    /// The function that says what is lacking.
    pub need: Option<&'static str>,
    /// The function that takes away what was made for the whole program.
    pub tidy: Option<&'static str>,
    /// The function that a process of a case calls first.
    pub begin: Option<&'static str>,
}

/// What every program has.
pub(crate) const BASE: [&str; 3] =
    [include_str!("runtime/base.c"), include_str!("runtime/memory.c"), include_str!("runtime/access.c")];

impl Facility {
    /// The facilities that this one is built on.
    pub(crate) const fn on(self) -> &'static [Self] {
        match self {
            Self::ProcessVm | Self::WriteProtect => &[Self::Userfaultfd],
            Self::Cgroup => &[Self::Swap],
            _ => &[],
        }
    }

    /// Its pieces of C.
    pub(crate) const fn pieces(self) -> Pieces {
        let plain = Pieces { text: "", need: None, tidy: None, begin: None };
        match self {
            Self::Pipe => Pieces { text: include_str!("runtime/pipe.c"), ..plain },
            Self::FixedBuffers => {
                Pieces { text: include_str!("runtime/uring.c"), need: Some("need_uring"), ..plain }
            }
            Self::Userfaultfd => {
                Pieces { text: include_str!("runtime/uffd.c"), need: Some("need_uffd"), ..plain }
            }
            Self::ProcessVm => Pieces { text: include_str!("runtime/process_vm.c"), ..plain },
            Self::ProcessVmOnce => Pieces { text: include_str!("runtime/process_vm_once.c"), ..plain },
            Self::ProcMem => Pieces { text: include_str!("runtime/mem.c"), ..plain },
            Self::GupTest => {
                Pieces { text: include_str!("runtime/gup_test.c"), need: Some("need_gup_test"), ..plain }
            }
            Self::DirectIo => {
                Pieces { text: include_str!("runtime/direct.c"), need: Some("need_direct"), ..plain }
            }
            Self::Fuse => Pieces {
                text: include_str!("runtime/fuse.c"),
                need: Some("need_fuse"),
                tidy: Some("drop_fuse"),
                begin: Some("fuse_is_not_ours"),
            },
            Self::WriteProtect => {
                Pieces { text: include_str!("runtime/uffd_wp.c"), need: Some("need_uffd_wp"), ..plain }
            }
            Self::SoftDirty => {
                Pieces { text: include_str!("runtime/soft_dirty.c"), need: Some("need_soft_dirty"), ..plain }
            }
            Self::Swap => Pieces {
                text: include_str!("runtime/swap.c"),
                need: Some("need_swap"),
                tidy: Some("drop_swap"),
                begin: Some("swap_is_not_ours"),
            },
            Self::Cgroup => Pieces {
                text: include_str!("runtime/cgroup.c"),
                need: None,
                tidy: Some("drop_cgroup"),
                begin: Some("join_cgroup"),
            },
        }
    }
}
