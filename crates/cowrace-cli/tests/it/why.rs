//! What makes a difference, by the search, is what the table of commits says.

use std::process::Command;

use cowrace_mm::era::{COMMITS, Effect, PRESETS};
use cowrace_report::{Course, Switch};
use cowrace_testkit::repository;

/// Commits that make no difference by themselves between two presets, and why.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("f3c64eda3e50", "it came with 70e806e4e645, and what it opens was open before that"),
    ("29a951dfb3c3", "it does not close the scenario until 912efa17e512 comes as well"),
];

/// Whether some presets have a commit and others, the first among them, do not.
fn is_between_presets(id: &str) -> bool {
    let mut has = PRESETS.iter().map(|preset| preset.commits().contains(&id));
    has.next() == Some(false) && has.any(|has| has)
}

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
    for commit in COMMITS.iter().filter(|commit| is_between_presets(commit.id)) {
        let (scenario, closes) = match commit.effect {
            Effect::Closes(scenario) | Effect::Saves(scenario) => (scenario, true),
            Effect::Opens(scenario) => (scenario, false),
            Effect::WeakMemory | Effect::Prepares | Effect::ClosesOnArm64 => continue,
        };
        let found = takes_part(&courses(scenario), commit.id, closes);
        match EXCEPTIONS.iter().find(|(id, _)| *id == commit.id) {
            None if !found => {
                wrong.push(format!(
                    "{} makes no difference in {scenario}; if so, why? (EXCEPTIONS)",
                    commit.id
                ));
            }
            Some((id, reason)) if found => wrong.push(format!("{id} makes a difference, though {reason}")),
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
