//! `cowrace list`, wrong input, and output that goes away.

use std::fs;
use std::process::Stdio;

use crate::{command, cowrace};

#[test]
fn scenarios_are_listed() {
    let done = cowrace(&["list", "lost.race", "plain.race", "silent.race"]).exits(0).quiet();
    insta::assert_snapshot!(done.out);
}

#[test]
fn scenarios_are_listed_by_subject() {
    let corpus = "../../../../scenarios";
    let (tlb, fork) = (format!("{corpus}/reclaim-stale-tlb.race"), format!("{corpus}/basic-cow.race"));
    let done = cowrace(&["list", &tlb, "plain.race", &fork]).exits(0).quiet();
    insta::assert_snapshot!(done.out);
    let objects = cowrace(&["list", &tlb, "plain.race", "--format", "json"]).exits(0).objects();
    assert_eq!(objects[0]["subject"], "tlb");
    assert!(objects[1]["subject"].is_null());
}

#[test]
fn scenarios_are_listed_as_json() {
    let objects = cowrace(&["list", "lost.race", "silent.race", "--format", "json"]).exits(0).objects();
    assert_eq!(objects[0]["scenario"], "lost");
    assert_eq!(objects[0]["columns"][0]["mm"], "A");
    assert_eq!(objects[0]["variants"][0]["expected"]["v5.9"], "lost-read");
    assert!(objects[0]["variants"][0]["expected"]["v5.12"].is_null());
    assert_eq!(objects[1]["variants"][1]["name"], "same");
}

#[test]
fn calls_are_listed_with_their_steps() {
    let listed = cowrace(&["list", "--calls"]).exits(0).quiet();
    let listed = listed.prints(&[
        "reclaim(A.buf)",
        "marks: add_to_swap, try_to_unmap, pageout, remove_mapping",
        "try_to_unmap_one",
        "The words of mails",
        "echo 4 > /proc/PID/clear_refs",
    ]);
    assert!(listed.out.lines().all(|line| line.chars().count() <= 100), "{}", listed.out);
    let objects = cowrace(&["list", "--calls", "--format", "json"]).exits(0).objects();
    let reclaim = objects.iter().find(|call| call["call"] == "reclaim(A.buf)").expect("the call");
    assert!(reclaim["functions"].as_array().expect("a list").iter().any(|f| f == "try_to_unmap_one"));
    cowrace(&["list", "--calls", "lost.race"]).exits(2);
    cowrace(&["list"]).exits(2).says(&["<PATHS>"]);
}

/// A list of all calls is worth reading once, whatever number of cells and files needs it.
#[test]
fn long_advice_is_given_once() {
    let dir = tempfile::tempdir().expect("a directory");
    for name in ["one", "two"] {
        let text =
            format!("race {name}\nmm A {{ buf: anon }}\n\na @A\n====\nelephants(buf)\ngiraffes(buf)\n");
        fs::write(dir.path().join(format!("{name}.race")), text).expect("a file");
    }
    let refused = cowrace(&["check", dir.path().to_str().expect("a name")]).exits(3);
    let refused = refused.says(&["elephants", "giraffes"]);
    assert_eq!(refused.err.matches("calls are `read`").count(), 1, "{}", refused.err);
}

#[test]
fn errors_point_at_the_cell() {
    let done = cowrace(&["check", "typo.race", "lost.race"]).exits(3);
    assert_eq!(done.out, "");
    insta::assert_snapshot!(done.err);
}

#[test]
fn what_is_no_scenario_is_refused() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = |name: &str| dir.path().join(name).to_str().expect("a name").to_owned();
    let refused = |path: &str, words: &[&str]| {
        for command in ["check", "matrix", "list"] {
            let done = cowrace(&[command, path]).exits(3).says(words);
            assert_eq!(done.out, "");
        }
    };
    refused(&path("nowhere.race"), &["cannot read", "nowhere.race"]);
    refused(&path("scenarioes"), &["cannot read", "suffix `.race`"]);
    fs::write(path("somewhere.race"), "").expect("a file");
    refused(&path("somewere.race"), &["cannot read", "did you mean", "somewhere.race?"]);
    fs::remove_file(path("somewhere.race")).expect("it was there");
    refused(&path(""), &["no file with the suffix `.race`"]);
    fs::write(path("binary.race"), b"race x\0\x01").expect("a file");
    refused(&path("binary.race"), &["not a text file", "NUL"]);
    fs::write(path("latin.race"), b"race \xe9\n").expect("a file");
    refused(&path("latin.race"), &["not a text file", "UTF-8"]);
    fs::write(path("empty.race"), "").expect("a file");
    refused(&path("empty.race"), &["error", "empty.race"]);
    fs::write(path("huge.race"), "#\n".repeat(1 << 20)).expect("a file");
    refused(&path("huge.race"), &["larger than"]);
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("evil.race");
    fs::write(&path, "race x\x1b[31m\nmm A { \x1b]0;title\x07: anon }\n").expect("a file");
    let done = cowrace(&["check", path.to_str().expect("a name")]).exits(3);
    assert!(!done.err.contains(['\x1b', '\x07']), "{:?}", done.err);
}

#[test]
fn two_files_may_not_have_the_same_name() {
    let dir = tempfile::tempdir().expect("a directory");
    let text = fs::read_to_string(crate::fixtures().join("plain.race")).expect("a fixture");
    fs::write(dir.path().join("a.race"), &text).expect("a file");
    fs::write(dir.path().join("b.race"), &text).expect("a file");
    let dir = dir.path().to_str().expect("a name");
    cowrace(&["list", dir]).exits(3).says(&[
        "a.race",
        "b.race",
        "both called `plain`",
        "change the `race` line of one of them",
    ]);
    // The same file twice is one scenario.
    assert_eq!(
        cowrace(&["list", "plain.race", "./plain.race", "--format", "json"]).exits(0).objects().len(),
        1
    );
}

#[test]
fn usage_errors_are_told_apart() {
    cowrace(&[]).exits(2);
    cowrace(&["check"]).exits(2).says(&["PATHS"]);
    cowrace(&["chekc"]).exits(2).says(&["check"]);
    cowrace(&["check", "plain.race", "--max-time", "never"]).exits(2);
    cowrace(&["check", "plain.race", "--jobs", "0"]).exits(2);
    let help = cowrace(&["--help"]).exits(0).out;
    assert!(help.contains("10  an unexpected violation") && help.contains("13  vacuous"));
    for command in ["check", "matrix", "replay", "explain", "list", "eras"] {
        assert!(help.contains(command));
        cowrace(&[command, "--help"]).exits(0).quiet();
    }
    assert!(cowrace(&["--version"]).exits(0).out.starts_with("cowrace "));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    for args in [&["eras"][..], &["check", "plain.race"], &["list", "plain.race"]] {
        let mut child =
            command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        drop(child.stdout.take());
        let done = child.wait_with_output().expect("it ends");
        assert_eq!((done.status.code(), done.stderr.as_slice()), (Some(0), &b""[..]), "{args:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_a_failure_of_the_tool() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("the device");
    let done = command(&["eras"]).stdout(full).output().expect("it starts");
    assert_eq!(done.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&done.stderr).contains("cannot write the output"));
}
