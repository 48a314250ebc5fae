//! The grammar of one cell.
//!
//! ```text
//! cell  = "wait" NAME | [NAME "="] call | [NAME "="] place | place "=" value | NAME "=" value
//! call  = NAME "(" [arg {"," arg}] ")"
//! arg   = item {"|" item}          item = NUMBER | place
//! ```

use cowrace_mm::syscall;
use winnow::combinator::{alt, separated};
use winnow::prelude::*;

use crate::diagnostic::{Diagnostic, Span};
use crate::grammar::{Parsed, Place, cut, expected, need, number, peek, place, run, symbol};
use crate::lex::{Input, Kind, Name};
use crate::line_kind::FOOTER;
use crate::nearest::{did_you_mean, nearest, quote};
use crate::phrases;
use crate::text::Text;
use crate::{anchors, known, unknown};

/// The content of a cell, before its names are resolved.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    Wait(Name),
    Call { dest: Option<Name>, op: Name, args: Vec<Arg> },
    Load { dest: Option<Name>, place: Place },
    Store { place: Place, value: Value },
    Set { dest: Name, value: Value },
}

/// A number or a variable.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Number(u64),
    Variable(Name),
}

/// One argument: things joined by `|`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Arg {
    pub(crate) items: Vec<Item>,
    pub(crate) at: Span,
}

/// One thing in an argument.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Item {
    Number(u64, Span),
    Place(Place),
}

impl Item {
    fn span(&self) -> Span {
        match self {
            Self::Number(_, at) => at.clone(),
            Self::Place(place) => place.at.clone(),
        }
    }
}

/// Reads a cell.
pub(crate) fn parse(text: &Text) -> Result<Cell, Diagnostic> {
    run(text, cell).map_err(|diagnostic| phrases::or(text.as_str(), text.whole(), diagnostic))
}

fn cell(input: &mut Input<'_, '_>) -> Parsed<Cell> {
    if peek(input).kind != Kind::Word {
        return expected(input, "a call, a load or a store");
    }
    let first = place(input)?;
    let bare = first.mm.is_none() && first.word.is_none();
    if bare && first.name.text == "wait" && peek(input).kind == Kind::Word {
        let name = place(input)?;
        if name.mm.is_some() || name.word.is_some() {
            return cut(Diagnostic::new(name.at, "a column can only wait for a variable or an mm"));
        }
        return Ok(Cell::Wait(name.name));
    }
    if bare && symbol("(")(input).is_ok() {
        return call(input, None, first.name);
    }
    if symbol("=")(input).is_err() {
        return match first.word {
            Some(_) => Ok(Cell::Load { dest: None, place: first }),
            None => cut(stray(&first, peek(input).kind == Kind::End)),
        };
    }
    if !bare {
        if first.word.is_none() {
            return cut(which_word(&first));
        }
        return Ok(Cell::Store { place: first, value: value(input)? });
    }
    let dest = first.name;
    if let Ok((value, _)) = number(input) {
        return Ok(Cell::Set { dest, value: Value::Number(value) });
    }
    if peek(input).kind != Kind::Word {
        return expected(input, "a number, a variable, a word of memory or a call");
    }
    let from = place(input)?;
    if from.mm.is_none() && from.word.is_none() {
        if symbol("(")(input).is_ok() {
            return call(input, Some(dest), from.name);
        }
        return Ok(Cell::Set { dest, value: Value::Variable(from.name) });
    }
    if from.word.is_none() {
        return cut(which_word(&from));
    }
    Ok(Cell::Load { dest: Some(dest), place: from })
}

fn call(input: &mut Input<'_, '_>, dest: Option<Name>, op: Name) -> Parsed<Cell> {
    let args = if symbol(")")(input).is_ok() {
        Vec::new()
    } else {
        let args = separated(1.., arg, symbol(",")).parse_next(input)?;
        if peek(input).text != ")" {
            return expected(input, "`,` or `)`");
        }
        need(input, ")")?;
        args
    };
    Ok(Cell::Call { dest, op, args })
}

fn arg(input: &mut Input<'_, '_>) -> Parsed<Arg> {
    let items: Vec<Item> = separated(1.., item, symbol("|")).parse_next(input)?;
    let start = items.first().map_or(0, |i| i.span().start);
    let end = items.last().map_or(start, |i| i.span().end);
    Ok(Arg { items, at: start..end.max(start) })
}

fn item(input: &mut Input<'_, '_>) -> Parsed<Item> {
    match peek(input).kind {
        Kind::Number(_) | Kind::Word => {
            alt((number.map(|(n, at)| Item::Number(n, at)), place.map(Item::Place))).parse_next(input)
        }
        _ => expected(input, "an argument"),
    }
}

fn value(input: &mut Input<'_, '_>) -> Parsed<Value> {
    if let Ok((value, _)) = number(input) {
        return Ok(Value::Number(value));
    }
    if peek(input).kind != Kind::Word {
        return expected(input, "a number or a variable");
    }
    let from = place(input)?;
    if from.mm.is_some() || from.word.is_some() {
        return cut(Diagnostic::new(from.at, "memory cannot be copied in one cell")
            .help("load the word into a variable first: `x = buf[0]`, then `buf[1] = x`"));
    }
    if peek(input).text == "(" {
        return cut(Diagnostic::new(
            from.at,
            "the result of a call cannot be stored to memory in the same cell",
        )
        .help("assign the result to a variable first: `x = ...`, then `buf[1] = x`"));
    }
    Ok(Value::Variable(from.name))
}

/// The error for `buf` where `buf[0]` is meant.
pub(crate) fn which_word(place: &Place) -> Diagnostic {
    let name = match &place.mm {
        Some(mm) => format!("{}.{}", mm.text, place.name.text),
        None => place.name.text.clone(),
    };
    Diagnostic::new(place.at.clone(), format!("which word of {}?", quote(&name)))
        .help(format!("a page has two words, `{name}[0]` and `{name}[1]`"))
}

/// The error for a word that is nothing by itself.
fn stray(place: &Place, alone: bool) -> Diagnostic {
    let word = &place.name.text;
    if place.mm.is_some() {
        return which_word(place);
    }
    if let Some(row) = syscall::find(word) {
        return Diagnostic::new(place.at.clone(), format!("{} is a call", quote(word)))
            .help(format!("write it as `{}`", row.about.usage));
    }
    if word == "wait" {
        return Diagnostic::new(place.at.clone(), "wait for what?")
            .help("`wait f` waits until the variable `f` is set, `wait C` until the mm `C` has exited");
    }
    if known::find(word).is_some() || unknown::step(word).is_some() {
        return unknown::call(&place.name);
    }
    let near = did_you_mean(word, syscall::names().chain(["wait"]).chain(FOOTER));
    // `wp_copy_page` is not a call in either case.
    if near.is_none() && nearest(word, anchors::names()).is_some() {
        return unknown::call(&place.name);
    }
    let help = match near {
        Some(near) => near,
        None if alone && phrases::find(word).is_some() => phrases::advice(word),
        None if alone => {
            "a cell is a call, a load such as `x = buf[0]` or a store such as `buf[0] = 1`; the steps of a \
             call stand between `call(..) {` and `}`"
                .to_owned()
        }
        None => "a cell is one call, a load such as `x = buf[0]` or a store such as `buf[0] = 1`".to_owned(),
    };
    Diagnostic::new(place.at.clone(), format!("unknown word {}", quote(word))).help(help)
}
