//! The list of the model's lines that make requests is what searches come to.

use std::collections::BTreeSet;

use cowrace_mm::{Reach, source};
use cowrace_testkit::repository;

use crate::searches::UNDER_PRESETS;

const CURRENT: &str = "the table is of this model: `cargo xtask model`";

#[test]
fn every_line_that_is_reached_is_listed_and_within_reach() {
    let listed: BTreeSet<(String, u32)> = source::functions()
        .expect(CURRENT)
        .iter()
        .flat_map(|f| f.lines().map(|line| (f.file.to_owned(), line)))
        .collect();
    let mut reached = BTreeSet::new();
    for (era, seen) in UNDER_PRESETS.iter() {
        let lines = seen.lines.iter().filter(|(file, _)| file != "crates/mm/src/call.rs");
        let reach = Reach::of(era).expect(CURRENT);
        let beyond: Vec<_> = lines.clone().filter(|(file, line)| !reach.has(file, *line)).collect();
        assert!(beyond.is_empty(), "{} lets nobody come to {beyond:?}", era.name());
        reached.extend(lines.cloned());
    }
    let unlisted: Vec<_> = reached.difference(&listed).collect();
    assert!(unlisted.is_empty(), "{unlisted:?}");
    // What no short search of the corpus comes to may be a line that makes no request.
    let missed: Vec<_> = listed.difference(&reached).collect();
    assert!(missed.len() * 5 < listed.len(), "{} of {}: {missed:?}", missed.len(), listed.len());
}

/// Lines are told by files of the repository.
#[test]
fn listed_lines_are_there() {
    let root = repository("");
    for function in source::functions().expect(CURRENT) {
        let text = std::fs::read_to_string(root.join(function.file)).expect("a file of the model");
        let lines: Vec<&str> = text.lines().collect();
        for line in function.lines() {
            let text = lines[line as usize - 1];
            assert!(
                text.contains("cpu") || text.trim_start().starts_with('.'),
                "{}:{line}: {text}",
                function.file
            );
        }
        assert!(function.lines().is_sorted() && function.lines().len() > 0, "{function:?}");
    }
}
