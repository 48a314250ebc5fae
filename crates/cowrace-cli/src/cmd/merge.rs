//! `cowrace merge`: the results of the parts of a command, put together.

use clap::{Parser as _, ValueEnum};

use crate::args::{Command, MergeArgs, PartArgs};
use crate::part_file::Parts;
use crate::{Cli, Exit, Failure, Interrupt, Out};

use super::{check, matrix};

/// Carries out the command.
///
/// # Errors
///
/// If a part is missing or damaged, the parts do not belong together, or the output cannot be written.
pub(crate) fn run(args: &MergeArgs, out: &mut Out<'_>, interrupt: &Interrupt) -> Result<Exit, Failure> {
    let parts = Parts::read(&args.directory)?;
    let command = std::iter::once("cowrace").chain(parts.command().iter().map(String::as_str));
    let cli = Cli::try_parse_from(command).map_err(|error| Failure::tool(error.to_string()))?;
    match cli.command {
        Command::Check(mut of) => {
            (of.format, of.part) = (format(&args.format)?, PartArgs::default());
            check::run(&of, Some(&parts), out, interrupt)
        }
        Command::Matrix(mut of) => {
            (of.format, of.part) = (format(&args.format)?, PartArgs::default());
            matrix::run(&of, Some(&parts), out, interrupt)
        }
        _ => Err(Failure::tool("these are parts of another command")),
    }
}

/// A format of the command.
fn format<F: ValueEnum>(name: &str) -> Result<F, Failure> {
    F::from_str(name, false).map_err(|_| {
        let all = F::value_variants().iter().filter_map(ValueEnum::to_possible_value);
        let all: Vec<String> = all.map(|value| value.get_name().to_owned()).collect();
        Failure::usage(format!("there is no format `{name}` here: use one of {}", all.join(", ")))
    })
}
