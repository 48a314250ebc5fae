//! I/O into and out of user memory that holds the page while it lasts.

use super::arguments::shape;
use super::{About, Access, Api, Argument, Gives, Holds, Kind, Of, Syscall, Way};
use crate::era::features::KTLS_RECEIVE;

const DIRECT: Holds =
    Holds { kind: Kind::ByEra, way: Way::Write, of: Of::Memory, api: Api::DirectIo, fast: true };
const MARKS: &[&str] = &["gup", "dma"];

pub(super) const ROWS: &[Syscall] = &[
    Syscall {
        names: &["read"],
        arguments: &[Argument::Direct, Argument::File, Argument::Word, Argument::Value],
        own_mm: true,
        holds: Some(DIRECT),
        access: Some(Access::DeviceWrite),
        marks: MARKS,
        gives: Gives::Number,
        about: About {
            usage: "read(O_DIRECT, buf[0], 1)",
            form: "`read(O_DIRECT, buf[0], 1)`, `read(O_DIRECT, FILE, buf[0], 1)`",
            meaning: "`read(2)`: the device writes 1; `FILE` is `block`, `nfs`, `9p` or `fuse`, and `block` without it",
            gives: "0 or `EFAULT`",
        },
        ..Syscall::of(shape!(DirectRead { file, va, word, value }))
    },
    Syscall {
        names: &["write"],
        arguments: &[Argument::Direct, Argument::File, Argument::Word],
        own_mm: true,
        holds: Some(Holds { way: Way::Read, ..DIRECT }),
        access: Some(Access::DeviceRead),
        marks: MARKS,
        gives: Gives::Number,
        about: About {
            usage: "write(O_DIRECT, buf[0])",
            form: "`write(O_DIRECT, buf[0])`, `write(O_DIRECT, FILE, buf[0])`",
            meaning: "`write(2)`",
            gives: "what the device read, or `EFAULT`",
        },
        ..Syscall::of(shape!(DirectWrite { file, va, word }))
    },
    Syscall {
        names: &["recvmsg"],
        arguments: &[Argument::Word, Argument::Value],
        own_mm: true,
        holds: Some(Holds { kind: Kind::Get, api: Api::Recvmsg, ..DIRECT }),
        access: Some(Access::DeviceWrite),
        marks: MARKS,
        gives: Gives::Number,
        feature: |_| Some(&KTLS_RECEIVE),
        about: About {
            usage: "recvmsg(buf[0], 1)",
            form: "`recvmsg(buf[0], 1)`",
            meaning: "kTLS decrypts into the page",
            gives: "0 or `EFAULT`",
        },
        ..Syscall::of(shape!(Recvmsg { va, word, value }))
    },
];
