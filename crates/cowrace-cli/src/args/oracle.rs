//! The options of programs that are run.

use std::path::PathBuf;

use clap::Args;

use super::LimitArgs;

/// Arguments of `cowrace oracle`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("where").required(true))]
pub struct OracleArgs {
    /// Runs the programs on this machine's kernel, as root.
    #[arg(long, group = "where")]
    pub host: bool,
    /// Runs the programs on this kernel image for x86-64, under QEMU and without KVM.
    #[arg(long, value_name = "IMAGE", group = "where")]
    pub kernel: Option<PathBuf>,
    /// With --kernel: a module to load before, such as `fuse.ko`. Can be given more than once; the order is kept.
    #[arg(long, value_name = "FILE", requires = "kernel")]
    pub module: Vec<PathBuf>,
    /// With --host: does not ask before programs are run. It is needed where there is no terminal.
    #[arg(long, conflicts_with = "kernel")]
    pub yes: bool,
    /// The era that the kernel is compared with, by name or as a file; the default is the kernel's own version.
    #[arg(long, value_name = "ERA|FILE")]
    pub era: Option<String>,
    /// The limits of the searches.
    #[command(flatten)]
    pub limits: LimitArgs,
    /// Scenario files, and directories to search for `.race` files.
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
}
