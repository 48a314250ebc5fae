//! `always` and `never`.

use cowrace_mm::world::{Errno, Expr, Predicate, Target, Term};

use super::names::Names;
use super::{Found, scope, substitute};
use crate::diagnostic::Report;
use crate::expr;
use crate::syntax::{File, VariantDecl};

/// Lowers every predicate.
pub(super) fn lower(
    file: &File,
    decl: Option<&VariantDecl>,
    names: &Names,
    report: &mut Report,
) -> Vec<Predicate> {
    let mut predicates = Vec::new();
    for predicate in &file.footer.predicates {
        let text = substitute::replace(&predicate.text, decl, &file.header.variants);
        let parsed = text.and_then(|text| Ok((expr::parse(&text)?, text)));
        let Some((parsed, text)) = report.ok(parsed) else { continue };
        match expr(&parsed, names) {
            Ok(expr) => predicates.push(Predicate {
                text: text.as_str().to_owned(),
                modality: predicate.modality,
                expr,
                class: predicate.class,
            }),
            Err(Some(diagnostic)) => report.push(diagnostic),
            Err(None) => {}
        }
    }
    predicates
}

fn expr(from: &expr::Expr, names: &Names) -> Found<Expr> {
    let both = |a, b| -> Found<_> { Ok((Box::new(expr(a, names)?), Box::new(expr(b, names)?))) };
    Ok(match from {
        expr::Expr::Compare(comparison) => {
            let (left, relation, right) = &**comparison;
            Expr::Compare(term(left, names)?, *relation, term(right, names)?)
        }
        expr::Expr::And(a, b) => both(a, b).map(|(a, b)| Expr::And(a, b))?,
        expr::Expr::Or(a, b) => both(a, b).map(|(a, b)| Expr::Or(a, b))?,
        expr::Expr::Not(inner) => Expr::Not(Box::new(expr(inner, names)?)),
    })
}

fn term(from: &expr::Term, names: &Names) -> Found<Term> {
    Ok(match from {
        expr::Term::Number(number) => Term::Number(*number),
        expr::Term::Name(name) => match name.text.as_str() {
            "SIGSEGV" => Term::Errno(Errno::Sigsegv),
            "EFAULT" => Term::Errno(Errno::Efault),
            "EAGAIN" => Term::Errno(Errno::Eagain),
            "EINVAL" => Term::Errno(Errno::Einval),
            _ => Term::Variable(names.variable(name)?),
        },
        expr::Term::Memory(place) => {
            let (Target { mm, va }, word) = (names.target(place, None)?, scope::word(place)?);
            Term::Memory { target: Target { mm, va: names.page_of_word(va, word) }, word }
        }
        expr::Term::Copies(mm) => Term::Copies(names.mm(mm)?),
    })
}
