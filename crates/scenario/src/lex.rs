//! Words, numbers and symbols of cells, predicates and windows.

use winnow::combinator::{alt, fail};
use winnow::prelude::*;
use winnow::stream::{LocatingSlice, TokenSlice};
use winnow::token::{any, one_of, take_while};

use crate::diagnostic::{Diagnostic, Span};
use crate::nearest::quote;
use crate::text::Text;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Word,
    Number(u64),
    Symbol,
    /// The end of the text.
    End,
}

/// A token.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token<'t> {
    pub(crate) kind: Kind,
    pub(crate) text: &'t str,
    /// Where it stands in its text.
    pub(crate) local: Span,
    /// Where it stands in the file.
    pub(crate) at: Span,
}

/// A word with its place in the file.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    pub(crate) text: String,
    pub(crate) at: Span,
}

/// Positions do not matter.
impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Name {
    pub(crate) fn new(text: &str, at: Span) -> Self {
        Self { text: text.to_owned(), at }
    }
}

/// The largest number of bytes in a word; longer ones would only blow up error messages.
pub(crate) const MAX_WORD: usize = 64;

/// Whether a text is a word: a letter or underscore, then letters, digits and underscores.
pub(crate) fn is_word(text: &str) -> bool {
    text.len() <= MAX_WORD && text.starts_with(begins_word) && text.chars().all(in_word)
}

fn begins_word(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

fn in_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

const SYMBOLS: [&str; 24] = [
    "==", "!=", "<=", ">=", "&&", "||", "..", "=", "<", ">", "!", "(", ")", "[", "]", "{", "}", ",", ".",
    "|", "#", "$", "-", ":",
];

type Chars<'t> = LocatingSlice<&'t str>;

fn word<'t>(input: &mut Chars<'t>) -> winnow::ModalResult<&'t str> {
    (one_of(begins_word), take_while(0.., in_word)).take().parse_next(input)
}

fn number<'t>(input: &mut Chars<'t>) -> winnow::ModalResult<&'t str> {
    (one_of('0'..='9'), take_while(0.., in_word)).take().parse_next(input)
}

fn symbol<'t>(input: &mut Chars<'t>) -> winnow::ModalResult<&'t str> {
    for mut symbol in SYMBOLS {
        if input.starts_with(symbol) {
            return symbol.parse_next(input);
        }
    }
    fail.parse_next(input)
}

/// The tokens of a text.
pub(crate) fn tokens(text: &Text) -> Result<Vec<Token<'_>>, Diagnostic> {
    let mut input = LocatingSlice::new(text.as_str());
    let mut tokens = Vec::new();
    loop {
        let _: &str = blanks(&mut input);
        if input.is_empty() {
            return Ok(tokens);
        }
        let mut token = alt((
            word.map(|w| (Kind::Word, w)),
            number.map(|n| (Kind::Number(0), n)),
            symbol.map(|s| (Kind::Symbol, s)),
        ))
        .with_span();
        let Ok(((kind, found), local)) = token.parse_next(&mut input) else {
            let at = text.as_str().len() - input.len();
            let mut rest: winnow::ModalResult<char> = any.parse_next(&mut input);
            let c = rest.as_mut().map_or(' ', |c| *c);
            let span = text.span(at..at + c.len_utf8());
            return Err(Diagnostic::new(span, format!("unexpected character {}", quote(&c.to_string())))
                .help(
                    "cells are not C: a load is `x = buf[0]`, a store `buf[0] = 1`, and a remark \
                     `// remark` or `[remark]`",
                ));
        };
        let at = text.span(local.clone());
        if found.len() > MAX_WORD {
            return Err(Diagnostic::new(at, "this word is too long")
                .help(format!("a word has at most {MAX_WORD} characters")));
        }
        let kind = match kind {
            // The name of this file system, which comes from Plan 9, starts with a digit.
            Kind::Number(_) if found == "9p" => Kind::Word,
            Kind::Number(_) => Kind::Number(value(found, at.clone())?),
            kind => kind,
        };
        tokens.push(Token { kind, text: found, local, at });
    }
}

fn blanks<'t>(input: &mut Chars<'t>) -> &'t str {
    let blanks: winnow::ModalResult<&str> = take_while(0.., char::is_whitespace).parse_next(input);
    blanks.unwrap_or_default()
}

/// The value of a number.
pub(crate) fn value(text: &str, at: Span) -> Result<u64, Diagnostic> {
    let (digits, radix) = match text.strip_prefix("0x") {
        Some(digits) => (digits, 16),
        None => (text, 10),
    };
    let wrong = |message| Err(Diagnostic::new(at.clone(), message));
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return wrong(format!("{} is not a number", quote(text)));
    }
    match u32::from_str_radix(digits, radix) {
        Ok(value) => Ok(u64::from(value)),
        Err(_) => wrong(format!("{} does not fit into 32 bits", quote(text)))
            .map_err(|d| d.help(format!("words of memory and variables hold numbers up to {}", u32::MAX))),
    }
}

/// Whether the canonical form has a blank between two tokens; `before` is the token before them.
fn blank_between(before: Option<&Token<'_>>, left: &Token<'_>, right: &Token<'_>) -> bool {
    let named = |t: &Token<'_>| t.kind != Kind::Symbol || t.text == "]" || t.text == ")";
    match (left.text, right.text) {
        (_, ")" | "]" | "," | "." | "#" | "-" | "|" | ".." | ":") => false,
        ("(" | "[" | "!" | "." | "#" | "-" | "|" | "$" | "..", _) => false,
        (_, "(" | "[") => !named(left) || before.is_some_and(|b| b.text == "$" && !named(left)),
        _ => true,
    }
}

/// A text with the blanks that the canonical form has between words, and no others.
pub(crate) fn canonical(text: &Text) -> Result<Text, Diagnostic> {
    let tokens = tokens(text)?;
    if tokens.is_empty() {
        return Ok(text.trimmed(0..text.as_str().len()));
    }
    let mut canonical = Text::default();
    for (i, token) in tokens.iter().enumerate() {
        if i > 0 && blank_between(tokens.get(i.wrapping_sub(2)), &tokens[i - 1], token) {
            canonical.push_instead(" ", token.at.start..token.at.start);
        }
        canonical.push_text(text, token.local.clone());
    }
    Ok(canonical)
}

/// The input of the grammars; the last token is always [`Kind::End`].
pub(crate) type Input<'i, 't> = TokenSlice<'i, Token<'t>>;

/// The tokens of a text followed by an end, so that there is always a token to point at.
pub(crate) fn terminated(text: &Text) -> Result<Vec<Token<'_>>, Diagnostic> {
    let mut list = tokens(text)?;
    let local = list.last().map_or(0..0, |t| t.local.clone());
    list.push(Token { kind: Kind::End, text: "", at: text.span(local.clone()), local });
    Ok(list)
}
