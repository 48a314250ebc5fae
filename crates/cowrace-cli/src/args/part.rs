//! The options of parts of a command, and of putting them together.

use std::path::PathBuf;

use clap::Args;
use cowrace_hunt::campaign::Shard;

use crate::part_file::EXTENSION;

use super::hunt::shard;

/// A part of a command, for one of several machines.
#[derive(Clone, Debug, Default, Args)]
pub struct PartArgs {
    /// Searches only a part of the scenarios: `2/5` is the second of five parts. What is in a part depends on nothing but the
    /// command line and the files that it names, with the sizes in `counts.txt` beside scenarios.
    #[arg(long, value_name = "NTH/OF", value_parser = shard)]
    pub shard: Option<Shard>,
    /// With --shard: writes the results to FILE, for `cowrace merge`, when all of them are known. FILE ends in `.part`.
    #[arg(long, value_name = "FILE", requires = "shard", value_parser = part_file)]
    pub part: Option<PathBuf>,
}

/// A file for the results of a part.
fn part_file(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    match path.extension().is_some_and(|extension| extension == EXTENSION) {
        true => Ok(path),
        false => Err(format!("the name must end in `.{EXTENSION}`, by which `cowrace merge` finds it")),
    }
}

/// Arguments of `cowrace merge`.
#[derive(Debug, Args)]
pub struct MergeArgs {
    /// The output format: one of those of the command whose parts these are; the default is text.
    #[arg(long, default_value = "text")]
    pub format: String,
    /// The directory with the files of all parts.
    #[arg(value_name = "DIR")]
    pub directory: PathBuf,
}
