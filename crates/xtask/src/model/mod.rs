//! Extracts a table from the model's source: the functions, with the lines that make requests and the functions that
//! they call, each with the condition on the rules, and the steps that the calls of a scenario can have.

#[path = "../../../mm/build/fingerprint.rs"]
mod fingerprint;
mod formula;
mod reader;
mod scope;
mod steps;
mod syntax;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use formula::Formula;
use reader::{Callee, Function};

/// The path of the table.
pub(crate) const TABLE: &str = "crates/mm/src/source/table.rs";
/// The directory of the model.
const MODEL: &str = "crates/mm/src";
/// The files that follow no kernel function: they run the calls of a scenario, and count their costs.
const ASIDE: [&str; 2] = ["call.rs", "costs.rs"];
/// The files that look at an execution from outside: no call of a scenario reaches them.
const OUTSIDE: [&str; 6] =
    ["initial_state.rs", "check.rs", "costs.rs", "narrate.rs", "observe.rs", "probe.rs"];
/// The directory of the rules. It has no code of the model except the conditions that it names.
const ERAS: &str = "era/";
const HEAD: &str = "\
// Extracted from the source of the model by `cargo xtask model`; do not edit by hand. Run that again after a change of
// the model, and after a conflict in this file.

use super::when::When::{self, All, Any, Is, IsNot};
use super::{Function, Steps};
";

/// A file of the model, by its name in the directory of the sources.
struct Source {
    name: String,
    syntax: syn::File,
}

/// The text of the table.
///
/// # Errors
///
/// If a source cannot be read, is not valid Rust, or reads rules in a way that is not understood.
pub(crate) fn table(root: &Path) -> Result<String, String> {
    let texts = fingerprint::sources(&root.join(MODEL)).map_err(|error| format!("{MODEL}: {error}"))?;
    let parse = |file: &fingerprint::Source| {
        let syntax = syn::parse_file(&file.text)
            .map_err(|error| format!("{MODEL}/{}:{}: {error}", file.name, error.span().start().line))?;
        Ok(Source { name: file.name.clone(), syntax })
    };
    let sources = texts.iter().map(parse).collect::<Result<Vec<Source>, String>>()?;
    for listed in ASIDE.iter().chain(&OUTSIDE) {
        if !sources.iter().any(|source| source.name == *listed) {
            return Err(format!("crates/xtask/src/model/mod.rs lists {MODEL}/{listed}, which is not there"));
        }
    }
    let functions = functions(&sources)?;
    let inside =
        |source: &&Source| !source.name.starts_with(ERAS) && !OUTSIDE.contains(&source.name.as_str());
    let steps = steps::steps(sources.iter().filter(inside).map(|source| &source.syntax));
    let files: String = fingerprint::each(&texts).iter().map(|file| format!("    {file:?},\n")).collect();
    Ok(format!(
        "{HEAD}
/// The files of the source, each with its fingerprint.
pub(super) const SOURCES: &[&str] = &[
{files}];

/// Every function that makes requests, or calls one that does. Lines and calls that are not known to depend on rules
/// are always possible.
pub(super) const FUNCTIONS: &[Function] = &[
{}];

/// The steps that each call can have.
pub(super) const STEPS: &[(&[&str], Steps)] = &[
{steps}];
",
        rows(&functions)
    ))
}

/// The functions of all files, each with its file.
fn functions(sources: &[Source]) -> Result<Vec<(&str, Function)>, String> {
    let mut named = scope::Named::new();
    sources.iter().for_each(|source| scope::named(&source.syntax, &mut named));
    let (mut all, mut wrong) = (Vec::new(), String::new());
    for Source { name, syntax } in sources.iter().filter(|source| !source.name.starts_with(ERAS)) {
        match reader::functions(syntax, &named) {
            Ok(functions) => all.extend(functions.into_iter().map(|function| (name.as_str(), function))),
            // Writing to a string cannot fail.
            Err(lines) => lines.into_iter().for_each(|(line, what)| {
                let _ = write!(wrong, "\n{MODEL}/{name}:{line}: {what}");
            }),
        }
    }
    // If something could not be read, it would be missing wherever the lines of a rule are listed.
    match wrong.is_empty() {
        true => Ok(all),
        false => Err(format!("the model reads rules in a way that the table cannot tell{wrong}")),
    }
}

/// All functions that lead to requests, as Rust expressions.
fn rows(functions: &[(&str, Function)]) -> String {
    let calls: Vec<_> = functions.iter().map(|(_, function)| calls(function)).collect();
    let mut leads: Vec<bool> = functions.iter().map(|(_, function)| !function.lines.is_empty()).collect();
    let is_led_to = |callee: &Callee, leads: &[bool]| {
        (0..leads.len()).any(|at| leads[at] && means(callee, &functions[at].1))
    };
    while let Some(caller) =
        (0..calls.len()).find(|&at| !leads[at] && calls[at].keys().any(|callee| is_led_to(callee, &leads)))
    {
        leads[caller] = true;
    }
    let mut list = String::new();
    for (at, (file, Function { name, ident, method, lines, .. })) in
        functions.iter().enumerate().filter(|&(at, _)| leads[at])
    {
        let lines = lines.iter().filter(|_| !ASIDE.contains(file));
        let lines: Vec<String> = lines.map(|(line, when)| format!("({line}, {})", code(when))).collect();
        let calls = calls[at].iter().filter(|(callee, _)| is_led_to(callee, &leads));
        let calls: Vec<String> =
            calls.map(|(callee, when)| format!("({:?}, {})", written(callee), code(when))).collect();
        let ident = if *method { format!(".{ident}") } else { ident.clone() };
        let _ = writeln!(
            list,
            "    Function {{ name: {name:?}, file: \"{MODEL}/{file}\", ident: {ident:?},\n        lines: &[{}],\n        \
             calls: &[{}] }},",
            lines.join(", "),
            calls.join(", ")
        );
    }
    list
}

/// A formula as a Rust expression.
fn code(formula: &Formula) -> String {
    let listed = |parts: &[Formula]| parts.iter().map(code).collect::<Vec<_>>().join(", ");
    let named = |value: &str| {
        let (rule, value) = value.split_once("::").unwrap_or((value, ""));
        format!("({rule:?}, {value:?})")
    };
    match formula {
        Formula::Always => "When::ALWAYS".to_owned(),
        Formula::Never => "Any(&[])".to_owned(),
        Formula::Is(value) => format!("Is{}", named(value)),
        Formula::IsNot(value) => format!("IsNot{}", named(value)),
        Formula::All(parts) => format!("All(&[{}])", listed(parts)),
        Formula::Any(parts) => format!("Any(&[{}])", listed(parts)),
    }
}

/// The functions that a function may call, with the conditions on the rules.
fn calls(function: &Function) -> BTreeMap<&Callee, Formula> {
    let mut calls = BTreeMap::new();
    for (callee, when) in &function.calls {
        let whens = calls.entry(callee).or_insert(Formula::Never);
        *whens = std::mem::replace(whens, Formula::Never).or(when.clone());
    }
    calls
}

/// A callee, as it is in the table.
fn written(callee: &Callee) -> String {
    match callee {
        Callee::Path(name) => name.clone(),
        Callee::Method(name) => format!(".{name}"),
    }
}

/// Whether a function may be the callee.
fn means(callee: &Callee, function: &Function) -> bool {
    match callee {
        Callee::Path(name) => function.ident == *name,
        Callee::Method(name) => function.method && function.ident == *name,
    }
}
