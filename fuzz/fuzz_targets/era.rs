//! Any bytes as an era file: refused with a reason, or an era.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

#[path = "../../crates/cowrace-cli/tests/properties/era.rs"]
mod properties;

static DIRECTORY: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a directory"));

fuzz_target!(|data: &[u8]| {
    let _ = properties::reads_era(&DIRECTORY.path().join("era.toml"), data);
});
