//! Order means nothing: what is found of a scenario does not change with names, with the order of columns and areas,
//! or with columns and areas that nobody uses; and a barrier more, or a word of the environment less, takes executions
//! away and adds none.
//!
//! CI has fixed seeds; `just nightly` goes on with others for as many seconds as `COWRACE_SECONDS` says.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use cowrace_check::{Specification, Task};
use cowrace_explore::{Execution, Explorer, Limits, Observer};
use cowrace_machine::{Arch, Memory};
use cowrace_mm::objects::{MmStruct, variable, vm};
use cowrace_mm::observe::owner_view;
use cowrace_mm::value::Value;
use cowrace_mm::world::Target;
use cowrace_mm::{Era, World};
use cowrace_report::{Class, Verdict};
use cowrace_scenario::{Scenario, load, parse, print};
use cowrace_testkit::{Draft, Mm, Relation, at_length, changes, columns, repository, round};
use proptest::prelude::*;

/// Drafts with more executions are left out.
const MOST: u64 = 300;

/// A place that can be looked at, by numbers of the draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Variable(usize),
    Word(usize, usize, u8),
}

/// Memory at the end of an execution.
type End = BTreeMap<Place, Option<u64>>;

/// What is found of a draft.
#[derive(Debug, PartialEq)]
struct Found {
    verdict: Verdict,
    class: Option<Class>,
    traces: u64,
    ends: BTreeSet<End>,
}

/// Where everything is that a draft has.
struct Places {
    variables: Vec<usize>,
    words: Vec<(Place, Target, u8)>,
}

impl Places {
    /// `areas` is how many areas count: those that were added do not.
    fn of(draft: &Draft, areas: usize, world: &World) -> Self {
        let number = |name: &str| draft.names.variables.iter().position(|known| known == name);
        let variables = world.variables.iter().map(|name| number(name).unwrap_or(usize::MAX)).collect();
        let mut words = Vec::new();
        for (mm, known) in [Mm::A, Mm::B, Mm::C].into_iter().enumerate() {
            let Some(at) = world.mms.iter().position(|mm| mm.name == draft.names.mm(known)) else { continue };
            for area in 0..areas {
                let name = &draft.names.areas[area];
                let va = world.areas.iter().position(|area| area.name == *name).expect("it is declared");
                words.extend([0, 1].map(|word| (Place::Word(mm, area, word), Target { mm: at, va }, word)));
            }
        }
        Self { variables, words }
    }

    fn look(&self, world: &World, memory: &Memory) -> End {
        let variables = self.variables.iter().enumerate().map(|(at, &number)| {
            let value = match Value::decode(memory.get(variable(at))) {
                // Which page it is means nothing.
                Value::Handle(_) => None,
                value => Some(value.encode()),
            };
            (Place::Variable(number), value)
        });
        let words = self.words.iter().map(|&(place, target, word)| {
            let vma = MmStruct(target.mm).vma(target.va);
            let is_mapped = memory.alive(vma.obj()) && memory.get(vma.vm_flags()) & vm::EXISTS != 0;
            (place, is_mapped.then(|| owner_view(world, memory, target, word)))
        });
        variables.chain(words).collect()
    }
}

struct Ends<'e> {
    world: &'e World,
    places: Places,
    ends: BTreeSet<End>,
}

impl Observer for Ends<'_> {
    fn execution(&mut self, execution: &Execution<'_>) {
        if execution.is_complete() {
            self.ends.insert(self.places.look(self.world, execution.memory()));
        }
    }
}

/// What is found of a draft under an era; nothing if it takes more executions than that, or the specification does.
fn find(draft: &Draft, areas: usize, era: &Era, most: u64) -> Option<Found> {
    let text = draft.to_string();
    let scenario = parse(&text).unwrap_or_else(|errors| panic!("{}\nin\n{text}", errors[0]));
    let variant = &scenario.variants()[0];
    let world = variant.world();
    let specification = Specification::default();
    let task = Task {
        scenario: &scenario,
        variant,
        era,
        arch: Arch::default(),
        specification: Some(&specification),
    };
    let unjudged = Task { specification: None, ..task };
    let limits = Limits { executions: Some(most), ..Limits::default() };
    let mut ends = Ends { world, places: Places::of(draft, areas, world), ends: BTreeSet::new() };
    let program = unjudged.program();
    let outcome = Explorer::new(&program).exhaustive(true).limits(limits).run(&mut ends);
    if !outcome.complete {
        return None;
    }
    let report = task.check(limits, &mut ());
    let is_known = !matches!(report.verdict, Verdict::Bounded | Verdict::Inconclusive);
    is_known.then_some(Found {
        verdict: report.verdict,
        class: report.class,
        traces: outcome.executions,
        ends: ends.ends,
    })
}

/// What went through, and what was left out.
#[derive(Debug, Default)]
struct Tally {
    drafts: Cell<u32>,
    large: Cell<u32>,
    compared: Cell<u32>,
    violated: Cell<u32>,
}

fn add(number: &Cell<u32>) {
    number.set(number.get() + 1);
}

/// Compares a draft with all that can be made of it.
fn compare(draft: &Draft, era: &Era, tally: &Tally) -> Result<(), TestCaseError> {
    add(&tally.drafts);
    let areas = draft.areas.len();
    let Some(before) = find(draft, areas, era, MOST) else {
        add(&tally.large);
        return Ok(());
    };
    if before.verdict == Verdict::Violated {
        add(&tally.violated);
    }
    for change in changes(draft) {
        // A search may begin anew where an order of flushes matters, and an area more is walked.
        let Some(after) = find(&change.draft, areas, era, MOST * 10) else { continue };
        add(&tally.compared);
        let said = || format!("{} under {}:\n{draft}\nbecomes\n{}\n", change.what, era.name(), change.draft);
        if change.relation == Relation::Fewer {
            let new = after.ends.difference(&before.ends).next();
            prop_assert_eq!(new, None, "{}", said());
            continue;
        }
        let verdicts = |found: &Found| (found.verdict, found.class);
        prop_assert_eq!(verdicts(&after), verdicts(&before), "{}", said());
        prop_assert_eq!(&after.ends, &before.ends, "{}", said());
        if change.relation == Relation::Same {
            prop_assert_eq!(after.traces, before.traces, "{}", said());
        }
    }
    Ok(())
}

fn rounds(seed: u64, tally: &Tally) {
    round(seed, 60, Era::presets(), |draft, era| compare(draft, era, tally));
}

#[test]
fn order_means_nothing() {
    let tally = Tally::default();
    (0..3).for_each(|seed| rounds(seed, &tally));
    assert!(tally.compared.get() > 750 && tally.violated.get() > 7, "{tally:?}");
}

#[test]
#[ignore = "takes as long as it is told to: `just nightly`"]
fn order_means_nothing_at_length() {
    let tally = Tally::default();
    at_length(|seed| rounds(seed, &tally));
    eprintln!("{tally:?}");
}

/// The whole corpus with its columns reversed is as its files expect, under every era.
#[test]
fn the_corpus_with_reversed_columns() {
    let corpus = repository("scenarios");
    let directory = tempfile::tempdir().expect("a directory");
    for source in load(&[corpus]).expect("the corpus") {
        let scenario = parse(&source.text).expect("it is right");
        let text = columns::reversed(&print(&scenario)).expect("a diagram");
        let again = parse(&text).unwrap_or_else(|errors| panic!("{}\nin\n{text}", errors[0]));
        let columns =
            |scenario: &Scenario| scenario.columns().iter().map(|column| column.head()).collect::<Vec<_>>();
        let reversed: Vec<String> = columns(&scenario).into_iter().rev().collect();
        assert_eq!(columns(&again), reversed, "{text}");
        std::fs::write(directory.path().join(format!("{}.race", scenario.name())), text).expect("written");
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_cowrace"));
    let output = command.arg("check").arg(directory.path()).output().expect("it starts");
    let (out, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{errors}{out}");
}
