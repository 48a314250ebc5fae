//! What a row says.

use super::access::{Access, Change};
use super::argument::Argument;
use super::arguments::{Arguments, Shape};
use super::holds::{Holds, Of};
use crate::era::Feature;
use crate::source::Steps;

/// A syscall, or something else that a cell can be.
#[derive(Clone, Copy, Debug)]
pub struct Syscall {
    /// Its name, and shorter names. A cell that is not a call has none.
    pub names: &'static [&'static str],
    /// Its arguments, in order.
    pub arguments: &'static [Argument],
    /// Whether it is about a range of addresses: all of an area, and not one page.
    pub range: bool,
    /// Whether it needs the mm that its column runs in.
    pub own_mm: bool,
    /// How it takes hold of memory, if it does.
    pub holds: Option<Holds>,
    /// The word of memory that it moves, if it moves one.
    pub access: Option<Access>,
    /// What it does to the mapping of the memory that its arguments name.
    pub change: fn(&Arguments) -> Change,
    /// What it has to do with the end of processes.
    pub life: Life,
    /// The steps that the model marks, in their order: windows name them without their call.
    pub marks: &'static [&'static str],
    /// Its result.
    pub gives: Gives,
    /// What a kernel must have for it, if not every kernel has it.
    pub feature: fn(&Arguments) -> Option<&'static Feature>,
    /// Its description, for people.
    pub about: About,
    /// The variant of `Call` that it stands for.
    pub shape: Shape,
}

impl Syscall {
    /// A call that does nothing to memory and gives nothing: what a row begins with.
    #[must_use]
    pub(super) const fn of(shape: Shape) -> Self {
        Self {
            names: &[],
            arguments: &[],
            range: false,
            own_mm: false,
            holds: None,
            access: None,
            change: |_| Change::Nothing,
            life: Life::GoesOn,
            marks: &[],
            gives: Gives::Nothing,
            feature: |_| None,
            about: About { usage: "", form: "", meaning: "", gives: "none" },
            shape,
        }
    }

    /// Its name, or the way it is written if it has none.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.names.first().copied().unwrap_or(self.about.usage)
    }

    /// The fewest and the most arguments that are written.
    #[must_use]
    pub fn arity(&self) -> (usize, usize) {
        let counts = self.arguments.iter().map(|argument| argument.count());
        counts.fold((0, 0), |(least, most), (fewest, more)| (least + fewest, most + more))
    }

    /// Whether it takes hold of memory, for a while or until a handle is given back.
    #[must_use]
    pub fn takes_hold(&self) -> bool {
        self.holds.is_some_and(|holds| holds.of == Of::Memory)
    }

    /// The steps that it can have; `None` if the table of them is of another source than this one.
    #[must_use]
    pub fn steps(&self) -> Option<&'static Steps> {
        Steps::of(self.shape.variant)
    }
}

/// What a call has to do with the end of processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// Nothing.
    GoesOn,
    /// Its process ends, when the other columns of the mm have finished.
    Exits,
    /// It waits until the columns of another mm have finished.
    AwaitsExit,
}

/// What the result of a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gives {
    /// There is none that could be kept.
    Nothing,
    /// A number, a failure, or a word of memory.
    Number,
    /// Whether a page is soft-dirty.
    SoftDirty,
    /// A handle of a page.
    Handle,
    /// A child: the name becomes that of an mm.
    Child,
}

/// What the documentation and `list --calls` say of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct About {
    /// One way to write it, for error messages as well.
    pub usage: &'static str,
    /// All ways to write it, in back quotes.
    pub form: &'static str,
    /// What it does.
    pub meaning: &'static str,
    /// What its result is.
    pub gives: &'static str,
}
