//! The command line of cowrace: arguments, files, progress, exit codes. The answers come from `cowrace-check`,
//! `cowrace-compare` and `cowrace-explain`; this crate is thin.

mod args;
mod baseline;
mod batch;
mod cache_dir;
mod checkpoint_file;
mod cmd;
mod decided_file;
mod engines;
mod exit_code;
mod failure;
mod git_history;
mod hunt_watch;
mod input;
mod interrupt;
mod jobs;
mod locked_file;
pub mod log;
mod out;
mod part_file;
mod progress;
mod single_run;
mod split;
mod status;
mod whole_file;

pub use args::Cli;
pub use exit_code::Exit;
pub use failure::Failure;
pub use interrupt::Interrupt;
pub use out::Out;

/// Executes a command line. `interrupt` ends its searches early: their results so far are printed, and the exit
/// code is 12 unless a graver one applies.
///
/// # Errors
///
/// If there is no answer: the failure has the message for standard error and the exit code.
pub fn run(cli: &Cli, out: &mut Out<'_>, interrupt: &Interrupt) -> Result<Exit, Failure> {
    match &cli.command {
        args::Command::Check(args) => cmd::check::run(args, None, out, interrupt),
        args::Command::Matrix(args) => cmd::matrix::run(args, None, out, interrupt),
        args::Command::Merge(args) => cmd::merge::run(args, out, interrupt),
        args::Command::Diff(args) => cmd::diff::run(args, out, interrupt),
        args::Command::Ablate(args) => cmd::ablate::run(args, out, interrupt),
        args::Command::Hunt(args) => cmd::hunt::run(args, out, interrupt),
        args::Command::Witness(args) => cmd::witness::run(args, out, interrupt),
        args::Command::Replay(args) => cmd::replay::run(args, out),
        args::Command::Explain(args) => cmd::explain::run(args, out, interrupt),
        args::Command::Reproduce(args) => cmd::reproduce::run(args, out),
        args::Command::Oracle(args) => cmd::oracle::run(args, out, interrupt),
        args::Command::List(args) => cmd::list::run(args, out),
        args::Command::Eras(args) => cmd::eras::run(args, out).map(|()| Exit::Ok),
        args::Command::RealKernels(args) => cmd::real_kernels::run(args, out),
        args::Command::Completions(args) => cmd::manual::completions(args, out).map(|()| Exit::Ok),
        args::Command::Man(args) => cmd::manual::pages(args).map(|()| Exit::Ok),
    }
}
