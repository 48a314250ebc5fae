//! `cowrace completions` and `cowrace man`: what a shell and `man` know of the command line.

use std::fs;
use std::io;
use std::path::Path;

use clap::builder::PossibleValuesParser;
use clap::{Arg, Command, CommandFactory as _};
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};
use cowrace_mm::era::PRESETS;

use crate::args::{CompletionsArgs, ManArgs};
use crate::{Cli, Failure, Out};

/// The names of the values that are eras, in options: where a name may stand, and where a file may stand as well.
const ERAS: [&str; 2] = ["ERA", "ERA|FILE"];

/// Prints the script of a shell.
///
/// # Errors
///
/// If the output cannot be written.
pub(crate) fn completions(args: &CompletionsArgs, out: &mut Out<'_>) -> Result<(), Failure> {
    // In bash, files are completed where none of the values begins so. In others, no file would be completed.
    let mut command = match args.shell {
        Shell::Bash => Cli::command().mut_subcommands(|command| command.mut_args(with_eras)),
        _ => Cli::command(),
    };
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "cowrace", &mut script);
    out.text(&String::from_utf8_lossy(&script))
}

/// An argument with the names of eras as its values, if it is an option that takes one.
fn with_eras(arg: Arg) -> Arg {
    let is_era =
        arg.get_value_names().is_some_and(|names| names.iter().any(|name| ERAS.contains(&name.as_str())));
    if !is_era || arg.is_positional() {
        return arg;
    }
    arg.value_parser(PossibleValuesParser::new(PRESETS.iter().map(|preset| preset.name)))
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
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let mut all = std::iter::once(&command).chain(command.get_subcommands());
    let written = all.try_for_each(|command| page(command, &args.directory));
    written.map_err(|error| Failure::tool(format!("{name}: {error}")))
}

/// Writes the page of a command.
fn page(command: &Command, directory: &Path) -> io::Result<()> {
    let man = Man::new(command.clone());
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    if let Some(codes) = command.get_after_help() {
        // A table: its lines are not filled.
        let mut section = Roff::new();
        section.control("SH", ["EXIT STATUS"]).control("nf", []);
        for line in codes.to_string().lines() {
            section.text([roman(line)]);
        }
        section.control("fi", []).to_writer(&mut page)?;
    }
    man.render_version_section(&mut page)?;
    fs::write(directory.join(man.get_filename()), page)
}
