//! On the model itself, too, the engine explores exactly the set of existing traces, each once. Tested on scenarios of
//! the corpus that are small enough for a search without reduction, and on some of four and five actors made for this
//! test.

use std::collections::BTreeSet;

use cowrace_explore::{Execution, Explorer, Observer, Threads};
use cowrace_machine::{Arch, mmu};
use cowrace_mm::costs::counting;
use cowrace_mm::objects::kernel::{COPIED, FAULTED};
use cowrace_mm::objects::{MmStruct, boot_page};
use cowrace_mm::{Era, World, program};
use cowrace_testkit::corpus::corpus;
use cowrace_testkit::scripts::naive::{Collect, Naive};

/// The number of executions that the search without reduction may start.
const BUDGET: u32 = 15_000;

/// Compares the sets of traces; `None` if the scenario is too large for the reference.
fn compare(name: &str, world: &World, era: &Era, budget: u32) -> Option<usize> {
    let program = program(world, era, Arch::Generic);
    let expected = Naive::explore(&program, true, budget)?;
    let mut found = Collect::default();
    let outcome = Explorer::new(&program).exhaustive(true).counts_commute(false).run(&mut found);
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

fn small_scenarios(era: &str) {
    let era = Era::preset(era).expect("a preset");
    let corpus = corpus(".");
    let sizes = corpus.iter().filter_map(|sample| compare(&sample.name, &sample.world, &era, BUDGET));
    let sizes: Vec<_> = sizes.collect();
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

/// Four or more actors, of which at least three are active at the same time.
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

t0 @A          c0 @C          other                   dev    pagemap
=============  =============  ======================  =====  =====================
y = buf[1]     buf[0] = 1     speculative_ref(A.buf)  f = 1  s = soft_dirty(A.buf)
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
    // v5.18 reads the count three times, which is too much for the reference in the first scenario.
    assert!(compared >= LARGE.len() * 4 - 1, "the others are small enough for the reference");
}

/// Copies and faults at ends of executions.
#[derive(Debug, Default, PartialEq, Eq)]
struct Costs(BTreeSet<(u64, u64)>);

impl Observer for Costs {
    fn execution(&mut self, execution: &Execution<'_>) {
        let memory = execution.memory();
        self.0.insert((memory.get(COPIED), memory.get(FAULTED)));
    }
}

/// The cost is the same for all executions of a trace, and a search that shows only ends misses none of the costs,
/// whichever thread helps. Counting adds no trace.
#[test]
fn what_executions_cost() {
    compare_costs(&["v5.10"]);
}

#[test]
#[ignore = "longer than what goes before"]
fn what_executions_cost_at_length() {
    compare_costs(&["v5.8", "v5.10", "v6.12"]);
}

fn compare_costs(eras: &[&str]) {
    let (mut compared, mut different) = (0, 0);
    let samples = corpus(".");
    for (sample, era) in samples.iter().flat_map(|sample| eras.iter().map(move |era| (sample, *era))) {
        let era = Era::preset(era).expect("a preset");
        let (counting, _) = counting(&sample.world, &era, Arch::Generic);
        let Some(expected) = Naive::explore(&counting, true, BUDGET) else { continue };
        let at = |memory: &[(usize, u64)], index| memory.iter().find(|(i, _)| *i == index).map_or(0, |w| w.1);
        let of = |memory: &[(usize, u64)]| (at(memory, COPIED.index()), at(memory, FAULTED.index()));
        let expected_costs = Costs(expected.values().map(|(_, memory)| of(memory)).collect());
        let name = format!("{} under {}", sample.name, era.name());
        for helpers in [0, 2] {
            let (threads, mut shown) = (Threads::new(helpers), Costs::default());
            let search = Explorer::new(&counting).exhaustive(true).ends_only(true);
            assert!(search.threads(&threads).eager(true).run(&mut shown).complete);
            assert_eq!(shown, expected_costs, "{name}");
        }
        let world = World { predicates: Vec::new(), ..sample.world.clone() };
        let mut plain = Collect::default();
        let uncounted = program(&world, &era, Arch::Generic);
        Explorer::new(&uncounted).exhaustive(true).counts_commute(false).run(&mut plain);
        assert_eq!(plain.0.len(), expected.len(), "{name}");
        compared += 1;
        different += usize::from(expected_costs.0.len() > 1);
    }
    eprintln!("{compared} compared, {different} with costs that differ");
    assert!(compared > 60 && different > 10, "{compared} compared, {different} with costs that differ");
}

fn with_environment(words: &str) -> World {
    let text = format!(
        "race environment
mm A {{ buf: anon; two: none }}
env {words}

t0 @A            t1 @A
===============  ==============
buf[0] = 1       x = buf[0]
munmap(buf)      two[1] = 2

always A.two[1] == 2
"
    );
    let scenario = cowrace_scenario::parse(&text).expect("the text parses");
    scenario.variants()[0].world().clone()
}

/// The environment's actions are explored like everything else. `reclaim` is too large for the reference.
#[test]
fn environments() {
    for words in ["lru_drain", "spec_ref", "tlb_evict", "page_reuse", "lru_drain, page_reuse"] {
        for era in ["v5.7", "v5.10", "v6.12"] {
            let era = Era::preset(era).expect("a preset");
            let traces = compare(words, &with_environment(words), &era, 300_000);
            assert!(traces.is_some(), "{words} under {} is too large for the reference", era.name());
        }
    }
}

/// Collects the pages that the second area can end up with.
#[derive(Default)]
struct Pages(BTreeSet<u16>);

impl Observer for Pages {
    fn execution(&mut self, execution: &Execution<'_>) {
        self.0.insert((execution.memory().get(MmStruct(0).pte(1)) >> mmu::PFN_SHIFT) as u16);
    }
}

/// A freed page may be the next allocation of any actor, but only if the environment allows it.
#[test]
fn freed_pages_are_handed_out_again() {
    let era = Era::preset("v6.12").expect("a preset");
    for (words, reused) in [("page_reuse", true), ("lru_drain", false)] {
        let mut pages = Pages::default();
        Explorer::new(&program(&with_environment(words), &era, Arch::Generic)).run(&mut pages);
        assert_eq!(pages.0.contains(&(boot_page(0).pfn() as u16)), reused, "{words}: {:?}", pages.0);
    }
}
