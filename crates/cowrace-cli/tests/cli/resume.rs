//! `cowrace check --resume`.

use std::fs;
use std::path::PathBuf;
#[cfg(unix)]
use std::process::Stdio;
#[cfg(unix)]
use std::thread::sleep;
#[cfg(unix)]
use std::time::{Duration, Instant};

use crate::{Done, cowrace};

/// A file that is not there.
fn state(name: &str) -> PathBuf {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _gone = fs::remove_file(&file);
    file
}

fn check(file: &std::path::Path, args: &[&str]) -> Done {
    let file = file.to_str().expect("text");
    cowrace(&[&["check", "--resume", file], args].concat())
}

#[test]
fn legs_come_to_the_end_of_one_search_in_one_go() {
    let file = state("legs");
    for era in ["v6.1", "v5.9"] {
        let search = ["lost.race", "--era", era, "--format", "json", "--jobs", "1"];
        let whole = cowrace(&[&["check"], &search[..]].concat()).exits(0).objects().remove(0);
        let mut legs = 0;
        let last = loop {
            let limit = (3 * (legs + 1)).to_string();
            let leg = check(&file, &[&search[..], &["--max-executions", &limit]].concat()).quiet();
            legs += 1;
            assert_eq!(file.exists(), leg.code == 12, "it is there as long as there is something to do");
            if leg.code != 12 {
                break leg.exits(0).objects().remove(0);
            }
        };
        for field in ["verdict", "class", "executions", "requests", "depth", "schedule", "as_expected"] {
            assert_eq!(last[field], whole[field], "{field}");
        }
        assert!(legs > 2 || era == "v5.9", "{legs} legs");
    }
}

#[test]
fn a_search_that_is_stopped_says_how_to_go_on() {
    let file = state("told");
    let args = ["lost.race", "--era", "v6.1"];
    let stopped = check(&file, &[&args[..], &["--max-executions", "3"]].concat()).exits(12).quiet();
    stopped.prints(&[
        "BOUNDED",
        "stopped by --max-executions",
        "3 executions of about",
        "within a factor of",
        "the same command again with --resume",
        "and a higher limit",
        "3 executions are kept",
    ]);
    check(&file, &args).exits(0).quiet().prints(&["HOLDS", "1 run: 1 holds"]);
    assert!(!file.exists());
}

#[test]
fn a_violation_is_drawn() {
    let file = state("drawn");
    let args = ["lost.race", "--era", "v5.9"];
    let plain = cowrace(&[&["check"], &args[..]].concat()).exits(0).quiet();
    assert_eq!(check(&file, &args).exits(0).quiet().stable(), plain.stable());
}

/// The largest search of the corpus, stopped where its trees are deep.
#[test]
fn a_long_search_can_be_stopped_anywhere() {
    let scenario = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios/swapin-aba-page-lock.race");
    let args = [scenario, "--era", "v6.12", "--format", "json", "--jobs", "1"];
    let file = state("long");
    for limit in ["3000", "20000", "60000"] {
        check(&file, &[&args[..], &["--max-executions", limit]].concat()).exits(12).quiet();
    }
    let last = check(&file, &args).exits(0).quiet().objects().remove(0);
    assert_eq!((&last["verdict"], &last["complete"]), (&"holds".into(), &true.into()));
}

/// A process that is killed has no time to write anything.
#[cfg(unix)]
#[test]
fn a_search_that_is_killed_goes_on_from_what_was_kept_by_then() {
    let scenario = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios/swapin-aba-page-lock.race");
    let args = [scenario, "--era", "v6.12", "--format", "json"];
    let whole = cowrace(&[&["check"], &args[..]].concat()).exits(0).objects().remove(0);
    for jobs in ["1", "2"] {
        let file = state("killed");
        let name = file.to_str().expect("text");
        let always = ["--jobs", jobs, "--checkpoint-every", "0"];
        let mut killed = crate::command(&[&["check", "--resume", name], &args[..], &always].concat());
        let mut killed = killed.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
        let started = Instant::now();
        while !file.exists() {
            assert!(started.elapsed() < Duration::from_secs(60), "nothing is kept");
            sleep(Duration::from_millis(5));
        }
        killed.kill().expect("it runs");
        assert!(!killed.wait().expect("it ends").success());
        let kept: serde_json::Value =
            serde_json::from_str(&fs::read_to_string(&file).expect("it is there")).expect("and whole");
        let search = &kept["checkpoint"]["search"];
        let made = |part: &str| search[part]["executions"].as_u64().expect("a number");
        assert!(made("effort") + made("summarized") > 0, "{jobs} jobs");
        let last = check(&file, &[&args[..], &["--jobs", jobs]].concat()).exits(0).objects().remove(0);
        for field in ["verdict", "complete", "executions", "requests", "depth", "ineffective"] {
            assert_eq!(last[field], whole[field], "{field} with {jobs} jobs");
        }
        assert!(!file.exists());
    }
}

/// States are not kept, so equal legs would come to the same point again and again.
#[test]
fn states_are_told_to_be_searched_again() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("large.race");
    fs::write(&path, crate::limits::LARGE).expect("a file");
    let args = [path.to_str().expect("text"), "--era", "v6.15", "--jobs", "1", "--max-time", "2"];
    let file = state("states");
    let stopped = check(&file, &args).exits(12).quiet();
    stopped.prints(&[
        "of about",
        " without merging states",
        "executions are kept",
        "states are not kept but searched again: let the next run be longer",
    ]);
    // A limit on executions leaves states out.
    let file = state("alone");
    let stopped = check(&file, &[&args[..5], &["--max-executions", "300"]].concat()).exits(12);
    let told = stopped.prints(&["300 executions are kept"]).out;
    assert!(!told.contains("states"), "{told}");
}

/// An estimate is worth what all legs have seen.
#[test]
fn estimates_go_on_from_those_of_the_leg_before() {
    let scenario = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios/swapin-aba-page-lock.race");
    let args = [scenario, "--era", "v6.12", "--format", "json", "--jobs", "1"];
    let file = state("estimates");
    let mut within = Vec::new();
    for limit in ["5000", "5500", "6000", "6500"] {
        let leg = check(&file, &[&args[..], &["--max-executions", limit]].concat()).exits(12);
        let report = leg.objects().remove(0);
        assert!(report["estimate"].as_f64() > Some(6500.0), "{report}");
        within.push(report["estimate_within"].as_f64().expect("a factor"));
    }
    // Short legs by themselves know no more than the first sample.
    assert!(within.is_sorted_by(|before, after| *after <= before * 1.1), "{within:?}");
}

#[test]
fn what_does_not_fit_is_refused_and_left_alone() {
    let file = state("other");
    let stop = ["--max-executions", "3"];
    check(&file, &[&["lost.race", "--era", "v6.1"], &stop[..]].concat()).exits(12);
    let before = fs::read(&file).expect("it was stopped");
    check(&file, &["lost.race", "--era", "v6.2"])
        .exits(2)
        .says(&["belongs to another search", "remove this one"]);
    check(&file, &["plain.race", "--era", "v6.1"]).exits(2).says(&["belongs to another search"]);
    assert_eq!(fs::read(&file).expect("it is still there"), before);
    for spoiled in ["", "{}", "no checkpoint", "[1, 2"] {
        fs::write(&file, spoiled).expect("it can be written");
        check(&file, &["lost.race", "--era", "v6.1"]).exits(2).says(&["is not a file of `--resume`"]);
        assert_eq!(fs::read_to_string(&file).expect("it is still there"), spoiled);
    }
}

#[test]
fn it_is_for_one_whole_search_by_explore() {
    let file = state("one");
    check(&file, &["lost.race"]).exits(2).says(&["for one search", "one `--era`"]);
    check(&file, &["silent.race", "--era", "v6.1"]).exits(2).says(&["one scenario without variants"]);
    for other in [&["--engine", "loom"][..], &["--preemptions", "1"], &["--against", "v5.9"], &["--coverage"]]
    {
        check(&file, &[&["tiny.race", "--era", "v6.1"], other].concat()).exits(2).says(&["leave out"]);
    }
    let nowhere = state("nowhere").join("state");
    check(&nowhere, &["lost.race", "--era", "v6.1", "--max-executions", "3"])
        .exits(2)
        .says(&["cannot be written"]);
    assert!(!file.exists());
}

/// A handle is cut off long before something graver shows.
const GRAVER_LATER: &str = "race graver-later
mm A { buf: anon }

c0 @A                             c1               c2 @A
==============================    =============    ==========
h = pin_fast(buf, FOLL_WRITE)
dma_write(h[0], 1)
                                  clear_refs(A)
                                                   buf[1] = 2
";

#[test]
fn the_class_is_that_of_one_go() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("graver.race");
    fs::write(&path, GRAVER_LATER).expect("a file");
    let search = [path.to_str().expect("text"), "--era", "v5.9", "--format", "json"];
    let whole = cowrace(&[&["check", "--jobs", "1"], &search[..]].concat()).exits(10).objects().remove(0);
    assert_eq!(whole["class"], "lost-read");
    for jobs in ["1", "2", "4"] {
        let file = state("graver");
        let args = [&search[..], &["--jobs", jobs]].concat();
        assert_eq!(check(&file, &args).exits(10).objects().remove(0)["class"], "lost-read");
        let (mut legs, mut limit) = (0, 0);
        let last = loop {
            limit += 2;
            let most = limit.to_string();
            let leg = check(&file, &[&args[..], &["--max-executions", &most]].concat());
            legs += 1;
            if !file.exists() {
                break leg.exits(10).objects().remove(0);
            }
            // What was seen so far is told, and can be gone on from.
            assert!([10, 12].contains(&leg.code), "{}", leg.out);
        };
        assert!(legs > 1, "it was over at once");
        for field in ["verdict", "class", "detail"] {
            assert_eq!(last[field], whole[field], "{field} with {jobs} jobs");
        }
    }
}

#[test]
fn a_handle_that_was_cut_off_in_an_earlier_leg_is_not_forgotten() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("cut-off.race");
    // Nobody looks at what the device writes, so the pin that is cut off is all that there is.
    fs::write(&path, GRAVER_LATER.replace("dma_write(h[0], 1)\n", "").replace("graver-later", "cut-off"))
        .expect("a file");
    let search = [path.to_str().expect("text"), "--era", "v5.9", "--format", "json"];
    let whole = cowrace(&[&["check", "--jobs", "1"], &search[..]].concat()).exits(10).objects().remove(0);
    assert_eq!(whole["class"], "stale-pin");
    let file = state("cut-off");
    let mut limit = 0;
    let last = loop {
        limit += 20;
        let leg = check(&file, &[&search[..], &["--max-executions", &limit.to_string()]].concat());
        if !file.exists() {
            break leg.exits(10).objects().remove(0);
        }
    };
    for field in ["verdict", "class", "detail", "executions", "schedule"] {
        assert_eq!(last[field], whole[field], "{field}");
    }
}

#[test]
fn what_was_changed_is_refused() {
    let file = state("changed");
    let args = ["lost.race", "--era", "v6.1"];
    check(&file, &[&args[..], &["--max-executions", "3"]].concat()).exits(12);
    let text = fs::read_to_string(&file).expect("it was stopped");
    // As valid as it was before.
    let place = text.find("\"depth\":").expect("a field") + "\"depth\":".len();
    let changed = format!("{}9{}", &text[..place], &text[place..]);
    fs::write(&file, &changed).expect("it can be written");
    check(&file, &args)
        .exits(2)
        .says(&["was changed since it was written", "remove this one to start again"]);
    assert_eq!(fs::read_to_string(&file).expect("it is still there"), changed);
    fs::write(&file, text).expect("it can be written");
    check(&file, &args).exits(0);
}

/// Files of formats that are not read any more, and of those that are not read yet, are told by their format.
#[test]
fn another_format_is_refused_by_name() {
    let file = state("format");
    let args = ["lost.race", "--era", "v6.1"];
    check(&file, &[&args[..], &["--max-executions", "3"]].concat()).exits(12);
    let text = fs::read_to_string(&file).expect("it was stopped");
    let ours = "{\"format\":2,";
    assert!(text.starts_with(ours), "{text}");
    for (other, number) in [("{", 1), ("{\"format\":3,", 3)] {
        let changed = text.replacen(ours, other, 1);
        fs::write(&file, &changed).expect("it can be written");
        let format = format!("its format is {number}");
        let refused = check(&file, &args).exits(2);
        refused.says(&[
            "is a checkpoint of another version of cowrace",
            &format,
            "remove this one to start again",
        ]);
        assert_eq!(fs::read_to_string(&file).expect("it is still there"), changed);
    }
}

#[test]
fn an_answer_to_another_question_is_refused() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("lost.race");
    let text = fs::read_to_string(crate::fixtures().join("lost.race")).expect("it is there");
    fs::write(&path, &text).expect("a file");
    let file = state("question");
    let args = [path.to_str().expect("text"), "--era", "v6.1"];
    check(&file, &[&args[..], &["--max-executions", "3"]].concat()).exits(12);
    // What runs is the same, and what is asked of it is not.
    fs::write(&path, text.replace("always r == 1", "always r == 2")).expect("a file");
    check(&file, &args).exits(2).says(&["belongs to another search"]);
}

#[cfg(unix)]
#[test]
fn only_plain_files_will_do() {
    let pipe = state("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("it is everywhere").success());
    for file in ["/dev/full", "/dev/null", "/", pipe.to_str().expect("text")] {
        check(file.as_ref(), &["lost.race", "--era", "v6.1"]).exits(2).says(&["is not a plain file"]);
    }
}

#[test]
fn a_file_is_used_by_one_search_at_a_time() {
    let file = state("in-use");
    let lock = {
        let mut name = file.clone().into_os_string();
        name.push(".lock");
        fs::File::create(name).expect("a file")
    };
    lock.lock().expect("it is free");
    check(&file, &["lost.race", "--era", "v6.1"]).exits(2).says(&["is in use by another process"]);
    lock.unlock().expect("it is held");
    check(&file, &["lost.race", "--era", "v6.1"]).exits(0);
    assert!(!state("in-use.lock").exists());
}
