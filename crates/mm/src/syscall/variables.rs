//! Variables, and waiting.

use super::arguments::shape;
use super::{About, Argument, Life, Syscall};

pub(super) const ROWS: &[Syscall] = &[
    Syscall {
        arguments: &[Argument::Value],
        about: About {
            usage: "f = 1",
            form: "`f = 1`, `f = x`",
            meaning: "sets a variable: a flag",
            gives: "none",
        },
        ..Syscall::of(shape!(Set { value }))
    },
    Syscall {
        arguments: &[Argument::Variable],
        about: About {
            usage: "wait f",
            form: "`wait f`",
            meaning: "until the variable is set",
            gives: "none",
        },
        ..Syscall::of(shape!(WaitVariable { variable }))
    },
    Syscall {
        arguments: &[Argument::Mm],
        life: Life::AwaitsExit,
        about: About {
            usage: "wait C",
            form: "`wait C`",
            meaning: "until every column of mm `C` has finished",
            gives: "none",
        },
        ..Syscall::of(shape!(WaitExit { mm }))
    },
];
