//! The command line, as clap reads it.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Args, Parser, Subcommand, ValueEnum};
use cowrace_explore::Limits;
use cowrace_machine::{Arch, resident_memory};
use cowrace_report::Schedule;

use cowrace_check::Toggles;
use cowrace_explain::Detail;
use cowrace_explain::diagram::Drawing;

use crate::exit_code;
use crate::log::LogArgs;

/// A model checker for the races between copy-on-write and page pinning in Linux mm.
#[derive(Debug, Parser)]
#[command(name = "cowrace", version, after_help = exit_code::of_check(), propagate_version = true, infer_long_args = false)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// What is logged.
    #[command(flatten)]
    pub log: LogArgs,
}

impl Cli {
    /// Whether the command makes searches that may be interrupted.
    #[must_use]
    pub const fn searches(&self) -> bool {
        match &self.command {
            Command::Check(_) | Command::Matrix(_) | Command::Diff(_) | Command::Ablate(_) => true,
            Command::Explain(args) => !args.as_written && args.schedule.is_none(),
            Command::Replay(_) | Command::List(_) | Command::Eras(_) | Command::RealKernels(_) => false,
        }
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Explores every interleaving of scenarios and compares with what their files expect.
    #[command(after_help = exit_code::of_check())]
    Check(CheckArgs),
    /// Explores every interleaving of scenarios and prints what was found, scenario by era.
    ///
    /// What the files expect makes no difference.
    #[command(after_help = exit_code::of_matrix())]
    Matrix(MatrixArgs),
    /// Compares two kernels: scenarios that are broken and mended, page copies, and lines of the model that were not tried.
    ///
    /// What the files expect makes no difference.
    #[command(after_help = exit_code::of_diff())]
    Diff(DiffArgs),
    /// Takes each commit, TLB flush, recheck and barrier out of a kernel, and names the scenarios that then fail.
    ///
    /// What no scenario needs is listed as unjustified. What the files expect makes no difference.
    #[command(after_help = exit_code::of_ablate())]
    Ablate(AblateArgs),
    /// Runs one execution: the rows of the diagram in the order drawn, or a schedule.
    #[command(after_help = exit_code::of_replay())]
    Replay(ReplayArgs),
    /// Tells one execution step by step: what changed, and why the kernel went on as it did.
    ///
    /// Without --schedule or --as-written, explores and tells the first bad interleaving.
    #[command(after_help = exit_code::of_replay())]
    Explain(ExplainArgs),
    /// Lists scenarios, or the calls of the language with --calls.
    List(ListArgs),
    /// Lists eras and rules; with a name, tells of that era, commit or rule.
    Eras(ErasArgs),
    /// Compares the model with what real kernels did, cell by cell.
    ///
    /// With a row, prints the scenario of that row instead.
    #[command(after_help = exit_code::of_check())]
    RealKernels(RealKernelsArgs),
}

/// How results are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// How a matrix is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum MatrixFormat {
    /// A table for people.
    #[default]
    Text,
    /// One JSON object a line, one line a cell.
    Json,
    /// A table for a mail or a wiki.
    Markdown,
}

/// Which kernel.
#[derive(Clone, Debug, Args)]
pub struct ToggleArgs {
    /// Adds a commit to each era, or several, with commas between: at least 7 digits of each id.
    #[arg(long, value_name = "COMMIT", value_delimiter = ',')]
    pub with: Vec<String>,
    /// Takes a commit out of each era, or several.
    #[arg(long, value_name = "COMMIT", value_delimiter = ',')]
    pub without: Vec<String>,
    /// Picks a rule in each era; `cowrace eras` lists the keys and values.
    #[arg(long, value_name = "KEY=VALUE", value_delimiter = ',', value_parser = key_value)]
    pub set: Vec<(String, String)>,
    /// The architecture: its barriers, its TLB flushes, and what the bits of its PTEs mean.
    #[arg(long, default_value = "generic", value_parser = arch_parser())]
    pub arch: Arch,
}

impl ToggleArgs {
    /// The toggles alone.
    #[must_use]
    pub fn toggles(&self) -> Toggles {
        Toggles { with: self.with.clone(), without: self.without.clone(), set: self.set.clone() }
    }
}

/// The engines that can be asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum EngineName {
    /// The project's own search: exhaustive, sequentially consistent.
    #[default]
    Explore,
    /// loom: exhaustive for up to four actors, and with C11 memory a hunt for what weak memory adds.
    Loom,
    /// shuttle: random schedules; what finds nothing is `bounded`.
    Shuttle,
    /// All three, compared: 14 if one of the others sees what explore does not.
    All,
}

/// Memory models.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum MemoryName {
    /// Sequential consistency.
    #[default]
    Sc,
    /// C11 with the orderings of the kernel's primitives; only with --engine loom.
    C11,
}

/// How shuttle makes schedules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum SchedulerName {
    /// Random priorities, changed at two random places.
    #[default]
    Pct,
    /// Every decision at random.
    Random,
    /// All schedules in turn, without reduction: for what is tiny.
    Exhaustive,
}

/// Which engine, and what it is told.
#[derive(Debug, Args)]
pub struct EngineArgs {
    /// The engine.
    #[arg(long, value_enum, default_value_t)]
    pub engine: EngineName,
    /// The memory model.
    #[arg(long, value_enum, default_value_t)]
    pub memory: MemoryName,
    /// How shuttle makes schedules; without it, pct.
    #[arg(long, value_enum)]
    pub scheduler: Option<SchedulerName>,
    /// Where shuttle's random numbers begin; without it, at 0.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// How many schedules shuttle tries, and loom where it is compared with explore; without it, 1000 and 10000.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub schedules: Option<u64>,
    /// Explores only executions in which actors that could go on are stopped at most so often, all together: more
    /// ground in less time, but what finds nothing is then `bounded`. With --engine all it bounds loom alone.
    #[arg(long, value_name = "N")]
    pub preemptions: Option<u8>,
}

/// Under which kernels to search, and how far.
#[derive(Debug, Args)]
pub struct SearchArgs {
    /// An era by name, a release or stable version, as v6.6 or 5.10.262, or a TOML file with `name`, `base`, `with`,
    /// `without` and `set`. May be given more than once; without it, every preset.
    #[arg(long, value_name = "ERA|FILE")]
    pub era: Vec<String>,
    /// Deviations.
    #[command(flatten)]
    pub toggles: ToggleArgs,
    /// How far.
    #[command(flatten)]
    pub how_far: FarArgs,
}

impl SearchArgs {
    /// What may end each search early.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.how_far.limits.limits()
    }
}

/// How far to search, and with how much.
#[derive(Clone, Debug, Args)]
pub struct FarArgs {
    /// How far.
    #[command(flatten)]
    pub limits: LimitArgs,
    /// Searches that run at the same time; without it, one for each CPU.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
}

/// How far to search. The search of the specification is a search like every other, and so are those that
/// make what was found easier to read.
#[derive(Clone, Copy, Debug, Args)]
pub struct LimitArgs {
    /// Ends each search after so many executions, that of the specification as well; the verdict is then `bounded`.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_executions: Option<u64>,
    /// Ends all that is done for one verdict after so many seconds; the verdict is then `bounded`.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub max_time: Option<Duration>,
    /// Ends searches while the whole process has so much memory, as 512M or 2GiB; the verdict is then `bounded`.
    #[arg(long, value_name = "SIZE", value_parser = memory)]
    pub max_memory: Option<u64>,
}

impl LimitArgs {
    /// What may end each search early.
    #[must_use]
    pub fn limits(&self) -> Limits {
        let Self { max_executions: executions, max_time: time, max_memory: memory } = *self;
        Limits { executions, time, memory, ..Limits::default() }
    }
}

/// How executions are drawn.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct DrawArgs {
    /// Gives every access to shared memory a row of its own; without it, operations and the steps at which another
    /// actor goes on.
    #[arg(long, short)]
    pub verbose: bool,
    /// Begins columns at tab stops of 8 and sets them apart by tabs, for mails.
    #[arg(long)]
    pub tabs: bool,
}

impl From<DrawArgs> for Drawing {
    fn from(args: DrawArgs) -> Self {
        let detail = if args.verbose { Detail::Accesses } else { Detail::Operations };
        Self { detail, tabs: args.tabs }
    }
}

/// Arguments of `cowrace check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// How a violation is drawn.
    #[command(flatten)]
    pub draw: DrawArgs,
    /// What to search.
    #[command(flatten)]
    pub search: SearchArgs,
    /// Which engine.
    #[command(flatten)]
    pub engine: EngineArgs,
    /// Checks this era as well, without toggles, and lists what the others break and mend in comparison.
    #[arg(long, value_name = "ERA|FILE")]
    pub against: Option<String>,
    /// Does not judge runs under toggles or an era file of which the scenario says nothing. Without it, what is found there
    /// must be what is found under the preset that they depart from, or hold.
    #[arg(long)]
    pub report_only: bool,
    /// For one search: goes on where FILE says that it was stopped, and writes there where it is stopped.
    #[arg(long, value_name = "FILE")]
    pub resume: Option<PathBuf>,
    /// With --resume: writes FILE every so many seconds as well, so that no more is lost if the process is killed.
    #[arg(long, value_name = "SECONDS", requires = "resume", default_value_t = 30)]
    pub checkpoint_every: u64,
    /// Tells of each run that holds which calls met in which order, and which lines of the model were never reached.
    #[arg(long)]
    pub coverage: bool,
    /// How results are printed.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Scenario files, and directories that are searched for `.race` files.
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
}

/// Arguments of `cowrace matrix`.
#[derive(Debug, Args)]
pub struct MatrixArgs {
    /// What to search.
    #[command(flatten)]
    pub search: SearchArgs,
    /// How the matrix is printed.
    #[arg(long, value_enum, default_value_t)]
    pub format: MatrixFormat,
    /// Counts page copies and page faults as well: fewest and most over all executions, and what the specification needed.
    #[arg(long)]
    pub costs: bool,
    /// Names for every change from one era to the next the smallest sets of commits that make it, found by searching:
    /// along the eras that are asked for; without any, along the mainline, and from the base of what is built on it.
    #[arg(long, conflicts_with = "costs")]
    pub why: bool,
    /// Adds the scenarios that stand for what was tried on real kernels; see `cowrace real-kernels`.
    #[arg(long)]
    pub real_kernels: bool,
    /// Scenario files, and directories that are searched for `.race` files.
    #[arg(required_unless_present = "real_kernels")]
    pub paths: Vec<PathBuf>,
}

/// Arguments of `cowrace diff`.
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// The kernel before: an era, by name or as a file.
    #[arg(value_name = "ERA1")]
    pub from: String,
    /// The kernel after, which is given the toggles.
    #[arg(value_name = "ERA2")]
    pub to: String,
    /// Deviations of the kernel after.
    #[command(flatten)]
    pub toggles: ToggleArgs,
    /// How far to search.
    #[command(flatten)]
    pub how_far: FarArgs,
    /// How results are printed.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Scenario files, and directories that are searched for `.race` files.
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
}

impl DiffArgs {
    /// What to search under both kernels.
    #[must_use]
    pub fn search(&self) -> SearchArgs {
        SearchArgs { era: Vec::new(), toggles: self.toggles.clone(), how_far: self.how_far.clone() }
    }
}

/// Arguments of `cowrace ablate`.
#[derive(Debug, Args)]
pub struct AblateArgs {
    /// What to search; one era.
    #[command(flatten)]
    pub search: SearchArgs,
    /// How results are printed.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Scenario files, and directories that are searched for `.race` files.
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
}

/// One scenario under one era.
#[derive(Debug, Args)]
pub struct OneArgs {
    /// The scenario.
    pub file: PathBuf,
    /// The era, by name or as a file.
    #[arg(long, value_name = "ERA|FILE")]
    pub era: String,
    /// The variant of the scenario.
    #[arg(long)]
    pub variant: Option<String>,
    /// Deviations.
    #[command(flatten)]
    pub toggles: ToggleArgs,
    /// How far to search what user space was promised, and what there is to tell.
    #[command(flatten)]
    pub limits: LimitArgs,
}

/// Arguments of `cowrace replay`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("mode").required(true).multiple(true))]
pub struct ReplayArgs {
    /// How it is drawn.
    #[command(flatten)]
    pub draw: DrawArgs,
    /// What to run.
    #[command(flatten)]
    pub one: OneArgs,
    /// The order of the rows in the file.
    #[arg(long, group = "mode", conflicts_with = "schedule")]
    pub as_written: bool,
    /// A schedule, as `check` prints it.
    #[arg(long, group = "mode")]
    pub schedule: Option<Schedule>,
    /// Has shuttle follow the schedule as well, and compares: 14 if it has another result.
    #[arg(long, group = "mode", conflicts_with = "as_written", requires = "schedule")]
    pub shuttle: bool,
    /// How results are printed.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Arguments of `cowrace explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// How it is drawn.
    #[command(flatten)]
    pub draw: DrawArgs,
    /// What to run.
    #[command(flatten)]
    pub one: OneArgs,
    /// The order of the rows in the file.
    #[arg(long, conflicts_with = "schedule")]
    pub as_written: bool,
    /// A schedule, as `check` prints it.
    #[arg(long)]
    pub schedule: Option<Schedule>,
}

/// Arguments of `cowrace list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// How results are printed.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Instead of scenarios, lists every call that a cell can be, with its steps.
    #[arg(long, conflicts_with = "paths")]
    pub calls: bool,
    /// Scenario files, and directories that are searched for `.race` files.
    #[arg(required_unless_present = "calls")]
    pub paths: Vec<PathBuf>,
}

/// Arguments of `cowrace eras`.
#[derive(Debug, Args)]
pub struct ErasArgs {
    /// An era, by name, release, version or as a file; the id of a commit; or the key of a rule.
    #[arg(value_name = "ERA|FILE|COMMIT|RULE")]
    pub name: Option<String>,
    /// Prints an era file of the kernel tree in DIR, by the messages of its history. What a shallow or squashed history
    /// does not show is not known.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["name", "format"])]
    pub from_git: Option<PathBuf>,
    /// Prints an era file by a list of commits, `-` for standard input: an id in each line, and its title if one likes,
    /// as `git log --format='%H %s'` prints them.
    #[arg(long, value_name = "FILE|-", conflicts_with_all = ["name", "format", "from_git"])]
    pub from_list: Option<PathBuf>,
    /// What the tree began as; without it, what its Makefile says.
    #[arg(long, value_name = "ERA", conflicts_with = "name")]
    pub base: Option<String>,
    /// How results are printed.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Arguments of `cowrace real-kernels`.
#[derive(Debug, Args)]
pub struct RealKernelsArgs {
    /// A row of the table, as `vmsplice(R,GET)|excl|none`, or the name of its scenario.
    #[arg(conflicts_with = "format")]
    pub row: Option<String>,
    /// Writes the scenarios of all rows into files of this directory instead.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["row", "format"])]
    pub write: Option<PathBuf>,
    /// How results are printed.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

fn arch_parser() -> impl clap::builder::TypedValueParser<Value = Arch> {
    PossibleValuesParser::new(Arch::ALL.iter().map(|a| a.name()))
        .map(|name| Arch::ALL.iter().copied().find(|a| a.name() == name).unwrap_or_default())
}

fn key_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("a rule is picked as KEY=VALUE, as in wp_reuse=mapswap")?;
    Ok((key.trim().to_owned(), value.trim().to_owned()))
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "this is no number of seconds".to_owned())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(time) if !time.is_zero() => Ok(time),
        _ => Err("this is no time that a search could take".to_owned()),
    }
}

/// A limit that nothing would keep is none.
fn memory(text: &str) -> Result<u64, String> {
    match resident_memory() {
        Some(_) => size(text),
        None => Err("this system does not say how much memory a process has: say --max-time or \
                     --max-executions instead"
            .to_owned()),
    }
}

/// Bytes from a size as people write it. Units are powers of 1024.
fn size(text: &str) -> Result<u64, String> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let form = || "type a whole number and a unit, as 512M or 2G; 512MiB and 2GiB mean the same".to_owned();
    let shift = match unit {
        "K" | "KiB" => 10,
        "M" | "MiB" => 20,
        "G" | "GiB" => 30,
        "T" | "TiB" => 40,
        _ => return Err(form()),
    };
    let number: u64 = number.parse().map_err(|_| form())?;
    match number.checked_mul(1 << shift) {
        Some(0) => Err("no process has no memory: type a limit such as 512M".to_owned()),
        Some(bytes) => Ok(bytes),
        None => Err("no machine has so much memory: leave the limit out".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn sizes_have_units_of_1024() {
        for (text, bytes) in
            [("1K", 1 << 10), ("7KiB", 7 << 10), ("512M", 512 << 20), ("512MiB", 512 << 20), ("2G", 2 << 30)]
        {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for (text, words) in [
            ("512", "type a whole number and a unit"),
            ("", "type a whole number and a unit"),
            ("G", "as 512M or 2G"),
            ("1.5G", "type a whole number"),
            ("2GB", "512MiB and 2GiB mean the same"),
            ("99999999999999999999G", "type a whole number"),
            ("0M", "type a limit such as 512M"),
            ("99999999999T", "leave the limit out"),
        ] {
            let error = size(text).expect_err(text);
            assert!(error.contains(words), "{text}: {error}");
        }
    }

    #[test]
    fn only_what_is_built_in_is_accepted() {
        for (wrong, words) in [
            (["--engine", "spin"], "possible values: explore, loom, shuttle, all"),
            (["--memory", "lkmm"], "possible values: sc, c11"),
            (["--schedules", "0"], "0 is not in"),
            (["--seed", "dice"], "invalid digit"),
            (["--max-time", "-1"], "unexpected argument"),
            (["--max-time", "0"], "no time"),
            (["--max-time", "inf"], "no time"),
            (["--max-executions", "0"], "0 is not in"),
            (["--max-memory", "-1G"], "unexpected argument"),
            (["--arch", "vax"], "no-swap-exclusive"),
            (["--set", "wp_reuse"], "KEY=VALUE"),
        ] {
            let args = ["cowrace", "check"].into_iter().chain(wrong).chain(["x.race"]);
            let error = Cli::try_parse_from(args).expect_err(wrong[1]).to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
