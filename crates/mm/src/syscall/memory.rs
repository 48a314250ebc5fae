//! Accesses by user space.

use super::arguments::shape;
use super::{About, Access, Argument, Gives, Syscall};

pub(super) const ROWS: &[Syscall] = &[
    Syscall {
        arguments: &[Argument::Word],
        own_mm: true,
        access: Some(Access::Load),
        gives: Gives::Number,
        about: About {
            usage: "x = buf[0]",
            form: "`x = buf[0]`, `buf[0]`",
            meaning: "a load by user space",
            gives: "the word, or `SIGSEGV`",
        },
        ..Syscall::of(shape!(Load { va, word }))
    },
    Syscall {
        arguments: &[Argument::Word, Argument::Value],
        own_mm: true,
        access: Some(Access::Store),
        marks: &["SIGSEGV"],
        about: About {
            usage: "buf[1] = 2",
            form: "`buf[1] = 2`, `buf[1] = x`",
            meaning: "a store by user space; one that gets `SIGSEGV` stores nothing, and the column goes on",
            gives: "none",
        },
        ..Syscall::of(shape!(Store { va, word, value }))
    },
];
