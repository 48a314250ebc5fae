//! Executions per second of complete searches, on scenarios of the corpus that hold. Compare only figures of one run:
//! machines are noisy.

use std::path::PathBuf;

use cowrace_explore::{Explorer, replay};
use cowrace_machine::Arch;
use cowrace_mm::{Era, program};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Scenario, variant, era: from a few hundred executions to tens of thousands.
const SEARCHES: &[(&str, Option<&str>, &str)] = &[
    ("odirect-clear-refs-lost-read", None, "v6.12"),
    ("stale-tlb-equals-pin", Some("tlb"), "v5.18"),
    ("odirect-swapout-lost-read", Some("store_only"), "v5.10"),
];

fn searches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("executions");
    group.sample_size(10);
    for &(name, variant, era) in SEARCHES {
        let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../../scenarios/{name}.race"));
        let text = std::fs::read_to_string(file).expect("the scenario is there");
        let scenario = cowrace_scenario::parse(&text).expect("the scenario parses");
        let world = scenario.variant(variant).expect("the variant is there").world();
        let program = program(world, &Era::preset(era).expect("a preset"), Arch::Generic);
        let outcome = Explorer::new(&program).run(&mut ());
        assert!(outcome.complete && outcome.finding.is_none());
        group.throughput(Throughput::Elements(outcome.executions));
        group.bench_function(format!("{name} {era}"), |bench| {
            bench.iter(|| Explorer::new(&program).run(&mut ()));
        });
    }
}

fn replays(criterion: &mut Criterion) {
    let file =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/odirect-clear-refs-lost-read.race");
    let text = std::fs::read_to_string(file).expect("the scenario is there");
    let scenario = cowrace_scenario::parse(&text).expect("the scenario parses");
    let program =
        program(scenario.variants()[0].world(), &Era::preset("v5.9").expect("a preset"), Arch::Generic);
    let (_, schedule) = Explorer::new(&program).run(&mut ()).finding.expect("v5.9 loses the read");
    criterion.bench_function("replay of a violation", |bench| bench.iter(|| replay(&program, &schedule)));
}

criterion_group!(benches, searches, replays);
criterion_main!(benches);
