//! `cowrace hunt`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

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
fn the_smallest_of_each_set_of_kinds_is_told_if_asked_for() {
    let lines = cowrace(&[PIN_AND_FORK, &["--format", "json"]].concat()).exits(10).quiet().objects();
    let families = lines.iter().filter_map(|line| line["kinds"].as_array());
    let shown: Vec<&str> =
        families.flat_map(|kinds| &kinds[1..]).filter_map(|of| of["scenario"].as_str()).collect();
    assert!(!shown.is_empty());
    let done = cowrace(&[PIN_AND_FORK, &["--kinds"]].concat()).exits(10).quiet();
    // The first is the smallest of all, and they have different names.
    for family in lines.iter().filter(|line| line["kinds"].is_array()) {
        let kinds = family["kinds"].as_array().expect("kinds");
        let name = |scenario: &serde_json::Value| {
            let first = scenario.as_str().and_then(|scenario| scenario.lines().next());
            first.expect("a line").to_owned()
        };
        assert_eq!(kinds[0]["scenario"], family["scenario"]);
        let names: BTreeSet<String> = kinds.iter().map(|of| name(&of["scenario"])).collect();
        assert_eq!(names.len(), kinds.len(), "{names:?}");
        assert!(names.iter().all(|other| other.starts_with(&name(&family["scenario"]))), "{names:?}");
    }
    for scenario in shown {
        let lines = scenario.lines().skip(2).map(|line| format!("  {line}").trim_end().to_owned());
        let indented = lines.collect::<Vec<_>>().join("\n");
        assert!(done.out.contains(&indented), "{indented}");
    }
}

#[test]
fn json_has_levels_families_and_an_end() {
    let lines = cowrace(&[LITTLE, &["--format", "json"]].concat()).exits(10).quiet().objects();
    assert_eq!((&lines[0]["calls"], &lines[0]["bounded"]), (&1.into(), &0.into()));
    assert!(
        lines[0]["violated"].as_u64() > Some(0)
            && lines[0]["scenarios"].as_u64() > lines[0]["violated"].as_u64()
    );
    let family = &lines[1];
    assert_eq!((&family["class"], &family["file"]), (&"stale-pin".into(), &().into()));
    assert_eq!((&family["whose"], &family["cause"]["deed"]), (&"holder".into(), &"took".into()));
    // Nothing is dropped: the counts by kinds add up.
    let counts = family["kinds"].as_array().expect("kinds").iter().map(|kinds| kinds["scenarios"].as_u64());
    assert_eq!(counts.sum::<Option<u64>>(), family["scenarios"].as_u64());
    let end = lines.last().expect("an end");
    assert_eq!((&end["complete"], &end["unconfirmed"]), (&true.into(), &0.into()));
    // There is no corpus here, and it was not asked since when.
    assert_eq!((&family["named"], &family["lifetime"], &end["named"]), (&().into(), &().into(), &().into()));
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
    let first = fs::read_to_string(dir.path().join("found/stale-pin-1.race")).expect("it was written");
    assert!(first.contains("\ntitle \"stale-pin for the holder ("), "{first}");
    assert!(first.contains("\nexpect v5.9 stale-pin\n"), "{first}");
    // The explanation is that of `explain`, as comments.
    assert!(first.contains("\n# stale-pin (wrong CoW): h1, taken on A.buf, does not see what"), "{first}");
    assert!(first.contains("# cowrace replay ") && first.contains(" --era v5.9 --schedule 1:"), "{first}");
    // Under toggles and on another architecture as well.
    let toggled = [LITTLE, &["--set", "wp_reuse=count", "--arch", "arm64", "--out", out]].concat();
    cowrace(&toggled).exits(10);
    let arch = ["check", out, "--era", "v5.9", "--set", "wp_reuse=count", "--arch", "arm64"];
    cowrace(&arch).exits(0);
}

/// The scenarios of this repository.
const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios");

/// What two calls do to a long-term pin in v5.9.
const PIN_AND_FORK: &[&str] = &["hunt", "--era", "v5.9", "--calls", "2", "--only", "pin_fast,fork"];

#[test]
fn finds_are_named_by_the_races_that_they_are() {
    let small = format!("{CORPUS}/small");
    let done = cowrace(&[PIN_AND_FORK, &["--corpus", &small]].concat()).exits(10).quiet();
    done.prints(&[
        "stale-pin for the holder (long-term pin to read): fork takes the write bit\n",
        "\n  this is vfio-ro-pin-six-step-small\n",
        "\n  new; the nearest race of the corpus is vfio-ro-pin-six-step-small\n",
        "\n  new; no race of the corpus has this damage and a call in common\n",
        "\n  because page_count(X) == 1 + 1 pin, so copy (do_wp_page, mm/memory.c, v5.9)\n",
        "one of them a race of the corpus; every scenario of up to 2 calls was decided",
    ]);
    let newest = ["hunt", "--era", "v6.15", "--only", "madvise,reclaim", "--corpus", CORPUS];
    let lines = cowrace(&[&newest[..], &["--format", "json"]].concat()).exits(10).quiet().objects();
    for family in &lines[2..4] {
        assert_eq!(family["named"]["same"]["scenario"], "madvfree-clean-shared");
        assert_eq!(family["cause"]["why"]["reason"]["then"], "discard");
    }
    assert_eq!((&lines[4]["families"], &lines[4]["named"]), (&2.into(), &2.into()));
}

#[test]
fn every_family_of_two_calls_has_a_name_in_the_corpus() {
    let kernels = [("v5.8", "get_user_pages,UFFDIO_WRITEPROTECT"), ("v5.9", "pin_fast,mprotect")];
    for (era, only) in kernels {
        let hunt = ["hunt", "--era", era, "--calls", "2", "--only", only, "--corpus", CORPUS];
        cowrace(&hunt).exits(10).quiet().prints(&[
            "families were found, all of them races of the corpus; every scenario of up to 2 calls was decided",
        ]);
    }
}

#[test]
fn the_commits_that_opened_and_closed_a_find_are_told() {
    let done = cowrace(&[PIN_AND_FORK, &["--why"]].concat()).exits(10).quiet();
    done.prints(&[
        "\n  opened by a308c71bf1e6 (v5.9-rc5); closed by 6c287605fd56 and a7f226604170 (v5.19)\n",
        "and not named, since there is no corpus",
    ]);
    // What only the toggle opens, the mainline does not have.
    let toggled =
        ["hunt", "--era", "v6.15", "--without", "a7f226604170", "--calls", "1", "--only", "pin_fast"];
    cowrace(&[&toggled[..], &["--why"]].concat())
        .exits(10)
        .prints(&["opened by the removal of a7f226604170 (v6.15 --without a7f226604170)"]);
}

#[test]
fn a_corpus_has_scenarios_or_a_hunt_does_not_begin() {
    let dir = tempfile::tempdir().expect("a directory");
    let refused = |place: &Path, why: &str| {
        let place = place.display().to_string();
        let done = cowrace(&[LITTLE, &["--corpus", &place]].concat()).exits(2);
        assert_eq!(done.out, "");
        done.says(&[why, &place, "`--corpus` takes a directory with scenarios, such as `scenarios`"]);
    };
    refused(&dir.path().join("no-such"), "cannot read ");
    refused(dir.path(), "there is no file with the suffix `.race` in ");
    fs::write(dir.path().join("notes.txt"), "race notes\n").expect("it can be written");
    refused(dir.path(), "there is no file with the suffix `.race` in ");
    let broken = dir.path().join("broken.race");
    fs::write(&broken, "race broken\nmm A {").expect("it can be written");
    refused(&broken, "there is no scenario in ");
    fs::write(dir.path().join("other.race"), "race other\n").expect("it can be written");
    refused(dir.path(), "there is no scenario in ");
    // A file that is no scenario names nothing; the others do.
    fs::copy(format!("{CORPUS}/ro-pin-shared-page.race"), dir.path().join("pin.race")).expect("it is there");
    let corpus = dir.path().display().to_string();
    let done = cowrace(&[LITTLE, &["--corpus", &corpus]].concat()).exits(10);
    done.says(&["broken.race is not a scenario, and names no find"]).prints(&["this is ro-pin-shared-page"]);
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

#[test]
fn a_base_leaves_what_the_kernel_alone_shows() {
    let of = |era: &str, base: &str| {
        let only = ["--calls", "1", "--only", "pin_fast,munmap"];
        cowrace(&[&["hunt", "--era", era, "--base", base][..], &only].concat())
    };
    of("v5.9", "v6.15").exits(10).prints(&["stale-pin"]);
    of("v6.15", "v5.9")
        .exits(0)
        .prints(&["violated under the base", "v6.15 against v5.9: nothing was found"]);
    of("v5.9", "v5.9").exits(0).prints(&["nothing was found"]);
    cowrace(&["hunt", "--era", "v5.9", "--base", "v9.15"]).exits(2);
    // What the base lacks is told.
    let lacks = ["hunt", "--era", "v5.7", "--base", "v5.4", "--calls", "1", "--only"];
    cowrace(&[&lacks[..], &["munmap"]].concat()).says(&["v5.4 lacks UFFDIO_WRITEPROTECT"]);
    let uffd = cowrace(&[&lacks[..], &["UFFDIO_WRITEPROTECT"]].concat()).exits(2);
    uffd.says(&["does not try `UFFDIO_WRITEPROTECT` under v5.7 and v5.4"]);
}

#[test]
fn copies_that_are_not_needed_are_found() {
    let args = ["hunt", "--era", "v5.9", "--base", "v5.4", "--costs", "--calls", "1", "--only", "pin_fast"];
    let done = cowrace(&args).exits(10).says(&["scenarios with them are not tried"]);
    done.prints(&["cost more", "costs by store", "v5.9: 1 copy, 1 page fault; v5.4: 0 copies, 1 page fault"]);
    cowrace(&["hunt", "--era", "v5.9", "--costs"]).exits(2).says(&["--base"]);
}

/// What a hunt prints, but for how long it took.
fn told(hunt: &[&str], args: &[&str]) -> Vec<serde_json::Value> {
    let mut lines = cowrace(&[hunt, &["--format", "json"], args].concat()).exits(10).objects();
    lines.iter_mut().for_each(|line| line["seconds"] = 0.into());
    lines
}

#[test]
fn shards_are_put_together() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = |name: &str| dir.path().join(name).to_str().expect("UTF-8").to_owned();
    let (first, second) = (file("first"), file("second"));
    let whole = told(PIN_AND_FORK, &[]);
    for (shard, file) in [("1/2", &first), ("2/2", &second)] {
        let done = cowrace(&[PIN_AND_FORK, &["--shard", shard, "--resume", file]].concat()).exits(10);
        done.prints(&[&format!(
            "every scenario of 1 call and shard {shard} of those of 2 calls were decided"
        )]);
    }
    let mut merged = told(PIN_AND_FORK, &["--merge", &first, &second]);
    // All of the last level was known.
    assert_eq!((&merged[0]["known"], &merged[1]["known"]), (&0.into(), &merged[1]["tries"]));
    merged[1]["known"] = 0.into();
    assert_eq!(merged, whole);
    cowrace(&[PIN_AND_FORK, &["--merge", &first, &second]].concat())
        .exits(10)
        .prints(&[" of them from files, "]);
    // What is merged is written as well.
    let all = file("all");
    cowrace(&[PIN_AND_FORK, &["--merge", &first, &second, "--resume", &all]].concat()).exits(10);
    let resumed = told(PIN_AND_FORK, &["--resume", &all]);
    assert_eq!(resumed[1]["known"], resumed[1]["tries"]);
    // A part that is lost is decided again.
    let mut merged = told(PIN_AND_FORK, &["--merge", &second]);
    assert!(merged[1]["known"].as_u64() < merged[1]["tries"].as_u64());
    merged[1]["known"] = 0.into();
    assert_eq!(merged, whole);
    for wrong in ["0/2", "3/2", "2", "a/b", "1/0"] {
        cowrace(&[LITTLE, &["--shard", wrong]].concat()).exits(2).says(&["`2/5`"]);
    }
}

#[test]
fn a_hunt_goes_on_from_a_file_and_from_what_is_left_of_it() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("decided");
    let file = path.to_str().expect("UTF-8");
    let whole = told(LITTLE, &["--resume", file]);
    let written = fs::read_to_string(&path).expect("it was written");
    assert!(written.lines().count() > 2, "{written}");
    let cut = &written[..written.len() - 20];
    let changed = written.replacen("\"runs\":", "\"runs\":1", 1);
    for (left, notes) in [(written.as_str(), 0), (cut, 1), (&changed, 1)] {
        fs::write(&path, left).expect("it can be written");
        let done = cowrace(&[LITTLE, &["--format", "json", "--resume", file]].concat()).exits(10);
        assert_eq!(
            done.err.matches("is damaged, and what it says is decided again").count(),
            notes,
            "{}",
            done.err
        );
        let mut lines = done.objects();
        assert_eq!(lines[0]["known"] == lines[0]["tries"], notes == 0);
        lines.iter_mut().for_each(|line| line["seconds"] = 0.into());
        lines[0]["known"] = 0.into();
        assert_eq!(lines, whole);
    }
    // What was missing was written behind it.
    assert_eq!(told(LITTLE, &["--resume", file])[0]["known"], whole[0]["tries"]);
    // Killed when it had begun to write.
    let head = written.find('\n').expect("a first line");
    for left in [head - 1, head - 10, head - 18] {
        for option in ["--resume", "--merge"] {
            fs::write(&path, &written[..left]).expect("it can be written");
            let done = cowrace(&[LITTLE, &["--format", "json", option, file]].concat()).exits(10);
            let done = done.says(&["note: ", "decided is cut off within its first line, and holds nothing"]);
            assert_eq!(done.objects()[0]["known"], 0);
        }
        assert_eq!(fs::read_to_string(&path).expect("it is there"), written[..left]);
        cowrace(&[LITTLE, &["--resume", file]].concat()).exits(10);
        assert_eq!(told(LITTLE, &["--resume", file])[0]["known"], whole[0]["tries"]);
    }
    // Another program might decide otherwise, and other files are left alone.
    fs::write(&path, written.replacen("\"build\":\"", "\"build\":\"0", 1)).expect("it can be written");
    let other = [LITTLE, &["--resume", file]].concat();
    cowrace(&other).exits(2).says(&["was written by another build of cowrace", "remove this one"]);
    let shorter = &written[..head - 19];
    let longer = format!("{}, and more", &written[..head - 10]);
    for text in ["race basic\n", "{", "{\"format\":", shorter, &longer] {
        fs::write(&path, text).expect("it can be written");
        cowrace(&other).exits(2).says(&["was not written by a hunt with `--resume`"]);
        assert_eq!(fs::read_to_string(&path).expect("it is there"), text);
    }
    cowrace(&[LITTLE, &["--merge", "nowhere"]].concat()).exits(2).says(&["nowhere cannot be read"]);
    let directory = dir.path().to_str().expect("UTF-8");
    cowrace(&[LITTLE, &["--resume", directory]].concat()).exits(2).says(&["not a plain file"]);
}

#[test]
fn beyond_the_levels_a_seed_decides_what_is_tried() {
    let beyond = ["--beyond", "6", "--seed", "7", "--rounds", "4", "--format", "json"];
    let lines = |jobs| {
        let calls =
            ["hunt", "--era", "v5.9", "--calls", "1", "--only", "pin_fast,munmap,fork,dma_write,reclaim"];
        let args = [&calls[..], &beyond, &["--jobs", jobs]].concat();
        let mut lines = cowrace(&args).exits(10).quiet().objects();
        lines.iter_mut().for_each(|line| line["seconds"] = 0.into());
        lines
    };
    let one = lines("1");
    assert_eq!(lines("2"), one);
    let guided = one.iter().position(|line| line["seed"] == 7).expect("a guided search");
    assert_eq!((&one[guided]["rounds"], one[guided]["rates"].as_array().map(Vec::len)), (&4.into(), Some(4)));
    assert!(guided < one.len() - 2, "there are families that one call does not show: {one:#?}");
    // Nothing is proved by it.
    let nothing =
        ["hunt", "--era", "v6.15", "--calls", "1", "--only", "munmap", "--beyond", "2", "--rounds", "1"];
    cowrace(&nothing).exits(12).quiet().prints(&["nothing is proved by this"]);
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios/small");
    cowrace(&[&nothing[..], &["--mutate", corpus]].concat()).exits(12).prints(&["of files changed"]);
}

#[test]
fn only_what_begins_so_is_tried() {
    let scenarios = |start: &[&str]| {
        let lines = cowrace(&[LITTLE, &["--format", "json"], start].concat()).quiet().objects();
        lines[0]["scenarios"].as_u64().expect("a number")
    };
    let whole = scenarios(&[]);
    // Whoever begins in some way has a child from the start, or has none.
    assert_eq!(scenarios(&["--child", "yes"]) + scenarios(&["--child", "no"]), whole);
    let first = ["none", "zero", "swapped", "swapcached", "anon", "file"];
    assert_eq!(first.map(|word| scenarios(&["--start", word])).into_iter().sum::<u64>(), whole);
    let both = ["--start", "zero", "--start", "anon prevshared"];
    assert_eq!(
        scenarios(&both),
        scenarios(&["--start", "zero"]) + scenarios(&["--start", "anon prevshared"])
    );
    // Also with userfaultfd, and each with a child and without.
    let done = cowrace(&[LITTLE, &["--start", "file"]].concat()).exits(10);
    let done = done.prints(&["calls in 6 states at the start", "mm A { buf: file"]);
    assert!(!done.out.contains("buf: anon"), "{}", done.out);
    let alone = cowrace(&[LITTLE, &["--start", "swapped", "--child", "no"]].concat());
    assert!(!alone.out.contains("mm B = fork(A)"), "{}", alone.out);
    alone.prints(&["calls in 6 states at the start"]);
}

#[test]
fn the_end_says_what_was_chosen() {
    let all = cowrace(&["hunt", "--era", "v6.15", "--calls", "1", "--start", "zero", "--child", "yes"]);
    all.exits(0).prints(&[
        "every scenario of 1 call was decided, of those that begin with `zero` and have a child from the start\n",
    ]);
    let chosen = ["--only", "munmap,fork", "--except", "exit", "--start", "zero", "--child", "no"];
    let chosen = [&["hunt", "--era", "v6.15", "--calls", "1"], &chosen[..]].concat();
    cowrace(&chosen).exits(0).prints(&[
        "was decided, of those that make no calls but loads, stores, munmap and fork, do not call exit, begin with `zero` and have \
         no child from the start\n",
    ]);
    let lines = cowrace(&[&chosen[..], &["--format", "json"]].concat()).exits(0).objects();
    let end = lines.last().expect("an end");
    let tried = serde_json::json!({
        "only": ["munmap", "fork"],
        "except": ["exit"],
        "start": ["zero"],
        "child": false,
    });
    assert_eq!((&end["all"], &end["tried"]), (&false.into(), &tried));
}

#[test]
fn beginnings_must_be_known() {
    let start = |words: &str| cowrace(&[LITTLE, &["--start", words]].concat()).exits(2);
    start("anonn").says(&[
        "no scenario begins with `anonn`: the first word is one of none, zero, swapped, swapcached, anon, file",
        "did you mean `anon`",
    ]);
    start("file writable").says(&["after `file` comes one of read_only, warm(a)"]);
    start("zero uffd_wp more").says(&["nothing comes after `zero uffd_wp`"]);
    start("");
    cowrace(&[LITTLE, &["--child", "maybe"]].concat()).exits(2).says(&["yes, no"]);
}
