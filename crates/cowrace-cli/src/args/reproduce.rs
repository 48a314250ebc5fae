//! The options of programs for running kernels.

use std::path::PathBuf;

use clap::Args;

use super::{LimitArgs, ToggleArgs};

/// Arguments of `cowrace reproduce`.
#[derive(Debug, Args)]
pub struct ReproduceArgs {
    /// The scenario.
    pub file: PathBuf,
    /// The era that the program is for, by name or as a file; the default is the newest release. It decides which
    /// order of calls is taken, and what holds a page.
    #[arg(long, value_name = "ERA|FILE")]
    pub era: Option<String>,
    /// The variant of the scenario.
    #[arg(long)]
    pub variant: Option<String>,
    /// Deviations.
    #[command(flatten)]
    pub toggles: ToggleArgs,
    /// The limits of the searches.
    #[command(flatten)]
    pub limits: LimitArgs,
    /// Writes the program to this file; the default is standard output.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}
