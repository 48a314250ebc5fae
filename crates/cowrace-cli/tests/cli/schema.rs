//! What commands print is what the schemas in `docs/schema` say.

use std::path::Path;

use jsonschema::Validator;
use serde_json::Value;

use crate::cowrace;

/// Scenarios of the corpus and of these tests that find, miss and fail in different ways.
const FILES: &[&str] = &[
    "deadlock.race",
    "lost.race",
    "plain.race",
    "silent.race",
    "vacuous.race",
    "../../../../scenarios/small",
    "../../../../scenarios/basic-cow.race",
    "../../../../scenarios/lru-batch-spurious-copy.race",
];

fn validator(command: &str) -> Validator {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema").join(format!("{command}.json"));
    let text = std::fs::read_to_string(path).expect("a schema");
    let schema: Value = serde_json::from_str(&text).expect("JSON");
    jsonschema::draft202012::meta::validate(&schema).expect("a schema is itself valid");
    jsonschema::validator_for(&schema).expect("a schema")
}

/// What a command prints: valid lines, and at least this number of them.
fn valid(command: &str, args: &[&str], least: usize) -> Vec<Value> {
    let validator = validator(command);
    let done = cowrace(&[&[command], args, &["--format", "json"]].concat());
    let printed = done.objects();
    assert!(printed.len() >= least, "{} lines of `{command} {args:?}`\n{}", printed.len(), done.err);
    for line in &printed {
        let wrong: Vec<String> =
            validator.iter_errors(line).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(wrong.is_empty(), "{command} {args:?}: {wrong:#?}\n{line:#}");
    }
    printed
}

fn of_files(args: &[&'static str]) -> Vec<&'static str> {
    [FILES, args].concat()
}

#[test]
fn reports_are_valid() {
    let printed = valid("check", &of_files(&["--era", "v5.9", "--era", "v6.12", "--coverage"]), 40);
    assert!(printed.iter().any(|report| report["orders"].is_array()), "some have coverage");
    assert!(printed.iter().any(|report| report["finding"].is_object()), "some have a finding");
    valid("check", &["tiny.race", "--era", "v5.11", "--engine", "all"], 3);
    valid("check", &["lost.race", "--max-executions", "1"], 1);
}

#[test]
fn the_lines_of_a_matrix_are_valid() {
    let costs = valid("matrix", &of_files(&["--era", "v5.8", "--era", "v6.12", "--costs"]), 40);
    assert!(costs.iter().any(|line| line["costs"].is_object()), "some have costs");
    let why = valid("matrix", &["lost.race", "plain.race", "--why"], 20);
    assert!(why.iter().any(|line| line["eras"].is_array()), "some say why");
}

#[test]
fn differences_are_valid() {
    let printed = valid("diff", &[&["v5.8", "v5.9"], FILES].concat(), 3);
    assert!(printed.iter().any(|line| line["lines"].is_number()), "the last tells of new lines");
}

#[test]
fn ablations_are_valid() {
    valid("ablate", &["lost.race", "plain.race", "--era", "v6.1"], 30);
}

#[test]
fn executions_are_valid() {
    for file in ["lost.race", "plain.race", "../../../../scenarios/basic-cow.race"] {
        let replayed = valid("replay", &[file, "--era", "v6.12", "--as-written"], 1);
        assert!(replayed.iter().all(|replayed| replayed["trace"].is_object()), "{replayed:#?}");
    }
}

#[test]
fn a_line_that_lacks_something_is_not_valid() {
    let validator = validator("check");
    let report = valid("check", &["lost.race", "--era", "v5.9"], 1).remove(0);
    for field in ["scenario", "verdict", "class", "executions", "schedule"] {
        let mut lacks = report.clone();
        lacks.as_object_mut().expect("an object").remove(field);
        assert!(!validator.is_valid(&lacks), "{field} is left out");
    }
    let mut wrong = report;
    wrong["verdict"] = "perhaps".into();
    assert!(!validator.is_valid(&wrong));
}

#[test]
fn the_lines_of_a_hunt_are_valid() {
    let printed = valid("hunt", &["--era", "v5.9", "--calls", "1", "--only", "pin_fast"], 3);
    assert!(printed.iter().any(|line| line["finding"].is_object()), "some are families");
}

#[test]
fn the_lines_of_a_hunt_for_costs_are_valid() {
    let args = ["--era", "v5.9", "--base", "v5.4", "--costs", "--calls", "1", "--only", "pin_fast"];
    let printed = valid("hunt", &args, 3);
    assert!(printed.iter().any(|line| line["costs"].is_object()), "some cost more");
}

#[test]
fn what_a_witness_is_told_in_is_valid() {
    let args =
        ["--era", "v5.12", "--commit", "9348b73c2e1b", "--calls", "2", "--only", "pin_fast,clear_refs"];
    let printed = valid("witness", &args, 1);
    assert!(printed[0]["witness"].is_object(), "there is one");
}
