//! The list of the model's lines that make requests is what searches come to.

use std::collections::BTreeSet;

use cowrace_explore::{Explorer, Limits};
use cowrace_machine::Arch;
use cowrace_mm::{Era, Reach, place, program, source};
use cowrace_scenario::{load, parse};
use cowrace_testkit::repository;

const CURRENT: &str = "the table is of this model: `cargo xtask model`";

/// Where requests came from in those searches of the corpus that are short; under each era.
fn reached() -> Vec<(Era, BTreeSet<(String, u32)>)> {
    let mut reached: Vec<_> = Era::presets().into_iter().map(|era| (era, BTreeSet::new())).collect();
    let corpus = repository("scenarios");
    for source in load(&[corpus]).expect("the corpus is there") {
        let scenario = parse(&source.text).expect("the corpus parses");
        for variant in scenario.variants() {
            for (era, reached) in &mut reached {
                let program = program(variant.world(), era, Arch::Generic);
                let limits = Limits { executions: Some(1000), ..Limits::default() };
                let explorer = Explorer::new(&program).limits(limits).exhaustive(true).coverage(true);
                let Some(coverage) = explorer.run(&mut ()).coverage else { continue };
                let places = coverage.sites().iter().map(|site| place(site));
                reached.extend(places.map(|place| place.expect("only the model makes requests")));
            }
        }
    }
    reached
}

#[test]
fn every_line_that_is_reached_is_listed_and_within_reach() {
    let listed: BTreeSet<(String, u32)> = source::functions()
        .expect(CURRENT)
        .iter()
        .flat_map(|f| f.lines().map(|line| (f.file.to_owned(), line)))
        .collect();
    let mut by_era = reached();
    by_era.iter_mut().for_each(|(_, lines)| lines.retain(|(file, _)| file != "crates/mm/src/call.rs"));
    for (era, lines) in &by_era {
        let reach = Reach::of(era).expect(CURRENT);
        let beyond: Vec<_> = lines.iter().filter(|(file, line)| !reach.has(file, *line)).collect();
        assert!(beyond.is_empty(), "{} lets nobody come to {beyond:?}", era.name());
    }
    let reached: BTreeSet<_> = by_era.into_iter().flat_map(|(_, lines)| lines).collect();
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
