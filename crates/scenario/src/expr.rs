//! The grammar of predicates.
//!
//! ```text
//! expr  = both {"||" both}         both = not {"&&" not}
//! not   = "!" not | "(" expr ")" | term RELATION term
//! term  = NUMBER | NAME "." NAME "[" NUMBER "]" | "copies" "(" NAME ")" | NAME
//! ```

use cowrace_mm::world::Relation;
use winnow::combinator::{alt, preceded, repeat};
use winnow::prelude::*;

use crate::diagnostic::Diagnostic;
use crate::grammar::{Parsed, Place, cut, expected, need, number, peek, place, run, symbol, word};
use crate::lex::{self, Input, Kind, Name};
use crate::text::Text;

/// A predicate, before its names are resolved.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expr {
    Compare(Box<(Term, Relation, Term)>),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Not(Box<Self>),
}

/// A term of a predicate.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Term {
    Number(u64),
    Name(Name),
    Memory(Place),
    Copies(Name),
}

/// The largest number of tokens of one predicate. It bounds the nesting, and thus the stack.
const MAX_TOKENS: usize = 200;

/// Reads a predicate.
pub(crate) fn parse(text: &Text) -> Result<Expr, Diagnostic> {
    if lex::tokens(text)?.len() > MAX_TOKENS {
        return Err(Diagnostic::new(text.whole(), "the predicate is too long")
            .help("split it into several `always` and `never` lines; they are checked together"));
    }
    run(text, |input| {
        let value = expr(input)?;
        match peek(input).kind {
            Kind::End => Ok(value),
            _ => expected(input, "`&&`, `||` or the end"),
        }
    })
}

fn expr(input: &mut Input<'_, '_>) -> Parsed<Expr> {
    let first = both(input)?;
    let rest: Vec<Expr> = repeat(0.., preceded(symbol("||"), both)).parse_next(input)?;
    Ok(rest.into_iter().fold(first, |a, b| Expr::Or(Box::new(a), Box::new(b))))
}

fn both(input: &mut Input<'_, '_>) -> Parsed<Expr> {
    let first = not(input)?;
    let rest: Vec<Expr> = repeat(0.., preceded(symbol("&&"), not)).parse_next(input)?;
    Ok(rest.into_iter().fold(first, |a, b| Expr::And(Box::new(a), Box::new(b))))
}

fn not(input: &mut Input<'_, '_>) -> Parsed<Expr> {
    if symbol("!")(input).is_ok() {
        return Ok(Expr::Not(Box::new(not(input)?)));
    }
    if symbol("(")(input).is_ok() {
        let inner = expr(input)?;
        need(input, ")")?;
        return Ok(inner);
    }
    let left = term(input)?;
    if peek(input).text == "=" {
        return cut(Diagnostic::new(peek(input).at.clone(), "`=` is not a comparison").help("write `==`"));
    }
    let Ok(relation) = relation(input) else {
        return expected(input, "a comparison such as `==`");
    };
    let right = term(input)?;
    Ok(Expr::Compare(Box::new((left, relation, right))))
}

fn relation(input: &mut Input<'_, '_>) -> Parsed<Relation> {
    alt((
        symbol("==").value(Relation::Equal),
        symbol("!=").value(Relation::NotEqual),
        symbol("<=").value(Relation::LessEqual),
        symbol(">=").value(Relation::GreaterEqual),
        symbol("<").value(Relation::Less),
        symbol(">").value(Relation::Greater),
    ))
    .parse_next(input)
}

fn term(input: &mut Input<'_, '_>) -> Parsed<Term> {
    match peek(input).kind {
        Kind::Number(_) => number(input).map(|(n, _)| Term::Number(n)),
        Kind::Word => {
            let found = place(input)?;
            if found.mm.is_none() && found.word.is_none() {
                if symbol("(")(input).is_err() {
                    return Ok(Term::Name(found.name));
                }
                if found.name.text != "copies" {
                    return cut(Diagnostic::new(found.at, "a predicate cannot make a call").help(
                        "assign the result to a variable in a cell; only `copies(A)` can be used here",
                    ));
                }
                let Ok(mm) = word(input) else { return expected(input, "the name of an mm") };
                need(input, ")")?;
                return Ok(Term::Copies(mm));
            }
            Ok(Term::Memory(found))
        }
        _ => expected(input, "a number, a variable or a word of memory"),
    }
}
