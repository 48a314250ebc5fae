//! What hunts cost: scenarios and runs a second, the states that are reached, and how long it takes until the bugs of
//! docs/found.md are found from nothing. Arguments pick kernels: `just bench-hunt v6.15`.
#![expect(clippy::print_stdout, reason = "it is what a benchmark is for")]

use std::env;
use std::time::Instant;

use cowrace_hunt::campaign::Shape;
use cowrace_hunt::hunt::{Hunt, Quest};
use cowrace_machine::{Arch, resident_memory};
use cowrace_mm::Era;

/// The kernels, unless arguments name others.
const KERNELS: &[&str] = &["v5.9", "v5.18", "v6.1", "v6.15"];

/// The number of calls of the scenarios.
const CALLS: usize = 3;

fn main() {
    let picked: Vec<String> = env::args().skip(1).filter(|argument| argument.starts_with('v')).collect();
    let all: Vec<&str> =
        if picked.is_empty() { KERNELS.to_vec() } else { picked.iter().map(String::as_str).collect() };
    println!(
        "kernel  calls  scenarios        runs        new states  violated     seconds  runs/s by one thread  MiB"
    );
    for name in all {
        let Ok(era) = Era::preset(name) else {
            println!("there is no kernel {name}");
            continue;
        };
        let mut hunt = Hunt::new(Quest::new(era, Arch::Generic, Shape { calls: CALLS, columns: 1 }));
        let mut begun = Instant::now();
        while let Some(level) = hunt.next_level(1, &|| false) {
            let seconds = begun.elapsed().as_secs_f64();
            let mib = resident_memory().map_or(0, |bytes| bytes >> 20);
            println!(
                "{name:7} {:5}  {:15}  {:10}  {:10}  {:11}  {seconds:7.1}  {:20.0}  {mib:4}",
                level.calls,
                level.tally.scenarios,
                level.tries,
                level.nodes,
                level.tally.violated,
                level.tries as f64 / seconds,
            );
            begun = Instant::now();
        }
        let begun = Instant::now();
        let (families, unconfirmed) = hunt.families(1);
        let seconds = begun.elapsed().as_secs_f64();
        println!(
            "{name:7} {} families, {unconfirmed} scenarios not confirmed, in {seconds:.1} s",
            families.len()
        );
    }
}
