//! Reads the model's source: the steps that the calls of a scenario can have, as marks, kernel functions and
//! primitives.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use syn::Pat;
use syn::visit::{self, Visit};

use super::syntax::{last, text, variant};

/// The function that makes calls, and its file.
const DISPATCH: &str = "dispatch";

/// What a piece of code does itself.
#[derive(Clone, Debug, Default)]
struct Does {
    marks: BTreeSet<String>,
    functions: BTreeSet<String>,
    primitives: BTreeSet<String>,
    /// The last segments of all paths and the names of all methods: those that are functions of the model are called.
    named: BTreeSet<String>,
}

impl Does {
    fn add(&mut self, other: &Self) {
        self.marks.extend(other.marks.iter().cloned());
        self.functions.extend(other.functions.iter().cloned());
        self.primitives.extend(other.primitives.iter().cloned());
    }
}

impl<'a> Visit<'a> for Does {
    fn visit_expr_method_call(&mut self, call: &'a syn::ExprMethodCall) {
        let name = call.method.to_string();
        match name.as_str() {
            "step" => self.marks.extend(call.args.first().and_then(text)),
            "call" if call.args.len() == 3 => self.functions.extend(call.args.first().and_then(text)),
            _ => {
                self.named.insert(name);
            }
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_path(&mut self, used: &'a syn::ExprPath) {
        match variant(&used.path).as_deref().and_then(|path| path.strip_prefix("Prim::")) {
            Some(primitive) => self.primitives.insert(primitive.to_owned()),
            None => self.named.insert(last(&used.path)),
        };
    }
}

/// The functions of the model that can make requests, and the arms of the function that makes calls.
#[derive(Default)]
struct Model {
    functions: BTreeMap<String, Does>,
    calls: Vec<(Vec<String>, Does)>,
}

impl Model {
    fn function(&mut self, signature: &syn::Signature, body: &syn::Block) {
        // A function that gets a CPU may mark a step; the methods of the CPU make requests.
        let mut words = Words(BTreeSet::new());
        words.visit_return_type(&signature.output);
        signature.inputs.iter().for_each(|input| words.visit_fn_arg(input));
        if signature.asyncness.is_none()
            && !["Ask", "Future", "Cpu"].iter().any(|word| words.0.contains(*word))
        {
            return;
        }
        if signature.ident == DISPATCH {
            let mut arms = Arms(Vec::new());
            arms.visit_block(body);
            self.calls.append(&mut arms.0);
            return;
        }
        let mut does = Does::default();
        does.visit_block(body);
        let known = self.functions.entry(signature.ident.to_string()).or_default();
        known.add(&does);
        known.named.append(&mut does.named);
    }
}

impl<'a> Visit<'a> for Model {
    fn visit_item_fn(&mut self, item: &'a syn::ItemFn) {
        self.function(&item.sig, &item.block);
    }

    fn visit_impl_item_fn(&mut self, item: &'a syn::ImplItemFn) {
        self.function(&item.sig, &item.block);
    }
}

struct Words(BTreeSet<String>);

impl<'a> Visit<'a> for Words {
    fn visit_path_segment(&mut self, segment: &'a syn::PathSegment) {
        self.0.insert(segment.ident.to_string());
        visit::visit_path_segment(self, segment);
    }

    fn visit_ident(&mut self, ident: &'a syn::Ident) {
        self.0.insert(ident.to_string());
    }
}

/// The arms of a `match` over calls.
struct Arms(Vec<(Vec<String>, Does)>);

impl<'a> Visit<'a> for Arms {
    fn visit_arm(&mut self, arm: &'a syn::Arm) {
        let calls = calls(&arm.pat);
        if calls.is_empty() {
            visit::visit_arm(self, arm);
            return;
        }
        let mut does = Does::default();
        does.visit_expr(&arm.body);
        self.0.push((calls, does));
    }
}

/// The calls that a pattern matches.
fn calls(pattern: &Pat) -> Vec<String> {
    let call = |path: &syn::Path| {
        variant(path).and_then(|path| path.strip_prefix("Call::").map(str::to_owned)).into_iter().collect()
    };
    match pattern {
        Pat::Struct(pattern) => call(&pattern.path),
        Pat::Path(pattern) => call(&pattern.path),
        Pat::Or(cases) => cases.cases.iter().flat_map(calls).collect(),
        Pat::Paren(inner) => calls(&inner.pat),
        _ => Vec::new(),
    }
}

/// The steps that each call can have, as Rust expressions.
pub(crate) fn steps<'f>(files: impl Iterator<Item = &'f syn::File>) -> String {
    let mut model = Model::default();
    files.for_each(|file| model.visit_file(file));
    let mut code = String::new();
    for (calls, own) in &model.calls {
        let mut all = own.clone();
        let mut open: Vec<&str> = own.named.iter().map(String::as_str).collect();
        let mut seen: BTreeSet<&str> = open.iter().copied().collect();
        while let Some(name) = open.pop() {
            let Some(does) = model.functions.get(name) else { continue };
            all.add(does);
            open.extend(does.named.iter().map(String::as_str).filter(|name| seen.insert(name)));
        }
        let listed = |names: &BTreeSet<String>| format!("{:?}", names.iter().collect::<Vec<_>>());
        // Writing to a string cannot fail.
        let _ = writeln!(
            code,
            "    (&{calls:?}, Steps {{\n        marks: &{},\n        functions: &{},\n        primitives: &{} }}),",
            listed(&all.marks),
            listed(&all.functions),
            listed(&all.primitives)
        );
    }
    code
}
