//! Hashes the model's source, so that a schedule recorded on one model is refused by another, and lists the lines of
//! it that make requests.

#[path = "build/requests.rs"]
mod requests;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Runs the calls of a scenario, and follows no kernel function.
const DISPATCH: &str = "call.rs";

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

/// The functions of a file as values of Rust.
fn listed(file: &Path, text: &str) -> String {
    let mut list = String::new();
    let name = file.strip_prefix("src").unwrap_or(file).display().to_string().replace('\\', "/");
    if name == DISPATCH {
        return list;
    }
    for requests::Function { name: function, lines } in requests::functions(text) {
        // Writing to a string cannot fail.
        let _ = writeln!(
            list,
            "Function {{ name: {function:?}, file: \"crates/mm/src/{name}\", lines: &{lines:?} }},"
        );
    }
    list
}

fn main() {
    let mut files = Vec::new();
    sources(Path::new("src"), &mut files);
    files.sort();
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut functions = String::new();
    for file in files {
        println!("cargo::rerun-if-changed={}", file.display());
        // Line ends must not matter: a checkout may change them.
        let text = std::fs::read_to_string(&file).unwrap_or_default().replace('\r', "");
        for byte in text.bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        functions += &listed(&file, &text);
    }
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rustc-env=COWRACE_MODEL_HASH={hash:016x}");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default());
    std::fs::write(out.join("source.rs"), format!("&[\n{functions}]\n")).expect("the list can be written");
}
