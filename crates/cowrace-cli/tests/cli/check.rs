//! `cowrace check`.

use crate::cowrace;
use cowrace_testkit::repository;

#[test]
fn a_violation_that_is_expected_is_drawn_and_is_no_failure() {
    let done = cowrace(&["check", "lost.race", "--era", "v5.9"]).exits(0).quiet();
    insta::assert_snapshot!(done.stable());
}

#[test]
fn holds_stands_with_its_conditions() {
    let done = cowrace(&["check", "plain.race", "--era", "v5.9", "--arch", "x86"]).exits(0).quiet();
    insta::assert_snapshot!(done.stable());
}

#[test]
fn what_a_search_took_is_told_where_there_is_one() {
    let told = |args: &[&str]| cowrace(&[&["check"], args].concat()).out.contains(", the longest of ");
    assert!(told(&["plain.race", "--era", "v5.9"]));
    assert!(told(&["lost.race", "--era", "v6.1"]));
    assert!(!told(&["plain.race", "--era", "v5.9", "--era", "v6.1"]));
    assert!(!told(&["plain.race", "lost.race", "--era", "v6.1"]));
    assert!(!told(&["silent.race", "--era", "v6.1"]), "it has variants");
    assert!(!told(&["lost.race", "--era", "v5.9"]), "it is violated");
    assert!(!told(&["lost.race", "--era", "v6.1", "--max-executions", "3"]), "it is bounded");
    assert!(!told(&["tiny.race", "--era", "v6.1", "--engine", "loom"]), "loom does not count requests");
}

#[test]
fn coverage_says_how_calls_met_and_what_was_never_reached() {
    let done = cowrace(&["check", "lost.race", "--era", "v6.1", "--coverage"]).exits(0).quiet();
    // Numbers of lines change with the model.
    let text = done.stable();
    let (calls, _) = text.split_once("\n\n").expect("a table, and what is below it");
    insta::assert_snapshot!(calls);
    let done =
        done.prints(&["functions of the model were entered; these lines of them were never reached:\n    "]);
    done.prints(&["    do_wp_page (crates/mm/src/fault/wp/mod.rs): lines "]);
}

#[test]
fn coverage_is_of_what_holds_and_was_asked_for() {
    let object =
        |args: &[&str]| cowrace(&[&["check", "--format", "json"], args].concat()).objects().remove(0);
    let fields = ["orders", "unreached", "functions"];
    let has = |args: &[&str]| {
        let object = object(args);
        let there: Vec<bool> = fields.iter().map(|field| object.get(field).is_some()).collect();
        assert!(there.iter().all(|&is| is == there[0]), "{object}");
        there[0]
    };
    assert!(has(&["lost.race", "--era", "v6.1", "--coverage"]));
    assert!(has(&["vacuous.race", "--era", "v6.1", "--coverage"]));
    assert!(has(&["tiny.race", "--era", "v6.1", "--coverage", "--engine", "all"]));
    assert!(!has(&["lost.race", "--era", "v6.1"]));
    assert!(!has(&["lost.race", "--era", "v5.9", "--coverage"]), "it is violated");
    assert!(!has(&["lost.race", "--era", "v6.1", "--coverage", "--max-executions", "3"]), "it is bounded");
    let loom = ["check", "tiny.race", "--coverage", "--engine", "loom"];
    cowrace(&loom).exits(2).says(&["`--coverage` is for explore"]);
    let told = object(&["lost.race", "--era", "v6.1", "--coverage"]);
    let pair = told["orders"].as_array().and_then(|orders| orders.iter().find(|pair| pair["seen"] == "both"));
    let pair = pair.expect("calls that race");
    assert_eq!(pair["first"]["actor"], "thread0");
    assert!(pair["first"]["call"].is_string() && pair["second"]["call"].is_string(), "{pair}");
    assert!(told["functions"]["entered"].as_u64() < told["functions"]["all"].as_u64());
    let files = told["unreached"].as_array().expect("functions").iter().map(|each| &each["file"]);
    assert!(
        files.into_iter().all(|file| file.as_str().is_some_and(|file| file.starts_with("crates/mm/src/")))
    );
}

#[test]
fn coverage_of_many_runs_stands_below_each() {
    let eras = ["--era", "v5.9", "--era", "v6.1"];
    let done = cowrace(&[&["check", "lost.race", "plain.race", "--coverage"], &eras[..]].concat()).exits(0);
    assert_eq!(done.out.matches(" functions of the model were entered").count(), 3, "{}", done.out);
}

#[test]
fn scenarios_by_eras_are_a_table() {
    let eras = ["--era", "v5.9", "--era", "v6.1"];
    let done =
        cowrace(&[&["check", "lost.race", "plain.race", "vacuous.race"], &eras[..]].concat()).exits(13);
    insta::assert_snapshot!(done.quiet().stable());
}

#[test]
fn every_preset_is_the_default() {
    let done = cowrace(&["check", "plain.race", "--format", "json"]).exits(0).quiet();
    assert_eq!(done.objects().len(), cowrace_mm::era::PRESETS.len());
}

#[test]
fn json_has_what_others_rely_on() {
    let done =
        cowrace(&["check", "lost.race", "--era", "v5.9", "--era", "v6.1", "--format", "json"]).exits(0);
    let objects = done.quiet().objects();
    let [violated, holds] = objects.as_slice() else { panic!("{objects:?}") };
    for (field, value) in [
        ("scenario", "lost"),
        ("era", "v5.9"),
        ("engine", "explore"),
        ("memory", "sc"),
        ("arch", "generic"),
        ("verdict", "violated"),
        ("class", "lost-read"),
        ("expected", "lost-read"),
        ("detail", "always r == 1 fails: r is 0"),
    ] {
        assert_eq!(violated[field], value, "{field}");
    }
    assert_eq!(violated["as_expected"], true);
    assert!(violated["schedule"].as_str().expect("a schedule").starts_with("1:"));
    assert_eq!((&holds["verdict"], &holds["complete"]), (&"holds".into(), &true.into()));
    assert!(holds["executions"].as_u64().expect("a number") > 1);
    assert!(holds["seconds"].is_number());
    let (requests, depth) = (holds["requests"].as_u64(), holds["depth"].as_u64());
    assert!(requests > depth && depth > Some(5), "{requests:?} {depth:?}");
    for field in ["class", "estimate", "schedule", "stopped", "variant"] {
        assert!(holds[field].is_null(), "{field}");
    }
}

#[test]
fn results_come_in_the_same_order_from_any_number_of_threads() {
    let run = |jobs| {
        let done = cowrace(&["check", "lost.race", "silent.race", "--format", "json", "--jobs", jobs]);
        let mut objects = done.objects();
        objects.iter_mut().for_each(|o| o["seconds"] = 0.into());
        objects
    };
    assert_eq!(run("1"), run("4"));
}

#[test]
fn what_is_not_expected_has_a_code_of_its_own() {
    // Expected to hold, and does not.
    cowrace(&["check", "lost.race", "--era", "v5.11"]).exits(10).prints(&[
        "EXPECTED holds",
        "gup",
        "replay: ",
    ]);
    // Expected to be violated, and holds.
    cowrace(&["check", "lost.race", "--era", "v5.8"]).exits(11).prints(&["HOLDS", "EXPECTED lost-read"]);
    // Violated in another way.
    cowrace(&["check", "lost.race", "--era", "v5.10"]).exits(11).prints(&["EXPECTED leak"]);
    // No limit is a proof.
    let bounded = ["check", "lost.race", "--era", "v6.1", "--max-executions", "3"];
    cowrace(&bounded).exits(12).prints(&["BOUNDED", "stopped by --max-executions"]);
    // The window cannot open.
    cowrace(&["check", "vacuous.race", "--era", "v5.9"])
        .exits(13)
        .prints(&["VACUOUS", "b.buf[1] < a.buf[0]"]);
    cowrace(&["check", "vacuous.race", "--era", "v6.1"]).exits(0);
}

/// A kernel that reuses the page never copies it, although it can: a window of the copy does not apply.
#[test]
fn a_window_does_not_apply_where_no_execution_takes_its_step() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("shared.race").display().to_string();
    let text = "race shared\n\nmm A { buf: anon prevshared }\n\na @A        b @A\n==========  ==========\n\
                p = vmsplice(buf)\nbuf[0] = 1  x = buf[0]\n\nwindow a.buf[0].wp_page_copy < x\n";
    std::fs::write(&path, text).expect("a file");
    cowrace(&["check", &path, "--era", "v5.4"]).exits(0).prints(&[
        "HOLDS",
        "no execution reaches `wp_page_copy`, a step of the window `a.buf[0].wp_page_copy < x`",
    ]);
    let copied = cowrace(&["check", &path, "--era", "v5.10"]).exits(0);
    assert!(!copied.out.contains("no execution reaches"));
}

#[test]
fn the_gravest_code_wins() {
    let eras =
        |list: &[&'static str]| -> Vec<&'static str> { list.iter().flat_map(|e| ["--era", *e]).collect() };
    let both = [&["check", "lost.race", "vacuous.race"][..], &eras(&["v5.11", "v5.8", "v5.9"])].concat();
    cowrace(&both).exits(10);
    let gone = [&["check", "lost.race", "vacuous.race"][..], &eras(&["v5.8", "v5.9"])].concat();
    cowrace(&gone).exits(11);
    let limited =
        [&["check", "lost.race", "vacuous.race", "--max-executions", "1"][..], &eras(&["v5.9"])].concat();
    cowrace(&limited).exits(13);
}

#[test]
fn without_an_expectation_only_holds_is_good() {
    let done = cowrace(&["check", "silent.race", "--era", "v5.9"]).exits(10).quiet();
    let done = done.prints(&["VIOLATED lost-read  silent:other", "EXPECTED holds", "silent:same"]);
    let json = cowrace(&["check", "silent.race", "--era", "v5.9", "--format", "json"]).objects();
    assert_eq!((&json[0]["variant"], &json[0]["expected"]), (&"other".into(), &serde_json::Value::Null));
    assert!(done.out.contains("never r == 0 else lost-read"));
}

#[test]
fn toggles_that_no_line_speaks_of_are_judged_by_the_kernel_that_they_change() {
    let fixed = ["check", "lost.race", "--era", "v5.9", "--without", "09854ba94c6a", "--format", "json"];
    let object = &cowrace(&fixed).exits(0).objects()[0];
    assert_eq!(object["era"], "v5.9 --without 09854ba94c6a");
    assert_eq!((&object["expected"], &object["as_expected"]), (&"holds".into(), &true.into()));
    let set = ["check", "lost.race", "--era", "v5.9", "--set", "fork_seq=yes"];
    // As before.
    cowrace(&set).exits(0).prints(&["VIOLATED lost-read", "1 as expected"]);
    cowrace(&[&set[..], &["--report-only"]].concat()).exits(0).prints(&["VIOLATED lost-read", "not judged"]);
    let mine = ["check", "lost.race", "--era", "mine.toml"];
    cowrace(&mine).exits(0).prints(&["era mine", "HOLDS", "1 as expected"]);
    cowrace(&[&mine[..], &["--report-only"]].concat()).exits(0).prints(&["HOLDS", "not judged"]);
}

#[test]
fn no_command_of_a_file_reaches_a_terminal() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("escape.race");
    let good = "race escape\ntitle \"red \u{1b}[31m \u{9b}31m\"\nmm A { buf: anon }\n\na @A\n==========\nr = buf[0]\n";
    for text in [good.to_owned(), good.replace("r = buf[0]", "r = \u{1b}[31mbuf")] {
        std::fs::write(&path, text).expect("a file");
        for command in ["check", "list", "explain"] {
            let era = if command == "list" { &[][..] } else { &["--era", "v6.1"] };
            let done = cowrace(&[&[command, path.to_str().expect("text")], era].concat());
            let told = done.out + &done.err;
            assert!(!told.contains(|c: char| c.is_control() && c != '\n'), "{told:?}");
        }
    }
}

#[test]
fn eras_that_a_toggle_does_not_fit_are_left_out() {
    let args = ["check", "plain.race", "--without", "09854ba94c6a", "--format", "json"];
    let done = cowrace(&args).exits(0).says(&["note: v5.7 is left out"]);
    assert!(done.objects().iter().all(|o| o["era"] != "v5.7"));
    assert!(!done.objects().is_empty());
    let named = ["check", "plain.race", "--era", "v5.7", "--without", "09854ba94c6a"];
    cowrace(&named).exits(2).says(&["era `v5.7` does not have commit 09854ba94c6a"]);
}

#[test]
fn a_time_limit_that_is_not_reached_changes_nothing() {
    cowrace(&["check", "lost.race", "--era", "v6.1", "--max-time", "60"]).exits(0).prints(&["complete"]);
}

#[test]
fn what_nobody_knows_is_reported_and_not_judged() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("unknown.race");
    let text = std::fs::read_to_string(crate::fixtures().join("lost.race")).expect("a file");
    let (text, _) = text.split_once("expect").expect("expectations");
    std::fs::write(&path, format!("{text}expect else unknown\n")).expect("a file");
    let done = cowrace(&["check", &path.to_string_lossy(), "--format", "json"]).exits(0).quiet();
    let objects = done.objects();
    assert!(objects.iter().all(|o| o["expected"] == "unknown" && o["as_expected"].is_null()));
    assert!(objects.iter().any(|o| o["verdict"] == "violated"));
}

/// By page_count alone a store after clear_refs copies, and nobody uses the handle any more.
const CUT_OFF: &str = "race cut-off
mm A { buf: anon }

a @A                                      b @A
========================================  ==========
h = get_user_pages_fast(buf, FOLL_WRITE)
clear_refs(A)
buf[1] = 2                                r = buf[0]

expect v5.11 stale-pin; else holds
";

#[test]
fn a_limit_does_not_hide_what_was_seen_before() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("cut-off.race");
    std::fs::write(&path, CUT_OFF).expect("a file");
    let path = path.to_str().expect("a name");
    for more in [&[][..], &["--max-executions", "1"], &["--preemptions", "9"]] {
        let args = [&["check", path, "--era", "v5.11", "--format", "json"], more].concat();
        let object = cowrace(&args).exits(0).objects().remove(0);
        assert_eq!(
            (&object["verdict"], &object["class"]),
            (&"violated".into(), &"stale-pin".into()),
            "{more:?}"
        );
        assert!(object["schedule"].is_string(), "{object}");
    }
}

#[test]
fn gaps_in_a_contract_are_told_and_fail_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("gap.race");
    let text = CUT_OFF.replace("race cut-off", "race gap").replace("clear_refs(A)", "B = fork()");
    std::fs::write(&path, text.replace("v5.11 stale-pin; else ", "else ")).expect("a file");
    let done = cowrace(&["check", path.to_str().expect("a name"), "--era", "v5.11"]).exits(0).quiet();
    done.prints(&["HOLDS  gap", "  contract-gap ("]);
}

/// Follows a diagram, and says what becomes of it.
#[track_caller]
fn as_drawn(rows: &str, era: &str, words: &str, json: &str) {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("drawn.race");
    let text = "race drawn\nmm A { buf: none }\n\na @A                         b @A\n".to_owned();
    let text = text + "===========================  ===========\n" + rows;
    std::fs::write(&path, text).expect("a file");
    let path = path.to_str().expect("text");
    cowrace(&["check", path, "--era", era]).exits(0).prints(&["HOLDS", words]);
    let report = cowrace(&["check", path, "--era", era, "--format", "json"]).exits(0).objects().remove(0);
    assert_eq!(report["as_drawn"]["rows"], json, "{report}");
}

#[test]
fn what_holds_says_whether_it_can_happen_as_drawn() {
    as_drawn(
        "buf[0] = 1\n                             r = buf[0]\n",
        "v6.1",
        "as drawn: possible",
        "possible",
    );
    // The row that waits, and for what.
    let blocked = "\
buf[0] = 1 {
  spin_lock(ptl)
                             buf[1] = 2
}
";
    as_drawn(blocked, "v6.1", "as drawn: impossible, at row 3 (`buf[1] = 2`) b waits for", "impossible");
    // The step that this kernel does not have.
    let never = "buf[0] = 1 {\n  wp_page_copy\n}\n                             buf[1] = 2\n";
    let words = "as drawn: impossible, a does not reach row 2 (`wp_page_copy`): the call ends without it";
    as_drawn(never, "v6.1", words, "never-occurs");
}

/// What nothing checks is told, and is drawn all the same.
#[test]
fn remarks_are_not_checked_and_stay() {
    as_drawn(
        "buf[0] = 1                   ==> try_to_unmap_one()\n...\n",
        "v6.1",
        "this order holds as well; but 1 cell is a remark, and remarks are not checked",
        "possible",
    );
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("drawn.race");
    let text = "race drawn\nmm A { buf: none }\n\na @A        b\n==========  ==================\n            ==> numa_scan()\nbuf[0] = 1\n";
    std::fs::write(&path, text).expect("a file");
    let replay = ["replay", path.to_str().expect("text"), "--era", "v6.1", "--as-written"];
    cowrace(&replay).exits(0).prints(&["a @A        b", "==> numa_scan()"]);
}

#[test]
fn tables_do_not_say_what_can_happen_as_drawn() {
    let done = cowrace(&["check", "lost.race", "plain.race", "--era", "v6.1", "--format", "json"]).exits(0);
    assert!(done.objects().iter().all(|report| report["as_drawn"].is_null()), "{}", done.out);
}

/// Writes a scenario of the corpus without what it expects.
fn silent(dir: &tempfile::TempDir, name: &str) -> String {
    let known = repository("scenarios").join(name).with_extension("race");
    let text = std::fs::read_to_string(known).expect("it is there");
    let path = dir.path().join("silent.race");
    std::fs::write(&path, text.split("\nexpect").next().expect("the first")).expect("a file");
    path.to_str().expect("text").to_owned()
}

/// A violation that the file does not expect of a preset is not expected of a version that stands on it.
#[test]
fn a_violation_of_a_stable_version_fails() {
    let dir = tempfile::tempdir().expect("a directory");
    let scenario = silent(&dir, "odirect-clear-refs-lost-read");
    for era in ["v5.10", "5.10.262", "v5.16"] {
        cowrace(&["check", &scenario, "--era", era]).exits(10).prints(&["VIOLATED", "1 NOT AS EXPECTED"]);
    }
    cowrace(&["check", &scenario, "--era", "v6.6"]).exits(0).prints(&["HOLDS"]);
}

/// Without the commit that closes it, the race is there again.
#[test]
fn what_a_toggle_breaks_fails() {
    let dir = tempfile::tempdir().expect("a directory");
    let scenario = &*silent(&dir, "fork-vs-gup-fast-seqcount");
    let check = ["check", scenario, "--era", "v5.11", "--without", "57efa1fe5957"];
    let done = cowrace(&check).exits(10).prints(&["VIOLATED", "EXPECTED holds, as under v5.11"]);
    done.prints(&["1 NOT AS EXPECTED"]);
    let report = cowrace(&[&check[..], &["--format", "json"]].concat()).exits(10).objects().remove(0);
    assert_eq!(report["base"]["era"], "v5.11");
    assert_eq!((&report["base"]["verdict"], &report["as_expected"]), (&"holds".into(), &false.into()));
    let unjudged = cowrace(&[&check[..], &["--report-only"]].concat()).exits(0);
    unjudged.prints(&["not judged"]);
    // A comparison says itself what broke.
    cowrace(&[&check[..], &["--against", "v5.11"]].concat()).exits(10).prints(&["1 broken"]);
    // What was broken before is no worse, and what was mended is better.
    let worse = ["check", scenario, "--era", "v5.10", "--set", "zap_flush=none"];
    cowrace(&worse).exits(0);
    cowrace(&["check", scenario, "--era", "v5.10", "--with", "57efa1fe5957"]).exits(0).prints(&["HOLDS"]);
    // What has no answer is none.
    let bounded = [&check[..], &["--max-executions", "1"]].concat();
    cowrace(&bounded).exits(12).prints(&["NO ANSWER", "1 WITHOUT AN ANSWER"]);
}
