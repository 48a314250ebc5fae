//! Every file that can be read can be printed and read again.

use crate::common::good;
use cowrace_scenario::{load, print};
use cowrace_testkit::properties::scenario as properties;
use cowrace_testkit::repository;
use cowrace_testkit::texts::{AREAS, CELLS, FOOTERS, file};
use proptest::prelude::*;

proptest! {
    #![proptest_config(cowrace_testkit::cases(500))]

    #[test]
    fn printing_keeps_the_meaning(text in file(12)) {
        good(&text);
        properties::reads(&text);
    }
}

/// The corpus and the other scenario files of the project; fuzzing begins with them.
#[test]
fn printing_keeps_the_corpus() {
    let root = repository("");
    let sources = load(&[root.join("scenarios"), root.join("crates")]).expect("scenarios");
    let right = sources.iter().filter(|source| properties::reads(&source.text).is_some()).count();
    // One of the fixtures has a mistake.
    assert!(right + 1 >= sources.len() && right > 40, "{right} of {}", sources.len());
}

/// A text may be split into several quoted parts, and is printed so where its line would be too wide for a mail.
#[test]
fn wide_texts_go_on_in_further_lines() {
    let long = "a \"quoted\" word, ".repeat(12);
    let note = format!("{long} two  blanks  side by side");
    let written = note.replace('"', "\\\"");
    let rest = "mm A { buf: anon }\n\na @A\n==========\nbuf[0] = 1\n";
    let file = format!("race r\ntitle \"in\"\n   \"three\" \"parts\"\nnote \"{written}\"\n{rest}");
    let scenario = good(&file);
    let printed = print(&scenario);
    assert!(printed.contains("\ntitle \"in three parts\"\nnote \"a "), "{printed}");
    assert!(printed.lines().all(|line| line.len() <= 72), "{printed}");
    assert!(printed.matches("\n     \"").count() >= 3, "{printed}");
    assert_eq!(good(&printed), scenario);
    // The same above a diagram, where narrow lines stay as they are written.
    let header = scenario.header_of(&scenario.variants()[0]);
    assert!(header.contains("\"in\"\n   \"three\""), "{header}");
    assert!(header.lines().all(|line| line.len() <= 72), "{header}");
    assert_eq!(good(&format!("{header}{}", &rest[rest.find("a @A").expect("columns")..])), scenario);
}

/// The first words of the first column of the tables below a heading of the documentation.
fn documented(heading: &str) -> Vec<&'static str> {
    let text = include_str!("../../../../docs/language.md");
    let (_, section) = text.split_once(&format!("\n### {heading}\n")).expect("the heading");
    let section = section.split("\n### ").next().unwrap_or(section);
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let words = rows.flat_map(|row| row.split('|').nth(1).unwrap_or_default().split('`').skip(1).step_by(2));
    words.map(|word| word.split(['(', ' ']).next().unwrap_or(word)).collect()
}

/// The first words of the sections on the footer.
fn documented_statements() -> Vec<&'static str> {
    let text = include_str!("../../../../docs/language.md");
    let (_, footer) = text.split_once("\n## Footer\n").expect("the chapter");
    let footer = footer.split("\n## ").next().unwrap_or(footer);
    let sections = footer.split("\n### ").skip(1).filter_map(|section| section.split_once("\n\n`"));
    sections.map(|(_, text)| text.split(' ').next().unwrap_or(text)).collect()
}

#[test]
fn everything_documented_is_generated() {
    let missing = |heading: &str, generated: &str, elsewhere: &[&str]| {
        let mut words = documented(heading);
        assert!(words.len() > 5, "{heading}: {words:?}");
        words.retain(|word| !generated.contains(word) && !elsewhere.contains(word));
        assert_eq!(words, [""; 0], "{heading}");
    };
    missing("Areas", &AREAS.join(" "), &[]);
    // Short names of calls, and words that have rows of their own.
    let elsewhere = ["buf[0]", "buf[1]", "get_fast", "get", "pin_fast", "pin", "C", "exit"];
    missing("Cells", &CELLS.join(" "), &elsewhere);
    let statements = documented_statements();
    assert_eq!(statements, ["always", "promise", "window", "expect"]);
    assert!(statements.iter().all(|word| FOOTERS.iter().any(|footer| footer.starts_with(word))));
}
