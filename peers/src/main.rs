//! Compares our checker with others on the common problem, or with one on real scenarios, in one run and one table.
//! README.md describes each.
#![expect(clippy::print_stdout, reason = "the table is what the program is for")]

#[cfg(test)]
mod agreement;
mod clang;
mod explore;
mod loom;
mod measure;
mod options;
mod peer;
mod peers;
mod process;
mod question;
mod scenarios;
mod shuttle;
mod spin;
mod stateright;
mod steps;
mod suite;
mod table;
mod tally;
mod threads;
mod verdict;

use std::process::ExitCode;

use clap::Parser;

/// The exit code is 0 if everything that could be compared agrees with our checker.
fn main() -> ExitCode {
    let options = options::Options::parse();
    cowrace_shuttle::prepare();
    let mut say = |line: &str| println!("{line}");
    let agrees = if options.scenarios {
        scenarios::run(&options, &mut say)
    } else {
        suite::Suite::default().run(&options, &mut say)
    };
    if agrees { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
