//! Address spaces: how they are made, changed and taken down.

use super::arguments::{Arguments, shape};
use super::{About, Argument, Change, Gives, Life, Syscall};
use crate::era::Feature;
use crate::era::features::{MADV_COLLAPSE, MADV_FREE, MADV_PAGEOUT};
use crate::world::Advice;

pub(super) const ROWS: &[Syscall] = &[
    Syscall {
        names: &["fork"],
        own_mm: true,
        gives: Gives::Child,
        about: About {
            usage: "C = fork()",
            form: "`C = fork()`",
            meaning: "`C` becomes an mm",
            gives: "a new mm",
        },
        ..Syscall::of(shape!(Fork { child }))
    },
    Syscall {
        names: &["exit"],
        own_mm: true,
        life: Life::Exits,
        about: About {
            usage: "exit()",
            form: "`exit()`",
            meaning: "the mm goes, when all other columns in it have finished; the last thing in its column",
            gives: "none",
        },
        ..Syscall::of(shape!(Exit))
    },
    Syscall {
        names: &["munmap"],
        arguments: &[Argument::Area],
        range: true,
        own_mm: true,
        change: |_| Change::Unmaps,
        about: About { usage: "munmap(buf)", form: "`munmap(buf)`", meaning: "the area goes", gives: "none" },
        ..Syscall::of(shape!(Munmap { va }))
    },
    Syscall {
        names: &["mremap"],
        arguments: &[Argument::Area, Argument::Destination],
        range: true,
        own_mm: true,
        change: |_| Change::Moves,
        gives: Gives::Number,
        about: About {
            usage: "mremap(buf, buf2)",
            form: "`mremap(buf, buf2)`",
            meaning: "the memory of one anonymous area goes to the address of another, whose own memory goes",
            gives: "0, or `EFAULT` if nothing is mapped there",
        },
        ..Syscall::of(shape!(Mremap { va, to }))
    },
    Syscall {
        names: &["madvise"],
        arguments: &[Argument::Area, Argument::Advice],
        range: true,
        own_mm: true,
        change: advised,
        gives: Gives::Number,
        feature: needed_for_advice,
        about: About {
            usage: "madvise(buf, MADV_PAGEOUT)",
            form: "`madvise(buf, ADVICE)`",
            meaning: "`MADV_DONTNEED`, `MADV_DONTFORK`, `MADV_DOFORK`, `MADV_PAGEOUT`, `MADV_FREE`, `MADV_COLLAPSE`",
            gives: "0, or `EINVAL`: for `MADV_FREE` of a file; of hugetlb for `MADV_FREE` and `MADV_PAGEOUT`, and up to v5.17 for \
                    `MADV_DONTNEED`; for `MADV_COLLAPSE` also `EAGAIN` and `EBUSY`",
        },
        ..Syscall::of(shape!(Madvise { va, advice }))
    },
    Syscall {
        names: &["mprotect"],
        arguments: &[Argument::Area, Argument::Protection],
        range: true,
        own_mm: true,
        change: |arguments| if arguments.write { Change::Nothing } else { Change::WriteProtects },
        about: About {
            usage: "mprotect(buf, PROT_READ|PROT_WRITE)",
            form: "`mprotect(buf, PROT_READ)`, `mprotect(buf, PROT_READ\\|PROT_WRITE)`",
            meaning: "read-only, and not",
            gives: "none",
        },
        ..Syscall::of(shape!(Mprotect { va, write }))
    },
];

const fn advised(arguments: &Arguments) -> Change {
    match arguments.advice {
        Advice::DontNeed => Change::Discards,
        Advice::Free => Change::GivesUp,
        Advice::PageOut => Change::Reclaims,
        Advice::DontFork | Advice::DoFork | Advice::Collapse => Change::Nothing,
    }
}

const fn needed_for_advice(arguments: &Arguments) -> Option<&'static Feature> {
    match arguments.advice {
        Advice::PageOut => Some(&MADV_PAGEOUT),
        Advice::Free => Some(&MADV_FREE),
        Advice::Collapse => Some(&MADV_COLLAPSE),
        Advice::DontNeed | Advice::DontFork | Advice::DoFork => None,
    }
}
