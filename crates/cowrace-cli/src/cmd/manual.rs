//! `cowrace completions` and `cowrace man`: what a shell and `man` know of the command line.

use clap::CommandFactory as _;

use crate::args::{CompletionsArgs, ManArgs};
use crate::{Cli, Failure, Out};

/// Prints the script of a shell.
///
/// # Errors
///
/// If the output cannot be written.
pub(crate) fn completions(args: &CompletionsArgs, out: &mut Out<'_>) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "cowrace", &mut script);
    out.text(&String::from_utf8_lossy(&script))
}

/// Writes the man pages.
///
/// # Errors
///
/// If they cannot be written.
pub(crate) fn pages(args: &ManArgs) -> Result<(), Failure> {
    let name = args.directory.display();
    if !args.directory.is_dir() {
        return Err(Failure::usage(format!("{name} is not a directory: make it first (`mkdir -p {name}`)")));
    }
    let written = clap_mangen::generate_to(Cli::command(), &args.directory);
    written.map_err(|error| Failure::tool(format!("{name}: {error}")))
}
