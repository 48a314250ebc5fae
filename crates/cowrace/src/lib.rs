//! A model checker for the races between copy-on-write and page pinning in Linux mm.
//!
//! This crate is the command line and a facade: the language is in [`scenario`], the kernel in [`mm`],
//! the search in [`explore`], the layout of text in [`render`], and [`trace`] is the data that all of
//! them speak of. What is here joins them: [`select`] picks eras, Task is one scenario under one
//! era, picture draws what was found as a scenario of its own, and [`run`] is the command line.

mod cli;
mod cmd;
mod era_file;
mod eras;
mod failure;
mod jobs;
mod judge;
mod out;
mod progress;
mod suggest;

pub use cowrace_explore as explore;
pub use cowrace_machine as machine;
pub use cowrace_mm as mm;
pub use cowrace_render as render;
pub use cowrace_scenario as scenario;
pub use cowrace_trace as trace;

pub use cli::Cli;
pub use cowrace_trace::Exit;
pub use eras::{Selection, Toggles, named, select};
pub use failure::Failure;
pub use judge::{exit, worst};
pub use out::Out;

/// Carries out a command line.
///
/// # Errors
///
/// If there is no answer: the failure says what to print on standard error, and the exit code.
pub fn run(cli: &Cli, out: &mut Out<'_>) -> Result<Exit, Failure> {
    match &cli.command {
        _ if false => unreachable!(),
        cli::Command::Eras(args) => cmd::eras::run(args, out).map(|()| Exit::Ok),
        _ => Ok(Exit::Ok),
    }
}
