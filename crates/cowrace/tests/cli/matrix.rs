//! `cowrace matrix`.

use crate::cowrace;

/// All that the fixtures can come to.
const FILES: [&str; 4] = ["lost.race", "plain.race", "silent.race", "vacuous.race"];

fn matrix(args: &[&str]) -> crate::Done {
    cowrace(&[&["matrix"], &FILES[..], args].concat())
}

#[test]
fn cells_say_what_was_found_whatever_files_expect() {
    let done = matrix(&["--era", "v5.11", "--era", "v6.1"]).exits(0).quiet();
    assert!(!done.out.contains(['!', '?']), "{}", done.out);
    insta::assert_snapshot!(done.stable());
}

#[test]
fn every_era_fits_side_by_side() {
    let done = matrix(&[]).exits(0).quiet();
    assert_eq!(done.out.matches("scenario").count(), 1, "{}", done.out);
    insta::assert_snapshot!(done.stable());
}

#[test]
fn a_matrix_for_a_mail() {
    let done = matrix(&["--era", "v5.11", "--era", "v6.1", "--format", "markdown"]).exits(0).quiet();
    insta::assert_snapshot!(done.out);
}

#[test]
fn json_is_what_check_prints() {
    let lines = |command: &str| {
        let args = [&[command], &FILES[..], &["--era", "v5.9", "--format", "json"]].concat();
        let mut objects = cowrace(&args).quiet().objects();
        objects.iter_mut().for_each(|o| o["seconds"] = 0.into());
        objects
    };
    assert_eq!(lines("matrix"), lines("check"));
    assert!(!lines("matrix").is_empty());
}

#[test]
fn what_it_costs_stands_below() {
    let args = ["--era", "v5.8", "--era", "v5.11", "--era", "v6.1", "--costs"];
    let done = matrix(&args).exits(0).quiet();
    for jobs in ["1", "3"] {
        assert_eq!(matrix(&[&args[..], &["--jobs", jobs]].concat()).out, done.out, "--jobs {jobs}");
    }
    insta::assert_snapshot!(done.stable());
    insta::assert_snapshot!(matrix(&[&args[..], &["--format", "markdown"]].concat()).exits(0).quiet().out);
}

#[test]
fn costs_as_json() {
    let args = ["matrix", "lost.race", "--era", "v5.11", "--format", "json"];
    let with = cowrace(&[&args[..], &["--costs"]].concat()).exits(0).quiet().objects();
    // The search for violations ends at the first one; the one that counts does not.
    let due =
        r#"{"copies":{"fewest":0,"most":2},"faults":{"fewest":0,"most":2},"needed":{"copies":0,"faults":0}}"#;
    assert_eq!(with[0]["costs"].to_string(), due);
    let mut without = cowrace(&args).exits(0).objects();
    assert_eq!(without[0]["costs"], serde_json::Value::Null);
    // Nothing else is different.
    for field in ["costs", "seconds"] {
        without[0][field] = with[0][field].clone();
    }
    assert_eq!(with, without);
}

#[test]
fn costs_that_a_limit_keeps_from_being_known() {
    // The first bad execution is within the limit, all executions are not.
    let args = ["matrix", "plain.race", "lost.race", "--era", "v5.11", "--max-executions", "50", "--costs"];
    let done = cowrace(&args).exits(12).prints(&[
        "lost-read",
        "lost         ?       ?",
        "? a limit ended the search",
    ]);
    assert!(!done.out.contains("all, fewest"), "{}", done.out);
    let json = cowrace(&[&args[..], &["--format", "json"]].concat()).exits(12).objects();
    assert_eq!((&json[1]["verdict"], &json[1]["costs"]), (&"violated".into(), &serde_json::Value::Null));
}

#[test]
fn only_what_is_not_answered_is_a_failure() {
    // `check` gives 10 for the one and 13 for the other.
    cowrace(&["matrix", "lost.race", "--era", "v5.11"]).exits(0).prints(&["lost-read"]);
    cowrace(&["matrix", "vacuous.race", "--era", "v5.9"])
        .exits(0)
        .prints(&["no execution opened the window"]);
    for format in ["text", "json", "markdown"] {
        let args = ["matrix", "lost.race", "--era", "v6.1", "--max-executions", "3", "--format", format];
        cowrace(&args).exits(12).prints(&["bounded"]);
    }
    let args = ["matrix", "lost.race", "--era", "v6.1", "--max-executions", "3"];
    cowrace(&args).exits(12).prints(&["bounded after\n  lost v6.1: 3 executions"]);
}

#[test]
fn toggles_and_architectures_apply() {
    let args = ["--era", "v5.9", "--without", "09854ba94c6a", "--arch", "x86", "--jobs", "1"];
    matrix(&args).exits(0).prints(&["v5.9 --without 09854ba94c6a", "arch x86"]);
    let left_out = ["matrix", "plain.race", "--without", "09854ba94c6a"];
    cowrace(&left_out).exits(0).says(&["note: v5.7 is left out"]);
}

#[test]
fn wrong_input_is_refused_as_by_check() {
    cowrace(&["matrix"]).exits(2).says(&["PATHS"]);
    cowrace(&["matrix", "plain.race", "--format", "html"]).exits(2).says(&["markdown"]);
    cowrace(&["matrix", "plain.race", "--era", "v5.99"]).exits(2).says(&["no era `v5.99`", "did you mean"]);
    cowrace(&["matrix", "plain.race", "--max-executions", "0"]).exits(2);
    cowrace(&["matrix", "plain.race", "--against", "v5.9"]).exits(2).says(&["--against"]);
    cowrace(&["matrix", "nowhere.race"]).exits(3).says(&["cannot read"]);
    let done = cowrace(&["matrix", "typo.race", "lost.race"]).exits(3).says(&["typo.race"]);
    assert_eq!(done.out, "");
}
