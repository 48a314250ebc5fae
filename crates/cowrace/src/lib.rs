//! A model checker for the races between copy-on-write and page pinning in Linux mm.
//!
//! This crate is the command line and a facade: the language is in [`scenario`], the kernel in [`mm`],
//! the search in [`explore`], the layout of text in [`render`], and [`report`] is the data that all of
//! them speak of. What is here joins them: [`select`] picks eras, [`Task`] is one scenario under one
//! era, [`picture`] draws what was found as a scenario of its own, and [`run`] is the command line.

mod ablate;
mod against;
mod agreement;
mod aside;
mod base;
mod batch;
mod bounds;
mod check;
mod checkpoint;
mod cli;
mod cmd;
mod compare;
mod costs;
mod coverage;
mod diagnose;
mod difference;
mod directives;
mod drawn;
mod effects;
mod engine;
mod engines;
mod era_file;
mod eras;
mod failure;
mod history;
mod input;
mod interrupt;
mod jobs;
mod judge;
mod one;
mod out;
mod picture;
mod progress;
mod promised;
mod ranges;
mod rows;
mod sharing;
mod status;
mod story;
mod suggest;
mod trials;
mod why;

pub use cowrace_explore as explore;
pub use cowrace_loom as loom;
pub use cowrace_machine as machine;
pub use cowrace_mm as mm;
pub use cowrace_real_kernels as real_kernels;
pub use cowrace_render as render;
pub use cowrace_report as report;
pub use cowrace_scenario as scenario;
pub use cowrace_shuttle as shuttle;
pub use cowrace_spec as spec;
pub use cowrace_thread_engine as thread_engine;

pub use agreement::{Cell, not_modelled};
pub use check::{Exploration, Task};
pub use checkpoint::Checkpoint;
pub use cli::Cli;
pub use compare::Outcomes;
pub use cowrace_report::Exit;
pub use engine::{Answer, Second};
pub use eras::{Selection, Toggles, named, select};
pub use failure::Failure;
pub use interrupt::Interrupt;
pub use judge::{exit, worst};
pub use out::Out;
pub use picture::{Drawing, picture};
pub use promised::Promised;
pub use rows::Detail;
pub use story::Story;

/// Carries out a command line. `interrupt` ends its searches early: what they have come to is told, and the exit
/// code is 12 unless a graver one applies.
///
/// # Errors
///
/// If there is no answer: the failure says what to print on standard error, and the exit code.
pub fn run(cli: &Cli, out: &mut Out<'_>, interrupt: &Interrupt) -> Result<Exit, Failure> {
    match &cli.command {
        cli::Command::Check(args) => cmd::check::run(args, out, interrupt),
        cli::Command::Matrix(args) => cmd::matrix::run(args, out, interrupt),
        cli::Command::Diff(args) => cmd::diff::run(args, out, interrupt),
        cli::Command::Ablate(args) => cmd::ablate::run(args, out, interrupt),
        cli::Command::Replay(args) => cmd::replay::run(args, out),
        cli::Command::Explain(args) => cmd::explain::run(args, out, interrupt),
        cli::Command::List(args) => cmd::list::run(args, out),
        cli::Command::Eras(args) => cmd::eras::run(args, out).map(|()| Exit::Ok),
        cli::Command::RealKernels(args) => cmd::real_kernels::run(args, out),
    }
}
