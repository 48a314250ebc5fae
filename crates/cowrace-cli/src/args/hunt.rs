//! The options of searches over generated scenarios.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use cowrace_explore::Limits;
use cowrace_hunt::campaign::Shard;
use cowrace_hunt::start::Start;
use cowrace_machine::Arch;

use crate::part_file::MOST_PARTS;

use super::{Format, PageFormat, ToggleArgs, arch_parser, seconds};

/// Which scenarios of so many calls are tried, and by how many threads.
#[derive(Debug, Args)]
pub struct TriedArgs {
    /// The largest number of columns that run side by side. With 1, every call ends before the next begins.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=3))]
    pub columns: u8,
    /// Tries only these calls, by name, separated by commas; loads and stores have none, and are always tried.
    #[arg(long, value_name = "CALL", value_delimiter = ',')]
    pub only: Vec<String>,
    /// Does not try these calls.
    #[arg(long, value_name = "CALL", value_delimiter = ',')]
    pub except: Vec<String>,
    /// Tries only scenarios whose area begins with these words of the language: `anon`, `swapped`, `anon prevshared`, `file
    /// read_only`. Can be given more than once.
    #[arg(long, value_name = "WORDS", value_parser = words)]
    pub start: Vec<String>,
    /// Tries only scenarios with a child that is there from the start, or only those without.
    #[arg(long, value_name = "yes|no", value_parser = yes_or_no())]
    pub child: Option<bool>,
    /// The number of threads; the default is one for each CPU. The result is the same for any number.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
}

impl TriedArgs {
    /// Whether no call and no state at the start is left out.
    #[must_use]
    pub const fn is_all(&self) -> bool {
        self.only.is_empty() && self.except.is_empty() && self.start.is_empty() && self.child.is_none()
    }

    /// How scenarios may begin.
    #[must_use]
    pub fn start(&self) -> Start {
        Start { areas: self.start.clone(), child: self.child }
    }
}

/// The limits of searches over generated scenarios.
#[derive(Clone, Copy, Debug, Args)]
pub struct HuntLimitArgs {
    /// Ends each search for the executions of some calls in one state after this many; for each of them it may visit 256
    /// states as well. Such scenarios are counted as undecided, and what follows them is not tried.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_executions: Option<u64>,
    /// Ends the whole command after this many seconds; what was found by then is printed.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub max_time: Option<Duration>,
}

impl HuntLimitArgs {
    /// The limits of each search. One alone may take longer than all of them may.
    #[must_use]
    pub fn limits(&self) -> Limits {
        let Self { max_executions: executions, max_time: time } = *self;
        Limits { executions, time, ..Limits::default() }
    }
}

/// Arguments of `cowrace hunt`.
#[derive(Debug, Args)]
pub struct HuntArgs {
    /// The era, by name or as a file.
    #[arg(long, value_name = "ERA|FILE")]
    pub era: String,
    /// Deviations.
    #[command(flatten)]
    pub toggles: ToggleArgs,
    /// Prints only what holds under this kernel. Deviations do not apply to it.
    #[arg(long, value_name = "ERA|FILE")]
    pub base: Option<String>,
    /// Looks for copies of pages and page faults that are not needed and that the base does not make, instead of
    /// violations.
    #[arg(long, requires = "base")]
    pub costs: bool,
    /// Decides only a part of the scenarios of `--calls` calls: `2/5` is the second of five parts. Those of fewer calls, which
    /// are few, are decided as well. `--resume` and `--merge` put parts together.
    #[arg(long, value_name = "NTH/OF", value_parser = shard)]
    pub shard: Option<Shard>,
    /// Writes to this file what has been decided, and goes on from there if the hunt was ended before.
    #[arg(long, value_name = "FILE")]
    pub resume: Option<PathBuf>,
    /// Takes over what other hunts have written with `--resume`, and decides only what is missing.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub merge: Vec<PathBuf>,
    /// The largest number of calls in a scenario. `lru_add_drain_all` just before `reclaim` does not count.
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=16))]
    pub calls: u8,
    /// What is tried.
    #[command(flatten)]
    pub tried: TriedArgs,
    /// Goes on with scenarios of up to so many calls when all those of `--calls` have been decided: as many as there is time
    /// for, guided by new states. Nothing is proved by it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=16))]
    #[arg(conflicts_with_all = ["base", "shard"])]
    pub beyond: Option<u8>,
    /// The seed of the choices of `--beyond`. The same seed and number of rounds give the same finds.
    #[arg(long, value_name = "N", default_value_t = 1, requires = "beyond")]
    pub seed: u64,
    /// Ends `--beyond` after this many rounds of 256 draws.
    #[arg(long, value_name = "N", default_value_t = 1000, requires = "beyond")]
    pub rounds: u64,
    /// Scenarios that `--beyond` changes, files or directories, beside what it has found.
    #[arg(long, value_name = "FILE|DIR", requires = "beyond")]
    pub mutate: Vec<PathBuf>,
    /// The limits.
    #[command(flatten)]
    pub limits: HuntLimitArgs,
    /// Names finds by the races in this directory that they are. The default is `scenarios` in the current directory. It is
    /// read after the hunt.
    #[arg(long, value_name = "DIR", conflicts_with = "costs")]
    pub corpus: Option<PathBuf>,
    /// Says of each family which commits opened it and which closed it, on the mainline.
    #[arg(long, conflicts_with = "costs")]
    pub why: bool,
    /// Prints of each family the smallest scenario with each set of kinds of calls, and not only the smallest of all: a longer way
    /// to the same may be the one that needs less at the start. JSON always has them.
    #[arg(long, conflicts_with = "costs")]
    pub kinds: bool,
    /// Writes the smallest scenario of each family to a file in this directory, with its explanation.
    #[arg(long, value_name = "DIR", conflicts_with = "costs")]
    pub out: Option<PathBuf>,
    /// The output format.
    #[arg(long, value_enum, default_value_t)]
    pub format: PageFormat,
}

/// Arguments of `cowrace witness`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("part").required(true))]
pub struct WitnessArgs {
    /// The commit, by at least 7 digits of its id.
    #[arg(long, value_name = "COMMIT", group = "part")]
    pub commit: Option<String>,
    /// The TLB flush, recheck or barrier, by its key: `cowrace eras` lists them.
    #[arg(long, value_name = "KEY", group = "part")]
    pub safeguard: Option<String>,
    /// The era, by name or as a file; the default is the newest release.
    #[arg(long, value_name = "ERA|FILE")]
    pub era: Option<String>,
    /// The architecture: its barriers, its TLB flushes, and the meaning of its PTE bits.
    #[arg(long, default_value = "generic", value_parser = arch_parser())]
    pub arch: Arch,
    /// The largest number of calls in a scenario. `lru_add_drain_all` just before `reclaim` does not count.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=16))]
    pub calls: u8,
    /// What is tried.
    #[command(flatten)]
    pub tried: TriedArgs,
    /// The limits.
    #[command(flatten)]
    pub limits: HuntLimitArgs,
    /// The output format.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

fn yes_or_no() -> impl TypedValueParser<Value = bool> {
    PossibleValuesParser::new(["yes", "no"]).map(|word| word == "yes")
}

/// A part and the number of all parts.
pub(super) fn shard(text: &str) -> Result<Shard, String> {
    let parts = text.split_once('/').and_then(|(nth, of)| Some((nth.parse().ok()?, of.parse().ok()?)));
    match parts {
        Some((_, of)) if of > MOST_PARTS => Err(format!("there are at most {MOST_PARTS} parts")),
        Some((nth, of)) if (1..=of).contains(&nth) => Ok(Shard { nth: nth - 1, of }),
        _ => Err("write the number of a part and of all parts, as in `2/5`".to_owned()),
    }
}

/// Words of the language.
fn words(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("write words of the language, as in `anon prevshared`".to_owned());
    }
    Ok(text.to_owned())
}
