//! `cowrace check` as a gate: results for CI systems, and baselines.

use std::fs;
use std::path::Path;

use quick_junit::{NonSuccessKind, Report, TestCaseStatus};
use serde_json::{Value, json};

use crate::{Done, cowrace, fixtures};

/// Runs of which some are as expected, some are not judged, and some fail.
const RUNS: [&str; 7] = ["check", "./lost.race", "tiny.race", "vacuous.race", "plain.race", "--era", "v5.11"];

fn check(args: &[&str]) -> Done {
    cowrace(&[&RUNS[..], args].concat())
}

/// Public readers have the same figures as the summary for people.
#[test]
fn junit_has_every_run() {
    let done = check(&["--era", "v6.12", "--format", "junit"]);
    let report = Report::deserialize_from_str(&done.out).expect("a report");
    let text = check(&["--era", "v6.12"]);
    assert_eq!((done.code, done.err.as_str()), (text.code, ""));
    let summary = text.out.lines().last().expect("a summary");
    assert!(summary.starts_with(&format!("{} runs: ", report.tests)), "{summary}");
    let failed = report.failures + report.errors;
    assert!(failed > 0 && summary.contains(&format!(", {failed} NOT AS EXPECTED")), "{summary}");
}

#[test]
fn what_fails_in_junit_has_its_diagram() {
    let done = check(&["--format", "junit"]).exits(10).quiet();
    let report = Report::deserialize_from_str(&done.out).expect("a report");
    let of = |suite: &str| {
        let suite = report.test_suites.iter().find(|s| s.name.as_str() == suite).expect("it is there");
        assert_eq!(suite.test_cases.len(), 1);
        &suite.test_cases[0]
    };
    assert!(matches!(of("plain").status, TestCaseStatus::Success { .. }));
    let vacuous = of("vacuous");
    let TestCaseStatus::NonSuccess { kind: NonSuccessKind::Failure, message, ty, .. } = &vacuous.status
    else {
        panic!("{vacuous:?}");
    };
    assert!(message.as_ref().is_some_and(|m| m.as_str().contains("no execution opens the window")));
    assert_eq!(ty.as_ref().map(|t| t.as_str()), Some("vacuous"));
    assert_eq!(vacuous.extra.get("file").map(|f| f.as_str()), Some("vacuous.race"));
    let bounded = check(&["--format", "junit", "--max-executions", "1"]);
    let report = Report::deserialize_from_str(&bounded.out).expect("a report");
    assert!(report.errors > 0, "{}", bounded.out);
}

/// The places of the results, and what kind each is of.
fn results(done: &Done) -> Vec<(String, String, String, u64)> {
    let log: Value = serde_json::from_str(&done.out).expect("JSON");
    assert_eq!(log["version"], "2.1.0");
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().expect("rules");
    let result = |result: &Value| {
        assert!(rules.iter().any(|rule| rule["id"] == result["ruleId"]), "{result}");
        let place = &result["locations"][0]["physicalLocation"];
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let line = place["region"]["startLine"].as_u64().expect("a line");
        (text(&result["kind"]), text(&result["ruleId"]), text(&place["artifactLocation"]["uri"]), line)
    };
    log["runs"][0]["results"].as_array().expect("results").iter().map(result).collect()
}

/// The line is that of the expectation that applies, or of the name.
#[test]
fn sarif_has_what_passes_as_well() {
    let lost = |era: &str| {
        let done = cowrace(&["check", "./lost.race", "--era", era, "--format", "sarif"]).quiet();
        results(&done).remove(0)
    };
    let pass = |line| ("pass".to_owned(), "unexpected-violation".to_owned(), "lost.race".to_owned(), line);
    assert_eq!([lost("v5.9"), lost("v6.12")], [pass(19), pass(1)]);
    let done = check(&["--format", "sarif"]).exits(10).quiet();
    let kinds: Vec<String> =
        results(&done).into_iter().map(|(kind, rule, ..)| format!("{kind} {rule}")).collect();
    assert_eq!(
        kinds,
        [
            "fail unexpected-violation",
            "pass unexpected-violation",
            "fail vacuous",
            "pass unexpected-violation",
        ]
    );
}

/// Two characters of Unicode are no part of XML.
#[test]
fn junit_is_xml_whatever_titles_say() {
    let place = tempfile::tempdir().expect("a directory");
    let path = place.path().join("odd, name.race");
    let text = fs::read_to_string(fixtures().join("lost.race")).expect("text");
    fs::write(&path, text.replace("A store by", "]]> & <\u{FFFE}> by")).expect("a file");
    let path = path.display().to_string();
    let done = cowrace(&["check", &path, "--era", "v5.11", "--format", "junit"]).exits(10);
    let report = Report::deserialize_from_str(&done.out).expect("a report");
    let case = &report.test_suites[0].test_cases[0];
    assert_eq!(case.extra.get("file").map(|file| file.as_str()), Some(path.as_str()));
    assert!(done.out.contains('\u{FFFD}') && !done.out.contains('\u{FFFE}'));
}

#[test]
fn github_is_told_what_fails() {
    let done = check(&["--format", "github"]).exits(10).quiet();
    insta::assert_snapshot!(done.stable());
}

/// A copy of the fixtures, in which a baseline can be written.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = tempfile::tempdir().expect("a directory");
        for name in ["lost.race", "tiny.race", "vacuous.race", "plain.race"] {
            fs::copy(fixtures().join(name), place.path().join(name)).expect("a copy");
        }
        Self(place)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn baseline(&self) -> String {
        fs::read_to_string(self.path().join("known.toml")).expect("it was written")
    }

    fn write(&self, text: &str) {
        fs::write(self.path().join("known.toml"), text).expect("it is written");
    }

    fn check(&self, args: &[&str]) -> Done {
        let place = self.path().display().to_string();
        let known = self.path().join("known.toml").display().to_string();
        let kernel = ["--era", "v5.11", "--baseline", &known];
        cowrace(&[&["check", &place], &kernel[..], args].concat())
    }
}

#[test]
fn a_known_failure_does_not_fail_and_one_that_is_gone_does() {
    let place = Place::new();
    place.check(&[]).exits(2).says(&["does not exist", "add `--bless`"]);
    place.check(&["--bless"]).exits(0).says(&["fill in `reason` and `owner`", "2 times"]);
    let blessed = place.baseline();
    insta::assert_snapshot!(blessed);
    place.check(&[]).exits(2).says(&["lost under v5.11 has no reason", "`owner`"]);
    let filled = blessed.replace("reason = \"\"", "reason = \"see the list\"");
    place.write(&filled);
    place.check(&[]).exits(2).says(&["has no owner"]);
    // Comments and reasons stay.
    let filled = filled.replace("owner = \"\"", "owner = \"mm\"  # until v6.13");
    place.write(&filled);
    place.check(&[]).exits(0).quiet().prints(&["KNOWN: see the list (mm)", "2 known not to be"]);
    place.check(&["--bless"]).exits(0).quiet();
    assert_eq!(place.baseline(), filled);
    let junit = place.check(&["--format", "junit"]).exits(0);
    assert_eq!(Report::deserialize_from_str(&junit.out).expect("a report").failures, 0);
    let json = place.check(&["--format", "json"]).exits(0).objects();
    let known: Vec<&Value> = json.iter().filter(|object| !object["known"].is_null()).collect();
    assert_eq!(known.len(), 2);
    assert_eq!(known[0]["known"]["owner"], "mm");

    // One is mended: it has to be removed. What was not run stays.
    fs::copy(fixtures().join("plain.race"), place.path().join("vacuous.race")).expect("a copy");
    let text = fs::read_to_string(place.path().join("vacuous.race")).expect("text");
    fs::write(place.path().join("vacuous.race"), text.replace("race plain", "race vacuous")).expect("a file");
    let gone = "the baseline names vacuous under v5.11 as vacuous, which is gone";
    place.check(&[]).exits(11).says(&[gone, "remove it, or add `--bless`"]);
    let junit = place.check(&["--format", "junit"]).exits(11);
    assert!(junit.out.contains(gone), "{}", junit.out);
    let json = place.check(&["--format", "json"]).exits(11).objects();
    let of = |name: &str| json.iter().find(|object| object["scenario"] == name).expect("it was checked");
    assert_eq!(of("vacuous")["baseline"], json!({ "standing": "gone", "named": "vacuous" }));
    assert_eq!(of("lost")["baseline"], json!({ "standing": "known", "named": "lost-read" }));
    assert_eq!(of("tiny")["baseline"], json!({ "standing": "passed", "named": null }));
    fs::remove_file(place.path().join("lost.race")).expect("it is there");
    let unused = "one of its 2 entries is about no run of this command: lost under v5.11";
    place.check(&["--bless"]).exits(0).says(&[unused]);
    let text = place.baseline();
    assert!(text.contains("scenario = \"lost\"") && !text.contains("vacuous"), "{text}");
    place.check(&[]).exits(0).says(&["its entry is about no run of this command: lost under v5.11"]);
}

/// What the file says of a run, in the words of JSON.
fn standing(done: &Done, scenario: &str) -> String {
    let objects = done.objects();
    let of = objects.iter().find(|object| object["scenario"] == scenario).expect("it was checked");
    of["baseline"]["standing"].as_str().expect("a word").to_owned()
}

#[test]
fn json_has_what_the_baseline_makes_of_each_run() {
    let place = Place::new();
    let json = |more: &[&str]| place.check(&[&["--format", "json"], more].concat());
    place.write("");
    let new = json(&[]).exits(10);
    assert_eq!((standing(&new, "lost"), standing(&new, "plain")), ("new".to_owned(), "passed".to_owned()));
    let entry = |name: &str, result: &str| {
        format!(
            "[[known]]\nscenario = \"{name}\"\nera = \"v5.11\"\nresult = \"{result}\"\nreason = \"a\"\nowner = \"b\"\n"
        )
    };
    place.write(&[entry("lost", "leak"), entry("plain", "lost-read"), entry("tiny", "leak")].concat());
    let other = json(&[]).exits(10);
    assert_eq!(
        (standing(&other, "lost"), standing(&other, "plain")),
        ("changed".to_owned(), "gone".to_owned())
    );
    fs::remove_file(place.path().join("vacuous.race")).expect("it is there");
    let open = json(&["--max-executions", "1"]);
    assert_eq!(standing(&open, "lost"), "open");
    let without = cowrace(&["check", "lost.race", "--era", "v5.11", "--format", "json"]).objects();
    assert_eq!(without[0]["baseline"], Value::Null);
}

/// Two era files of one name are different kernels, and a baseline knows which it means.
#[test]
fn an_era_file_is_known_by_what_it_says() {
    let place = Place::new();
    let file = |name: &str, base: &str| {
        let path = place.path().join(name).display().to_string();
        fs::write(
            &path,
            format!("name = \"mine\"\nbase = \"{base}\"\nset = {{ wp_reuse = \"mapcount\" }}\n"),
        )
        .expect("a file");
        path
    };
    let (first, second) = (file("first.toml", "v5.9"), file("second.toml", "v5.10"));
    let scenarios = place.path().display().to_string();
    let known = place.path().join("known.toml").display().to_string();
    let check = |era: &str, more: &[&str]| {
        cowrace(&[&["check", &scenarios, "--era", era, "--baseline", &known], more].concat())
    };
    let blessed = check(&first, &["--bless"]).exits(0);
    let text = place.baseline();
    assert!(text.contains("made_of = \"v5.9 --set wp_reuse=mapcount\""), "{text}{}", blessed.err);
    let text = text.replace("\"\"", "\"said\"");
    place.write(&text);
    check(&first, &[]).exits(0).quiet();
    let done = check(&second, &[]);
    done.says(&[
        "under mine (v5.9 --set wp_reuse=mapcount) does not apply",
        "`v5.10 --set wp_reuse=mapcount`: correct its `made_of`",
    ]);
    // An entry that does not say which is refused, or completed.
    let bare: String = text.split_inclusive('\n').filter(|line| !line.starts_with("made_of")).collect();
    place.write(&bare);
    check(&first, &[])
        .exits(2)
        .says(&["does not say what `mine` is", "add `made_of = \"v5.9 --set wp_reuse=mapcount\"`"]);
    check(&first, &["--bless"]).exits(0).quiet();
    check(&first, &[]).exits(0).quiet();
    // Reports could not tell the two apart.
    let both = cowrace(&["check", "tiny.race", "--era", &first, "--era", &second]).exits(2);
    both.says(&["two era files have the name of `mine`", "change `name` in one of the files"]);
}

/// What a person wrote stays: comments that are not of the entry alone, and the ends of lines.
#[test]
fn what_is_blessed_keeps_comments_and_ends_of_lines() {
    let place = Place::new();
    place.check(&["--bless"]).exits(0);
    let blessed = place.baseline().replace("\"\"", "\"said\"");
    let old = "# Of the old kernel.\n\n# It was mended.\n[[known]]\nscenario = \"plain\"\nera = \"v5.11\"\nresult = \"leak\"\n\
               reason = \"a\"\nowner = \"b\"\n\n# All others.\n\n";
    let text = blessed.replacen("[[known]]", &format!("{old}[[known]]"), 1).replace('\n', "\r\n");
    place.write(&text);
    place.check(&["--bless"]).exits(0).quiet();
    let is = place.baseline();
    let due = blessed.replacen("[[known]]", "# Of the old kernel.\n\n# All others.\n\n[[known]]", 1);
    assert_eq!(is, due.replace('\n', "\r\n"));
}

#[test]
fn a_result_of_another_memory_model_is_another_result() {
    let fingerprints = |more: &[&str]| -> Vec<String> {
        let args = ["check", "tiny.race", "--era", "v5.11", "--format", "sarif"];
        let log: Value = serde_json::from_str(&cowrace(&[&args[..], more].concat()).out).expect("JSON");
        let results = log["runs"][0]["results"].as_array().expect("results").clone();
        let of = |result: &Value| result["partialFingerprints"]["run/v2"].as_str().expect("text").to_owned();
        results.iter().map(of).collect()
    };
    let all = [
        fingerprints(&[]),
        fingerprints(&["--engine", "loom"]),
        fingerprints(&["--engine", "loom", "--memory", "c11"]),
        fingerprints(&["--arch", "arm64"]),
        fingerprints(&["--set", "wp_reuse=mapcount"]),
        fingerprints(&["--era", "mine.toml"]),
    ]
    .concat();
    let different: std::collections::BTreeSet<&String> = all.iter().collect();
    // The last has the first again, beside its own.
    assert_eq!((all.len(), different.len()), (7, 6), "{all:#?}");
    assert!(all[2].contains("c11") && all[6].contains("v5.9 --without 09854ba94c6a"), "{all:#?}");
}

/// A run that a limit ends, or that is not judged, does not tell whether a failure is still there.
#[test]
fn what_is_not_known_is_kept() {
    let place = Place::new();
    fs::remove_file(place.path().join("tiny.race")).expect("it is there");
    place.check(&["--bless"]).exits(0);
    let text = place.baseline().replace("\"\"", "\"said\"");
    place.write(&text);
    place.check(&["--max-executions", "1", "--bless"]).exits(0);
    assert_eq!(place.baseline(), text);
    // Under v5.9 the file says that it is not known.
    place.write(&text.replace("\"lost\"", "\"tiny\"").replace("v5.11", "v5.9"));
    let known = place.path().join("known.toml").display().to_string();
    for bless in [&[][..], &["--bless"]] {
        let args = ["check", "tiny.race", "--era", "v5.9", "--baseline", &known];
        let unused = "one of its 2 entries is about no run of this command: vacuous under v5.9";
        cowrace(&[&args[..], bless].concat()).exits(0).says(&[unused]);
        assert!(place.baseline().contains("tiny"));
    }
}

/// Only a plain file is written, through links, and with the rights that it has.
#[test]
#[cfg(unix)]
fn what_is_no_plain_file_stays() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let place = Place::new();
    let at = |name: &str| place.path().join(name);
    let bless = |name: &str| {
        let file = at(name).display().to_string();
        cowrace(&["check", "lost.race", "--era", "v5.11", "--baseline", &file, "--bless"])
    };
    fs::create_dir(at("directory")).expect("a directory");
    bless("directory").exits(2).says(&["is not a plain file: name one for `--baseline`"]);
    fs::write(at("real.toml"), "").expect("a file");
    fs::set_permissions(at("real.toml"), fs::Permissions::from_mode(0o640)).expect("rights");
    symlink("real.toml", at("link.toml")).expect("a link");
    bless("link.toml").exits(0);
    assert!(fs::symlink_metadata(at("link.toml")).expect("it is there").is_symlink());
    assert!(fs::read_to_string(at("real.toml")).expect("text").contains("lost-read"));
    assert_eq!(fs::metadata(at("real.toml")).expect("it is there").permissions().mode() & 0o777, 0o640);
    fs::set_permissions(at("real.toml"), fs::Permissions::from_mode(0o440)).expect("rights");
    bless("real.toml").exits(2).says(&["is read-only"]);
}

/// Another failure of the same run is a new one.
#[test]
fn a_known_failure_that_becomes_another_fails() {
    let place = Place::new();
    place.check(&["--bless"]).exits(0);
    let text = place.baseline().replace("\"\"", "\"said\"").replace("lost-read", "leak");
    place.write(&text);
    place.check(&[]).exits(10).says(&["as leak, which is gone"]);
    // An answer that a limit ended says nothing of it.
    fs::remove_file(place.path().join("tiny.race")).expect("it is there");
    place.check(&["--max-executions", "1"]).exits(12).quiet();
}

#[test]
fn what_is_no_baseline_is_refused_and_stays() {
    let place = Place::new();
    for (text, why) in [
        ("known = 3", "is not a baseline"),
        ("[[known]]\nscenario = \"tiny\"", "missing field `era`"),
        ("[[known]]\nrace = \"tiny\"", "unknown field `race`"),
        ("[[known", "is not a baseline"),
    ] {
        place.write(text);
        for bless in [&[][..], &["--bless"]] {
            place.check(bless).exits(2).says(&[why]);
            assert_eq!(place.baseline(), text);
        }
    }
    place.check(&["--against", "v6.1"]).exits(2);
    cowrace(&["check", "tiny.race", "--bless"]).exits(2).says(&["--baseline"]);
    cowrace(&["check", "tiny.race", "--era", "v6.1", "--format", "sarif", "--resume", "x"])
        .exits(2)
        .says(&["`--resume` prints `--format text` or `--format json`"]);
}
