//! Figures in docs/performance.md that no other benchmark measures: one thread against two, executions per second on
//! one thread, and the part of a whole search that precedes its first violation.
#![expect(clippy::print_stdout, reason = "it is what a benchmark is for")]

use std::time::Instant;

use cowrace_explore::{Explorer, Outcome, Threads};
use cowrace_machine::{Arch, Program};
use cowrace_mm::era::PRESETS;
use cowrace_mm::{Era, program};
use cowrace_testkit::corpus::corpus;
use cowrace_testkit::scripts::{Step, program as script};

/// Longer than any search of the corpus: the whole model under v6.12, four busy columns.
const LONGER: &str = "race around-one-page-read-twice
mm A { buf: anon }

thread0 @A                 thread1 @A   other process  forker @A
=========================  ===========  =============  ==========
read(O_DIRECT, buf[0], 1)  buf[1] = 2   clear_refs(A)  B = fork()
r = buf[0]                 x = buf[0]

always r == 1 else lost-read
";

/// How often each measurement is repeated; the fastest one counts.
const ROUNDS: usize = 3;

fn timed(program: &Program, threads: usize) -> (f64, Outcome) {
    let mut best: Option<(f64, Outcome)> = None;
    for _ in 0..ROUNDS {
        let spare = Threads::new(threads - 1);
        let started = Instant::now();
        let outcome = Explorer::new(program).threads(&spare).run(&mut ());
        let seconds = started.elapsed().as_secs_f64();
        if best.as_ref().is_none_or(|best| seconds < best.0) {
            best = Some((seconds, outcome));
        }
    }
    best.expect("there are rounds")
}

fn threads(name: &str, program: &Program) {
    let (one, alone) = timed(program, 1);
    let (two, together) = timed(program, 2);
    assert_eq!(alone, together, "{name}: two threads have another result");
    let (executions, requests) = (alone.executions, alone.events);
    println!(
        "{name:<34}  {executions:>10}  {:>8.1}  {one:>7.2}  {:>12.0}  {two:>7.2}  {:>5.2}",
        requests as f64 / executions as f64,
        executions as f64 / one,
        one / two,
    );
}

fn one_thread_against_two() {
    println!(
        "{:<34}  {:>10}  {:>8}  {:>7}  {:>12}  {:>7}  {:>5}",
        "program", "executions", "requests", "one s", "executions/s", "two s", "times"
    );
    threads("4 x 3 stores", &script(&[0, 1, 2, 3].map(|actor| vec![Step::Store(0, actor); 3])));
    let v612 = Era::preset("v6.12").expect("a preset");
    for name in ["odirect-swapout-lost-read:store_only", "swapin-aba-page-lock"] {
        let sample = corpus("").into_iter().find(|sample| sample.name == name).expect("in the corpus");
        threads(name, &program(&sample.world, &v612, Arch::Generic));
    }
    let longer = cowrace_scenario::parse(LONGER).expect("the scenario parses");
    threads("around-one-page-read-twice", &program(longer.variants()[0].world(), &v612, Arch::Generic));
}

/// All violated scenarios of the corpus under all presets: executions up to the first violation, and of the
/// whole search.
fn share_before_the_first_violation() {
    let (mut runs, mut first, mut whole) = (0, 0, 0);
    let mut shares = Vec::new();
    for sample in corpus("") {
        for preset in PRESETS {
            let era = Era::preset(preset.name).expect("a preset");
            let program = program(&sample.world, &era, Arch::Generic);
            let found = Explorer::new(&program).run(&mut ());
            if found.finding.is_none() {
                continue;
            }
            let all = Explorer::new(&program).exhaustive(true).run(&mut ()).executions;
            let before = found.executions + found.samples;
            (runs, first, whole) = (runs + 1, first + before, whole + all);
            shares.push(before as f64 / all as f64);
        }
    }
    shares.sort_by(f64::total_cmp);
    println!(
        "\nfirst violation: {runs} violated runs, {first} executions up to the first violation of {whole} in all: \
         {:.2} %; median of the shares {:.1} %",
        100.0 * first as f64 / whole as f64,
        100.0 * shares.get(shares.len() / 2).copied().unwrap_or_default(),
    );
}

fn main() {
    // Test runners start benchmarks as well, to see that they start.
    if std::env::args().any(|arg| arg == "--bench") {
        one_thread_against_two();
        share_before_the_first_violation();
    }
}
