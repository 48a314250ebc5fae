//! Parts of a command, put together, and results of earlier runs.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use cowrace_testkit::repository;
use serde_json::Value;

use crate::{Done, command, cowrace};

/// A command that takes some seconds, in many searches.
fn whole() -> Vec<String> {
    let small = repository("scenarios/small").display().to_string();
    let options = ["--era", "v5.9", "--era", "v5.18", "--era", "v6.12"].map(str::to_owned);
    [vec!["check".to_owned(), small], options.to_vec()].concat()
}

fn run(args: &[String], more: &[&str]) -> Done {
    let args: Vec<&str> = args.iter().map(String::as_str).chain(more.iter().copied()).collect();
    cowrace(&args)
}

/// Reports but for the time that they took.
fn timeless(done: &Done) -> Vec<Value> {
    let without = |mut report: Value| {
        report["seconds"] = Value::Null;
        report["stored"] = Value::Null;
        report
    };
    done.objects().into_iter().map(without).collect()
}

fn part(directory: &Path, nth: u64, of: u64) -> [String; 4] {
    let file = directory.join(format!("{nth}.part")).display().to_string();
    ["--shard".to_owned(), format!("{nth}/{of}"), "--part".to_owned(), file]
}

/// Workers are killed at random. What they did is lost, and done again; nothing else changes.
#[test]
fn killed_workers_lose_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().display().to_string();
    let whole = whole();
    // More parts than scenarios: some have nothing to do.
    let of = 40;
    let mut killed = 0;
    for round in 0_u64.. {
        let missing: Vec<u64> =
            (1..=of).filter(|nth| !directory.path().join(format!("{nth}.part")).exists()).collect();
        if missing.is_empty() {
            break;
        }
        let merged = cowrace(&["merge", &path]);
        assert!(merged.code == 12 || missing.len() == of as usize, "{}", merged.err);
        for (place, &nth) in missing.iter().enumerate() {
            let args: Vec<String> = whole.iter().cloned().chain(part(directory.path(), nth, of)).collect();
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            let mut worker = command(&args).stdout(Stdio::null()).spawn().expect("it starts");
            // In the first rounds, every third one gets no further than some milliseconds.
            if round < 2 && place % 3 == 0 {
                std::thread::sleep(Duration::from_millis((nth * 7 + round) % 20));
                worker.kill().expect("it can be killed");
                killed += u64::from(worker.wait().expect("it ends").code().is_none());
            } else {
                assert_eq!(worker.wait().expect("it ends").code(), Some(0), "{args:?}");
            }
        }
    }
    assert!(killed > 0);
    let expected = run(&whole, &["--format", "json"]).exits(0);
    let merged = cowrace(&["merge", &path, "--format", "json"]).exits(0).quiet();
    assert_eq!(timeless(&merged), timeless(&expected));
    let text = |done: Done| done.exits(0).quiet().out;
    assert_eq!(text(cowrace(&["merge", &path])), text(run(&whole, &[])));
    let page = cowrace(&["merge", &path, "--format", "html"]).exits(0).out;
    assert!(page.contains("<h1>cowrace check</h1>"));
    // The command that prints the same page without parts.
    let command = format!("<code>cowrace {} --format html</code>", whole.join(" "));
    assert!(page.contains(&command), "no `{command}`");
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().display().to_string();
    cowrace(&["merge", &path]).exits(2).says(&["no file that ends in `.part`", "--shard 1/5 --part"]);
    cowrace(&["merge", &format!("{path}/nowhere")]).exits(2).says(&["nowhere"]);
    let check = ["check", "lost.race", "tiny.race", "--era", "v5.9"];
    let write = |more: &[&str], nth, of| {
        let part = part(directory.path(), nth, of);
        let part: Vec<&str> = part.iter().map(String::as_str).collect();
        cowrace(&[&check[..], more, &part].concat())
    };
    write(&[], 1, 2).exits(0);
    cowrace(&["merge", &path]).exits(12).says(&["lacks 2/2", "--shard 2/2"]);
    write(&["--max-executions", "100"], 2, 2).exits(0);
    cowrace(&["merge", &path]).exits(2).says(&["not parts of the same command"]);
    // What is there is not lost.
    write(&[], 2, 2).exits(2).says(&["2.part is there, and is not part 2/2 of this command: remove it"]);
    fs::remove_file(directory.path().join("2.part")).expect("it can be removed");
    write(&[], 2, 2).exits(0);
    write(&[], 2, 2).exits(0);
    cowrace(&["merge", &path]).exits(0).quiet().prints(&["2 runs"]);
    cowrace(&["merge", &path, "--format", "yaml"]).exits(2).says(&["no format `yaml`", "sarif"]);
    // The same part twice.
    let first = directory.path().join("1.part");
    fs::copy(&first, directory.path().join("3.part")).expect("it can be copied");
    cowrace(&["merge", &path]).exits(2).says(&["both part 1/2"]);
    fs::remove_file(directory.path().join("3.part")).expect("it can be removed");
    // One that is damaged.
    let text = fs::read_to_string(&first).expect("it can be read");
    fs::write(&first, text.replacen("holds", "vacuous", 1).replacen("violated", "holds", 1))
        .expect("it can be written");
    cowrace(&["merge", &path]).exits(2).says(&["1.part is no part, or is damaged"]);
    cowrace(&[&check[..], &["--shard", "3/2"]].concat()).exits(2).says(&["2/5"]);
    cowrace(&[&check[..], &["--shard", "1/99999999999"]].concat()).exits(2).says(&["at most"]);
    cowrace(&[&check[..], &["--shard", "1/2", "--part", "x.json"]].concat()).exits(2).says(&["`.part`"]);
    cowrace(&[&check[..], &["--part", "x.part"]].concat()).exits(2).says(&["--shard"]);
}

/// A change of a file.
type Change<'c> = &'c dyn Fn(&mut Value);

/// A part that was changed on purpose, with a digest that fits, is still held against the command.
#[test]
fn what_cannot_be_a_part_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().display().to_string();
    let file = directory.path().join("1.part");
    let part = part(directory.path(), 1, 1);
    let part: Vec<&str> = part.iter().map(String::as_str).collect();
    let check = ["check", "lost.race", "--era", "v5.9", "--era", "v6.1"];
    cowrace(&[&check[..], &part].concat()).exits(0);
    let written = fs::read_to_string(&file).expect("it can be read");
    let forge = |change: Change<'_>| {
        let mut entry: Value = serde_json::from_str(&written).expect("JSON");
        change(&mut entry["part"]);
        let digest = cowrace_check::checkpoint::digest(&entry["part"].to_string());
        entry["digest"] = digest.into();
        fs::write(&file, entry.to_string()).expect("it can be written");
        cowrace(&["merge", &path])
    };
    forge(&|_| ()).exits(0);
    let changes: [(&str, Change<'_>); 10] = [
        ("no parts", &|part| part["of"] = 0.into()),
        ("too many parts", &|part| part["of"] = u64::MAX.into()),
        ("a part behind the last", &|part| part["nth"] = 1.into()),
        ("no reports", &|part| part["known"]["results"][0] = Value::Array(Vec::new())),
        ("a search too few", &|part| drop(part["known"]["results"].as_array_mut().map(Vec::pop))),
        ("another scenario", &|part| part["known"]["results"][0][0]["scenario"] = "tiny".into()),
        ("another kernel", &|part| part["known"]["results"][0][0]["era"] = "v6.1".into()),
        ("no such time", &|part| part["known"]["results"][0][0]["seconds"] = 1e300.into()),
        ("no command", &|part| part["command"] = Value::Array(Vec::new())),
        ("another command", &|part| part["command"] = vec!["eras"].into()),
    ];
    for (what, change) in changes {
        let done = forge(change).exits(2);
        assert!(done.err.contains("no part"), "{what}: {}", done.err);
        assert_eq!(done.out, "", "{what}");
    }
    forge(&|part| part["known"]["results"][0][0]["executions"] = u64::MAX.into()).exits(0);
}

/// The exit code of a merge is that of the whole command, so all that decides it has to be the same.
#[test]
fn a_baseline_and_counts_are_a_part_of_the_question() {
    let directory = tempfile::tempdir().expect("a directory");
    let at = |name: &str| directory.path().join(name).display().to_string();
    let (parts, races, baseline) = (at("parts"), at("races"), at("known.toml"));
    for made in [&parts, &races] {
        fs::create_dir(made).expect("it can be made");
    }
    for name in ["lost.race", "tiny.race"] {
        fs::copy(crate::fixtures().join(name), format!("{races}/{name}")).expect("it can be copied");
    }
    let counts = format!("{races}/counts.txt");
    fs::write(&counts, "lost\n  holds 1 10 10: v5.9\n\ntiny\n  holds 1 9999 10: v5.9\n")
        .expect("it can be written");
    fs::write(&baseline, "").expect("it can be written");
    for nth in ["1", "2"] {
        let part = format!("{parts}/{nth}.part");
        let shard = format!("{nth}/2");
        let args =
            ["check", &races, "--era", "v6.1", "--baseline", &baseline, "--shard", &shard, "--part", &part];
        cowrace(&args);
    }
    assert!(cowrace(&["merge", &parts]).out.contains("2 runs"));
    let entry = "[[known]]\nscenario = \"lost\"\nera = \"v6.1\"\nresult = \"lost-read\"\nreason = \"a\"\nowner = \"b\"\n";
    fs::write(&baseline, entry).expect("it can be written");
    cowrace(&["merge", &parts]).exits(2).says(&["the baseline is not what it was"]);
    fs::write(&baseline, "").expect("it can be written");
    fs::remove_file(&counts).expect("it can be removed");
    cowrace(&["merge", &parts]).exits(2).says(&["`counts.txt`"]);
}

/// What would be lost, or cannot be written, is told before the searches; a pipe, which has no end, is no file.
#[test]
fn files_are_looked_at_before_the_searches() {
    let directory = tempfile::tempdir().expect("a directory");
    let at = |name: &str| directory.path().join(name).display().to_string();
    let check = ["check", "lost.race", "--era", "v5.9", "--shard", "1/1", "--part"];
    let done = cowrace(&[&check[..], &[&at("nowhere/1.part")]].concat()).exits(2);
    assert_eq!(done.says(&["is no directory: make it first"]).out, "");
    fs::write(at("mine.part"), "precious").expect("it can be written");
    cowrace(&[&check[..], &[&at("mine.part")]].concat()).exits(2).says(&["is there, and is not part 1/1"]);
    assert_eq!(fs::read_to_string(at("mine.part")).expect("it is there"), "precious");
    cowrace(&["check", "-", "--shard", "1/2"]).exits(2).says(&["standard input"]);
    let program = ["reproduce", "lost.race", "--era", "v5.11", "--out"];
    fs::write(at("mine.c"), "precious").expect("it can be written");
    cowrace(&[&program[..], &[&at("mine.c")]].concat())
        .exits(2)
        .says(&["is no program of `cowrace reproduce`"]);
    assert_eq!(fs::read_to_string(at("mine.c")).expect("it is there"), "precious");
    cowrace(&[&program[..], &["-"]].concat()).exits(2).says(&["leave `--out` out"]);
}

#[cfg(unix)]
#[test]
fn a_pipe_is_no_file_of_results() {
    let directory = tempfile::tempdir().expect("a directory");
    let cache = directory.path().join("cache").display().to_string();
    let check = ["check", "tiny.race", "--era", "v5.9", "--cache", &cache, "--format", "json"];
    let pipe = |path: &Path| {
        fs::remove_file(path).ok();
        let made = std::process::Command::new("mkfifo").arg(path).status().expect("mkfifo");
        assert!(made.success());
    };
    let first = cowrace(&check).exits(0);
    for entry in fs::read_dir(&cache).expect("a directory").flatten() {
        pipe(&entry.path());
    }
    assert_eq!(timeless(&cowrace(&check).exits(0)), timeless(&first));
    pipe(&directory.path().join("1.part"));
    let path = directory.path().display().to_string();
    cowrace(&["merge", &path]).exits(2).says(&["1.part", "not a plain file"]);
}

#[test]
fn a_matrix_has_parts_too() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().display().to_string();
    let matrix = ["matrix", "lost.race", "tiny.race", "--era", "v5.9", "--era", "v6.12", "--costs"];
    for nth in 1..=2 {
        let part = part(directory.path(), nth, 2);
        let part: Vec<&str> = part.iter().map(String::as_str).collect();
        cowrace(&[&matrix[..], &part].concat()).exits(0);
    }
    let whole = cowrace(&matrix).exits(0).out;
    assert_eq!(cowrace(&["merge", &path]).exits(0).quiet().out, whole);
}

#[test]
fn a_cache_has_what_was_searched_before() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("cache").display().to_string();
    let files = ["lost.race", "tiny.race", "vacuous.race"];
    let check = |more: &[&str]| {
        let args = [
            "check",
            "--report-only",
            "--cache",
            &path,
            "--format",
            "json",
            "--era",
            "v5.9",
            "--era",
            "v6.12",
        ];
        cowrace(&[&args[..], &files, more].concat())
    };
    let stored = |done: &Done| done.objects().iter().filter(|report| report["stored"] == true).count();
    let first = check(&[]);
    assert_eq!(stored(&first), 0);
    let own = first.objects().iter().filter(|report| report["same_as"].is_null()).count();
    let again = check(&[]);
    assert_eq!((stored(&again), again.code), (own, first.code));
    assert_eq!(timeless(&again), timeless(&first));
    // A kernel that has not been searched, but gives the same answers as one that was.
    let same = check(&["--era", "v6.11"]);
    let is_new = |report: &&Value| report["era"].as_str().is_some_and(|era| era.starts_with("v6.11"));
    assert!(
        same.objects()
            .iter()
            .filter(is_new)
            .all(|report| report["stored"] == true || !report["same_as"].is_null())
    );
    // Other limits, another architecture, costs: other questions.
    for more in [&["--max-executions", "100000"][..], &["--arch", "arm64"], &["--max-time", "1000"]] {
        assert_eq!(stored(&check(more)), 0, "{more:?}");
    }
    let matrix = |more: &[&str]| {
        let args = ["matrix", "--cache", &path, "--format", "json", "--era", "v5.9", "--era", "v6.12"];
        cowrace(&[&args[..], &files, more].concat())
    };
    assert_eq!(stored(&matrix(&[])), own);
    assert_eq!((stored(&matrix(&["--costs"])), stored(&matrix(&["--costs"]))), (0, own));
    // What is damaged is searched again, and mended.
    for entry in fs::read_dir(&path).expect("a directory").flatten() {
        let text = fs::read_to_string(entry.path()).expect("it can be read");
        fs::write(entry.path(), &text[..text.len() / 2]).expect("it can be written");
    }
    let damaged = check(&[]);
    assert_eq!(stored(&damaged), 0);
    assert_eq!(timeless(&damaged), timeless(&first));
    assert_eq!(stored(&check(&[])), own);
    cowrace(&["check", "lost.race", "--cache", "lost.race"]).exits(2).says(&["--cache lost.race"]);
    cowrace(&["check", "lost.race", "--cache", &path, "--engine", "loom"]).exits(2).says(&["--cache"]);
}

/// The scenario is a part of the question, to the last letter.
#[test]
fn another_scenario_of_the_same_name_is_another_question() {
    let directory = tempfile::tempdir().expect("a directory");
    let (cache, file) = (directory.path().join("cache"), directory.path().join("x.race"));
    let text = fs::read_to_string(crate::fixtures().join("tiny.race")).expect("it is there");
    let mut stored = Vec::new();
    for text in [text.clone(), format!("{text}# A remark.\n"), text] {
        fs::write(&file, text).expect("it can be written");
        let (file, cache) = (file.display().to_string(), cache.display().to_string());
        let done = cowrace(&["check", &file, "--era", "v5.9", "--cache", &cache, "--format", "json"]);
        stored.push(done.objects()[0]["stored"] == true);
    }
    assert_eq!(stored, [false, false, true]);
}

/// One search that was stopped goes on in three processes, and has the result that it has in one.
#[test]
fn one_search_in_parts() {
    let directory = tempfile::tempdir().expect("a directory");
    let at = |name: &str| directory.path().join(name).display().to_string();
    let scenario = repository("scenarios/swapin-aba-page-lock.race").display().to_string();
    let (state, parts) = (at("state"), at("parts"));
    let search = ["check", &scenario, "--era", "v6.12", "--resume", &state].map(str::to_owned);
    fs::create_dir(&parts).expect("a directory");
    let options: Vec<[String; 4]> =
        (1..=3).map(|nth| part(&directory.path().join("parts"), nth, 3)).collect();
    let searched = |nth: usize| run(&search, &options[nth].each_ref().map(String::as_str));
    let err = searched(0).exits(2).err;
    assert!(err.contains("a search is split where it was stopped"), "{err}");

    run(&search, &["--max-executions", "2000"]).exits(12);
    let stopped = fs::read(&state).expect("a checkpoint");
    let err = run(&search, &["--shard", "1/3"]).exits(2).err;
    assert!(err.contains("--part 1.part"), "{err}");
    let limited = [&options[1][..], &["--max-executions".to_owned(), "10".to_owned()]].concat();
    let err = run(&search, &limited.iter().map(String::as_str).collect::<Vec<_>>()).exits(12).err;
    assert!(err.contains("a limit ended its search"), "{err}");
    for nth in [2, 0] {
        let out = searched(nth).exits(0).quiet().out;
        assert!(out.contains("subtrees that are left"), "{out}");
    }
    assert!(cowrace(&["merge", &parts]).exits(12).err.contains("lacks 2/3"));
    searched(1).exits(0);
    assert_eq!(fs::read(&state).expect("a checkpoint"), stopped, "parts leave it as it is");

    let merged = cowrace(&["merge", &parts, "--format", "json"]).exits(0);
    assert!(!Path::new(&state).exists(), "nothing is left");
    fs::write(&state, &stopped).expect("a checkpoint");
    // With a limit on executions states are not merged, as where parts are.
    let alone = run(&search, &["--max-executions", "1000000", "--format", "json"]).exits(0);
    assert_eq!(timeless(&merged), timeless(&alone));

    // The search has gone on since.
    let err = cowrace(&["merge", &parts]).exits(2).err;
    assert!(err.contains("is not there"), "{err}");
    fs::write(&state, &stopped).expect("a checkpoint");
    run(&search, &["--max-executions", "3000"]).exits(12);
    let err = cowrace(&["merge", &parts]).exits(2).err;
    assert!(err.contains("is of another checkpoint"), "{err}");
    assert!(searched(0).exits(2).err.contains("is there, and is not part 1/3 of this command"));
}

/// What `diff` prints does not depend on what was searched before, by itself or by others.
#[test]
fn a_difference_is_the_same_with_a_cache() {
    let directory = tempfile::tempdir().expect("a directory");
    let cache = directory.path().join("cache");
    let path = cache.display().to_string();
    let races = ["lost.race", "tiny.race", "plain.race", "silent.race"];
    let files = || -> BTreeMap<PathBuf, Vec<u8>> {
        let entries = fs::read_dir(&cache).expect("a directory").flatten().map(|entry| entry.path());
        entries.map(|path| (path.clone(), fs::read(path).expect("it can be read"))).collect()
    };
    // A search under one kernel is no answer for a pair, and it is in the same directory.
    cowrace(&[&["check", "--era", "v5.9", "--cache", &path], &races[..]].concat());
    let others = files().len();
    let diff = [&["diff", "v5.8", "v5.9"], &races[..]].concat();
    for format in ["text", "json", "html"] {
        let of = |more: &[&str]| cowrace(&[&diff[..], &["--format", format], more].concat()).exits(10);
        let fresh = of(&["--cache", &format!("{path}-{format}")]);
        let first = of(&["--cache", &path]);
        let is = files();
        let warm = of(&["--cache", &path]);
        assert!(files() == is && is.len() > others, "everything was stored");
        assert_eq!(warm.out, first.out);
        let without = of(&[]);
        if format != "html" {
            assert_eq!((warm.out.as_str(), fresh.out.as_str()), (without.out.as_str(), without.out.as_str()));
        }
    }
    // A limit is another question.
    let limited = ["--max-executions", "1", "--format", "json"];
    let without = cowrace(&[&diff[..], &limited].concat());
    let with = cowrace(&[&diff[..], &limited, &["--cache", &path]].concat());
    assert_eq!((with.code, with.out), (without.code, without.out));
}
