//! Scenarios that are run part by part, against the same scenarios as `check` runs them.

use cowrace_check::{Specification, Task};
use cowrace_explore::Limits;
use cowrace_hunt::alphabet::{Alphabet, Template};
use cowrace_hunt::campaign::Shape;
use cowrace_hunt::moves::{Scene, parts};
use cowrace_hunt::part::{Column, Move, Part};
use cowrace_hunt::stage::{Stage, beginnings, plain};
use cowrace_hunt::step::{Led, Runner, Situation, Situations};
use cowrace_hunt::text::Scenario;
use cowrace_machine::Arch;
use cowrace_mm::Era;
use cowrace_mm::syscall::{Access, Arguments};
use cowrace_mm::world::Backing;
use cowrace_report::{Class, Verdict};

use crate::runner;

/// Picks that look random and are always the same.
struct Picks(u64);

impl Picks {
    fn below(&mut self, n: usize) -> usize {
        // Knuth's MMIX constants.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }
}

/// What `check` says of a scenario.
fn check(text: &str, era: &Era) -> (Verdict, Option<Class>) {
    let scenario = cowrace_scenario::parse(text).unwrap_or_else(|errors| panic!("{text}\n{errors:#?}"));
    let specification = Specification::default();
    let task = Task {
        scenario: &scenario,
        variant: &scenario.variants()[0],
        era,
        arch: Arch::Generic,
        specification: Some(&specification),
    };
    let report = task.check(Limits::default(), &mut ());
    (report.verdict, report.class)
}

#[derive(Debug, Default)]
struct Tally {
    held: u32,
    violated: u32,
    blocked: u32,
}

/// How many kinds of calls a random scenario has at most, beside loads and stores.
const KINDS: usize = 6;

/// Runs random scenarios part by part, and compares each prefix with what `check` says of it.
fn compare(era: &str, stage: &Stage, shape: Shape, (scenarios, only): (usize, &[&str]), tally: &mut Tally) {
    let era = Era::preset(era).expect("a preset");
    let runner = runner(stage, &era);
    let (all, beginnings) = (Alphabet::of(stage, [&era]), beginnings(stage));
    let names: Vec<&[&str]> = all.templates().iter().map(|template| template.row.names).collect();
    let mut picks = Picks(7);
    for _ in 0..scenarios {
        // With few kinds of calls, they have more to do with each other.
        let few: Vec<&[&str]> = (0..KINDS).map(|_| names[picks.below(names.len())]).collect();
        let mut alphabet = all.clone();
        alphabet.retain(|names| {
            names.is_empty()
                || few.contains(&names) && (only.is_empty() || names.iter().any(|name| only.contains(name)))
        });
        let beginning = &beginnings[picks.below(beginnings.len())];
        let mut situations = Situations::from([runner.begin(beginning)]);
        let mut scenario = Scenario {
            words: beginning.words.clone(),
            area: beginning.world.areas[0].clone(),
            parts: Vec::new(),
        };
        let mut left = shape.calls;
        while left > 0 {
            let scene = Scene::of(stage, &situations);
            let all = parts(stage, &alphabet, &scene, Shape { calls: left, ..shape });
            if all.is_empty() {
                break;
            }
            let held: Vec<_> = situations.iter().flat_map(|situation| situation.possible.held()).collect();
            let moves = all.iter().flat_map(|part| part.columns.iter().flat_map(|column| &column.moves));
            assert!(
                moves.filter_map(|of| of.takes).all(|taken| !held.contains(&taken)),
                "a handle would be lost"
            );
            let part = all[picks.below(all.len())].clone();
            left -= part.calls();
            scenario.parts.push(part.clone());
            let text = scenario.text(stage, "whole");
            let (verdict, class) = check(&text, &era);
            match runner.run(&situations, &part) {
                Led::To(to) => {
                    assert!(!to.is_empty(), "{text}");
                    assert_eq!(verdict, Verdict::Holds, "{} {class:?}\n{text}", era.name());
                    tally.held += 1;
                    situations = to;
                }
                Led::Violated => {
                    assert_eq!(verdict, Verdict::Violated, "{}\n{text}", era.name());
                    tally.violated += 1;
                    break;
                }
                Led::Blocked => {
                    assert_eq!(class, Some(Class::Deadlock), "{}\n{text}", era.name());
                    tally.blocked += 1;
                    break;
                }
                Led::Bounded => panic!("no limit was set\n{text}"),
            }
        }
    }
}

fn stages(columns: usize) -> Vec<Stage> {
    let areas = [plain(Backing::Anon, false), plain(Backing::PrivateFile, false), plain(Backing::Anon, true)];
    areas
        .into_iter()
        .flat_map(|area| [false, true].map(|child| Stage::new(area.clone(), child, columns)))
        .collect()
}

#[test]
fn one_call_after_the_other() {
    let mut tally = Tally::default();
    for era in ["v5.9", "v5.18", "v6.15"] {
        for stage in stages(1) {
            compare(era, &stage, Shape { calls: 7, columns: 1 }, (150, &[]), &mut tally);
        }
    }
    assert!(tally.held > 2000 && tally.violated > 80 && tally.blocked > 2, "{tally:?}");
}

/// Calls whose orders are few.
const BESIDE: &[&str] = &[
    "pin_fast",
    "vmsplice",
    "fork",
    "clear_refs",
    "munmap",
    "madvise",
    "mprotect",
    "read",
    "write",
    "dma_write",
    "dma_read",
];

#[test]
fn side_by_side() {
    let mut tally = Tally::default();
    for era in ["v5.9", "v6.15"] {
        for stage in stages(2) {
            compare(era, &stage, Shape { calls: 2, columns: 2 }, (60, BESIDE), &mut tally);
        }
    }
    assert!(tally.held > 60 && tally.violated > 20, "{tally:?}");
}

/// The situation after single calls, each given by one of its names.
fn after(stage: &Stage, runner: &Runner, calls: &[&str]) -> Situation {
    let alphabet = Alphabet::of(stage, [&runner.era]);
    let beginning =
        beginnings(stage).into_iter().find(|beginning| beginning.words == "anon").expect("plain memory");
    let mut situation = runner.begin(&beginning);
    for name in calls {
        let situations = Situations::from([situation]);
        let all = parts(stage, &alphabet, &Scene::of(stage, &situations), Shape { calls: 1, columns: 1 });
        let is_it = |part: &&Part| {
            let row = part.columns[0].moves[0].template.row;
            row.names.contains(name)
                || row.names.is_empty() && *name == "store" && row.access == Some(Access::Store)
        };
        let part = all.iter().find(is_it).unwrap_or_else(|| panic!("no {name}"));
        let Led::To(to) = runner.run(&situations, part) else { panic!("{name} is not allowed") };
        situation = to.into_iter().next().expect("one end");
    }
    situation
}

/// A reader of a pipe may see what was there before a store, or after it; but not the one and then the other.
#[test]
fn what_was_observed_decides_what_is_possible() {
    let stage = Stage::new(plain(Backing::Anon, false), false, 1);
    let runner = runner(&stage, &Era::preset("v6.15").expect("a preset"));
    let possible = |calls: &[&str]| after(&stage, &runner, calls).possible.len();
    assert_eq!(possible(&["vmsplice"]), 1);
    assert_eq!(possible(&["vmsplice", "store"]), 2);
    assert_eq!(possible(&["vmsplice", "store", "dma_read"]), 1);
}

/// Whoever changes a scenario may exchange the call that takes a handle.
#[test]
fn nothing_is_written_through_what_was_taken_to_read() {
    let stage = Stage::new(plain(Backing::Anon, false), false, 1);
    let runner = runner(&stage, &Era::preset("v6.15").expect("a preset"));
    let alphabet = Alphabet::of(&stage, [&runner.era]);
    let held = after(&stage, &runner, &["pin_fast"]);
    let scene = Scene::of(&stage, [&held]);
    let permits = |name: &str| {
        let template = *alphabet.templates().iter().find(|of| of.row.names.contains(&name)).expect("a call");
        let arguments = Arguments { handle: held.possible.held().next().expect("one"), ..template.arguments };
        let of = Move { template: Template { arguments, ..template }, takes: None };
        let actor = stage.actors(None).next().expect("one");
        scene.permits(&stage, &Part { columns: vec![Column { actor, moves: vec![of] }] })
    };
    assert_eq!(["dma_read", "dma_write", "unpin_user_page"].map(permits), [true, false, true]);
}
