//! Baselines: failures that are known, each with a reason and an owner, so that a check fails only for others.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use cowrace_report::{Known, Report};
use serde::Deserialize;
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, value};

use crate::exit_code::exit_without_baseline;
use crate::locked_file::LockedFile;
use crate::{Exit, Failure, whole_file};

/// The name of the tables in the file.
const KNOWN: &str = "known";

/// What a file begins with that did not exist.
const HEADER: &str =
    "# Failures of `cowrace check --baseline` that are known. Each has a reason and an owner.\n\n";

/// A failure that is known.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    scenario: String,
    variant: Option<String>,
    era: String,
    /// The architecture, if it is not `generic`.
    arch: Option<String>,
    /// The engine, if it is not `explore`.
    engine: Option<String>,
    /// The memory model, if it is not `sc`.
    memory: Option<String>,
    /// The class of the damage, the verdict if there is none, or `disagreement`.
    result: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    owner: String,
}

/// What the file says.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    known: Vec<Entry>,
}

/// The failures that a file names.
#[derive(Debug)]
pub(crate) struct Baseline {
    path: PathBuf,
    entries: Vec<Entry>,
    document: DocumentMut,
    /// Held as long as the file is to be written.
    lock: Option<LockedFile>,
}

impl Entry {
    /// The entry that a failure has, without a reason.
    fn of(report: &Report) -> Self {
        let unless = |name: &str, usual: &str| (name != usual).then(|| name.to_owned());
        Self {
            scenario: report.scenario.clone(),
            variant: report.variant.clone(),
            era: report.era.clone(),
            arch: unless(&report.arch, "generic"),
            engine: unless(&report.engine, "explore"),
            memory: unless(&report.memory, "sc"),
            result: result(report),
            reason: String::new(),
            owner: String::new(),
        }
    }

    /// Whether it is about the same run, whatever the result.
    fn is_of(&self, other: &Self) -> bool {
        let run = |entry: &Self| {
            let Self { scenario, variant, era, arch, engine, memory, .. } = entry.clone();
            (scenario, variant, era, arch, engine, memory)
        };
        run(self) == run(other)
    }

    /// The scenario with its variant, and the kernel.
    fn run(&self) -> String {
        let variant = self.variant.iter().map(|variant| format!(":{variant}")).collect::<String>();
        format!("{}{variant} under {}", self.scenario, self.era)
    }

    fn table(&self) -> Table {
        let Self { scenario, variant, era, arch, engine, memory, result, reason, owner } = self;
        let mut table = Table::new();
        let words = [
            ("scenario", Some(scenario)),
            ("variant", variant.as_ref()),
            ("era", Some(era)),
            ("arch", arch.as_ref()),
            ("engine", engine.as_ref()),
            ("memory", memory.as_ref()),
            ("result", Some(result)),
            ("reason", Some(reason)),
            ("owner", Some(owner)),
        ];
        for (key, word) in words {
            if let Some(word) = word {
                table.insert(key, value(word));
            }
        }
        table
    }
}

/// Whether a run tells if it fails. One without an answer does not, nor does one that is not judged.
fn tells(report: &Report) -> bool {
    let is_judged = report.as_expected.is_some() || report.disagreement.is_some();
    is_judged && exit_without_baseline(report) != Exit::Bounded
}

/// The result of a run that failed.
fn result(report: &Report) -> String {
    let verdict = report.class.map_or(report.verdict.name(), |class| class.name());
    if report.disagreement.is_some() { "disagreement" } else { verdict }.to_owned()
}

impl Baseline {
    /// Its text.
    pub(crate) fn text(&self) -> String {
        self.document.to_string()
    }

    /// Reads a file. If failures are to be written to it, it need not be there, and reasons and owners may be missing.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or is not a baseline.
    pub(crate) fn read(path: &Path, is_blessed: bool) -> Result<Self, Failure> {
        let name = path.display();
        // What a link leads to is written, and not the link.
        let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if fs::metadata(path).is_ok_and(|what| is_blessed && what.permissions().readonly()) {
            return Err(Failure::usage(format!(
                "{name} is read-only: make it writable, or leave out `--bless`"
            )));
        }
        let lock = if is_blessed { Some(LockedFile::take(path, "--baseline")?) } else { None };
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound && is_blessed => String::new(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(Failure::usage(format!(
                    "{name} does not exist: add `--bless` to write the failures that there are to it"
                )));
            }
            Err(error) => return Err(Failure::usage(format!("{name} cannot be read: {error}"))),
        };
        let refuse = |why: String| Failure::usage(format!("{name} is not a baseline: {}", why.trim_end()));
        let document: DocumentMut =
            text.parse().map_err(|error: toml_edit::TomlError| refuse(error.to_string()))?;
        let File { known: entries } = toml::from_str(&text).map_err(|error| refuse(error.to_string()))?;
        for (at, entry) in entries.iter().enumerate() {
            if entries[..at].iter().any(|earlier| earlier.is_of(entry)) {
                return Err(refuse(format!("it names {} twice", entry.run())));
            }
            let missing = if entry.reason.trim().is_empty() { "reason" } else { "owner" };
            if !is_blessed && (entry.reason.trim().is_empty() || entry.owner.trim().is_empty()) {
                let run = entry.run();
                return Err(refuse(format!(
                    "{run} has no {missing}: say why it is not mended yet in `reason`, and who sees to it in `owner`"
                )));
            }
        }
        Ok(Self { path: path.to_owned(), entries, document, lock })
    }

    /// Notes what the file says of a run, if it failed as the file says.
    pub(crate) fn note(&self, report: &mut Report) {
        if exit_without_baseline(report) == Exit::Ok {
            return;
        }
        let found = Entry::of(report);
        let known = self.entries.iter().find(|entry| entry.is_of(&found) && entry.result == found.result);
        report.known =
            known.map(|Entry { reason, owner, .. }| Known { reason: reason.clone(), owner: owner.clone() });
    }

    /// The result that the file names for a run that no longer has it. A run without an answer does not tell.
    pub(crate) fn gone(&self, report: &Report) -> Option<&str> {
        let found = Entry::of(report);
        let entry = self.entries.iter().find(|entry| entry.is_of(&found))?;
        (tells(report) && report.known.is_none()).then_some(&entry.result)
    }

    /// Writes the failures of these runs to the file. What the file says of other runs stays, and so do reasons, owners
    /// and comments. Returns how many failures need a reason and an owner.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub(crate) fn bless(mut self, reports: &[Report]) -> Result<usize, Failure> {
        let fails = |report: &&Report| exit_without_baseline(report) != Exit::Ok;
        let found: Vec<Entry> = reports.iter().filter(fails).map(Entry::of).collect();
        let told: Vec<Entry> = reports.iter().filter(|report| tells(report)).map(Entry::of).collect();
        let is_there = |entry: &Entry| found.iter().any(|new| new.is_of(entry) && new.result == entry.result);
        let stays = |entry: &Entry| is_there(entry) || !told.iter().any(|run| run.is_of(entry));
        let is_fresh =
            self.document.is_empty() && self.document.trailing().as_str().is_none_or(str::is_empty);
        let tables = self.document.entry(KNOWN).or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
        let Some(tables) = tables.as_array_of_tables_mut() else {
            let name = self.path.display();
            return Err(Failure::usage(format!(
                "{name} is not a baseline: write each failure as `[[known]]`"
            )));
        };
        for at in (0..self.entries.len()).rev() {
            if !stays(&self.entries[at]) {
                tables.remove(at);
            }
        }
        self.entries.retain(stays);
        let is_new = |new: &&Entry| !self.entries.iter().any(|entry| entry.is_of(new));
        for new in found.iter().filter(is_new) {
            tables.push(new.table());
        }
        let has_reason = |entry: &&Entry| !entry.reason.trim().is_empty() && !entry.owner.trim().is_empty();
        let with_reason = self.entries.iter().filter(has_reason).count();
        let all = tables.len();
        if let Some(first) = tables.get_mut(0).filter(|_| is_fresh) {
            first.decor_mut().set_prefix(HEADER);
        }
        let written = whole_file::write(&self.path, &self.document.to_string());
        written
            .map_err(|error| Failure::tool(format!("{} cannot be written: {error}", self.path.display())))?;
        drop(self.lock);
        Ok(all - with_reason)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}
