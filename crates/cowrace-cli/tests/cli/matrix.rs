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
    cowrace(&["matrix", "plain.race", "--format", "yaml"]).exits(2).says(&["markdown"]);
    cowrace(&["matrix", "plain.race", "--era", "v5.99"]).exits(2).says(&["no era `v5.99`", "did you mean"]);
    cowrace(&["matrix", "plain.race", "--max-executions", "0"]).exits(2);
    cowrace(&["matrix", "plain.race", "--against", "v5.9"]).exits(2).says(&["--against"]);
    cowrace(&["matrix", "nowhere.race"]).exits(3).says(&["cannot read"]);
    let done = cowrace(&["matrix", "typo.race", "lost.race"]).exits(3).says(&["typo.race"]);
    assert_eq!(done.out, "");
}

#[test]
fn why_names_the_smallest_sets_of_commits() {
    let done = cowrace(&["matrix", "lost.race", "plain.race", "--why"]).exits(0).quiet();
    insta::assert_snapshot!(done.stable());
    let done = cowrace(&["matrix", "lost.race", "--why", "--format", "markdown"]).exits(0).quiet();
    done.prints(&[
        "\n- `lost`: violated (lost-read) since 09854ba94c6a (v5.9-rc5)",
        "\n- `09854ba94c6a` mm: do_wp",
    ]);
}

#[test]
fn why_compares_eras_in_the_order_asked() {
    let eras = ["--era", "v6.1", "--era", "v5.9", "--era", "mine.toml"];
    let done = cowrace(&[&["matrix", "lost.race", "--why"], &eras[..]].concat()).exits(0).quiet();
    insta::assert_snapshot!(done.stable());
    let done = cowrace(&["matrix", "plain.race", "--why", "--era", "v5.9", "--era", "v6.1"]).exits(0);
    assert!(!done.out.contains("closed by"), "{}", done.out);
}

#[test]
fn courses_stand_behind_the_reports_of_their_scenario() {
    let args = ["matrix", "lost.race", "plain.race", "--why", "--format", "json", "--jobs"];
    let objects = |jobs| {
        let mut objects = cowrace(&[&args[..], &[jobs]].concat()).exits(0).quiet().objects();
        objects.iter_mut().filter(|o| o["seconds"].is_number()).for_each(|o| o["seconds"] = 0.into());
        objects
    };
    let all = objects("1");
    assert_eq!(all, objects("2"));
    let places: Vec<usize> = (0..all.len()).filter(|&place| all[place]["eras"].is_array()).collect();
    let [main, .., last] = places[..] else { panic!("no courses: {all:?}") };
    assert_eq!(main, cowrace_mm::era::PRESETS.len());
    let (course, change) = (&all[main], &all[main]["changes"][0]);
    assert_eq!((&course["scenario"], &course["verdict"]), (&"lost".into(), &"holds".into()));
    assert_eq!((&change["from"], &change["to"]), (&"v5.8".into(), &"v5.9-rc5".into()));
    assert_eq!((&change["verdict"], &change["class"]), (&"violated".into(), &"lost-read".into()));
    assert_eq!(change["sets"], serde_json::json!([["--with 09854ba94c6a"]]));
    assert_eq!(all[last + 1]["scenario"], "plain");
}

#[test]
fn why_claims_nothing_that_a_limit_has_hidden() {
    let limited = ["matrix", "lost.race", "--why", "--max-executions", "100", "--jobs", "1"];
    let done = cowrace(&[&limited[..], &["--era", "v5.8", "--era", "v5.9"]].concat()).exits(12);
    done.prints(&["not known in v5.8 (bounded); violated (lost-read) in v5.9"]);
}

#[test]
fn why_needs_something_to_compare() {
    cowrace(&["matrix", "lost.race", "--why", "--era", "v5.9"])
        .exits(2)
        .says(&["name two or more with --era"]);
    let left_out = ["matrix", "plain.race", "--why", "--without", "57efa1fe5957"];
    cowrace(&left_out).exits(0).says(&["note: v5.10.y is not compared: its base is left out"]);
}
