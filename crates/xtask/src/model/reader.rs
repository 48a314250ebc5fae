//! Reads the model's source: which lines make requests, which functions call which, and under which rules.

use proc_macro2::Span;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};
use syn::{BinOp, Expr, Pat, Token};

use super::formula::{Condition, Formula};
use super::scope::{Held, Named, Scope, any_of};
use super::syntax::{is, last, matched, request, text, value, values};

/// A function of the model.
#[derive(Debug)]
pub(crate) struct Function {
    /// Its name in the source.
    pub(crate) ident: String,
    /// The kernel function that it enters, if it enters one; otherwise its own name.
    pub(crate) name: String,
    /// The lines that make requests, in order.
    pub(crate) lines: Vec<(usize, Formula)>,
    /// Whether it is a method.
    pub(crate) method: bool,
    /// The functions that it may call.
    pub(crate) calls: Vec<(Callee, Formula)>,
}

/// A function that is called, or passed as an argument.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Callee {
    /// By a path that ends with this name.
    Path(String),
    /// As a method.
    Method(String),
}

const HOW_TO_ASK: &str = "rules are asked as `is(RULE::VALUE)`, or a `match` names values; a value may be kept in a variable for that";
const NOT_HANDED_ON: &str = "rules are read where they are needed: the reading is not passed on";

/// The functions of a file.
///
/// # Errors
///
/// If rules are read in a way that is not understood: the lines, and what is wrong with them.
pub(crate) fn functions(file: &syn::File, named: &Named) -> Result<Vec<Function>, Vec<(usize, String)>> {
    let mut reader = Reader::new(named);
    reader.visit_file(file);
    if reader.wrong.is_empty() { Ok(reader.done) } else { Err(reader.wrong) }
}

/// A function that is being read.
#[derive(Debug)]
struct Open {
    ident: String,
    frames: Vec<Option<String>>,
    lines: Vec<(usize, Formula)>,
    calls: Vec<(Callee, Formula)>,
}

#[derive(Debug)]
struct Reader<'n> {
    scope: Scope<'n>,
    /// The condition on the rules for reaching this point.
    when: Formula,
    open: Vec<Open>,
    done: Vec<Function>,
    wrong: Vec<(usize, String)>,
}

impl<'n> Reader<'n> {
    fn new(named: &'n Named) -> Self {
        let (open, done, wrong) = Default::default();
        Self { scope: Scope::new(named), when: Formula::Always, open, done, wrong }
    }

    fn refuse(&mut self, span: Span, what: &str) {
        self.wrong.push((span.start().line, what.to_owned()));
    }

    /// Reads something under an additional condition. Returns the condition for getting past it.
    fn within(&mut self, more: Formula, inner: impl FnOnce(&mut Self)) -> Formula {
        let before = self.when.clone();
        self.when = before.clone().and(more);
        inner(self);
        std::mem::replace(&mut self.when, before)
    }

    /// Reads something with variables of its own.
    fn scoped(&mut self, inner: impl FnOnce(&mut Self)) {
        self.scope.enter();
        inner(self);
        self.scope.leave();
    }

    /// Continues after several branches, each with its condition and the condition for getting past it.
    fn join(&mut self, ways: Vec<(Formula, Formula)>) {
        let narrows =
            |(asked, through): &(Formula, Formula)| *through != self.when.clone().and(asked.clone());
        if ways.iter().any(narrows) {
            self.when = ways.into_iter().fold(Formula::Never, |all, (_, through)| all.or(through));
        }
    }

    fn function(&mut self, signature: &syn::Signature, body: &syn::Block) {
        // A function that returns the reading is not a reader of rules.
        if let syn::ReturnType::Type(_, output) = &signature.output
            && let syn::Type::Path(output) = &**output
            && last(&output.path) == "Reading"
        {
            return;
        }
        let ident = signature.ident.to_string();
        self.open.push(Open { ident, frames: Vec::new(), lines: Vec::new(), calls: Vec::new() });
        let when = std::mem::replace(&mut self.when, Formula::Always);
        self.scoped(|reader| {
            signature.inputs.iter().for_each(|input| {
                if let syn::FnArg::Typed(input) = input {
                    reader.scope.bind(&input.pat, None);
                }
            });
            reader.visit_block(body);
        });
        self.when = when;
        let Some(Open { ident, frames, mut lines, calls }) = self.open.pop() else { return };
        lines.sort_by_key(|&(line, _)| line);
        lines.dedup_by(|again, first| {
            let same = again.0 == first.0;
            if same {
                first.1 = first.1.clone().or(again.1.clone());
            }
            same
        });
        let name = if let [Some(frame)] = &frames[..] { frame.clone() } else { ident.clone() };
        let method = signature.receiver().is_some();
        self.done.push(Function { ident, name, lines, method, calls });
    }

    fn called(&mut self, callee: Callee) {
        if let Some(open) = self.open.last_mut() {
            open.calls.push((callee, self.when.clone()));
        }
    }
}

/// Expressions are visited in the order in which they are evaluated. Code after an exit from a function or a loop
/// depends on the exit not having been taken.
impl<'a> Visit<'a> for Reader<'_> {
    fn visit_item_fn(&mut self, item: &'a syn::ItemFn) {
        self.function(&item.sig, &item.block);
    }

    fn visit_impl_item_fn(&mut self, item: &'a syn::ImplItemFn) {
        self.function(&item.sig, &item.block);
    }

    fn visit_item_mod(&mut self, item: &'a syn::ItemMod) {
        // Tests are not part of the model.
        if !item.attrs.iter().any(|attribute| attribute.path().is_ident("cfg")) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_block(&mut self, block: &'a syn::Block) {
        self.scoped(|reader| visit::visit_block(reader, block));
    }

    fn visit_local(&mut self, local: &'a syn::Local) {
        if let Some(init) = &local.init {
            match (&local.pat, &*init.expr) {
                (Pat::Tuple(names), Expr::Tuple(values)) => {
                    let taken = names.elems.iter().zip(&values.elems);
                    let others = taken.filter(|(name, value)| !self.scope.takes(name, value));
                    others
                        .map(|(_, value)| value)
                        .collect::<Vec<_>>()
                        .into_iter()
                        .for_each(|v| self.visit_expr(v));
                }
                (pattern, value) if self.scope.takes(pattern, value) => {}
                (_, value) => self.visit_expr(value),
            }
            if let Some((_, otherwise)) = &init.diverge {
                self.within(Formula::Always, |reader| reader.visit_expr(otherwise));
            }
        }
        self.scope.bind(&local.pat, local.init.as_ref().map(|init| &*init.expr));
    }

    fn visit_expr_let(&mut self, binding: &'a syn::ExprLet) {
        self.visit_expr(&binding.expr);
        self.scope.bind(&binding.pat, None);
    }

    fn visit_expr_if(&mut self, choice: &'a syn::ExprIf) {
        let condition = self.scope.condition(&choice.cond);
        self.scoped(|reader| {
            reader.visit_expr(&choice.cond);
            let yes = reader.within(condition.yes.clone(), |r| r.visit_block(&choice.then_branch));
            let no = reader.within(condition.no.clone(), |r| {
                choice.else_branch.iter().for_each(|(_, otherwise)| r.visit_expr(otherwise));
            });
            reader.join(vec![(condition.yes, yes), (condition.no, no)]);
        });
    }

    fn visit_expr_match(&mut self, choice: &'a syn::ExprMatch) {
        let by_rule = self.scope.is_rule(&choice.expr);
        if !by_rule {
            self.visit_expr(&choice.expr);
        }
        let mut others = Formula::Always;
        let mut ways = Vec::new();
        for arm in &choice.arms {
            let (pat, guard) = match &arm.pat {
                Pat::Guard(guarded) => (&*guarded.pat, Some(&*guarded.guard)),
                pat => (pat, None),
            };
            let pattern = match (by_rule, values(pat)) {
                (false, _) => Condition::UNKNOWN,
                (true, Some(values)) => any_of(values),
                (true, None) if matches!(pat, Pat::Wild(_)) => Condition::UNKNOWN,
                (true, None) => {
                    self.refuse(choice.match_token.span, HOW_TO_ASK);
                    Condition::UNKNOWN
                }
            };
            let more = guard.map_or(Formula::Always, |guard| self.scope.condition(guard).yes);
            let asked = others.clone().and(pattern.yes).and(more);
            let through = self.within(asked.clone(), |reader| {
                reader.scoped(|reader| {
                    reader.scope.bind(pat, None);
                    guard.into_iter().for_each(|guard| reader.visit_expr(guard));
                    reader.visit_expr(&arm.body);
                });
            });
            ways.push((asked, through));
            if guard.is_none() {
                others = others.and(pattern.no);
            }
        }
        self.join(ways);
    }

    fn visit_expr_binary(&mut self, both: &'a syn::ExprBinary) {
        let left = self.scope.condition(&both.left);
        self.visit_expr(&both.left);
        let more = match both.op {
            BinOp::And(_) => left.yes,
            BinOp::Or(_) => left.no,
            _ => Formula::Always,
        };
        self.within(more, |reader| reader.visit_expr(&both.right));
    }

    fn visit_expr_while(&mut self, round: &'a syn::ExprWhile) {
        let more = self.scope.condition(&round.cond).yes;
        self.scoped(|reader| {
            reader.visit_expr(&round.cond);
            reader.within(more, |reader| reader.visit_block(&round.body));
        });
    }

    fn visit_expr_for_loop(&mut self, round: &'a syn::ExprForLoop) {
        self.visit_expr(&round.expr);
        self.scoped(|reader| {
            reader.scope.bind(&round.pat, None);
            reader.within(Formula::Always, |reader| reader.visit_block(&round.body));
        });
    }

    fn visit_expr_loop(&mut self, round: &'a syn::ExprLoop) {
        self.within(Formula::Always, |reader| reader.visit_block(&round.body));
    }

    fn visit_expr_closure(&mut self, closure: &'a syn::ExprClosure) {
        self.scoped(|reader| {
            closure.inputs.iter().for_each(|input| reader.scope.bind(input, None));
            reader.within(Formula::Always, |reader| reader.visit_expr(&closure.body));
        });
    }

    fn visit_expr_return(&mut self, way: &'a syn::ExprReturn) {
        visit::visit_expr_return(self, way);
        self.when = Formula::Never;
    }

    fn visit_expr_break(&mut self, way: &'a syn::ExprBreak) {
        visit::visit_expr_break(self, way);
        self.when = Formula::Never;
    }

    fn visit_expr_continue(&mut self, _: &'a syn::ExprContinue) {
        self.when = Formula::Never;
    }

    fn visit_expr_await(&mut self, asked: &'a syn::ExprAwait) {
        if let Some(line) = request(&asked.base) {
            let when = self.when.clone();
            self.open.last_mut().into_iter().for_each(|open| open.lines.push((line, when.clone())));
        }
        visit::visit_expr_await(self, asked);
    }

    fn visit_expr_method_call(&mut self, call: &'a syn::ExprMethodCall) {
        let name = call.method.to_string();
        if self.scope.is_reading(&call.receiver) {
            // Removing a safeguard makes nothing possible that is not possible otherwise, as far as is known.
            let asks = name == "keeps" || name == "is" && call.args.first().and_then(value).is_some();
            if !asks && !self.scope.is_named(&name) {
                self.refuse(call.method.span(), HOW_TO_ASK);
            }
            return;
        }
        if !is(&call.receiver, "cpu") {
            self.called(Callee::Method(name));
        } else if name == "call"
            && let Some(open) = self.open.last_mut()
        {
            open.frames.push(call.args.first().and_then(text));
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_path(&mut self, used: &'a syn::ExprPath) {
        match self.scope.variable(&used.path) {
            Some(Some(Held::Reading)) => self.refuse(used.path.span(), NOT_HANDED_ON),
            Some(Some(Held::Rule)) => self.refuse(used.path.span(), HOW_TO_ASK),
            Some(Some(Held::Condition(_)) | None) => {}
            None => self.called(Callee::Path(last(&used.path))),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::MethodCall(call) = expr
            && self.scope.is_reading(expr)
        {
            self.refuse(call.method.span(), NOT_HANDED_ON);
            return;
        }
        visit::visit_expr(self, expr);
    }

    fn visit_macro(&mut self, mac: &'a syn::Macro) {
        if let Some((asked, _)) = matched(mac) {
            if !self.scope.is_rule(&asked) {
                self.visit_expr(&asked);
            }
        } else if let Ok(parts) = mac.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated) {
            parts.iter().for_each(|part| self.visit_expr(part));
        } else if mac.tokens.to_string().contains("rules") {
            self.refuse(mac.path.span(), "the contents of this macro cannot be read: read rules outside it");
        }
    }
}
