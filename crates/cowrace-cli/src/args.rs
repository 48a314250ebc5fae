//! The command line, as parsed by clap.

mod format;
mod hunt;
mod oracle;
mod part;
mod reproduce;

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

pub(crate) use format::{CheckFormat, ColourName, ExplainFormat, Format, MatrixFormat, PageFormat};
pub(crate) use hunt::{HuntArgs, TriedArgs, WitnessArgs};
pub(crate) use oracle::OracleArgs;
pub(crate) use part::{MergeArgs, PartArgs};
pub(crate) use reproduce::ReproduceArgs;

/// A model checker for the races between copy-on-write and page pinning in Linux mm.
#[derive(Debug, Parser)]
#[command(name = "cowrace", version, after_help = exit_code::of_check(), propagate_version = true, infer_long_args = false)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Whether text for people on standard output has colours.
    #[arg(long = "color", value_name = "WHEN", value_enum, default_value_t, global = true)]
    pub colour: ColourName,
    /// The options of logging.
    #[command(flatten)]
    pub log: LogArgs,
}

impl Cli {
    /// Whether the command runs searches that may be interrupted.
    #[must_use]
    pub const fn searches(&self) -> bool {
        match &self.command {
            Command::Check(_)
            | Command::Matrix(_)
            | Command::Merge(_)
            | Command::Diff(_)
            | Command::Ablate(_)
            | Command::Hunt(_)
            | Command::Witness(_)
            | Command::Oracle(_) => true,
            Command::Explain(args) => !args.as_written && args.schedule.is_none(),
            Command::Replay(_)
            | Command::Reproduce(_)
            | Command::List(_)
            | Command::Eras(_)
            | Command::RealKernels(_)
            | Command::Completions(_)
            | Command::Man(_) => false,
        }
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Explores every interleaving of scenarios, and compares the results with what their files expect.
    #[command(after_help = exit_code::of_check())]
    Check(CheckArgs),
    /// Explores every interleaving of scenarios, and prints the results as a table of scenarios by eras.
    ///
    /// The expectations of the files are ignored.
    #[command(after_help = exit_code::of_matrix())]
    Matrix(MatrixArgs),
    /// Puts the results of the parts of a `check` or a `matrix` together, and prints what the whole command prints.
    ///
    /// It is run where the parts were made, with the same scenarios, by the same build.
    #[command(after_help = exit_code::of_merge())]
    Merge(MergeArgs),
    /// Compares two kernels: scenarios that are broken or mended, page copies, and new lines of the model that no
    /// scenario reached.
    ///
    /// The expectations of the files are ignored. Searches go on after violations.
    #[command(after_help = exit_code::of_diff())]
    Diff(DiffArgs),
    /// Takes each commit, TLB flush, recheck and barrier out of a kernel, and names the scenarios that then fail.
    ///
    /// Parts that no scenario needs are listed as unjustified. The expectations of the files are ignored.
    #[command(after_help = exit_code::of_ablate())]
    Ablate(AblateArgs),
    /// Decides every small scenario under a kernel, and prints those that are violated.
    ///
    /// Scenarios consist of all calls of the language, in all states of an area at the start. Those that lead to the same
    /// are continued once. What is found is sorted by the damage and the kinds of calls.
    #[command(after_help = exit_code::of_hunt())]
    Hunt(HuntArgs),
    /// Finds the smallest scenario that tells a kernel with a commit, TLB flush, recheck or barrier from one without.
    ///
    /// Scenarios are those of `hunt`. Every one of fewer calls is the same under both kernels.
    #[command(after_help = exit_code::of_witness())]
    Witness(WitnessArgs),
    /// Runs one execution: the rows of the diagram in the order drawn, or a schedule.
    #[command(after_help = exit_code::of_replay())]
    Replay(ReplayArgs),
    /// Explains one execution step by step: what changed, and why the kernel went on as it did.
    ///
    /// Without --schedule or --as-written, searches for a bad interleaving and explains it.
    #[command(after_help = exit_code::of_replay())]
    Explain(ExplainArgs),
    /// Writes a C program that does on a running kernel what a diagram does.
    ///
    /// The program needs libc only, prints TAP as kselftest does, and says HIT, CLEAN or SKIP. What user space cannot order
    /// is refused, with what to write instead, or left to chance and tried often.
    #[command(after_help = exit_code::of_reproduce())]
    Reproduce(ReproduceArgs),
    /// Runs the programs of `reproduce` on a kernel, and prints what the model says beside what the kernel did.
    ///
    /// Every variant of every scenario that has a program is run: on this machine's kernel with --host, or on a kernel image
    /// under QEMU with --kernel.
    #[command(after_help = exit_code::of_oracle())]
    Oracle(OracleArgs),
    /// Lists scenarios, or the calls of the language with --calls.
    List(ListArgs),
    /// Lists eras, commits and rules; with a name, describes that era, commit or rule.
    Eras(ErasArgs),
    /// Compares the model with what real kernels did, cell by cell.
    ///
    /// With a row, prints the scenario of that row instead.
    #[command(after_help = exit_code::of_check())]
    RealKernels(RealKernelsArgs),
    /// Prints a script that completes command lines in a shell.
    Completions(CompletionsArgs),
    /// Writes man pages: one for each command.
    Man(ManArgs),
}

/// Arguments of `cowrace completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell.
    pub shell: clap_complete::Shell,
}

/// Arguments of `cowrace man`.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// The directory to write the pages to, such as `~/.local/share/man/man1`. Pages that are there are replaced.
    pub directory: PathBuf,
}

/// Which kernel.
#[derive(Clone, Debug, Args)]
pub struct ToggleArgs {
    /// Adds a commit to each era, or several commits separated by commas: at least 7 digits of each id.
    #[arg(long, value_name = "COMMIT", value_delimiter = ',')]
    pub with: Vec<String>,
    /// Takes a commit out of each era, or several commits separated by commas.
    #[arg(long, value_name = "COMMIT", value_delimiter = ',')]
    pub without: Vec<String>,
    /// Sets a rule in each era; `cowrace eras` lists the keys and values.
    #[arg(long, value_name = "KEY=VALUE", value_delimiter = ',', value_parser = key_value)]
    pub set: Vec<(String, String)>,
    /// The architecture: its barriers, its TLB flushes, and the meaning of its PTE bits.
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

/// The engines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum EngineName {
    /// The project's own search: exhaustive, sequentially consistent.
    #[default]
    Explore,
    /// loom: exhaustive for up to four actors; with C11 memory, a search for violations that need weak
    /// memory.
    Loom,
    /// shuttle: random schedules; a search that finds nothing is `bounded`.
    Shuttle,
    /// All three, compared; the exit code is 14 if another engine sees an outcome that explore does not. explore merges
    /// no states then, and may take hundreds of times longer than alone.
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

/// How shuttle chooses schedules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum SchedulerName {
    /// Random priorities, changed at two random places.
    #[default]
    Pct,
    /// Every decision at random.
    Random,
    /// All schedules in turn, without reduction: for tiny scenarios.
    Exhaustive,
}

/// The engine and its settings.
#[derive(Debug, Args)]
pub struct EngineArgs {
    /// The engine.
    #[arg(long, value_enum, default_value_t)]
    pub engine: EngineName,
    /// The memory model.
    #[arg(long, value_enum, default_value_t)]
    pub memory: MemoryName,
    /// How shuttle chooses schedules; the default is pct.
    #[arg(long, value_enum)]
    pub scheduler: Option<SchedulerName>,
    /// The seed of shuttle's random numbers; the default is 0.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// How many schedules shuttle tries, and loom if it is compared with explore; the defaults are 1000 and 10000.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub schedules: Option<u64>,
    /// Explores all executions with at most N preemptions of actors that could go on, and no others, those with few
    /// first. A search that finds nothing is then `bounded`. With --engine all, it bounds only loom.
    #[arg(long, value_name = "N")]
    pub preemptions: Option<u8>,
}

impl EngineArgs {
    /// Whether eras may share searches. Second opinions are obtained for each era.
    #[must_use]
    pub fn shares(&self) -> bool {
        self.engine == EngineName::Explore
    }
}

/// The kernels and limits of searches.
#[derive(Debug, Args)]
pub struct SearchArgs {
    /// An era by name, a release or stable version such as v6.6 or 5.10.262, or a TOML file with `name`, `base`,
    /// `with`, `without` and `set`. Can be given more than once; the default is every preset.
    #[arg(long, value_name = "ERA|FILE")]
    pub era: Vec<String>,
    /// Deviations.
    #[command(flatten)]
    pub toggles: ToggleArgs,
    /// The limits.
    #[command(flatten)]
    pub how_far: FarArgs,
    /// Takes results of earlier runs from this directory, and stores new ones there. A result is that of the same build of
    /// the model and the engine, the same scenario, rules, architecture and limits, and of a search that came to its end.
    #[arg(long, value_name = "DIR")]
    pub cache: Option<PathBuf>,
}

impl SearchArgs {
    /// The limits of a search that runs alone.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.how_far.limits.limits()
    }
}

/// The limits and the threads of searches.
#[derive(Clone, Debug, Args)]
pub struct FarArgs {
    /// The limits.
    #[command(flatten)]
    pub limits: LimitArgs,
    /// The number of searches that run at the same time; the default is one for each CPU.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
}

/// The limits of searches. They hold for the search of the specification as well, and for searches that make a
/// violation easier to read.
#[derive(Clone, Copy, Debug, Args)]
pub struct LimitArgs {
    /// Ends each search after this many executions, including the search of the specification; the verdict is then
    /// `bounded`.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_executions: Option<u64>,
    /// Ends all searches for one verdict after this many seconds; the verdict is then `bounded`.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub max_time: Option<Duration>,
    /// Ends searches while the whole process uses this much memory, such as 512M or 2GiB; the verdict is then
    /// `bounded`. Half of it is for states, in equal parts for all searches that run at the same time.
    #[arg(long, value_name = "SIZE", value_parser = memory)]
    pub max_memory: Option<u64>,
}

impl LimitArgs {
    /// The limits of a search that runs alone.
    #[must_use]
    pub fn limits(&self) -> Limits {
        let Self { max_executions: executions, max_time: time, max_memory: memory } = *self;
        Limits { executions, time, memory, ..Limits::default() }
    }
}

/// How executions are drawn.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct DrawArgs {
    /// Gives every access to shared memory its own row; the default is rows for operations and for steps at which
    /// another actor goes on.
    #[arg(long, short)]
    pub verbose: bool,
    /// Begins columns at tab stops of 8 and separates them by tabs, for mails.
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
    /// The searches.
    #[command(flatten)]
    pub search: SearchArgs,
    /// The part.
    #[command(flatten)]
    pub part: PartArgs,
    /// The engine.
    #[command(flatten)]
    pub engine: EngineArgs,
    /// Checks this era as well, without toggles, and lists what the other eras break and mend compared with
    /// it.
    #[arg(long, value_name = "ERA|FILE")]
    pub against: Option<String>,
    /// Does not judge runs under toggles or an era file for which the scenario states no outcome. The default is
    /// that such a run must hold, or have the same result as under the base preset.
    #[arg(long)]
    pub report_only: bool,
    /// For one search: resumes it from the checkpoint in FILE, and writes a checkpoint there when it is stopped.
    /// With --shard and --part, searches only a part of what the checkpoint has left, for `cowrace merge`.
    #[arg(long, value_name = "FILE", conflicts_with = "cache")]
    pub resume: Option<PathBuf>,
    /// With --resume: also writes FILE at this interval, to lose less if the process is killed.
    #[arg(long, value_name = "SECONDS", requires = "resume", default_value_t = 30)]
    pub checkpoint_every: u64,
    /// For each run that holds, prints the orders in which calls were seen, and the lines of the model that were
    /// never reached. Searches take two to four times as long then.
    #[arg(long)]
    pub coverage: bool,
    /// Does not fail for the failures that FILE names, each with a reason and an owner, and fails for those that are
    /// gone.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["against", "resume", "report_only"])]
    pub baseline: Option<PathBuf>,
    /// With --baseline: writes the failures that there are to FILE, which nobody else may use meanwhile. Reasons and
    /// owners stay as they are; those of new failures have to be filled in.
    #[arg(long, requires = "baseline", conflicts_with = "shard")]
    pub bless: bool,
    /// The output format.
    #[arg(long, value_enum, default_value_t)]
    pub format: CheckFormat,
    /// Scenario files, and directories to search for `.race` files.
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
}

/// Arguments of `cowrace matrix`.
#[derive(Debug, Args)]
pub struct MatrixArgs {
    /// The searches.
    #[command(flatten)]
    pub search: SearchArgs,
    /// The part.
    #[command(flatten)]
    pub part: PartArgs,
    /// The output format.
    #[arg(long, value_enum, default_value_t)]
    pub format: MatrixFormat,
    /// Counts page copies and page faults as well: the fewest and the most over all executions, and what the
    /// specification needs.
    #[arg(long)]
    pub costs: bool,
    /// For every change from one era to the next, searches for the smallest sets of commits that cause it. The eras
    /// are those given by --era, in that order; the default is the mainline, and each other era with its base.
    #[arg(long, conflicts_with_all = ["costs", "shard"])]
    pub why: bool,
    /// Adds the scenarios of experiments on real kernels; see `cowrace real-kernels`.
    #[arg(long)]
    pub real_kernels: bool,
    /// Scenario files, and directories to search for `.race` files.
    #[arg(required_unless_present = "real_kernels")]
    pub paths: Vec<PathBuf>,
}

/// Arguments of `cowrace diff`.
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// The first kernel: an era, by name or as a file.
    #[arg(value_name = "ERA1")]
    pub from: String,
    /// The second kernel, to which the toggles apply.
    #[arg(value_name = "ERA2")]
    pub to: String,
    /// Deviations of the second kernel.
    #[command(flatten)]
    pub toggles: ToggleArgs,
    /// How far to search.
    #[command(flatten)]
    pub how_far: FarArgs,
    /// Takes results of earlier runs from this directory, and stores new ones there, as `check` does.
    #[arg(long, value_name = "DIR")]
    pub cache: Option<PathBuf>,
    /// The output format.
    #[arg(long, value_enum, default_value_t)]
    pub format: PageFormat,
    /// Scenario files, and directories to search for `.race` files.
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
}

impl DiffArgs {
    /// What to search under both kernels.
    #[must_use]
    pub fn search(&self) -> SearchArgs {
        SearchArgs {
            era: Vec::new(),
            toggles: self.toggles.clone(),
            how_far: self.how_far.clone(),
            cache: self.cache.clone(),
        }
    }
}

/// Arguments of `cowrace ablate`.
#[derive(Debug, Args)]
pub struct AblateArgs {
    /// The searches; one era.
    #[command(flatten)]
    pub search: SearchArgs,
    /// For each part that no scenario needs, tries every scenario of up to N calls, one after the other, and prints the
    /// smallest that does need it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=16))]
    pub witness: Option<u8>,
    /// The output format.
    #[arg(long, value_enum, default_value_t)]
    pub format: PageFormat,
    /// Scenario files, and directories to search for `.race` files.
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
    /// The limits of the searches for the specification and for the explanation.
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
    /// The execution to run.
    #[command(flatten)]
    pub one: OneArgs,
    /// The order of the rows in the file.
    #[arg(long, group = "mode", conflicts_with = "schedule")]
    pub as_written: bool,
    /// A schedule, as `check` prints it.
    #[arg(long, group = "mode")]
    pub schedule: Option<Schedule>,
    /// Makes shuttle follow the schedule as well; the exit code is 14 if its result differs.
    #[arg(long, group = "mode", conflicts_with = "as_written", requires = "schedule")]
    pub shuttle: bool,
    /// The output format.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Arguments of `cowrace explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// How it is drawn.
    #[command(flatten)]
    pub draw: DrawArgs,
    /// The execution to run.
    #[command(flatten)]
    pub one: OneArgs,
    /// The order of the rows in the file.
    #[arg(long, conflicts_with = "schedule")]
    pub as_written: bool,
    /// A schedule, as `check` prints it.
    #[arg(long)]
    pub schedule: Option<Schedule>,
    /// The output format.
    #[arg(long, value_enum, default_value_t)]
    pub format: ExplainFormat,
}

/// Arguments of `cowrace list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// The output format.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Lists every call of the language with its steps, instead of scenarios.
    #[arg(long, conflicts_with = "paths")]
    pub calls: bool,
    /// Scenario files, and directories to search for `.race` files.
    #[arg(required_unless_present = "calls")]
    pub paths: Vec<PathBuf>,
}

/// Arguments of `cowrace eras`.
#[derive(Debug, Args)]
pub struct ErasArgs {
    /// An era (by name, release, version or as a file), the id of a commit, or the key of a rule.
    #[arg(value_name = "ERA|FILE|COMMIT|RULE")]
    pub name: Option<String>,
    /// With an era: lists the kernel functions that the model follows, by file, with the names that they have there.
    #[arg(long, requires = "name")]
    pub functions: bool,
    /// Prints an era file for the kernel tree in DIR, by the messages of its git history. Commits that a shallow or
    /// squashed history does not show are not known.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["name", "format"])]
    pub from_git: Option<PathBuf>,
    /// Prints an era file from a list of commits, `-` for standard input: each line has an id and optionally the
    /// title, as printed by `git log --format='%H %s'`.
    #[arg(long, value_name = "FILE|-", conflicts_with_all = ["name", "format", "from_git"])]
    pub from_list: Option<PathBuf>,
    /// The release that the tree is based on; the default is the version in its Makefile.
    #[arg(long, value_name = "ERA", conflicts_with = "name")]
    pub base: Option<String>,
    /// The output format.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Arguments of `cowrace real-kernels`.
#[derive(Debug, Args)]
pub struct RealKernelsArgs {
    /// A row of the table, such as `vmsplice(R,GET)|excl|none`, or the name of its scenario.
    #[arg(conflicts_with = "format")]
    pub row: Option<String>,
    /// Compares the model with the kernel's own selftest `cow.c` instead: with what it printed on real kernels.
    ///
    /// Each case of the program with each kind of page is a scenario; ROW and --write are about these then.
    #[arg(long)]
    pub selftest: bool,
    /// Writes the scenarios of all rows to files in this directory instead.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["row", "format"])]
    pub write: Option<PathBuf>,
    /// The output format.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

fn arch_parser() -> impl clap::builder::TypedValueParser<Value = Arch> {
    PossibleValuesParser::new(Arch::ALL.iter().map(|a| a.name()))
        .map(|name| Arch::ALL.iter().copied().find(|a| a.name() == name).unwrap_or_default())
}

fn key_value(text: &str) -> Result<(String, String), String> {
    let (key, value) =
        text.split_once('=').ok_or("a rule is set by KEY=VALUE, for example wp_reuse=mapswap")?;
    Ok((key.trim().to_owned(), value.trim().to_owned()))
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "this is not a number of seconds".to_owned())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(time) if !time.is_zero() => Ok(time),
        _ => Err("this is not a valid time limit".to_owned()),
    }
}

/// Refuses a limit that could not be enforced.
fn memory(text: &str) -> Result<u64, String> {
    match resident_memory() {
        Some(_) => size(text),
        None => Err("this system does not tell how much memory a process uses: use --max-time or \
             --max-executions instead"
            .to_owned()),
    }
}

/// Parses a size with a unit, and returns bytes. Units are powers of 1024.
fn size(text: &str) -> Result<u64, String> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let form =
        || "type a whole number and a unit, such as 512M or 2G; 512MiB and 2GiB mean the same".to_owned();
    let shift = match unit {
        "K" | "KiB" => 10,
        "M" | "MiB" => 20,
        "G" | "GiB" => 30,
        "T" | "TiB" => 40,
        _ => return Err(form()),
    };
    let number: u64 = number.parse().map_err(|_| form())?;
    match number.checked_mul(1 << shift) {
        Some(0) => Err("a process cannot run without memory: type a limit such as 512M".to_owned()),
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
            (["--max-time", "0"], "not a valid time"),
            (["--max-time", "inf"], "not a valid time"),
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
