//! Passes the fingerprints of the model's own source to the model: a schedule that was recorded on one model is refused
//! by another, and `src/source/table.rs` is used only if it describes this source. Nothing is parsed here.

#[path = "build/fingerprint.rs"]
mod fingerprint;

use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=src");
    let sources = fingerprint::sources(Path::new("src")).expect("the sources of the model can be read");
    println!("cargo::rustc-env=COWRACE_MODEL_HASH={}", fingerprint::fingerprint(&sources));
    println!("cargo::rustc-env=COWRACE_MODEL_FILES={}", fingerprint::each(&sources).join(","));
}
