//! The arguments of a call, and how a [`Call`] is made of them and taken apart again.

use crate::world::{Advice, Arg, Call, FileKind, GupFlags, MmId, Target, Va, VarId};

/// The values of a call's arguments. Fields have the names of those of [`Call`]. A field for which a call has no argument
/// has no meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arguments {
    /// The kind of file.
    pub file: FileKind,
    /// An area of the own mm.
    pub va: Va,
    /// An area of the own mm to which memory goes.
    pub to: Va,
    /// An area of any mm.
    pub target: Target,
    /// A word.
    pub word: u8,
    /// A value.
    pub value: Arg,
    /// The variable that holds a handle.
    pub handle: VarId,
    /// Flags of the GUP family.
    pub flags: GupFlags,
    /// Advice.
    pub advice: Advice,
    /// To write, too.
    pub write: bool,
    /// To protect.
    pub protect: bool,
    /// An mm.
    pub mm: MmId,
    /// The mm of a child.
    pub child: MmId,
    /// A variable.
    pub variable: VarId,
}

impl Arguments {
    /// Before anything is said.
    pub const NONE: Self = Self {
        file: FileKind::Block,
        va: 0,
        to: 0,
        target: Target { mm: 0, va: 0 },
        word: 0,
        value: Arg::Number(0),
        handle: 0,
        flags: GupFlags { write: false, force: false, longterm: false, unlockable: false },
        advice: Advice::DontNeed,
        write: false,
        protect: false,
        mm: 0,
        child: 0,
        variable: 0,
    };
}

/// How a call is made of arguments, and how they are read back.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// The name of the variant of [`Call`].
    pub variant: &'static str,
    /// The call with some arguments.
    pub call: fn(&Arguments) -> Call,
    /// The arguments of a call; `None` if it is of another shape.
    pub arguments: fn(&Call) -> Option<Arguments>,
}

/// The shape of a variant of [`Call`] of which every field is an argument: `shape!(DirectWrite { file, va, word })`.
macro_rules! shape {
    ($variant:ident) => { shape!($variant {}) };
    ($variant:ident { $($field:ident),* }) => {
        $crate::syscall::Shape {
            variant: stringify!($variant),
            call: |arguments| {
                let $crate::syscall::Arguments { $($field,)* .. } = *arguments;
                $crate::world::Call::$variant { $($field),* }
            },
            arguments: |call| match *call {
                $crate::world::Call::$variant { $($field),* } => {
                    Some($crate::syscall::Arguments { $($field,)* ..$crate::syscall::Arguments::NONE })
                }
                _ => None,
            },
        }
    };
}
pub(super) use shape;
