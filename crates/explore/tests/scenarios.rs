//! On the model itself, too, the engine explores the set of traces that exists, each once: scenarios of the
//! corpus that are small enough for a search without reduction, and some of four and five actors made for
//! this.

mod common;

use std::path::PathBuf;

use common::naive::{Naive, Traces};
use cowrace_explore::{Execution, Explorer, Observer};
use cowrace_machine::Arch;
use cowrace_mm::{Era, World, program};

/// Executions that the search without reduction may start.
const BUDGET: u32 = 15_000;

#[derive(Default)]
struct Collect(Traces);

impl Observer for Collect {
    fn execution(&mut self, execution: &Execution<'_>) {
        let entry = self.0.entry(execution.canonical());
        entry.or_insert_with(|| (0, execution.memory().nonzero().collect())).0 += 1;
    }
}

/// Compares the sets of traces; `None` if the scenario is too large for the reference.
fn compare(name: &str, world: &World, era: &Era, budget: u32) -> Option<usize> {
    let program = program(world, era, Arch::Generic);
    let expected = Naive::explore(&program, true, budget)?;
    let mut found = Collect::default();
    let outcome = Explorer::new(&program).exhaustive(true).run(&mut found);
    assert!(outcome.complete, "{name} under {}", era.name());
    assert!(found.0.values().all(|t| t.0 == 1), "{name} under {}: a trace was explored twice", era.name());
    assert!(
        found.0 == expected,
        "{name} under {}: {} traces, not {}",
        era.name(),
        found.0.len(),
        expected.len()
    );
    Some(expected.len())
}

fn corpus() -> Vec<(String, World)> {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let mut worlds = Vec::new();
    for source in cowrace_scenario::load(&[dir]).expect("the corpus is there") {
        let scenario = cowrace_scenario::parse(&source.text).expect("the corpus parses");
        for variant in scenario.variants() {
            worlds.push((
                format!("{}:{}", scenario.name(), variant.name().unwrap_or("")),
                variant.world().clone(),
            ));
        }
    }
    worlds
}

fn small_scenarios(era: &str) {
    let era = Era::preset(era).expect("a preset");
    let corpus = corpus();
    let sizes: Vec<_> =
        corpus.iter().filter_map(|(name, world)| compare(name, world, &era, BUDGET)).collect();
    eprintln!(
        "{}: {} of {} scenarios, {} traces",
        era.name(),
        sizes.len(),
        corpus.len(),
        sizes.iter().sum::<usize>()
    );
    assert!(sizes.len() * 2 > corpus.len(), "most of the corpus is too large for the reference");
}

#[test]
fn corpus_under_mapcount() {
    small_scenarios("v5.7");
}

#[test]
fn corpus_under_page_count() {
    small_scenarios("v5.10");
}

#[test]
fn corpus_under_anon_exclusive() {
    small_scenarios("v6.12");
}

/// Four actors and more, of which at least three are at work at the same time.
const LARGE: &[&str] = &[
    "race four-around-one-page
mm A { buf: anon wrprotected }

t0 @A          t1 @A        other                   lookup
=============  ===========  ======================  ======================
x = buf[0]     buf[1] = 2   speculative_ref(A.buf)  speculative_ref(A.buf)
",
    "race four-with-a-device
mm A { buf: anon }

t0 @A                              t1 @A        dev                other
=================================  ===========  =================  ====================
h = pin_user_pages_fast(buf)       buf[1] = 2   s = dma_read(h[1])  clear_refs(A)
",
    "race five-after-a-fork
mm A { buf: anon }
mm C = fork(A)

t0 @A          c0 @C          other                   dev    drain
=============  =============  ======================  =====  ====================
y = buf[1]     buf[0] = 1     speculative_ref(A.buf)  f = 1  lru_add_drain_all()
",
];

#[test]
fn four_actors_and_more() {
    let mut compared = 0;
    for text in LARGE {
        let scenario = cowrace_scenario::parse(text).expect("the text parses");
        let world = scenario.variants()[0].world();
        assert!(world.actors.len() >= 4);
        for era in ["v5.7", "v5.10", "v5.18", "v6.12"] {
            let era = Era::preset(era).expect("a preset");
            let traces = compare(scenario.name(), world, &era, 300_000);
            eprintln!("{} under {}: {traces:?} traces", scenario.name(), era.name());
            compared += usize::from(traces.is_some());
        }
    }
    // v5.18 looks at the count three times, which is too much for the reference in the first scenario.
    assert!(compared >= LARGE.len() * 4 - 1, "the others are small enough for the reference");
}
