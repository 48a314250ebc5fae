//! What the names of a cell mean, where it stands.

use cowrace_mm::world::{Arg, MmId, Va};

use super::Found;
use super::names::Names;
use crate::cell::which_word;
use crate::diagnostic::Diagnostic;
use crate::grammar::Place;
use crate::lex::Name;
use crate::nearest::quote;

/// A column and what its names mean.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope<'n> {
    pub(super) names: &'n Names,
    pub(super) column: usize,
}

impl Scope<'_> {
    /// The mm of the column. If it has none, that is said once, where it is mended.
    pub(super) fn own_mm(self) -> Found<MmId> {
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
    pub(super) fn own_page(self, place: &Place) -> Found<Va> {
        let own = self.own_mm()?;
        let target = self.names.target(place, Some(self.column))?;
        if target.mm != own {
            let (own, other) = (&self.names.mms[own].name, &self.names.mms[target.mm].name);
            return Err(Some(Diagnostic::new(place.at.clone(), format!("this column runs in mm `{own}`, not in `{other}`"))
                .help("a column reaches the memory of its own mm only, but for `get_user_pages_remote` and the like")));
        }
        Ok(target.va)
    }

    pub(super) fn own_word(self, place: &Place) -> Found<(Va, u8)> {
        let (va, word) = (self.own_page(place)?, word(place)?);
        Ok((self.names.page_of_word(va, word), word))
    }

    pub(super) fn variable_value(self, name: &Name) -> Found<Arg> {
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
        Some((word, at)) => {
            let place = format!("{}[{word}]", place.name.text);
            Err(Diagnostic::new(at.clone(), format!("there is no {}", quote(&place)))
                .help("a page has two words, 0 and 1, and a huge page has two pages, 0 and 1"))
        }
        None => Err(which_word(place)),
    }
}
