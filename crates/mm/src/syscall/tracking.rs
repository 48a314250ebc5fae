//! Write-protection by which user space follows what is written: soft-dirty bits and userfaultfd.

use super::arguments::shape;
use super::{About, Argument, Change, Gives, Syscall};
use crate::era::features::{SOFT_DIRTY, UFFD_WP};

pub(super) const ROWS: &[Syscall] = &[
    Syscall {
        names: &["clear_refs"],
        arguments: &[Argument::Mm],
        change: |_| Change::WriteProtects,
        feature: |_| Some(&SOFT_DIRTY),
        about: About {
            usage: "clear_refs(A)",
            form: "`clear_refs(A)`",
            meaning: "4 into `/proc/PID/clear_refs`",
            gives: "none",
        },
        ..Syscall::of(shape!(ClearRefs { mm }))
    },
    Syscall {
        names: &["soft_dirty"],
        arguments: &[Argument::Memory],
        gives: Gives::SoftDirty,
        feature: |_| Some(&SOFT_DIRTY),
        about: About {
            usage: "s = soft_dirty(A.buf)",
            form: "`soft_dirty(A.buf)`",
            meaning: "the bit of `/proc/PID/pagemap`",
            gives: "0 or 1",
        },
        ..Syscall::of(shape!(SoftDirty { target }))
    },
    Syscall {
        names: &["UFFDIO_WRITEPROTECT"],
        arguments: &[Argument::Memory, Argument::UffdMode],
        range: true,
        change: |arguments| if arguments.protect { Change::WriteProtects } else { Change::Nothing },
        feature: |_| Some(&UFFD_WP),
        about: About {
            usage: "UFFDIO_WRITEPROTECT(A.buf, WP)",
            form: "`UFFDIO_WRITEPROTECT(A.buf, WP)`, `UFFDIO_WRITEPROTECT(A.buf, 0)`",
            meaning: "protects, un-protects",
            gives: "none",
        },
        ..Syscall::of(shape!(UffdWriteProtect { target, protect }))
    },
];
