//! The parts of Rust's syntax that matter here.

use syn::visit::{self, Visit};
use syn::{Expr, Pat, Token};

/// The line of a request, if a chain of calls begins at a method of `cpu`: the line of the method's name.
pub(crate) fn request(chain: &Expr) -> Option<usize> {
    let Expr::MethodCall(call) = chain else { return None };
    if !is(&call.receiver, "cpu") {
        return request(&call.receiver);
    }
    // A frame is awaited as well; its requests are inside it.
    let is_frame = ["call", "part", "rounds"].iter().any(|method| call.method == method);
    (!is_frame).then(|| call.method.span().start().line)
}

/// The names that a pattern binds.
pub(crate) struct Idents(pub(crate) Vec<String>);

impl<'a> Visit<'a> for Idents {
    fn visit_pat_ident(&mut self, name: &'a syn::PatIdent) {
        self.0.push(name.ident.to_string());
        visit::visit_pat_ident(self, name);
    }
}

pub(crate) fn path(expr: &Expr) -> Option<&syn::Path> {
    if let Expr::Path(path) = expr { Some(&path.path) } else { None }
}

pub(crate) fn is(expr: &Expr, name: &str) -> bool {
    path(expr).is_some_and(|path| path.is_ident(name))
}

pub(crate) fn last(path: &syn::Path) -> String {
    path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default()
}

/// A value of an enum, such as `WpReuse::Count`.
pub(crate) fn value(expr: &Expr) -> Option<String> {
    variant(path(expr)?)
}

pub(crate) fn variant(path: &syn::Path) -> Option<String> {
    let mut names = path.segments.iter().rev().map(|segment| segment.ident.to_string());
    let (variant, of) = (names.next()?, names.next()?);
    Some(format!("{of}::{variant}"))
}

/// The values that a pattern lists, if it lists nothing else.
pub(crate) fn values(pattern: &Pat) -> Option<Vec<String>> {
    match pattern {
        Pat::Path(path) => Some(vec![variant(&path.path)?]),
        Pat::Or(cases) => cases.cases.iter().map(values).collect::<Option<Vec<_>>>().map(|all| all.concat()),
        Pat::Paren(inner) => values(&inner.pat),
        _ => None,
    }
}

/// The expression and the pattern of a `matches!`; `None` if it has a guard.
pub(crate) fn matched(mac: &syn::Macro) -> Option<(Expr, Pat)> {
    if !mac.path.is_ident("matches") {
        return None;
    }
    let parser = |input: syn::parse::ParseStream<'_>| {
        let asked = input.parse()?;
        input.parse::<Token![,]>()?;
        let pattern = Pat::parse_multi_with_leading_vert(input)?;
        input.parse::<Option<Token![,]>>()?;
        Ok((asked, pattern))
    };
    mac.parse_body_with(parser).ok()
}

pub(crate) fn text(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
        _ => None,
    }
}
