//! Hashes the model's source, so that a schedule recorded on one model is refused by another, and lists its functions:
//! the lines that make requests, who calls whom, and what the rules must be for that; and what each call of a scenario
//! can come to.

#[path = "build/formula.rs"]
mod formula;
#[path = "build/reader.rs"]
mod reader;
#[path = "build/scope.rs"]
mod scope;
#[path = "build/steps.rs"]
mod steps;
#[path = "build/syntax.rs"]
mod syntax;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use formula::Formula;
use reader::{Callee, Function};

/// What follows no kernel function: it runs the calls of a scenario, and counts what they cost.
const ASIDE: [&str; 2] = ["call.rs", "costs.rs"];
/// What looks at an execution from outside: no call of a scenario comes there.
const OUTSIDE: [&str; 6] = ["boot.rs", "check.rs", "costs.rs", "narrate.rs", "observe.rs", "probe.rs"];
/// Has the rules, and is no code of the model but for the questions that it gives a name.
const ERAS: &str = "era";

fn sources(dir: &Path, into: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            into.push(path);
        }
    }
}

/// A file of the model, by its name in the directory of the sources.
struct Source {
    name: String,
    syntax: syn::File,
}

/// The functions of all files, each with its file.
fn functions(sources: &[Source]) -> Vec<(&str, Function)> {
    let mut named = scope::Named::new();
    sources.iter().for_each(|source| scope::named(&source.syntax, &mut named));
    let (mut all, mut wrong) = (Vec::new(), String::new());
    for Source { name, syntax } in sources.iter().filter(|source| !source.name.starts_with(ERAS)) {
        match reader::functions(syntax, &named) {
            Ok(functions) => all.extend(functions.into_iter().map(|function| (name.as_str(), function))),
            Err(lines) => lines.into_iter().for_each(|(line, what)| {
                let _ = write!(wrong, "\ncrates/mm/src/{name}:{line}: {what}");
            }),
        }
    }
    // Who changes the model must see it: what cannot be read would be missing wherever lines of a rule are told.
    assert!(
        wrong.is_empty(),
        "the model reads rules in a way that build/reader.rs does not understand{wrong}"
    );
    all
}

/// The functions that make requests themselves, as values of Rust.
fn requesting(functions: &[(&str, Function)]) -> String {
    let mut list = String::new();
    for (file, Function { name, lines, .. }) in functions {
        let lines: Vec<_> = lines.iter().filter(|_| !ASIDE.contains(file)).map(|(line, _)| line).collect();
        if !lines.is_empty() {
            // Writing to a string cannot fail.
            let _ = writeln!(
                list,
                "Function {{ name: {name:?}, file: \"crates/mm/src/{file}\", lines: &{lines:?} }},"
            );
        }
    }
    list
}

/// All functions that come to requests, with what the rules must be for each line and for each call, as values of Rust.
fn flow(functions: &[(&str, Function)]) -> String {
    let calls = calls(functions);
    let mut leads: Vec<bool> = functions.iter().map(|(_, function)| !function.lines.is_empty()).collect();
    while let Some(caller) = (0..calls.len()).find(|&at| !leads[at] && calls[at].keys().any(|&to| leads[to]))
    {
        leads[caller] = true;
    }
    let place = |at: usize| leads[..at].iter().filter(|&&leads| leads).count();
    let mut list = String::new();
    for (at, (file, Function { lines, .. })) in functions.iter().enumerate().filter(|&(at, _)| leads[at]) {
        let lines = lines.iter().filter(|_| !ASIDE.contains(file));
        let lines: String = lines.map(|(line, when)| format!("({line}, {}), ", code(when))).collect();
        let calls = calls[at].iter().filter(|&(&to, _)| leads[to]);
        let calls: String = calls.map(|(&to, when)| format!("({}, {}), ", place(to), code(when))).collect();
        let _ = writeln!(
            list,
            "Node {{ file: \"crates/mm/src/{file}\", lines: &[{lines}], calls: &[{calls}] }},"
        );
    }
    list
}

/// A formula as a value of Rust.
fn code(formula: &Formula) -> String {
    let listed = |parts: &[Formula]| parts.iter().map(code).collect::<Vec<_>>().join(", ");
    let placed = |value: &str| {
        let rule = value.split("::").next().unwrap_or_default();
        format!("({rule}::PLACE, {value} as u8)")
    };
    match formula {
        Formula::Always => "When::All(&[])".to_owned(),
        Formula::Never => "When::Any(&[])".to_owned(),
        Formula::Is(value) => format!("When::Is{}", placed(value)),
        Formula::IsNot(value) => format!("When::IsNot{}", placed(value)),
        Formula::All(parts) => format!("When::All(&[{}])", listed(parts)),
        Formula::Any(parts) => format!("When::Any(&[{}])", listed(parts)),
    }
}

/// For each function those that it may call, by their places, and what the rules must be for that.
fn calls(functions: &[(&str, Function)]) -> Vec<BTreeMap<usize, Formula>> {
    let mut all = vec![BTreeMap::new(); functions.len()];
    for (calls, (_, function)) in all.iter_mut().zip(functions) {
        for (callee, when) in &function.calls {
            for to in (0..functions.len()).filter(|&to| means(callee, &functions[to].1)) {
                let whens = calls.entry(to).or_insert(Formula::Never);
                *whens = std::mem::replace(whens, Formula::Never).or(when.clone());
            }
        }
    }
    all
}

/// Whether a function may be the one that is called.
fn means(callee: &Callee, function: &Function) -> bool {
    match callee {
        Callee::Path(name) => function.ident == *name,
        Callee::Method(name) => function.method && function.ident == *name,
    }
}

fn main() {
    let mut files = Vec::new();
    sources(Path::new("src"), &mut files);
    files.sort();
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut sources = Vec::new();
    for file in files {
        println!("cargo::rerun-if-changed={}", file.display());
        // Line ends must not matter: a checkout may change them.
        let text = std::fs::read_to_string(&file).unwrap_or_default().replace('\r', "");
        for byte in text.bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        let name = file.strip_prefix("src").unwrap_or(&file).display().to_string().replace('\\', "/");
        // What is no Rust the compiler tells better.
        sources.extend(syn::parse_file(&text).ok().map(|syntax| Source { name, syntax }));
    }
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rustc-env=COWRACE_MODEL_HASH={hash:016x}");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default());
    let functions = functions(&sources);
    for (name, list) in [("source.rs", requesting(&functions)), ("flow.rs", flow(&functions))] {
        std::fs::write(out.join(name), format!("&[\n{list}]\n")).expect("the list can be written");
    }
    let inside =
        |source: &&Source| !source.name.starts_with(ERAS) && !OUTSIDE.contains(&source.name.as_str());
    let steps = steps::steps(sources.iter().filter(inside).map(|source| &source.syntax));
    std::fs::write(out.join("steps.rs"), format!("match call {{\n{steps}}}\n"))
        .expect("the list can be written");
}
