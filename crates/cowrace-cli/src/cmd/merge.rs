//! `cowrace merge`: the results of the parts of a command, put together.

use std::path::PathBuf;

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
    let cli = Cli::try_parse_from(command).map_err(|_| foreign())?;
    match cli.command {
        Command::Check(mut of) => {
            are_here(&of.paths)?;
            (of.format, of.part) = (format(&args.format)?, PartArgs::default());
            check::run(&of, Some(&parts), out, interrupt)
        }
        Command::Matrix(mut of) => {
            are_here(&of.paths)?;
            (of.format, of.part) = (format(&args.format)?, PartArgs::default());
            matrix::run(&of, Some(&parts), out, interrupt)
        }
        _ => Err(foreign()),
    }
}

fn foreign() -> Failure {
    Failure::usage("these are no parts of a `check` or a `matrix`")
}

/// Refuses to go on where the command was not run.
fn are_here(paths: &[PathBuf]) -> Result<(), Failure> {
    match paths.iter().find(|path| !path.exists()) {
        None => Ok(()),
        Some(path) => Err(Failure::usage(format!(
            "these parts are of a command that names `{}`, which is not here: merge them in the directory where they were made",
            path.display()
        ))),
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
