//! Passes on a fingerprint of all sources that decide a result, so that a result that was stored is found again only by a build
//! that would find the same.

use std::fs;
use std::path::{Path, PathBuf};

/// The crates that decide a result, by their directories. A report has sentences, which are made in `render`.
const CRATES: [&str; 8] = ["check", "explore", "machine", "mm", "render", "report", "scenario", "spec"];

fn main() {
    let own = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("Cargo sets it"));
    let mut files = Vec::new();
    for name in CRATES {
        let sources = own.with_file_name(name).join("src");
        // A package of a registry stands beside packages with versions, which name their sources.
        if sources.is_dir() {
            println!("cargo::rerun-if-changed={}", sources.display());
            walk(&sources, &mut files);
        }
    }
    files.sort();
    let mut hash = 0xcbf2_9ce4_8422_2325;
    for file in files {
        let text = fs::read(&file).expect("the sources can be read");
        let name = file.strip_prefix(own.parent().unwrap_or(&own)).unwrap_or(&file);
        add(&mut hash, name.to_string_lossy().as_bytes());
        // A checkout may change line endings.
        add(&mut hash, &text.into_iter().filter(|byte| *byte != b'\r').collect::<Vec<u8>>());
    }
    println!("cargo::rustc-env=COWRACE_SOURCES={hash:016x}");
}

fn walk(directory: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("the sources can be listed").flatten() {
        let path = entry.path();
        if path.is_dir() {
            walk(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

/// FNV-1a.
fn add(hash: &mut u64, bytes: &[u8]) {
    for byte in bytes {
        *hash = (*hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
}
