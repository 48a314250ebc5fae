//! Pages for browsers, drawings and mails.

use std::collections::BTreeMap;
use std::fs;

use cowrace_testkit::repository;
use serde_json::Value;

use crate::{Done, cowrace, fixtures};

/// A race of the corpus, and a kernel that has it.
const RACE: (&str, &str) = ("fork-vs-gup-fast-seqcount", "v5.10");

fn path(name: &str) -> String {
    repository(&format!("scenarios/{name}.race")).display().to_string()
}

fn explained((name, era): (&str, &str), format: &str) -> Done {
    cowrace(&["explain", &path(name), "--era", era, "--format", format]).exits(0).quiet()
}

/// What the stepper of a page reads.
fn runs(page: &str) -> Vec<Value> {
    let (_, data) = page.split_once("id=\"runs\">").expect("the page has runs");
    let (data, _) = data.split_once("</script>").expect("they end");
    serde_json::from_str(data).expect("JSON")
}

/// The lines of the boxes after each row, by box and name.
fn moments(run: &Value, track: usize) -> Vec<BTreeMap<(String, String), String>> {
    let boxes = run["figure"]["boxes"].as_array().expect("boxes");
    let names: Vec<(String, String)> = boxes
        .iter()
        .flat_map(|shape| {
            let lines = shape["lines"].as_array().expect("lines").iter();
            lines.map(|line| (text(&shape["title"]), text(line)))
        })
        .collect();
    let frames = run["tracks"][track]["frames"].as_array().expect("frames");
    let mut now = BTreeMap::new();
    let all = frames.iter().map(|frame| {
        for line in frame["lines"].as_array().into_iter().flatten() {
            let name = names[line[0].as_u64().expect("a number") as usize].clone();
            now.insert(name, text(&line[1]));
        }
        now.clone()
    });
    all.collect()
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

#[test]
fn a_page_walks_through_memory_row_by_row() {
    let done = explained(RACE, "html");
    let run = &runs(&done.out)[0];
    let line = |of: &str, name: &str| (of.to_owned(), name.to_owned());
    let bad = moments(run, 0);
    assert_eq!(bad.len(), run["tracks"][0]["rows"].as_array().expect("rows").len() + 1);
    // The device writes to the page that was pinned, in the row before the last one, and the process reads another.
    let content: Vec<&str> = bad.iter().map(|now| now[&line("X", "[0]")].as_str()).collect();
    assert_eq!(content[content.len() - 3..], ["0", "1", "1"]);
    let last = bad.last().expect("it is not empty");
    assert!(last[&line("mm A", "pte(buf)")].starts_with("Y.thread0 RW"), "{last:?}");
    assert_eq!(last[&line("Y.thread0", "[0]")], "0");
    assert_eq!(last[&line("variables", "r")], "0");
    let good = moments(run, 1);
    assert_eq!(good.last().expect("it is not empty")[&line("variables", "r")], "1");
    // No other file is needed.
    for outside in ["src=", "href=\"http", "@import", "url("] {
        assert!(!done.out.contains(outside), "{outside}");
    }
}

#[test]
fn a_page_has_every_cell_and_explains_those_that_are_violated() {
    let eras = ["--era", "v5.9", "--era", "v5.10", "--era", "v6.12"];
    let scenarios = [path("fork-vs-gup-fast-seqcount"), path("odirect-clear-refs-lost-read")];
    let args = ["check", &scenarios[0], &scenarios[1], "--format", "html"];
    let page = cowrace(&[&args[..], &eras].concat()).exits(0).quiet().out;
    assert_eq!(page.matches("<td class=\"bad\"").count(), 4, "{page}");
    assert_eq!(page.matches("<td class=\"good\"").count(), 2);
    let runs = runs(&page);
    for link in page.split("<a data-to=\"").skip(1) {
        let link = link.split('"').next().expect("it ends");
        let (scenario, kernel) = link.split_once('/').expect("a scenario and a kernel");
        let is_it = |run: &&Value| {
            let kernels = run["kernels"].as_array().expect("kernels");
            run["scenario"] == scenario && kernels.iter().any(|known| known[0] == kernel)
        };
        assert_eq!(runs.iter().filter(is_it).count(), 1, "{link}");
    }
    // What two kernels do in the same way is there once.
    let of = |name: &str| runs.iter().filter(|run| run["scenario"] == name).count();
    assert_eq!(of("odirect-clear-refs-lost-read"), 1, "{page}");
}

#[test]
fn every_command_that_finds_violations_makes_a_page() {
    let race = path(RACE.0);
    let common = ["--format", "html"];
    for (args, words) in [
        (vec!["matrix", &race, "--era", "v5.10", "--era", "v5.11", "--why"], "Why results change"),
        (vec!["diff", "v5.10", "v5.11", &race], "newly mended"),
        (vec!["ablate", "--era", "v5.11", &race], "The parts of v5.11"),
        (vec!["check", &race, "--era", "v5.11", "--against", "v5.10", "--coverage"], "Against v5.10"),
        (vec!["hunt", "--era", "v5.10", "--calls", "1", "--only", "fork"], "nothing was found"),
    ] {
        let done = cowrace(&[&args[..], &common].concat());
        let whole = done.out.starts_with("<!doctype html>\n") && done.out.ends_with("</html>");
        assert!(whole, "{args:?}: {}{}", done.out, done.err);
        assert!(done.out.contains(words), "no `{words}` in {args:?}:\n{}", done.out);
    }
}

/// Whatever a scenario says, it stays text.
#[test]
fn names_cannot_break_a_page() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("x.race");
    let hostile = "title \"</script><script>alert(1)</script>\"";
    let lost = fs::read_to_string(fixtures().join("lost.race")).expect("it is there");
    fs::write(&file, lost.replacen("title", &format!("{hostile}\nnote "), 1)).expect("it can be written");
    let file = file.display().to_string();
    let page = cowrace(&["check", &file, "--era", "v5.11", "--format", "html"]).out;
    assert_eq!(page.matches("<script").count(), 2, "{page}");
    assert_eq!(runs(&page)[0]["headline"], "</script><script>alert(1)</script>");
}

#[test]
fn a_mail_is_narrow_and_can_be_replayed() {
    for (name, options) in [
        (RACE.0, "--era v5.10"),
        ("uffd-wp-stale-tlb-lost-write", "--era v5.9"),
        ("unshare-madvfree", "--era v6.18 --variant unshared"),
        (
            "odirect-clear-refs-lost-read",
            "--era v6.12 --without fb49c455323f,6c287605fd56 --set wp_reuse=count --arch arm64",
        ),
    ] {
        let path = path(name);
        let args = ["explain", &path, "--format", "mail"].into_iter().chain(options.split(' '));
        let mail = cowrace(&args.collect::<Vec<_>>()).exits(0).out;
        for line in mail.lines() {
            assert!(line.chars().count() <= 72, "{name}: {line}");
        }
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("mail.txt");
        // As an answer quotes it.
        let quoted: String =
            mail.lines().map(|line| format!("> {line}").trim_end().to_owned() + "\n").collect();
        fs::write(&file, quoted).expect("it can be written");
        let (_, command) = mail.split_once("cowrace replay mail.txt ").expect("it ends with the command");
        let command = command.replace("\\\n", "");
        let file = file.display().to_string();
        let args: Vec<&str> = ["replay", &file].into_iter().chain(command.split_whitespace()).collect();
        let replayed = cowrace(&args);
        assert!(replayed.out.contains("# VIOLATED "), "{name}:\n{mail}\n{}{}", replayed.out, replayed.err);
    }
}

/// A statement is continued only where the language continues it.
#[test]
fn a_mail_of_many_areas_can_be_read() {
    let directory = tempfile::tempdir().expect("a directory");
    for (name, era) in [("five-swapped", "v5.8"), ("lru-batch-of-fifteen", "v6.12")] {
        let args = ["explain", &path(name), "--era", era, "--as-written", "--format", "mail"];
        let mail = cowrace(&args).out;
        let file = directory.path().join("mail.txt").display().to_string();
        fs::write(&file, &mail).expect("it can be written");
        let done = cowrace(&["replay", &file, "--as-written", "--era", era]);
        assert!(done.code != 3 && done.out.contains(name), "{mail}\n{}", done.err);
        assert!(mail.lines().all(|line| line.chars().count() <= 72), "{mail}");
    }
}

#[test]
fn what_a_format_cannot_show_is_refused() {
    for option in ["--tabs", "--verbose"] {
        let args = ["explain", &path(RACE.0), "--era", RACE.1, "--format", "mail", option];
        cowrace(&args).exits(2).says(&["are for `--format text`"]);
    }
    // Rows that are impossible are told on standard error alone.
    let args = ["explain", &path(RACE.0), "--era", "unshare-v1", "--as-written", "--format", "svg"];
    let done = cowrace(&args).exits(12);
    assert_eq!(done.says(&["impossible"]).out, "");
}

#[test]
fn a_drawing_has_the_diagram_and_what_is_wrong() {
    insta::assert_snapshot!(explained(RACE, "svg").out);
}

#[test]
fn where_nothing_is_bad_there_is_nothing_to_draw() {
    for format in ["html", "svg", "mail"] {
        let done = cowrace(&["explain", &path(RACE.0), "--era", "v6.12", "--format", format]).exits(0);
        assert_eq!(done.says(&["there is nothing to draw"]).out, "");
    }
}
