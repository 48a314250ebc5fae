//! Files with the results of a part of a command. Together they are the results of the whole.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use cowrace_check::checkpoint::digest;
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
const FORMAT: u32 = 1;

/// The end of the name of a file.
pub(crate) const EXTENSION: &str = "part";

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
    results: Results,
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
    fn digest(&self) -> String {
        let Limits { executions, time, memory, .. } = self.limits;
        let eras: Vec<_> = self.eras.iter().map(|era| (era.label(), format!("{:?}", era.rules()))).collect();
        let texts: Vec<_> = self.loaded.iter().map(|each| (&each.source.path, &each.source.text)).collect();
        digest(&format!("{:?}", (eras, executions, time, memory, &self.options, texts)))
    }
}

/// Writes a file.
fn write(path: &Path, content: &Content) -> std::io::Result<()> {
    let part = serde_json::value::to_raw_value(content)?;
    let digest = digest(part.get());
    whole_file::write(path, &serde_json::to_string(&Entry { format: FORMAT, digest, part: &part })?)
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
        let file = args.part.clone().map(|file| (file, asked.digest(), shard));
        Ok((Self { loaded: split::part(loaded, paths, shard), file }, known))
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
        let Some((file, question, Shard { nth, of })) = &self.file else { return Ok(()) };
        if searched.extent.line().is_some() {
            // The command says that itself.
            batch::print_notes(&[format!(
                "{} is not written: not every search has finished",
                file.display()
            )]);
            return Ok(());
        }
        let content = Content {
            build: BUILD.to_owned(),
            command: env::args().skip(1).collect(),
            question: question.clone(),
            nth: *nth,
            of: *of,
            results: searched.results.iter().map(reports).collect(),
        };
        write(file, &content)
            .map_err(|error| Failure::tool(format!("{} cannot be written: {error}", file.display())))
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
            if path.extension().is_some_and(|extension| extension == EXTENSION) {
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

    /// The results of the whole command, in its order.
    ///
    /// # Errors
    ///
    /// If the command asks something else now than when the parts were made.
    fn results(&self, asked: &Asked<'_>, paths: &[PathBuf]) -> Result<Results, Failure> {
        let question = asked.digest();
        if self.parts.values().any(|(_, content)| content.question != question) {
            return Err(Failure::usage(
                "the scenarios, or the kernel files, are not those of which these are the parts: merge them where they were \
                 made, with the same files",
            ));
        }
        let mut of_scenarios: BTreeMap<usize, Vec<Vec<Report>>> = BTreeMap::new();
        let split = split::split(asked.loaded, paths, self.of);
        for (own, (path, content)) in split.iter().zip(self.parts.values()) {
            let mut results = content.results.iter();
            for &place in own {
                let searches = asked.loaded[place].scenario.variants().len() * asked.eras.len();
                of_scenarios.insert(place, results.by_ref().take(searches).cloned().collect());
            }
            let expected =
                own.iter().map(|&place| asked.loaded[place].scenario.variants().len() * asked.eras.len());
            if content.results.len() != expected.sum::<usize>() {
                return Err(Failure::usage(format!("{} has not every search of its part", path.display())));
            }
        }
        Ok(of_scenarios.into_values().flatten().collect())
    }
}

/// The number of a part as `--shard` has it.
fn numbered(nth: usize, of: usize) -> String {
    format!("{}/{of}", nth + 1)
}

fn read(path: &Path) -> Result<Content, Failure> {
    let name = path.display();
    let text = fs::read_to_string(path).map_err(|error| Failure::usage(format!("{name}: {error}")))?;
    let damaged =
        || Failure::usage(format!("{name} is no part, or is damaged: remove it, and run its part again"));
    let entry: Entry<'_> = serde_json::from_str(&text).map_err(|_| damaged())?;
    if entry.format != FORMAT || entry.digest != digest(entry.part.get()) {
        return Err(damaged());
    }
    let content: Content = serde_json::from_str(entry.part.get()).map_err(|_| damaged())?;
    if content.build != BUILD {
        return Err(Failure::usage(format!(
            "{name} was written by another build of cowrace: run its part again"
        )));
    }
    Ok(content)
}
