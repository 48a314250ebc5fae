//! Tests for each scenario, variant, kernel or row of a table, named after these. `cargo test` runs them
//! on threads of one process.

mod cells;
mod counterexamples;
mod counts;
mod engines;
mod gallery;
mod real_kernels;
mod sources;
mod twins;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

/// Tests of a kind, by the first part of their names.
type Kind = (&'static str, fn(&Arguments) -> Vec<Trial>);

/// In the order in which they are run: the longest first, so that no processor waits for one at the end.
const KINDS: [Kind; 6] = [
    ("counterexamples", counterexamples::trials),
    ("engines", engines::trials),
    ("cells", cells::trials),
    ("real_kernels", real_kernels::trials),
    ("gallery", gallery::trials),
    ("twins", twins::trials),
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    // A test runner may start a process for each test, which must not take longer than the test.
    let is_due = |kind: &str| {
        let exact = arguments.filter.as_ref().filter(|_| arguments.exact);
        exact.is_none_or(|name| name.split("::").next() == Some(kind))
    };
    let due = KINDS.iter().filter(|(kind, _)| is_due(kind));
    let trials = due.flat_map(|(_, trials)| trials(&arguments)).collect();
    let done = libtest_mimic::run(&arguments, trials);
    if let Err(error) = counts::bless(&arguments) {
        eprintln!("scenarios/counts.txt cannot be written: {error}");
        return ExitCode::FAILURE;
    }
    done.exit_code()
}
