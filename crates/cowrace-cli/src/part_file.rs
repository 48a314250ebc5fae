//! Files with the results of a part of a command. Together they are the results of the whole.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use cowrace_check::ShardResults;
use cowrace_check::checkpoint::{Checkpoint, digest};
use cowrace_check::stored::BUILD;
use cowrace_explore::Limits;
use cowrace_hunt::campaign::Shard;
use cowrace_mm::Era;
use cowrace_report::Report;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::args::PartArgs;
use crate::batch::{self, Searched};
use crate::input::Loaded;
use crate::{Failure, split, whole_file};

/// The version of the format. It changes with the format.
const FORMAT: u32 = 2;

/// The largest number of parts.
pub(crate) const MOST_PARTS: usize = 1_000_000;

/// What a search may take, in seconds.
const LONGEST: RangeInclusive<f64> = 0.0..=1e9;

/// The end of the name of a file.
pub(crate) const EXTENSION: &str = "part";

/// The options that the whole command does not have as a part has them. Each has a value.
const OF_PART: [&str; 3] = ["--shard", "--part", "--format"];

/// A file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry<'t> {
    format: u32,
    /// Detects what was changed by accident.
    digest: String,
    #[serde(borrow)]
    part: &'t RawValue,
}

/// The results of a part.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    /// Version and sources of the program.
    build: String,
    /// The command line, without the name of the program.
    command: Vec<String>,
    /// A digest of all that the command reads: every part has the same.
    question: String,
    nth: usize,
    of: usize,
    known: Known,
}

/// What is known of a part.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Known {
    /// The results of searches.
    Results(Results),
    /// The results of shards of one search.
    Shards(Box<ShardResults>),
}

impl Content {
    /// What is known of a part of this command.
    fn of(question: String, Shard { nth, of }: Shard, known: Known) -> Self {
        Self { build: BUILD.to_owned(), command: env::args().skip(1).collect(), question, nth, of, known }
    }
}

/// What a command asks, beside its options.
struct Asked<'a> {
    loaded: &'a [Loaded],
    eras: &'a [Era],
    limits: Limits,
    /// All other options that decide results.
    options: String,
}

impl Asked<'_> {
    /// A digest of the question, and of what each part has of it.
    fn digest(&self, split: &[Vec<usize>]) -> String {
        let Limits { executions, time, memory, .. } = self.limits;
        let eras: Vec<_> = self.eras.iter().map(|era| (era.label(), format!("{:?}", era.rules()))).collect();
        let texts: Vec<_> = self.loaded.iter().map(|each| (&each.source.path, &each.source.text)).collect();
        digest(&format!("{:?}", (eras, executions, time, memory, &self.options, texts, split)))
    }
}

impl Asked<'_> {
    /// The searches of a scenario, in order.
    fn searches_of(&self, place: usize) -> Vec<Search<'_>> {
        let scenario = &self.loaded[place].scenario;
        let pairs =
            scenario.variants().iter().flat_map(|variant| self.eras.iter().map(move |era| (variant, era)));
        pairs
            .map(|(variant, era)| Search {
                scenario: scenario.name(),
                variant: variant.name(),
                era: era.label(),
            })
            .collect()
    }
}

/// Writes a file.
fn write(path: &Path, content: &Content) -> Result<(), Failure> {
    let text = || -> serde_json::Result<String> {
        let part = serde_json::value::to_raw_value(content)?;
        let digest = digest(part.get());
        serde_json::to_string(&Entry { format: FORMAT, digest, part: &part })
    };
    let written = text().map_err(Into::into).and_then(|text| whole_file::write(path, &text));
    written.map_err(|error| Failure::tool(format!("{} cannot be written: {error}", path.display())))
}

/// The reports of each search, in order.
type Results = Vec<Vec<Report>>;

/// What is searched of a command: all, a part, or nothing, if the results are known.
pub(crate) struct Part {
    /// The scenarios.
    pub(crate) loaded: Vec<Loaded>,
    /// Where to write the results, with what was asked and the number of the part.
    file: Option<(PathBuf, String, Shard)>,
}

impl Part {
    /// The part of a command that its options say, and its results, if those of all parts are known. The last but one
    /// argument is what decides results.
    ///
    /// # Errors
    ///
    /// If the results are not those of this command.
    pub(crate) fn of(
        (args, parts): (&PartArgs, Option<&Parts>),
        loaded: Vec<Loaded>,
        (eras, limits, options): (&[Era], Limits, String),
        paths: &[PathBuf],
    ) -> Result<(Self, Option<Results>), Failure> {
        let asked = Asked { loaded: &loaded, eras, limits, options };
        let known = parts.map(|parts| parts.results(&asked, paths)).transpose()?;
        let Some(shard) = args.shard else { return Ok((Self { loaded, file: None }, known)) };
        let split = split::split(&loaded, paths, shard.of);
        let question = asked.digest(&split);
        let file = args.part.clone().map(|file| (file, question, shard));
        if let Some((file, question, shard)) = &file {
            may_be_written(file, question, *shard)?;
        }
        let own = &split[shard.nth];
        let is_own = |(place, _): &(usize, Loaded)| own.contains(place);
        let loaded = loaded.into_iter().enumerate().filter(is_own).map(|(_, each)| each).collect();
        Ok((Self { loaded, file }, known))
    }

    /// Writes the results, if they are those of a part that is to be written.
    ///
    /// # Errors
    ///
    /// If they cannot be written, or not every search has finished.
    pub(crate) fn write<R>(
        &self,
        searched: &Searched<R>,
        reports: impl Fn(&R) -> Vec<Report>,
    ) -> Result<(), Failure> {
        let Some((file, question, shard)) = &self.file else { return Ok(()) };
        if searched.extent.line().is_some() {
            // The command says that itself.
            batch::print_notes(&[format!(
                "{} is not written: not every search has finished",
                file.display()
            )]);
            return Ok(());
        }
        let results = searched.results.iter().map(reports).collect();
        write(file, &Content::of(question.clone(), *shard, Known::Results(results)))
    }
}

/// A part of what one search has left.
pub(crate) struct SearchPart<'a> {
    /// Which part it is.
    pub(crate) shard: Shard,
    file: &'a Path,
    /// A digest of the search and of where it was stopped.
    question: String,
}

impl<'a> SearchPart<'a> {
    /// The part that the options of a command say, if they say one.
    ///
    /// # Errors
    ///
    /// If its file is not named, would be lost, or cannot be written in the end.
    pub(crate) fn of(args: &'a PartArgs, from: &Checkpoint) -> Result<Option<Self>, Failure> {
        let Some(shard) = args.shard else { return Ok(None) };
        let Some(file) = &args.part else {
            return Err(Failure::usage(format!(
                "a part of one search has no verdict: name a file for what comes of it, such as `--part {}.{EXTENSION}`",
                shard.nth + 1
            )));
        };
        let question = question(from)?;
        may_be_written(file, &question, shard)?;
        Ok(Some(Self { shard, file, question }))
    }

    /// Writes what came of it.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub(crate) fn write(self, results: ShardResults) -> Result<(), Failure> {
        write(self.file, &Content::of(self.question, self.shard, Known::Shards(Box::new(results))))
    }
}

/// A digest of a search and of where it was stopped.
fn question(from: &Checkpoint) -> Result<String, Failure> {
    let text = serde_json::to_string(from).map_err(|error| Failure::tool(error.to_string()))?;
    Ok(digest(&text))
}

/// Refuses a part of standard input, which cannot be read again: before it is read.
///
/// # Errors
///
/// If it is one.
pub(crate) fn is_possible(args: &PartArgs, paths: &[PathBuf]) -> Result<(), Failure> {
    match args.shard.is_some() && paths.iter().any(|path| path.as_os_str() == "-") {
        true => {
            Err(Failure::usage("a part cannot be of standard input, which `cowrace merge` cannot read again"))
        }
        false => Ok(()),
    }
}

/// Refuses a file that would be lost, or that cannot be written in the end: before the searches.
fn may_be_written(path: &Path, question: &str, Shard { nth, of }: Shard) -> Result<(), Failure> {
    let name = path.display();
    let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty());
    if let Some(directory) = directory.filter(|directory| !directory.is_dir()) {
        return Err(Failure::usage(format!(
            "{name}: {} is no directory: make it first",
            directory.display()
        )));
    }
    if fs::symlink_metadata(path).is_err() {
        return Ok(());
    }
    let is_own =
        read(path).is_ok_and(|known| known.question == question && (known.nth, known.of) == (nth, of));
    match is_own {
        true => Ok(()),
        false => Err(Failure::usage(format!(
            "{name} is there, and is not part {} of this command: remove it, or name another file",
            numbered(nth, of)
        ))),
    }
}

/// The parts of a command.
#[derive(Debug)]
pub(crate) struct Parts {
    /// The files, each with its content, by the number of the part.
    parts: BTreeMap<usize, (PathBuf, Content)>,
    of: usize,
}

impl Parts {
    /// Reads the parts in a directory.
    ///
    /// # Errors
    ///
    /// If there are none, one cannot be read or is damaged, or they do not belong together.
    pub(crate) fn read(directory: &Path) -> Result<Self, Failure> {
        let unreadable = |error| Failure::usage(format!("{}: {error}", directory.display()));
        let mut paths: Vec<PathBuf> = Vec::new();
        for entry in fs::read_dir(directory).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            // What a program that copies files has not finished has a name that begins with a dot.
            let is_hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
            if !is_hidden && path.extension().is_some_and(|extension| extension == EXTENSION) {
                paths.push(path);
            }
        }
        paths.sort();
        let mut parts: BTreeMap<usize, (PathBuf, Content)> = BTreeMap::new();
        let mut first: Option<(PathBuf, Content)> = None;
        for path in paths {
            let content = read(&path)?;
            let (known, whole) = first.get_or_insert_with(|| (path.clone(), content.clone()));
            let (name, known) = (path.display(), known.display());
            if content.of != whole.of || content.question != whole.question {
                return Err(Failure::usage(format!(
                    "{name} and {known} are not parts of the same command: other options, kernels or scenarios, or another \
                     number of parts"
                )));
            }
            if let Some((other, _)) = parts.get(&content.nth) {
                return Err(Failure::usage(format!(
                    "{name} and {} are both part {}: keep one of them",
                    other.display(),
                    numbered(content.nth, content.of)
                )));
            }
            parts.insert(content.nth, (path, content));
        }
        let Some((_, whole)) = first else {
            return Err(Failure::usage(format!(
                "{} has no file that ends in `.{EXTENSION}`: write them by `cowrace check PATH... --shard 1/5 --part \
                 DIR/1.{EXTENSION}` and so on",
                directory.display()
            )));
        };
        let missing: Vec<String> =
            (0..whole.of).filter(|nth| !parts.contains_key(nth)).map(|nth| numbered(nth, whole.of)).collect();
        if !missing.is_empty() {
            return Err(Failure::incomplete(format!(
                "{} lacks {}: run the command again with `--shard {}`",
                directory.display(),
                missing.join(", "),
                missing[0]
            )));
        }
        Ok(Self { parts, of: whole.of })
    }

    /// The command line of the first part.
    pub(crate) fn command(&self) -> &[String] {
        self.parts.values().next().map(|(_, content)| content.command.as_slice()).unwrap_or_default()
    }

    /// The command line of the whole: that of a part without the options that make it one, and without its format.
    pub(crate) fn whole_command(&self) -> Vec<String> {
        let mut words = self.command().iter();
        let mut whole = Vec::new();
        while let Some(word) = words.next() {
            let (option, value) = word.split_once('=').map_or((word.as_str(), None), |(o, v)| (o, Some(v)));
            if !OF_PART.contains(&option) {
                whole.push(word.clone());
            } else if value.is_none() {
                words.next();
            }
        }
        whole
    }

    /// The results of the whole command, in its order.
    ///
    /// # Errors
    ///
    /// If the command asks something else now than when the parts were made.
    fn results(&self, asked: &Asked<'_>, paths: &[PathBuf]) -> Result<Results, Failure> {
        let split = split::split(asked.loaded, paths, self.of);
        let question = asked.digest(&split);
        if self.parts.values().any(|(_, content)| content.question != question) {
            return Err(Failure::usage(
                "the scenarios, their `counts.txt`, a kernel file or the baseline is not what it was when these parts were made: \
                 merge them with the same files",
            ));
        }
        let mut of_scenarios: BTreeMap<usize, Vec<Vec<Report>>> = BTreeMap::new();
        for (own, (path, content)) in split.iter().zip(self.parts.values()) {
            let Known::Results(results) = &content.known else { return Err(damaged(path)) };
            let mut results = results.iter();
            for &place in own {
                let searches = asked.searches_of(place);
                let is_known =
                    |search: &Search<'_>| results.next().filter(|reports| search.has(reports)).cloned();
                let known: Option<Results> = searches.iter().map(is_known).collect();
                of_scenarios.insert(place, known.ok_or_else(|| damaged(path))?);
            }
            if results.next().is_some() {
                return Err(damaged(path));
            }
        }
        Ok(of_scenarios.into_values().flatten().collect())
    }
}

impl Parts {
    /// The results of the shards of all parts of a search.
    ///
    /// # Errors
    ///
    /// If they are not of this search, or it was not stopped there.
    pub(crate) fn shards(&self, from: &Checkpoint) -> Result<ShardResults, Failure> {
        let question = question(from)?;
        let of = |(path, content): &(PathBuf, Content)| match &content.known {
            _ if content.question != question => Err(Failure::usage(format!(
                "{} is of another checkpoint: of another search, or it has gone on since; remove the parts, and search them \
                 again",
                path.display()
            ))),
            Known::Shards(shards) => Ok(ShardResults::clone(shards)),
            Known::Results(_) => Err(damaged(path)),
        };
        Ok(ShardResults::together(self.parts.values().map(of).collect::<Result<Vec<_>, _>>()?))
    }
}

/// The number of a part as `--shard` has it.
fn numbered(nth: usize, of: usize) -> String {
    format!("{}/{of}", nth + 1)
}

fn read(path: &Path) -> Result<Content, Failure> {
    let name = path.display();
    let text = whole_file::read(path).map_err(|error| Failure::usage(format!("{name}: {error}")))?;
    let entry: Entry<'_> = serde_json::from_str(&text).map_err(|_| damaged(path))?;
    if entry.format != FORMAT || entry.digest != digest(entry.part.get()) {
        return Err(damaged(path));
    }
    let content: Content = serde_json::from_str(entry.part.get()).map_err(|_| damaged(path))?;
    if content.build != BUILD {
        return Err(Failure::usage(format!(
            "{name} was written by another build of cowrace: remove it, and run its part again"
        )));
    }
    let is_part = (1..=MOST_PARTS).contains(&content.of) && content.nth < content.of;
    if is_part { Ok(content) } else { Err(damaged(path)) }
}

fn damaged(path: &Path) -> Failure {
    Failure::usage(format!("{} is no part, or is damaged: remove it, and run its part again", path.display()))
}

/// A search of a command.
struct Search<'a> {
    scenario: &'a str,
    variant: Option<&'a str>,
    era: String,
}

impl Search<'_> {
    /// Whether these are its reports, as far as can be seen.
    fn has(&self, reports: &[Report]) -> bool {
        let is_it = |report: &Report| {
            (report.scenario.as_str(), report.variant.as_deref()) == (self.scenario, self.variant)
                && report.era == self.era
                && LONGEST.contains(&report.seconds)
        };
        !reports.is_empty() && reports.iter().all(is_it)
    }
}
