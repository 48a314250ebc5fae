//! The arguments of a call, each read as its row says.

use cowrace_mm::syscall::{self, Argument, Arguments, Gives, Syscall};
use cowrace_mm::world::{Arg, FileKind, PAGES, Target, Va, VarId};

use super::Found;
use super::flags;
use super::scope::{Scope, word};
use crate::cell::{self, Item};
use crate::diagnostic::Diagnostic;
use crate::grammar::Place;
use crate::lex::Name;
use crate::nearest::{choose, quote};

/// A call whose arguments are as many as its row says.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    scope: Scope<'a>,
    row: &'static Syscall,
    name: &'a Name,
    args: &'a [cell::Arg],
}

impl<'a> Reader<'a> {
    /// A call, if it has as many arguments as its row says.
    pub(super) fn new(
        scope: Scope<'a>,
        row: &'static Syscall,
        name: &'a Name,
        args: &'a [cell::Arg],
    ) -> Result<Self, Diagnostic> {
        let (least, most) = row.arity();
        if (least..=most).contains(&args.len()) {
            return Ok(Self { scope, row, name, args });
        }
        let what = match (least, most) {
            (0, 0) => "no arguments".to_owned(),
            (1, 1) => "one argument".to_owned(),
            (least, most) if least == most => format!("{least} arguments"),
            (least, most) if least + 1 == most => format!("{least} or {most} arguments"),
            (least, most) => format!("{least} to {most} arguments"),
        };
        let end = args.last().map_or(name.at.end, |a| a.at.end).max(name.at.end);
        let message = format!("`{}` takes {what}, not {}", name.text, args.len());
        Err(Diagnostic::new(name.at.start..end, message).help(as_usage(row)))
    }

    /// What the arguments say, and the variable that the result goes to, if it is that of a child.
    pub(super) fn read(self, dest: Option<&Name>) -> Found<Arguments> {
        let mut into = Arguments::NONE;
        let mut at = 0;
        for (nth, argument) in self.row.arguments.iter().enumerate() {
            at += self.argument(*argument, nth, at, &mut into)?;
        }
        if let Some(stray) = self.args.get(at) {
            return Err(Some(
                Diagnostic::new(stray.at.clone(), "one argument too many").help(as_usage(self.row)),
            ));
        }
        if self.row.gives == Gives::Child {
            let Some(child) = dest else {
                let message = "the child needs a name";
                return Err(Some(Diagnostic::new(self.name.at.clone(), message).help(as_usage(self.row))));
            };
            into.child = self.scope.names.mm(child)?;
        }
        Ok(into)
    }

    /// Reads one argument, and gives how many of those that are written it has read.
    fn argument(self, argument: Argument, nth: usize, at: usize, into: &mut Arguments) -> Found<usize> {
        match argument {
            Argument::Direct => self.direct(at)?,
            Argument::File if !self.has_file(nth, at) => return Ok(0),
            Argument::File => into.file = self.file(at)?,
            Argument::Area => into.va = self.own_page(at)?,
            Argument::Destination => into.to = self.destination(at, into.va)?,
            Argument::Word => (into.va, into.word) = self.scope.own_word(self.place(at)?)?,
            Argument::OwnMemory => into.target = self.own_memory(at)?,
            Argument::Memory | Argument::Page => into.target = self.memory(at)?,
            Argument::Mm => into.mm = self.scope.names.mm(self.bare(at)?)?,
            Argument::Handle => into.handle = self.scope.names.handle(self.bare(at)?)?,
            Argument::GivenBack { pin } => into.handle = self.scope.names.given_back(self.bare(at)?, pin)?,
            Argument::HandleWord => (into.handle, into.word) = self.handle_word(at)?,
            Argument::WritableWord => {
                into.word = self.handle_word(at)?.1;
                into.handle = self.scope.names.writable(&self.place(at)?.name)?;
            }
            Argument::Value => into.value = self.value(at)?,
            Argument::Variable => into.variable = self.scope.names.variable(self.bare(at)?)?,
            Argument::GupFlags => {
                into.flags = flags::gup(self.row, self.name, &self.args[at..])?;
                return Ok(self.args.len() - at);
            }
            Argument::Direction if self.args.len() == at => return Ok(0),
            Argument::Direction => into.write = self.direction(at)?,
            Argument::Advice => into.advice = flags::advice(self.bare(at)?)?,
            Argument::Protection => into.write = self.protection(at)?,
            Argument::UffdMode => into.protect = self.uffd_mode(at)?,
        }
        Ok(1)
    }

    fn wrong(self, at: usize, message: impl Into<String>) -> Option<Diagnostic> {
        Some(Diagnostic::new(self.args[at].at.clone(), message).help(as_usage(self.row)))
    }

    /// An argument that is memory, or looks like it.
    fn place(&self, at: usize) -> Found<&'a Place> {
        match self.args[at].items.as_slice() {
            [Item::Place(place)] => Ok(place),
            _ => Err(self.wrong(at, "expected memory here")),
        }
    }

    /// A word that stands alone.
    fn single(&self, at: usize) -> Option<&'a Name> {
        match self.args.get(at)?.items.as_slice() {
            [Item::Place(Place { mm: None, name, word: None, .. })] => Some(name),
            _ => None,
        }
    }

    /// An argument that is a single word.
    fn bare(&self, at: usize) -> Found<&'a Name> {
        self.single(at).ok_or_else(|| self.wrong(at, "expected a name here"))
    }

    fn value(self, at: usize) -> Found<Arg> {
        match (self.args[at].items.as_slice(), self.single(at)) {
            ([Item::Number(number, _)], _) => Ok(Arg::Number(*number)),
            (_, Some(name)) => self.scope.variable_value(name),
            _ => Err(self.wrong(at, "expected a number or a variable here")),
        }
    }

    fn direct(self, at: usize) -> Found<()> {
        if self.single(at).is_some_and(|name| name.text == "O_DIRECT") {
            return Ok(());
        }
        Err(self.wrong(at, format!("`{}` is modelled with `O_DIRECT` only", self.row.name())))
    }

    /// Whether a kind of file is said at a place. It is if there are arguments for everything else that can be said. If
    /// there are fewer, the word may be that of an area as well, and what follows decides.
    fn has_file(self, nth: usize, at: usize) -> bool {
        let others = self.row.arguments[nth + 1..].iter().map(|argument| argument.count());
        let (least, most) = others.fold((0, 0), |(least, most), (few, many)| (least + few, most + many));
        let left = self.args.len() - at;
        let is_flag = self.single(at + 1).is_some_and(|name| name.text.starts_with("FOLL_"));
        left > least && !is_flag && (left > most || self.single(at).is_some_and(|name| kind(name).is_some()))
    }

    fn file(self, at: usize) -> Found<FileKind> {
        let name = self.single(at).ok_or_else(|| self.wrong(at, "expected a kind of file here"))?;
        kind(name).ok_or_else(|| {
            let message = format!("unknown kind of file {}", quote(&name.text));
            let kinds = FileKind::ALL.iter().map(|kind| kind.word());
            let help = choose(&name.text, "there are", kinds);
            Some(Diagnostic::new(name.at.clone(), message).maybe_help(help))
        })
    }

    /// The place among the arguments of a kind of file that is not said.
    pub(super) fn assumes_file_at(self) -> Option<usize> {
        let at = self.row.arguments.iter().position(|argument| *argument == Argument::File)?;
        (!self.has_file(at, at)).then_some(at)
    }

    /// The memory that a call is about: an area, which is a page, or of a range all of it or one of its pages.
    fn whole(&self, at: usize, va: Va) -> Found<Va> {
        let (place, names) = (self.place(at)?, self.scope.names);
        match &place.word {
            None if names.is_thp(va) && !self.row.range => {
                let name = &place.name.text;
                let message =
                    format!("`{}` is about one page, and {} has {PAGES}", self.name.text, quote(name));
                let mm = place.mm.as_ref().map(|mm| format!("{}.", mm.text)).unwrap_or_default();
                Err(Some(
                    Diagnostic::new(place.at.clone(), message).help(format!("for example, `{mm}{name}[0]`")),
                ))
            }
            None => Ok(va),
            Some(_) if names.is_thp(va) => Ok(names.page_of_word(va, word(place)?)),
            // A word of a page would mislead, as the call is about all of it.
            Some((_, at)) => Err(Some(
                Diagnostic::new(at.clone(), format!("`{}` is about the whole page", self.name.text))
                    .help("leave the word out"),
            )),
        }
    }

    fn own_page(self, at: usize) -> Found<Va> {
        let va = self.scope.own_page(self.place(at)?)?;
        self.whole(at, va)
    }

    /// Where memory goes: an area of the same kind that is declared later, so that nothing goes back.
    fn destination(self, at: usize, from: Va) -> Found<Va> {
        let (to, names) = (self.own_page(at)?, self.scope.names);
        if let Some(kind) = names.unmoved(from).or_else(|| names.unmoved(to)) {
            return Err(self.wrong(at, format!("`{}` of {kind} is not modelled", self.name.text)));
        }
        if names.thp(from) != names.thp(to) {
            let message = "memory goes to an area like its own";
            let help = "a page to a page, a huge page to a huge page, and `buf[1]` to `buf2[1]`";
            return Err(Some(Diagnostic::new(self.args[at].at.clone(), message).help(help)));
        }
        if to <= from {
            let message = "memory goes to an area that is declared later";
            let help = "declare one for it: `mm A { buf: anon; buf2: none }`";
            return Err(Some(Diagnostic::new(self.args[at].at.clone(), message).help(help)));
        }
        Ok(to)
    }

    fn memory(self, at: usize) -> Found<Target> {
        let Target { mm, va } = self.scope.names.target(self.place(at)?, Some(self.scope.column))?;
        Ok(Target { mm, va: self.whole(at, va)? })
    }

    fn own_memory(self, at: usize) -> Found<Target> {
        let own = self.scope.own_mm()?;
        let target = self.memory(at)?;
        if target.mm == own {
            return Ok(target);
        }
        let message = format!("`{}` takes memory of the mm that it runs in", self.name.text);
        let help = self.remote().map(|row| format!("`{}` takes that of another", row.name()));
        Err(Some(Diagnostic::new(self.args[at].at.clone(), message).maybe_help(help)))
    }

    /// The row of a call that does the same to memory of any mm.
    fn remote(self) -> Option<&'static Syscall> {
        let kind = |row: &Syscall| row.holds.map(|holds| holds.kind);
        syscall::named().find(|row| {
            row.shape.variant == self.row.shape.variant
                && kind(row) == kind(self.row)
                && row.arguments.contains(&Argument::Memory)
        })
    }

    fn handle_word(self, at: usize) -> Found<(VarId, u8)> {
        let place = self.place(at)?;
        if place.mm.is_some() {
            return Err(self.wrong(at, "expected a handle here"));
        }
        let handle = self.scope.names.handle(&place.name)?;
        Ok((handle, self.scope.names.handle_word(handle, place)?))
    }

    /// Which way direct I/O goes: it passes no other flag.
    fn direction(self, at: usize) -> Found<bool> {
        match self.args[at].items.as_slice() {
            [Item::Place(place)] if place.name.text == "FOLL_WRITE" => Ok(true),
            _ => Err(self.wrong(at, "expected `FOLL_WRITE` or nothing")),
        }
    }

    fn protection(self, at: usize) -> Found<bool> {
        let asked = flags::protection(&self.args[at])?;
        asked.ok_or_else(|| self.wrong(at, "memory is readable in every scenario"))
    }

    fn uffd_mode(self, at: usize) -> Found<bool> {
        match self.args[at].items.as_slice() {
            [Item::Number(0, _)] => Ok(false),
            [Item::Place(place)] if place.name.text == "WP" => Ok(true),
            _ => Err(self.wrong(at, "expected `WP` or `0`").map(|diagnostic| {
                diagnostic.help("`WP` protects, `0` un-protects: `UFFDIO_WRITEPROTECT(A.buf, 0)`")
            })),
        }
    }
}

/// What is told of a call that is not written as it should be.
pub(super) fn as_usage(row: &Syscall) -> String {
    format!("as `{}`", row.about.usage)
}

fn kind(name: &Name) -> Option<FileKind> {
    FileKind::ALL.into_iter().find(|kind| kind.word() == name.text)
}
