//! Any bytes as an era file: they are an era, or are refused with a reason.
#![no_main]

use std::sync::LazyLock;

use cowrace_testkit::properties::era;
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

static DIRECTORY: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a directory"));

fuzz_target!(|data: &[u8]| {
    let _ = era::reads_era(&DIRECTORY.path().join("era.toml"), data);
});
