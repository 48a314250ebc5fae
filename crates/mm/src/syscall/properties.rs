//! What follows from the row of a call and from its arguments.

use super::{Access, Api, Argument, Change, Gives, Life, Of, Promise, Way};
use crate::era::Feature;
use crate::world::{Arg, Call, FileKind, MmId, Target, Va, VarId, World};

impl Call {
    /// What kind of file it goes to, if it is direct I/O.
    #[must_use]
    pub fn file(&self) -> Option<FileKind> {
        let (row, arguments) = self.row()?;
        row.arguments.contains(&Argument::File).then_some(arguments.file)
    }

    /// The memory that its arguments name, in an mm if it is the caller's.
    #[must_use]
    pub fn memory(&self, own: Option<MmId>) -> Option<Target> {
        let (row, arguments) = self.row()?;
        row.arguments.iter().find_map(|argument| match argument {
            Argument::Area | Argument::Word => Some(Target { mm: own?, va: arguments.va }),
            Argument::OwnMemory | Argument::Memory | Argument::Page => Some(arguments.target),
            _ => None,
        })
    }

    /// Whether it is about a page: its arguments name the page, memory that the page is in, or the whole mm.
    #[must_use]
    pub fn is_about(&self, world: &World, own: Option<MmId>, page: Target) -> bool {
        let is_in = |memory: Target| memory.mm == page.mm && world.pages(memory.va).contains(&page.va);
        let destination = || Some(Target { mm: own?, va: self.destination()? });
        self.memory(own).is_some_and(is_in) || destination().is_some_and(is_in) || self.mm() == Some(page.mm)
    }

    /// Where it moves memory to.
    #[must_use]
    pub fn destination(&self) -> Option<Va> {
        let (row, arguments) = self.row()?;
        row.arguments.contains(&Argument::Destination).then_some(arguments.to)
    }

    /// The mm that its arguments name as a whole.
    fn mm(&self) -> Option<MmId> {
        let (row, arguments) = self.row()?;
        row.arguments.contains(&Argument::Mm).then_some(arguments.mm)
    }

    /// The mm whose process must be there before the call can do anything. That of the caller is.
    #[must_use]
    pub fn waits_for_process(&self) -> Option<MmId> {
        let (row, arguments) = self.row()?;
        row.arguments.iter().find_map(|argument| match argument {
            Argument::OwnMemory | Argument::Memory => Some(arguments.target.mm),
            Argument::Mm => Some(arguments.mm),
            _ => None,
        })
    }

    /// The variable that says whose handle it is that the call uses.
    #[must_use]
    pub fn handle(&self) -> Option<VarId> {
        let (row, arguments) = self.row()?;
        let is_handle = |argument: &Argument| {
            matches!(
                argument,
                Argument::Handle | Argument::GivenBack { .. } | Argument::HandleWord | Argument::WritableWord
            )
        };
        row.arguments.iter().any(is_handle).then_some(arguments.handle)
    }

    /// The value that its arguments give.
    #[must_use]
    pub fn value(&self) -> Option<Arg> {
        let (row, arguments) = self.row()?;
        row.arguments.contains(&Argument::Value).then_some(arguments.value)
    }

    /// Whether it waits until a variable is set.
    #[must_use]
    pub fn needs(&self, variable: VarId) -> bool {
        let awaited = self.row().and_then(|(row, arguments)| {
            row.arguments.contains(&Argument::Variable).then_some(arguments.variable)
        });
        awaited == Some(variable)
            || self.handle() == Some(variable)
            || self.value() == Some(Arg::Variable(variable))
    }

    /// How it moves a word of memory.
    #[must_use]
    pub fn access(&self) -> Option<Access> {
        self.syscall()?.access
    }

    /// The word that it moves, 0 or 1.
    #[must_use]
    pub fn word(&self) -> Option<u8> {
        let (row, arguments) = self.row()?;
        row.access.map(|_| arguments.word)
    }

    /// What it does to the mapping of what it is about.
    #[must_use]
    pub fn change(&self) -> Change {
        self.row().map_or(Change::Nothing, |(row, arguments)| (row.change)(&arguments))
    }

    /// The memory that it takes hold of, from an mm if it is the caller's, and whether to write into it.
    #[must_use]
    pub fn takes(&self, own: Option<MmId>) -> Option<(Target, bool)> {
        let holds = self.row()?.0.holds.filter(|holds| holds.of == Of::Memory);
        holds.and_then(|_| Some((self.memory(own)?, self.holds_to_write())))
    }

    /// Whether it gives a handle.
    #[must_use]
    pub fn gives_handle(&self) -> bool {
        self.gives() == Gives::Handle
    }

    /// The variable whose handle it makes another of.
    #[must_use]
    pub fn passes_on(&self) -> Option<VarId> {
        self.row()?.0.holds.filter(|holds| holds.of == Of::Handle).and(self.handle())
    }

    /// Whether what it takes hold of may be written through that.
    fn holds_to_write(&self) -> bool {
        self.row().is_some_and(|(row, arguments)| match row.holds.map(|holds| holds.way) {
            None | Some(Way::Read) => false,
            Some(Way::Write) => true,
            Some(Way::Asked) => arguments.write || arguments.flags.write,
        })
    }

    /// What user space may rely on, if it takes hold of memory.
    #[must_use]
    pub fn promise(&self) -> Option<Promise> {
        let (row, arguments) = self.row()?;
        Some(match (row.holds?.api, self.holds_to_write()) {
            (Api::Pin, true) => Promise::WritePin,
            (Api::Pin, false) if arguments.flags.longterm => Promise::LongtermReadPin,
            (Api::Pin, false) => Promise::ReadPin,
            (Api::Get, true) => Promise::WriteGet,
            (Api::Get, false) => Promise::ReadGet,
            (Api::DirectIo, true) => Promise::DirectRead,
            (Api::DirectIo, false) => Promise::DirectWrite,
            (Api::Recvmsg, _) => Promise::Recvmsg,
        })
    }

    /// Whether it goes through GUP-fast.
    #[must_use]
    pub fn goes_through_gup_fast(&self) -> bool {
        self.syscall().and_then(|row| row.holds).is_some_and(|holds| holds.fast)
    }

    /// What its result is.
    #[must_use]
    pub fn gives(&self) -> Gives {
        self.syscall().map_or(Gives::Nothing, |row| row.gives)
    }

    /// The mm that it makes.
    #[must_use]
    pub fn child(&self) -> Option<MmId> {
        let (row, arguments) = self.row()?;
        (row.gives == Gives::Child).then_some(arguments.child)
    }

    /// Whether its process ends with it.
    #[must_use]
    pub fn exits(&self) -> bool {
        self.syscall().is_some_and(|row| row.life == Life::Exits)
    }

    /// The mm whose other actors must have finished before it can go on.
    #[must_use]
    pub fn awaits_actors_of(&self, own: Option<MmId>) -> Option<MmId> {
        match self.syscall()?.life {
            Life::GoesOn => None,
            Life::Exits => own,
            Life::AwaitsExit => self.mm(),
        }
    }

    /// What a kernel must have for it, if not every kernel has it.
    #[must_use]
    pub fn feature(&self) -> Option<&'static Feature> {
        let (row, arguments) = self.row()?;
        (row.feature)(&arguments)
    }
}
