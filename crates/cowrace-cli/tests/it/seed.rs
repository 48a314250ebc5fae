//! The diagram of the mail that the project began with, through the command line.

use cowrace_testkit::repository;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    repository("")
}

fn replay(file: &Path, era: &str) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_cowrace"))
        .arg("replay")
        .arg(file)
        .args(["--era", era, "--as-written"])
        .output()
        .expect("the tool runs");
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    (output.status.code().expect("an exit code"), text.into_owned())
}

/// Replayed as drawn the read is lost; with the DMA done before clear_refs it is not.
#[test]
fn the_order_of_the_rows_decides() {
    let file = root().join("scenarios/odirect-clear-refs-lost-read.race");
    let (code, text) = replay(&file, "v5.9");
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("VIOLATED lost-read"), "{text}");

    let drawn = std::fs::read_to_string(&file).expect("the scenario is there");
    let row =
        |word: &str| drawn.lines().find(|l| l.trim() == word).map(|l| format!("{l}\n")).expect("the row");
    let (dma, clear_refs) = (row("dma"), row("clear_refs(A)"));
    let moved = drawn.replacen(&dma, "", 1).replacen(&clear_refs, &format!("{dma}{clear_refs}"), 1);
    let dir = tempfile::tempdir().expect("a directory");
    let early = dir.path().join("early.race");
    std::fs::write(&early, moved).expect("a file");
    let (code, text) = replay(&early, "v5.9");
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("HOLDS in this execution") && !text.contains("VIOLATED"), "{text}");
}
