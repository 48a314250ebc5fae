//! Cells into calls.

use cowrace_mm::syscall::{self, Gives};
use cowrace_mm::world::{Arg, Call, FileKind, VarId};

use super::Found;
use super::arguments::{Reader, as_usage};
use super::scope::Scope;
use crate::cell::{self, Cell, Value};
use crate::diagnostic::Diagnostic;
use crate::lex::Name;
use crate::nearest::quote;
use crate::unknown;

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
        let assumed = || {
            let Cell::Call { op: name, args, .. } = cell else { return None };
            let at = Reader::new(self, syscall::find(&name.text)?, name, args).ok()?.assumes_file_at()?;
            // The first argument stands after a parenthesis, every other one after a comma.
            let (before, _) = text.match_indices(['(', ',']).nth(at)?;
            let (head, tail) = text.split_at_checked(before + if at == 0 { "(" } else { ", " }.len())?;
            Some(format!("{head}{}, {tail}", FileKind::default().word()))
        };
        assumed().unwrap_or_else(|| text.to_owned())
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
                Diagnostic::new(
                    name.at.clone(),
                    format!("no column runs in {shown}, so no column can finish"),
                )
                .help(format!("give it a column, as `child @{}`", name.text)),
            ));
        }
        Ok(Call::WaitExit { mm })
    }

    fn call(self, dest: Option<&Name>, name: &Name, args: &[cell::Arg]) -> Found<(Option<VarId>, Call)> {
        let Some(row) = syscall::find(&name.text) else { return Err(Some(unknown::call(name))) };
        let reader = Reader::new(self, row, name, args)?;
        if let Some(dest) = dest.filter(|_| row.gives == Gives::Nothing) {
            return Err(Some(
                Diagnostic::new(dest.at.clone(), format!("`{}` has no result", name.text))
                    .help(as_usage(row)),
            ));
        }
        if row.own_mm {
            self.own_mm()?;
        }
        let arguments = reader.read(dest)?;
        let dest = if row.gives == Gives::Child { None } else { self.dest(dest)? };
        let call = (row.shape.call)(&arguments);
        if let Call::SoftDirty { target } = call
            && self.names.is_huge(target.va)
        {
            let message = "no soft-dirty bit is kept for huge pages of hugetlb";
            let help =
                "`/proc/PID/pagemap` tells of them whether the whole area is new, which is not modelled";
            return Err(Some(Diagnostic::new(name.at.clone(), message).help(help)));
        }
        Ok((dest, call))
    }

    fn value(self, value: &Value) -> Found<Arg> {
        match value {
            Value::Number(number) => Ok(Arg::Number(*number)),
            Value::Variable(name) => self.variable_value(name),
        }
    }
}
