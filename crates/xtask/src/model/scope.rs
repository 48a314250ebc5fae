//! What variables hold, and what is known about conditions.

use std::collections::HashMap;

use syn::visit::Visit;
use syn::{BinOp, Expr, Pat, UnOp};

use super::formula::{Condition, Formula};
use super::syntax::{Idents, is, last, matched, path, value, values};

/// Conditions that have a name: functions that only ask for rules.
pub(crate) type Named = HashMap<String, Condition>;

/// Collects the conditions of a file that have a name.
pub(crate) fn named(file: &syn::File, into: &mut Named) {
    struct Names<'n>(&'n mut Named);
    impl Names<'_> {
        fn note(&mut self, signature: &syn::Signature, body: &syn::Block) {
            let statements = body.stmts.iter().filter(|s| !matches!(s, syn::Stmt::Item(_)));
            if let [syn::Stmt::Expr(tail, None)] = statements.collect::<Vec<_>>()[..] {
                let condition = Scope::new(&Named::new()).condition(tail);
                if signature.asyncness.is_none() && condition != Condition::UNKNOWN {
                    self.0.insert(signature.ident.to_string(), condition);
                }
            }
        }
    }
    impl<'a> Visit<'a> for Names<'_> {
        fn visit_item_fn(&mut self, item: &'a syn::ItemFn) {
            self.note(&item.sig, &item.block);
        }
        fn visit_impl_item_fn(&mut self, item: &'a syn::ImplItemFn) {
            self.note(&item.sig, &item.block);
        }
    }
    Names(into).visit_file(file);
}

/// What a variable holds.
#[derive(Clone, Debug)]
pub(crate) enum Held {
    /// The value through which rules are read.
    Reading,
    /// The value of a rule.
    Rule,
    /// A condition on rules.
    Condition(Condition),
}

#[derive(Debug)]
pub(crate) struct Scope<'n> {
    named: &'n Named,
    /// Variables, block by block, including those that have nothing to do with rules.
    held: Vec<HashMap<String, Option<Held>>>,
}

impl<'n> Scope<'n> {
    pub(crate) fn new(named: &'n Named) -> Self {
        Self { named, held: Vec::new() }
    }

    /// Runs a block: its variables are dropped at its end.
    pub(crate) fn enter(&mut self) {
        self.held.push(HashMap::new());
    }

    pub(crate) fn leave(&mut self) {
        self.held.pop();
    }

    /// Whether there is a condition of that name.
    pub(crate) fn is_named(&self, name: &str) -> bool {
        self.named.contains_key(name)
    }

    /// What an expression holds, if it is a variable.
    pub(crate) fn variable(&self, path: &syn::Path) -> Option<&Option<Held>> {
        let name = path.get_ident()?.to_string();
        self.held.iter().rev().find_map(|block| block.get(&name))
    }

    fn held(&self, expr: &Expr) -> Option<&Held> {
        self.variable(path(expr)?)?.as_ref()
    }

    /// Whether an expression is the value through which rules are read.
    pub(crate) fn is_reading(&self, expr: &Expr) -> bool {
        match expr {
            Expr::MethodCall(call) if call.args.is_empty() => {
                let by = |names: &[&str]| names.iter().any(|name| is(&call.receiver, name));
                call.method == "reading" || call.method == "rules" && by(&["cpu", "self"])
            }
            other => matches!(self.held(other), Some(Held::Reading)),
        }
    }

    /// Whether an expression is the value of a rule.
    pub(crate) fn is_rule(&self, expr: &Expr) -> bool {
        match expr {
            Expr::MethodCall(call) => {
                self.is_reading(&call.receiver)
                    && call.args.is_empty()
                    && !self.is_named(&call.method.to_string())
            }
            other => matches!(self.held(other), Some(Held::Rule)),
        }
    }

    /// What is known about a condition.
    pub(crate) fn condition(&self, expr: &Expr) -> Condition {
        match expr {
            Expr::Paren(paren) => self.condition(&paren.expr),
            Expr::Unary(unary) if matches!(unary.op, UnOp::Not(_)) => self.condition(&unary.expr).not(),
            Expr::Binary(both) if matches!(both.op, BinOp::And(_)) => {
                self.condition(&both.left).and(self.condition(&both.right))
            }
            Expr::Binary(both) if matches!(both.op, BinOp::Or(_)) => {
                self.condition(&both.left).or(self.condition(&both.right))
            }
            Expr::MethodCall(call) if self.is_reading(&call.receiver) || is(&call.receiver, "self") => {
                let asked = call.args.first().and_then(value).filter(|_| call.method == "is");
                asked.map_or_else(|| self.by_name(&call.method.to_string()), Condition::is)
            }
            Expr::Call(call) => path(&call.func).map_or(Condition::UNKNOWN, |path| self.by_name(&last(path))),
            Expr::Macro(matches) => match matched(&matches.mac) {
                Some((rule, pattern)) if self.is_rule(&rule) => {
                    values(&pattern).map_or(Condition::UNKNOWN, any_of)
                }
                _ => Condition::UNKNOWN,
            },
            other => match self.held(other) {
                Some(Held::Condition(condition)) => condition.clone(),
                _ => Condition::UNKNOWN,
            },
        }
    }

    fn by_name(&self, name: &str) -> Condition {
        self.named.get(name).cloned().unwrap_or(Condition::UNKNOWN)
    }

    /// Binds a variable to a value.
    pub(crate) fn bind(&mut self, pattern: &Pat, value: Option<&Expr>) {
        match (pattern, value) {
            (Pat::Type(typed), value) => self.bind(&typed.pat, value),
            (Pat::Tuple(names), Some(Expr::Tuple(values))) if names.elems.len() == values.elems.len() => {
                names.elems.iter().zip(&values.elems).for_each(|(name, value)| self.bind(name, Some(value)));
            }
            (Pat::Ident(name), value) => {
                let held = value.filter(|_| name.mutability.is_none()).and_then(|value| {
                    let condition = self.condition(value);
                    match () {
                        () if self.is_reading(value) => Some(Held::Reading),
                        () if self.is_rule(value) => Some(Held::Rule),
                        () => (condition != Condition::UNKNOWN).then_some(Held::Condition(condition)),
                    }
                });
                if let Some(block) = self.held.last_mut() {
                    block.insert(name.ident.to_string(), held);
                }
            }
            _ => {
                let mut names = Idents(Vec::new());
                names.visit_pat(pattern);
                let block = self.held.last_mut();
                block.into_iter().for_each(|b| b.extend(names.0.drain(..).map(|name| (name, None))));
            }
        }
    }

    /// Whether a pattern binds the value as it is.
    pub(crate) fn takes(&self, pattern: &Pat, value: &Expr) -> bool {
        match (pattern, value) {
            (Pat::Type(typed), value) => self.takes(&typed.pat, value),
            (Pat::Ident(name), value) => {
                name.mutability.is_none() && (self.is_reading(value) || self.is_rule(value))
            }
            _ => false,
        }
    }
}

/// One of several values.
pub(crate) fn any_of(values: Vec<String>) -> Condition {
    let none = Condition { yes: Formula::Never, no: Formula::Always };
    values.into_iter().map(Condition::is).fold(none, Condition::or)
}
