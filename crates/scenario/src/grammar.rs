//! What the grammars of cells and predicates share.

use winnow::error::{ErrMode, ParserError};
use winnow::prelude::*;
use winnow::token::any;

use crate::diagnostic::{Diagnostic, Span};
use crate::lex::{Input, Kind, Name, Token};
use crate::nearest::quote;

/// An error of a grammar, which is shown to the user.
#[derive(Clone, Debug)]
pub(crate) struct Fault(pub(crate) Box<Diagnostic>);

/// The result of a rule of a grammar.
pub(crate) type Parsed<T> = Result<T, ErrMode<Fault>>;

impl From<Diagnostic> for Fault {
    fn from(diagnostic: Diagnostic) -> Self {
        Self(Box::new(diagnostic))
    }
}

impl<'i, 't> ParserError<Input<'i, 't>> for Fault {
    type Inner = Self;

    fn from_input(input: &Input<'i, 't>) -> Self {
        let token = peek(input);
        Diagnostic::new(token.at.clone(), format!("unexpected {}", describe(token))).into()
    }

    fn into_inner(self) -> Result<Self, Self> {
        Ok(self)
    }
}

/// The next token.
pub(crate) fn peek<'i, 't>(input: &Input<'i, 't>) -> &'i Token<'t> {
    input.iter_offsets().next().map_or_else(
        // Only `end` consumes the end, and nothing is read after it.
        || {
            input
                .previous_tokens()
                .next()
                .unwrap_or(const { &Token { kind: Kind::End, text: "", local: 0..0, at: 0..0 } })
        },
        |(_, token)| token,
    )
}

/// A token in words.
pub(crate) fn describe(token: &Token<'_>) -> String {
    match token.kind {
        Kind::End => "end".to_owned(),
        _ => quote(token.text),
    }
}

/// An error after which no other rule is tried.
pub(crate) fn cut<T>(diagnostic: Diagnostic) -> Parsed<T> {
    Err(ErrMode::Cut(diagnostic.into()))
}

/// "expected X" at the next token.
pub(crate) fn expected<T>(input: &Input<'_, '_>, what: &str) -> Parsed<T> {
    let token = peek(input);
    let message = match token.kind {
        Kind::End => format!("expected {what} after this"),
        _ => format!("expected {what}, found {}", quote(token.text)),
    };
    cut(Diagnostic::new(token.at.clone(), message))
}

/// A symbol.
pub(crate) fn symbol<'i, 't>(text: &'static str) -> impl FnMut(&mut Input<'i, 't>) -> Parsed<Span> {
    move |input| {
        any.verify(|t: &&Token<'_>| t.kind == Kind::Symbol && t.text == text)
            .map(|t: &Token<'_>| t.at.clone())
            .parse_next(input)
    }
}

/// A symbol that must follow.
pub(crate) fn need(input: &mut Input<'_, '_>, text: &'static str) -> Parsed<Span> {
    match symbol(text)(input) {
        Ok(at) => Ok(at),
        Err(_) => expected(input, &format!("`{text}`")),
    }
}

/// A word.
pub(crate) fn word(input: &mut Input<'_, '_>) -> Parsed<Name> {
    any.verify(|t: &&Token<'_>| t.kind == Kind::Word)
        .map(|t: &Token<'_>| Name::new(t.text, t.at.clone()))
        .parse_next(input)
}

/// A number.
pub(crate) fn number(input: &mut Input<'_, '_>) -> Parsed<(u64, Span)> {
    any.verify_map(|t: &Token<'_>| match t.kind {
        Kind::Number(value) => Some((value, t.at.clone())),
        _ => None,
    })
    .parse_next(input)
}

/// Memory as it is named: `buf`, `A.buf`, `buf[0]`, `A.buf[0]`. Also a variable, or a handle `h[0]`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Place {
    pub(crate) mm: Option<Name>,
    pub(crate) name: Name,
    pub(crate) word: Option<(u64, Span)>,
    pub(crate) at: Span,
}

/// A place.
pub(crate) fn place(input: &mut Input<'_, '_>) -> Parsed<Place> {
    let first = word(input)?;
    let mut at = first.at.clone();
    let (mm, name) = match symbol(".")(input) {
        Ok(_) => match word(input) {
            Ok(name) => (Some(first), name),
            Err(_) => return expected(input, "the name of an area"),
        },
        Err(_) => (None, first),
    };
    at.end = name.at.end;
    let mut index = None;
    if symbol("[")(input).is_ok() {
        index = match number(input) {
            Ok(number) => Some(number),
            Err(_) => return expected(input, "a word of the page, 0 or 1"),
        };
        at.end = need(input, "]")?.end;
    }
    Ok(Place { mm, name, word: index, at })
}

/// Reads all of a text by a rule.
pub(crate) fn run<T>(
    text: &crate::text::Text,
    rule: impl FnOnce(&mut Input<'_, '_>) -> Parsed<T>,
) -> Result<T, Diagnostic> {
    let tokens = crate::lex::terminated(text)?;
    let mut input = Input::new(&tokens);
    let value = rule(&mut input).map_err(fault)?;
    if peek(&input).kind != Kind::End {
        let token = peek(&input);
        return Err(Diagnostic::new(token.at.clone(), format!("unexpected {}", describe(token))));
    }
    Ok(value)
}

fn fault(error: ErrMode<Fault>) -> Diagnostic {
    match error {
        ErrMode::Backtrack(fault) | ErrMode::Cut(fault) => *fault.0,
        ErrMode::Incomplete(_) => Diagnostic::new(0..0, "incomplete"),
    }
}
