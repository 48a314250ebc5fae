//! `cowrace check --engine`, and `replay --shuttle`.

use crate::cowrace;

#[test]
fn all_engines_agree_and_stand_side_by_side() {
    let done = cowrace(&["check", "tiny.race", "--era", "v5.11", "--era", "v6.1", "--engine", "all"]);
    let done = done.exits(0).quiet();
    insta::assert_snapshot!(without_figures(&done.stable()));
}

/// What loom and shuttle need differs with their versions.
fn without_figures(text: &str) -> String {
    let engine = |line: &str| ["explore ", "loom ", "shuttle "].iter().any(|e| line.starts_with(e));
    let figures = |line: &str| match line.split_once("  ") {
        Some((name, rest)) if engine(line) => {
            let runs: Vec<&str> = rest.split_whitespace().take(5).collect();
            format!("{name}  {}  ..", runs.join("  "))
        }
        _ => line.to_owned(),
    };
    text.lines().map(figures).collect::<Vec<_>>().join("\n")
}

#[test]
fn json_has_a_line_for_each_engine() {
    let done = cowrace(&["check", "tiny.race", "--era", "v5.11", "--engine", "all", "--format", "json"]);
    let objects = done.exits(0).quiet().objects();
    let engines: Vec<&str> = objects.iter().filter_map(|o| o["engine"].as_str()).collect();
    assert_eq!(engines, ["explore", "loom", "shuttle"]);
    for object in &objects {
        assert_eq!(object["verdict"], "violated", "{object}");
        assert_eq!(object["class"], "lost-read", "{object}");
        assert!(object["outcomes"].as_u64().is_some_and(|n| n > 0), "{object}");
        assert!(object["disagreement"].is_null(), "{object}");
        // Whoever finds it, it is told in the same words, and its schedule replays.
        assert_eq!(object["detail"], objects[0]["detail"]);
        let schedule = object["schedule"].as_str().expect("a schedule");
        let args = ["replay", "tiny.race", "--era", "v5.11", "--schedule", schedule, "--shuttle"];
        cowrace(&args).exits(0).quiet().prints(&["# shuttle has the same result"]);
    }
}

#[test]
fn a_search_that_finds_nothing_at_random_is_bounded() {
    let shuttle = |args: &[&str]| {
        cowrace(&[&["check", "tiny.race", "--era", "v6.1", "--engine", "shuttle"], args].concat())
    };
    for scheduler in ["random", "pct"] {
        let done = shuttle(&["--scheduler", scheduler, "--seed", "7", "--schedules", "20"]).exits(12);
        done.prints(&["BOUNDED", "engine shuttle"]);
    }
    // The same seed, the same schedules.
    let twice = [(); 2].map(|()| {
        let args = [
            "check",
            "tiny.race",
            "--era",
            "v5.11",
            "--engine",
            "shuttle",
            "--seed",
            "3",
            "--format",
            "json",
        ];
        cowrace(&args).exits(0).objects()[0]["schedule"].clone()
    });
    assert_eq!(twice[0], twice[1]);
}

#[test]
fn loom_alone_is_judged() {
    let loom = |era: &str, args: &[&str]| {
        cowrace(&[&["check", "tiny.race", "--engine", "loom", "--era", era], args].concat())
    };
    loom("v6.1", &[]).exits(0).prints(&["HOLDS", "engine loom, memory sc"]);
    loom("v5.11", &[]).exits(0).prints(&["VIOLATED lost-read", "engine loom", "# replay: cowrace replay"]);
    loom("v6.1", &["--preemptions", "1"]).exits(12).prints(&["BOUNDED", "at most 1 preemption in"]);
    loom("v6.1", &["--memory", "c11"]).exits(12).prints(&["BOUNDED"]);
    loom("v6.1", &["--schedules", "2"]).exits(12).prints(&["BOUNDED", "stopped at this limit"]);
    #[cfg(target_os = "linux")]
    loom("v6.1", &["--max-memory", "1M"]).exits(12).prints(&["BOUNDED", "stopped by --max-memory"]);
}

#[test]
fn a_bound_on_preemptions_proves_nothing() {
    let explore = |era: &str, args: &[&str]| {
        let args = [&["check", "tiny.race", "--era", era, "--preemptions", "3"], args].concat();
        cowrace(&args).quiet()
    };
    explore("v6.1", &[]).exits(12).prints(&[
        "BOUNDED",
        "incomplete",
        "every execution with at most 3 preemptions was explored",
    ]);
    let done = explore("v6.1", &["--format", "json"]).exits(12);
    let object = &done.objects()[0];
    assert_eq!((&object["verdict"], &object["complete"]), (&"bounded".into(), &false.into()));
    assert_eq!((&object["settings"], &object["preemptions"]), (&"at most 3 preemptions".into(), &3.into()));
    assert_eq!((&object["requests"], &object["depth"]), (&serde_json::Value::Null, &serde_json::Value::Null));
    explore("v5.11", &[]).exits(0).prints(&["VIOLATED lost-read"]);
    // What others are compared with is all there is.
    explore("v6.1", &["--engine", "all"]).exits(0).prints(&["HOLDS", "BOUNDED", "engine loom"]);
}

#[test]
fn what_does_not_fit_is_said() {
    let check = |args: &[&str]| cowrace(&[&["check", "tiny.race"], args].concat()).exits(2);
    check(&["--memory", "c11"]).says(&["add `--engine loom` to `--memory c11`"]);
    check(&["--memory", "c11", "--engine", "all"]).says(&["only loom supports weak memory"]);
    check(&["--seed", "2"]).says(&["add `--engine shuttle`"]);
    check(&["--scheduler", "random", "--engine", "loom"]).says(&["are for shuttle"]);
    check(&["--schedules", "5"]).says(&["`--max-executions`"]);
    check(&["--preemptions", "2", "--engine", "shuttle"])
        .says(&["use `--engine explore` or `--engine loom`"]);
    check(&["--preemptions", "2", "--coverage"]).says(&["leave out `--preemptions`"]);
    check(&["--preemptions", "2", "--max-executions", "9"]).says(&["use `--max-time` or `--max-memory`"]);
    check(&["--preemptions", "-1"]).says(&["unexpected argument"]);
    check(&["--preemptions", "300"]).says(&["300 is not in 0..=255"]);
    cowrace(&["replay", "tiny.race", "--era", "v5.11", "--shuttle"])
        .exits(2)
        .says(&["required arguments were not provided:\n  --schedule <SCHEDULE>\n"]);
    cowrace(&["replay", "tiny.race", "--era", "v5.11", "--as-written", "--shuttle"])
        .exits(2)
        .says(&["cannot be used with '--shuttle'"]);
}

/// The search that stopped at the limit has seen a handle cut off. The one that finds out where is none of all
/// executions, and judges by something else than the other engines do.
#[test]
fn engines_are_compared_only_where_explore_was_complete() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("limit.race");
    let text = "race limit
mm A { buf: anon prevshared }

c0 @A                  c2 @A
===================    ==================
                       v1 = pin_fast(buf)
buf[1] = 11
                       v4 = get_fast(buf, FOLL_WRITE)
";
    std::fs::write(&path, text).expect("a file");
    let check = ["check", path.to_str().expect("text"), "--era", "v5.18", "--engine", "all", "--jobs", "1"];
    let done =
        |more: &[&str]| cowrace(&[&check[..], &["--schedules", "400", "--format", "json"], more].concat());
    for limit in ["20", "60", "100"] {
        let done = done(&["--max-executions", limit]);
        assert!([10, 12].contains(&done.code), "{}", done.out);
        let reports = done.objects();
        assert_eq!(reports[0]["complete"], false);
        assert!(reports.iter().all(|report| report["disagreement"].is_null()), "{}", done.out);
    }
    let reports = done(&[]).objects();
    assert_eq!(reports[0]["complete"], true, "{reports:?}");
    assert!(reports.iter().all(|report| report["disagreement"].is_null()), "{reports:?}");
}
