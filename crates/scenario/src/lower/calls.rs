//! Cells into calls.

use cowrace_mm::world::{Advice, Arg, Call, FileKind, GupFlags, MmId, Target, Va, VarId};

use super::Found;
use super::names::Names;
use crate::cell::{self, Cell, Item, Value, which_word};
use crate::diagnostic::Diagnostic;
use crate::grammar::Place;
use crate::lex::Name;
use crate::nearest::{choose, quote};
use crate::ops::{self, Op, OpKind};
use crate::{known, unknown};

/// A column and what its names mean.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope<'n> {
    pub(super) names: &'n Names,
    pub(super) column: usize,
}

const ADVICE: [(&str, Advice); 5] = [
    ("MADV_DONTNEED", Advice::DontNeed),
    ("MADV_DONTFORK", Advice::DontFork),
    ("MADV_DOFORK", Advice::DoFork),
    ("MADV_PAGEOUT", Advice::PageOut),
    ("MADV_FREE", Advice::Free),
];

const FLAGS: [&str; 3] = ["FOLL_WRITE", "FOLL_FORCE", "FOLL_LONGTERM"];

impl Scope<'_> {
    /// What a cell does, and the variable for its result.
    pub(super) fn lower(self, cell: &Cell) -> Found<(Option<VarId>, Call)> {
        match cell {
            Cell::Wait(name) => Ok((None, self.wait(name)?)),
            Cell::Load { dest, place } => {
                let (va, word) = self.own_word(place)?;
                Ok((self.dest(dest.as_ref())?, Call::Load { va, word }))
            }
            Cell::Store { place, value } => {
                let (va, word) = self.own_word(place)?;
                Ok((None, Call::Store { va, word, value: self.value(value)? }))
            }
            Cell::Set { dest, value } => {
                let dest = self.dest(Some(dest))?;
                Ok((dest, Call::Set { value: self.value(value)? }))
            }
            Cell::Call { dest, op, args } => self.call(dest.as_ref(), op, args),
        }
    }

    /// The text of a cell with what it takes for granted: the kind of file that direct I/O goes to.
    pub(super) fn in_full(self, cell: &Cell, text: &str) -> String {
        let Cell::Call { op: name, args, .. } = cell else { return text.to_owned() };
        let Some(op) = ops::find(&name.text) else { return text.to_owned() };
        let resolve = Resolve { scope: self, op, name, args };
        let (is_assumed, before) = match op.kind {
            OpKind::DirectRead | OpKind::DirectWrite => (args.len() == op.arity.0, "O_DIRECT, "),
            OpKind::ExtractPages => (resolve.leading_file().is_none(), "("),
            _ => (false, ""),
        };
        let file = FileKind::default().word();
        match text.split_once(before) {
            Some((head, tail)) if is_assumed => format!("{head}{before}{file}, {tail}"),
            _ => text.to_owned(),
        }
    }

    fn dest(self, dest: Option<&Name>) -> Found<Option<VarId>> {
        dest.map(|d| self.names.variable(d)).transpose()
    }

    fn wait(self, name: &Name) -> Found<Call> {
        let Some(mm) = self.names.mms.iter().position(|m| m.name == name.text) else {
            return Ok(Call::WaitVariable { variable: self.names.variable(name)? });
        };
        let shown = quote(&name.text);
        if self.names.columns[self.column].mm == Some(mm) {
            return Err(Some(Diagnostic::new(
                name.at.clone(),
                format!("this column is part of {shown} and would wait for itself"),
            )));
        }
        if !self.names.columns.iter().any(|c| c.mm == Some(mm)) {
            return Err(Some(
                Diagnostic::new(name.at.clone(), format!("no column runs in {shown}, so nobody finishes"))
                    .help(format!("give it a column, as `child @{}`", name.text)),
            ));
        }
        Ok(Call::WaitExit { mm })
    }

    fn call(self, dest: Option<&Name>, name: &Name, args: &[cell::Arg]) -> Found<(Option<VarId>, Call)> {
        let Some(op) = ops::find(&name.text) else { return Err(Some(unknown::call(name))) };
        let (least, most) = op.arity;
        if args.len() < least || args.len() > most {
            let what = match (least, most) {
                (0, 0) => "no arguments".to_owned(),
                (1, 1) => "one argument".to_owned(),
                (least, most) if least == most => format!("{least} arguments"),
                (least, most) if least + 1 == most => format!("{least} or {most} arguments"),
                (least, most) => format!("{least} to {most} arguments"),
            };
            let end = args.last().map_or(name.at.end, |a| a.at.end).max(name.at.end);
            return Err(Some(
                Diagnostic::new(
                    name.at.start..end,
                    format!("`{}` takes {what}, not {}", name.text, args.len()),
                )
                .help(format!("as `{}`", op.usage)),
            ));
        }
        if let Some(dest) = dest.filter(|_| !op.result) {
            return Err(Some(
                Diagnostic::new(dest.at.clone(), format!("`{}` has no result", name.text))
                    .help(format!("as `{}`", op.usage)),
            ));
        }
        if op.own_mm {
            self.own_mm()?;
        }
        let call = Resolve { scope: self, op, name, args }.lower(dest)?;
        let dest = if op.kind == OpKind::Fork { None } else { self.dest(dest)? };
        Ok((dest, call))
    }

    /// The mm of the column. If it has none, that is said once, where it is mended.
    fn own_mm(self) -> Found<MmId> {
        let column = &self.names.columns[self.column];
        if column.lost {
            return Err(None);
        }
        column.mm.ok_or_else(|| {
            let mm = self.names.mms.first().map_or("A", |mm| mm.name.as_str());
            Some(
                Diagnostic::new(
                    column.at.clone(),
                    format!("column `{}` uses memory of its own and has no mm", column.name),
                )
                .help(format!("say in which mm it runs: `{} @{mm}`", column.name)),
            )
        })
    }

    /// A page of the mm that the column runs in.
    fn own_page(self, place: &Place) -> Found<Va> {
        let own = self.own_mm()?;
        let target = self.names.target(place, Some(self.column))?;
        if target.mm != own {
            let (own, other) = (&self.names.mms[own].name, &self.names.mms[target.mm].name);
            return Err(Some(Diagnostic::new(place.at.clone(), format!("this column runs in mm `{own}`, not in `{other}`"))
                .help("a column reaches the memory of its own mm only, but for `get_user_pages_remote` and the like")));
        }
        Ok(target.va)
    }

    fn own_word(self, place: &Place) -> Found<(Va, u8)> {
        let va = self.own_page(place)?;
        Ok((va, word(place)?))
    }

    fn value(self, value: &Value) -> Found<Arg> {
        match value {
            Value::Number(number) => Ok(Arg::Number(*number)),
            Value::Variable(name) => self.variable_value(name),
        }
    }

    fn variable_value(self, name: &Name) -> Found<Arg> {
        let id = self.names.variable(name)?;
        if self.names.variables[id].number {
            return Ok(Arg::Variable(id));
        }
        Err(Some(Diagnostic::new(
            name.at.clone(),
            format!("{} is a handle, not a number", quote(&name.text)),
        )))
    }
}

/// The word of a place.
pub(super) fn word(place: &Place) -> Result<u8, Diagnostic> {
    match &place.word {
        Some((word @ 0..=1, _)) => Ok(u8::from(*word == 1)),
        Some((word, at)) => Err(Diagnostic::new(at.clone(), format!("there is no word {word}"))
            .help("a page has two words, 0 and 1")),
        None => Err(which_word(place)),
    }
}

/// A call with its arguments counted.
#[derive(Clone, Copy)]
struct Resolve<'a> {
    scope: Scope<'a>,
    op: &'static Op,
    name: &'a Name,
    args: &'a [cell::Arg],
}

impl Resolve<'_> {
    fn lower(self, dest: Option<&Name>) -> Found<Call> {
        Ok(match self.op.kind {
            OpKind::DirectRead => {
                let (file, rest) = self.direct(3)?;
                let (va, word) = self.scope.own_word(self.place(rest)?)?;
                Call::DirectRead { file, va, word, value: self.value(rest + 1)? }
            }
            OpKind::DirectWrite => {
                let (file, rest) = self.direct(2)?;
                let (va, word) = self.scope.own_word(self.place(rest)?)?;
                Call::DirectWrite { file, va, word }
            }
            OpKind::Recvmsg => {
                let (va, word) = self.scope.own_word(self.place(0)?)?;
                Call::Recvmsg { va, word, value: self.value(1)? }
            }
            OpKind::Gup { pin, fast, remote } => self.gup(pin, fast, remote)?,
            OpKind::ExtractPages => {
                let file = self.leading_file();
                let rest = usize::from(file.is_some());
                if let Some(stray) = self.args.get(rest + 2) {
                    return Err(Some(
                        Diagnostic::new(stray.at.clone(), "one argument too many")
                            .help(format!("as `{}`", self.op.usage)),
                    ));
                }
                let va = self.scope.own_page(self.whole(rest)?)?;
                Call::ExtractPages { file: file.unwrap_or_default(), va, write: self.direction(rest + 1)? }
            }
            OpKind::Release { pin } => {
                Call::Release { handle: self.scope.names.given_back(self.bare(0)?, pin)? }
            }
            OpKind::DmaWrite => {
                let (_, word) = self.handle_word()?;
                let handle = self.scope.names.writable(&self.place(0)?.name)?;
                Call::DmaWrite { handle, word, value: self.value(1)? }
            }
            OpKind::DmaRead => {
                let (handle, word) = self.handle_word()?;
                Call::DmaRead { handle, word }
            }
            OpKind::PipeRead => {
                let (handle, word) = self.handle_word()?;
                Call::PipeRead { handle, word }
            }
            OpKind::FuseSplice => Call::FuseSplice { handle: self.scope.names.handle(self.bare(0)?)? },
            OpKind::Vmsplice => Call::Vmsplice { va: self.own_page()? },
            OpKind::IoUringRegister => Call::IoUringRegister { va: self.own_page()? },
            OpKind::Fork => {
                let Some(child) = dest else {
                    return Err(Some(self.wrong("the child needs a name")));
                };
                Call::Fork { child: self.scope.names.mm(child)? }
            }
            OpKind::Exit => Call::Exit,
            OpKind::Munmap => Call::Munmap { va: self.own_page()? },
            OpKind::Madvise => Call::Madvise { va: self.own_page()?, advice: self.advice()? },
            OpKind::Mprotect => Call::Mprotect { va: self.own_page()?, write: self.protection()? },
            OpKind::ClearRefs => Call::ClearRefs { mm: self.scope.names.mm(self.bare(0)?)? },
            OpKind::SoftDirty => Call::SoftDirty { target: self.page(0)? },
            OpKind::UffdWriteProtect => {
                Call::UffdWriteProtect { target: self.page(0)?, protect: self.uffd_mode()? }
            }
            OpKind::Reclaim => Call::Reclaim { target: self.page(0)? },
            OpKind::SpeculativeRef => Call::SpeculativeRef { target: self.page(0)? },
            OpKind::LruAddDrainAll => Call::LruAddDrainAll,
        })
    }

    fn wrong(self, message: &str) -> Diagnostic {
        Diagnostic::new(self.name.at.clone(), message).help(format!("as `{}`", self.op.usage))
    }

    fn wrong_arg(self, index: usize, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(self.args[index].at.clone(), message).help(format!("as `{}`", self.op.usage))
    }

    /// An argument that is memory, or looks like it.
    fn place(&self, index: usize) -> Found<&Place> {
        match self.args[index].items.as_slice() {
            [Item::Place(place)] => Ok(place),
            _ => Err(Some(self.wrong_arg(index, "expected memory here"))),
        }
    }

    /// An argument that is a single word.
    fn bare(&self, index: usize) -> Found<&Name> {
        match self.args[index].items.as_slice() {
            [Item::Place(Place { mm: None, name, word: None, .. })] => Ok(name),
            _ => Err(Some(self.wrong_arg(index, "expected a name here"))),
        }
    }

    fn value(self, index: usize) -> Found<Arg> {
        match self.args[index].items.as_slice() {
            [Item::Number(number, _)] => Ok(Arg::Number(*number)),
            [Item::Place(Place { mm: None, name, word: None, .. })] => self.scope.variable_value(name),
            _ => Err(Some(self.wrong_arg(index, "expected a number or a variable here"))),
        }
    }

    /// The kind of file, and where the other arguments begin; `least` are there if no kind is said.
    fn direct(self, least: usize) -> Found<(FileKind, usize)> {
        if !self.bare(0).is_ok_and(|name| name.text == "O_DIRECT") {
            let message = format!("`{}` is modelled with `O_DIRECT` only", self.op.name());
            return Err(Some(self.wrong_arg(0, message)));
        }
        if self.args.len() == least {
            return Ok((FileKind::default(), 1));
        }
        let kinds = || FileKind::ALL.iter().map(|kind| kind.word());
        let name = self.bare(1).map_err(|_| Some(self.wrong_arg(1, "expected a kind of file here")))?;
        let kind = FileKind::ALL.iter().find(|kind| kind.word() == name.text);
        kind.map(|&kind| (kind, 2)).ok_or_else(|| {
            let message = format!("unknown kind of file {}", quote(&name.text));
            Some(Diagnostic::new(name.at.clone(), message).maybe_help(choose(
                &name.text,
                "there are",
                kinds(),
            )))
        })
    }

    /// A kind of file before memory.
    fn leading_file(self) -> Option<FileKind> {
        let is_flag = |at: usize| self.bare(at).is_ok_and(|name| name.text.starts_with("FOLL_"));
        if self.args.len() < 2 || is_flag(1) {
            return None;
        }
        let name = self.bare(0).ok()?;
        FileKind::ALL.iter().find(|kind| kind.word() == name.text).copied()
    }

    /// A page: a word of it would mislead, as the call is about all of it.
    fn whole(&self, index: usize) -> Found<&Place> {
        let place = self.place(index)?;
        match &place.word {
            None => Ok(place),
            Some((_, at)) => Err(Some(
                Diagnostic::new(at.clone(), format!("`{}` is about the whole page", self.name.text))
                    .help("leave the word out"),
            )),
        }
    }

    fn own_page(self) -> Found<Va> {
        self.scope.own_page(self.whole(0)?)
    }

    fn page(self, index: usize) -> Found<Target> {
        self.scope.names.target(self.whole(index)?, Some(self.scope.column))
    }

    fn handle_word(self) -> Found<(VarId, u8)> {
        let place = self.place(0)?;
        if place.mm.is_some() {
            return Err(Some(self.wrong_arg(0, "expected a handle here")));
        }
        let handle = self.scope.names.handle(&place.name)?;
        Ok((handle, word(place)?))
    }

    fn gup(self, pin: bool, fast: bool, remote: bool) -> Found<Call> {
        let place = self.whole(0)?;
        let target = if remote {
            self.page(0)?
        } else {
            let own = self.scope.own_mm()?;
            let target = self.scope.names.target(place, Some(self.scope.column))?;
            if target.mm != own {
                let kind = if pin { "pin" } else { "get" };
                return Err(Some(
                    Diagnostic::new(
                        place.at.clone(),
                        format!("`{}` takes memory of the mm that it runs in", self.name.text),
                    )
                    .help(format!("`{kind}_user_pages_remote` takes that of another")),
                ));
            }
            target
        };
        let mut flags = GupFlags::default();
        for item in self.args[1..].iter().flat_map(|a| &a.items) {
            self.flag(item, pin, &mut flags)?;
        }
        // GUP-fast falls back to a path that may wait. Of the others, process_vm_access.c passes a `locked` and pins;
        // /proc/PID/mem and ptrace, which pass none, take references.
        let flags = GupFlags { unlockable: fast || (remote && pin), ..flags };
        Ok(Call::Gup { target, pin, fast, flags })
    }

    fn flag(self, item: &Item, pin: bool, flags: &mut GupFlags) -> Found<()> {
        let (text, at) = match item {
            Item::Place(place) => (place.name.text.as_str(), place.at.clone()),
            Item::Number(_, at) => ("a number", at.clone()),
        };
        let slot = match text {
            "FOLL_WRITE" => &mut flags.write,
            "FOLL_FORCE" => &mut flags.force,
            "FOLL_LONGTERM" if pin => &mut flags.longterm,
            "FOLL_LONGTERM" => {
                return Err(Some(
                    Diagnostic::new(at, "`FOLL_LONGTERM` needs `FOLL_PIN`")
                        .help(format!("`{}` does not pin; its pin_* counterpart does", self.name.text)),
                ));
            }
            other => {
                return Err(Some(
                    Diagnostic::new(at, format!("unknown flag {}", quote(other))).maybe_help(choose(
                        other,
                        "flags are",
                        FLAGS,
                    )),
                ));
            }
        };
        if *slot {
            return Err(Some(Diagnostic::new(at, format!("{} is there already", quote(text)))));
        }
        *slot = true;
        Ok(())
    }

    /// Which way direct I/O goes: it passes no other flag.
    fn direction(self, at: usize) -> Found<bool> {
        let Some(arg) = self.args.get(at) else { return Ok(false) };
        match arg.items.as_slice() {
            [Item::Place(place)] if place.name.text == "FOLL_WRITE" => Ok(true),
            _ => Err(Some(self.wrong_arg(at, "expected `FOLL_WRITE` or nothing"))),
        }
    }

    fn advice(self) -> Found<Advice> {
        let name = self.bare(1)?;
        if let Some((advice, what, instead)) = known::ADVICE.iter().find(|(advice, ..)| *advice == name.text)
        {
            let message = format!("`{advice}` is known, not modelled: it {what}");
            return Err(Some(Diagnostic::new(name.at.clone(), message).help(instead.help(advice))));
        }
        ADVICE.iter().find(|a| a.0 == name.text).map(|a| a.1).ok_or_else(|| {
            Some(
                Diagnostic::new(name.at.clone(), format!("unknown advice {}", quote(&name.text)))
                    .maybe_help(choose(&name.text, "advice is", ADVICE.iter().map(|a| a.0))),
            )
        })
    }

    fn protection(self) -> Found<bool> {
        let mut read = false;
        let mut write = false;
        for item in &self.args[1].items {
            let (text, at) = match item {
                Item::Place(place) => (place.name.text.as_str(), place.at.clone()),
                Item::Number(_, at) => ("a number", at.clone()),
            };
            match text {
                "PROT_READ" => read = true,
                "PROT_WRITE" => write = true,
                other => {
                    return Err(Some(
                        Diagnostic::new(at, format!("unknown protection {}", quote(other)))
                            .maybe_help(choose(other, "protection is", ["PROT_READ", "PROT_WRITE"])),
                    ));
                }
            }
        }
        if read { Ok(write) } else { Err(Some(self.wrong_arg(1, "memory is readable in every scenario"))) }
    }

    fn uffd_mode(self) -> Found<bool> {
        match self.args[1].items.as_slice() {
            [Item::Number(0, _)] => Ok(false),
            [Item::Place(place)] if place.name.text == "WP" => Ok(true),
            _ => Err(Some(
                self.wrong_arg(1, "expected `WP` or `0`")
                    .help("`WP` protects, `0` un-protects: `UFFDIO_WRITEPROTECT(A.buf, 0)`"),
            )),
        }
    }
}
