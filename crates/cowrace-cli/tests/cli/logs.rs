//! Logs and profiles.

use serde_json::Value;

use crate::{command, cowrace};

const ASKED: [&str; 4] = ["check", "lost.race", "--era", "v5.9"];

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    ASKED.iter().copied().chain(more.iter().copied()).collect()
}

#[test]
fn without_being_asked_nothing_is_logged() {
    cowrace(&ASKED).quiet();
}

#[test]
fn a_level_tells_what_was_decided_and_leaves_standard_output_alone() {
    let (silent, told) = (cowrace(&ASKED), cowrace(&with(&["--log", "info"])));
    assert_eq!(silent.stable(), told.stable());
    told.exits(silent.code).says(&[
        "check{",
        "scenario=\"lost\"",
        "kernel=v5.9",
        "answered",
        "verdict=violated",
    ]);
}

#[test]
fn the_environment_says_it_as_well_and_the_command_line_goes_first() {
    let run = |args: &[&str]| {
        let output = command(args).env("COWRACE_LOG", "info").output().expect("it starts");
        String::from_utf8(output.stderr).expect("text")
    };
    assert!(run(&ASKED).contains("answered"));
    assert_eq!(run(&with(&["--log", "off"])), "");
}

#[test]
fn logs_are_objects_if_wanted() {
    let told = cowrace(&with(&["--log", "info", "--log-format", "json"]));
    let events: Vec<Value> =
        told.err.lines().map(|line| serde_json::from_str(line).expect("one object a line")).collect();
    let answered = events.iter().find(|event| event["fields"]["message"] == "answered").expect("an answer");
    assert_eq!(answered["span"]["kernel"], "v5.9");
}

#[test]
fn other_engines_are_heard_if_they_are_named() {
    let asked = ["check", "lost.race", "--era", "v5.9", "--engine", "shuttle", "--schedules", "2"];
    let heard = |filter: &str| cowrace(&[&asked[..], &["--log", filter]].concat()).err;
    assert!(!heard("trace").contains("shuttle_engine::"));
    assert!(heard("shuttle_engine=trace").contains("shuttle_engine::"));
}

#[test]
fn what_is_no_filter_is_refused() {
    cowrace(&with(&["--log", "loud=loud"]))
        .exits(2)
        .says(&["--log is not a log filter", "cowrace_explore=debug"]);
}

#[test]
fn a_profile_says_where_the_time_goes() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("profile.json");
    let shown = file.to_str().expect("text");
    cowrace(&with(&["--profile", shown])).quiet();
    let text = std::fs::read_to_string(&file).expect("it was written");
    let events: Vec<Value> = serde_json::from_str(&text).expect("JSON, and whole");
    for span in ["check", "specification", "search"] {
        assert!(events.iter().any(|event| event["name"] == span), "no {span} in {text}");
    }
    // An earlier profile is overwritten, and nothing else is.
    cowrace(&with(&["--profile", shown])).quiet();
    std::fs::write(&file, "race mine\n").expect("a file");
    cowrace(&with(&["--profile", shown])).exits(2).says(&["exists and is no profile"]);
    assert_eq!(std::fs::read_to_string(&file).expect("it is still there"), "race mine\n");
    cowrace(&with(&["--profile", "/nowhere/at/all"])).exits(2).says(&["/nowhere/at/all cannot be written"]);
    if std::path::Path::new("/dev/full").exists() {
        cowrace(&with(&["--profile", "/dev/full"])).exits(1).says(&["the profile cannot be written"]);
    }
}
