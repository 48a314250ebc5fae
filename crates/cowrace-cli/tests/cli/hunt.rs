//! `cowrace hunt`.

use std::fs;

use crate::cowrace;

/// The first scenarios in which v5.9 breaks what it promised.
const LITTLE: &[&str] = &["hunt", "--era", "v5.9", "--calls", "1", "--only", "pin_fast,munmap"];

#[test]
fn what_is_found_is_sorted() {
    let done = cowrace(LITTLE).exits(10).quiet();
    let text: Vec<&str> = done.out.lines().filter(|line| !line.starts_with("1 call:")).collect();
    insta::assert_snapshot!(text.join("\n"));
    cowrace(&[LITTLE, &["--jobs", "3"]].concat()).exits(10).prints(&["every scenario of 1 call was decided"]);
}

#[test]
fn what_is_not_there_is_not_found() {
    let done = cowrace(&["hunt", "--era", "v6.15", "--calls", "1", "--only", "munmap"]).exits(0).quiet();
    done.prints(&["v6.15: nothing was found; every scenario of 1 call was decided"]);
}

#[test]
fn json_has_levels_families_and_an_end() {
    let lines = cowrace(&[LITTLE, &["--format", "json"]].concat()).exits(10).quiet().objects();
    assert_eq!((&lines[0]["calls"], &lines[0]["bounded"]), (&1.into(), &0.into()));
    assert!(
        lines[0]["violated"].as_u64() > Some(0)
            && lines[0]["scenarios"].as_u64() > lines[0]["violated"].as_u64()
    );
    assert_eq!((&lines[1]["class"], &lines[1]["file"]), (&"stale-pin".into(), &().into()));
    let end = lines.last().expect("an end");
    assert_eq!((&end["complete"], &end["unconfirmed"]), (&true.into(), &0.into()));
    assert_eq!(end["families"], lines.len() - 2);
}

#[test]
fn what_is_written_is_what_check_finds() {
    let dir = tempfile::tempdir().expect("a directory");
    let out = dir.path().join("found");
    let out = out.to_str().expect("UTF-8");
    cowrace(&[LITTLE, &["--out", out]].concat()).exits(10).prints(&["written to"]);
    assert!(fs::read_dir(out).expect("it was made").count() > 1);
    cowrace(&["check", out, "--era", "v5.9"]).exits(0);
    // Under toggles and on another architecture as well.
    let toggled = [LITTLE, &["--set", "wp_reuse=count", "--arch", "arm64", "--out", out]].concat();
    cowrace(&toggled).exits(10);
    let arch = ["check", out, "--era", "v5.9", "--set", "wp_reuse=count", "--arch", "arm64"];
    cowrace(&arch).exits(0);
}

#[test]
fn a_hunt_that_is_ended_says_how_far_it_came() {
    let args = ["hunt", "--era", "v6.15", "--calls", "16", "--max-time", "0.01"];
    cowrace(&args).exits(12).prints(&["no level was decided, and then the hunt was stopped"]);
}

#[test]
fn calls_and_kernels_must_be_known() {
    cowrace(&["hunt", "--era", "v6.15", "--only", "pin_fats"]).exits(2).says(&["did you mean `pin_fast`"]);
    cowrace(&["hunt", "--era", "v6.15", "--except", "nothing_like_it"]).exits(2).says(&["list --calls"]);
    cowrace(&["hunt", "--era", "v9.15"]).exits(2);
    cowrace(&["hunt"]).exits(2).says(&["--era"]);
    cowrace(&["hunt", "--era", "v6.15", "--only", "pipe_read"]).exits(2).says(&["does not try `pipe_read`"]);
    cowrace(&["hunt", "--era", "v6.15", "--calls", "5", "--columns", "2"]).exits(2).says(&["--calls 4"]);
    cowrace(&["hunt", "--era", "v6.15", "--calls", "0"]).exits(2);
    cowrace(&["hunt", "--era", "v6.15", "--columns", "4"]).exits(2);
}
