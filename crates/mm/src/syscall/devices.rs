//! Devices, pipes and buffers that hold pages, and what goes through handles.

use super::arguments::shape;
use super::{About, Access, Api, Argument, Gives, Holds, Kind, Of, Syscall, Way};
use crate::era::features::REGISTERED_BUFFERS;

const GUP: &[&str] = &["gup"];
const DMA: &[&str] = &["dma"];

pub(super) const ROWS: &[Syscall] = &[
    Syscall {
        names: &["dma_write"],
        arguments: &[Argument::WritableWord, Argument::Value],
        access: Some(Access::DeviceWrite),
        marks: DMA,
        about: About {
            usage: "dma_write(h[0], 1)",
            form: "`dma_write(h[0], 1)`",
            meaning: "a device writes through a handle that was taken to write",
            gives: "none",
        },
        ..Syscall::of(shape!(DmaWrite { handle, word, value }))
    },
    Syscall {
        names: &["dma_read"],
        arguments: &[Argument::HandleWord],
        access: Some(Access::DeviceRead),
        marks: DMA,
        gives: Gives::Number,
        about: About {
            usage: "s = dma_read(h[0])",
            form: "`dma_read(h[0])`",
            meaning: "a device reads through a handle",
            gives: "the word",
        },
        ..Syscall::of(shape!(DmaRead { handle, word }))
    },
    Syscall {
        names: &["vmsplice"],
        arguments: &[Argument::Area],
        own_mm: true,
        holds: Some(Holds { kind: Kind::Get, way: Way::Read, of: Of::Memory, api: Api::Get, fast: true }),
        marks: GUP,
        gives: Gives::Handle,
        about: About {
            usage: "p = vmsplice(buf)",
            form: "`vmsplice(buf)`",
            meaning: "the page goes into a pipe",
            gives: "a handle",
        },
        ..Syscall::of(shape!(Vmsplice { va }))
    },
    Syscall {
        names: &["fuse_dev_splice_read"],
        arguments: &[Argument::Handle],
        // What is written was there at some moment; whose it is afterwards is not promised to the server.
        holds: Some(Holds {
            kind: Kind::Get,
            way: Way::Read,
            of: Of::Handle,
            api: Api::DirectIo,
            fast: false,
        }),
        gives: Gives::Handle,
        about: About {
            usage: "p = fuse_dev_splice_read(h)",
            form: "`fuse_dev_splice_read(h)`",
            meaning: "a FUSE server splices a direct write out of `/dev/fuse`, whose page `h` holds: the page or a copy, \
                      by era",
            gives: "a handle",
        },
        ..Syscall::of(shape!(FuseSplice { handle }))
    },
    Syscall {
        names: &["pipe_read"],
        arguments: &[Argument::HandleWord],
        access: Some(Access::DeviceRead),
        marks: DMA,
        gives: Gives::Number,
        about: About {
            usage: "s = pipe_read(p[0])",
            form: "`pipe_read(p[0])`",
            meaning: "reads from the pipe",
            gives: "the word as it is now",
        },
        ..Syscall::of(shape!(PipeRead { handle, word }))
    },
    Syscall {
        names: &["io_uring_register"],
        arguments: &[Argument::Area],
        own_mm: true,
        holds: Some(Holds { kind: Kind::Pin, way: Way::Write, of: Of::Memory, api: Api::Pin, fast: false }),
        marks: GUP,
        gives: Gives::Handle,
        feature: |_| Some(&REGISTERED_BUFFERS),
        about: About {
            usage: "h = io_uring_register(buf)",
            form: "`io_uring_register(buf)`",
            meaning: "a fixed buffer: a long-term pin to write",
            gives: "a handle or `EFAULT`",
        },
        ..Syscall::of(shape!(IoUringRegister { va }))
    },
];
