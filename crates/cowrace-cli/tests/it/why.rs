//! What makes a difference, by the search, is what the table of commits says.

use std::process::Command;

use cowrace_mm::era::{COMMITS, Effect};
use cowrace_report::{Course, Switch};
use cowrace_testkit::repository;

/// What no step between presets shows, and why.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("31c4a3d3a0f8", "the first preset has it already"),
    ("3ea277194daa", "the first preset has it already"),
    ("f3c64eda3e50", "it came with 70e806e4e645, and what it opens was open before that"),
    ("29a951dfb3c3", "it does not close the scenario until 912efa17e512 comes as well"),
    ("unshare-copy-dirty", "no preset has it"),
    ("madv-free-clean-pte-mapcount", "no preset has it"),
    ("madv-free-mapcount", "no preset has it"),
];

/// Why the scenario of a file changes, under all presets. The package alone has no files.
fn courses(scenario: &str) -> Vec<Course> {
    let file = repository(&format!("scenarios/{scenario}.race"));
    let output = Command::new(env!("CARGO_BIN_EXE_cowrace"))
        .args(["matrix", "--why", "--format", "json"])
        .arg(file)
        .output()
        .expect("the tool runs");
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// Whether a commit takes part in a smallest set that closes something, or, taken out, that opens something. The other
/// way round for what opens.
fn takes_part(courses: &[Course], id: &str, closes: bool) -> bool {
    let changes = || courses.iter().flat_map(|course| &course.changes);
    let by = |change: &Switch, toggle: &str| {
        change.sets.iter().flatten().flatten().any(|other| other.to_string() == format!("{toggle} {id}"))
    };
    changes().any(|change| change.found.is_violated() != closes && by(change, "--with"))
        || changes().any(|change| change.found.is_violated() == closes && by(change, "--without"))
}

#[test]
fn what_the_table_says_is_what_the_search_finds() {
    let mut wrong = Vec::new();
    for commit in COMMITS {
        let (scenario, closes) = match commit.effect {
            Effect::Closes(scenario) | Effect::Saves(scenario) => (scenario, true),
            Effect::Opens(scenario) => (scenario, false),
            Effect::WeakMemory | Effect::Prepares | Effect::ClosesOnArm64 => continue,
        };
        let found = takes_part(&courses(scenario), commit.id, closes);
        match EXCEPTIONS.iter().find(|(id, _)| *id == commit.id) {
            None if !found => wrong.push(format!("{} makes no difference in {scenario}", commit.id)),
            Some((id, reason)) if found => wrong.push(format!("{id} makes a difference, though {reason}")),
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
