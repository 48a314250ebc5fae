//! The README shows what the tool prints.

use std::path::Path;

use cowrace_mm::Era;
use cowrace_testkit::repository;

#[test]
fn what_is_shown_is_real() {
    let root = repository("");
    let readme = std::fs::read_to_string(root.join("README.md")).expect("the README is there");
    let commands = readme.match_indices("\n    $ cowrace ").map(|(at, _)| &readme[at + 1..]);
    assert_eq!(commands.map(|block| shows(&root, block)).count(), 2, "`check` and `explain` are shown");
}

/// A command and what it prints, in part.
fn shows(root: &Path, block: &str) {
    let mut lines = block.lines();
    let command = lines.next().expect("a command");
    let words: Vec<_> = command.split_whitespace().skip(2).collect();
    let era = words.iter().skip_while(|w| **w != "--era").nth(1).expect("an era");
    assert!(Era::preset(era).is_ok());

    let printed = std::process::Command::new(env!("CARGO_BIN_EXE_cowrace"))
        .args(words)
        .current_dir(root)
        .output()
        .expect("the tool runs");
    let printed = String::from_utf8(printed.stdout).expect("text");
    let shown: Vec<_> =
        lines.map_while(|line| line.strip_prefix("    ").or(line.is_empty().then_some(line))).collect();
    let mut rest = printed.as_str();
    // The parts between dots stand in the output, in this order.
    for part in shown.join("\n").split("...") {
        let part = part.trim();
        let at = rest.find(part).unwrap_or_else(|| panic!("the tool does not print\n{part}\nbut\n{printed}"));
        rest = &rest[at + part.len()..];
    }
    assert!(rest.len() < printed.len(), "the README shows nothing");
}
