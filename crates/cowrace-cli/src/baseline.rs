//! Baselines: failures that are known, each with a reason and an owner, so that a check fails only for others.

mod entry;
mod text;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use cowrace_check::kernel;
use cowrace_mm::Era;
use cowrace_report::{ByBaseline, Known, Report, Standing};
use serde::Deserialize;

use crate::exit_code::exit_without_baseline;
use crate::locked_file::LockedFile;
use crate::{Exit, Failure, whole_file};

use entry::{Entry, tells};
use text::Text;

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
    text: Text,
    /// Held as long as the file is to be written.
    lock: Option<LockedFile>,
}

/// Entries that are about no run of a command.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Unused {
    /// Their runs.
    pub(crate) runs: Vec<String>,
    /// Those of them whose era has its name from a file and consists of something else now, with what that is.
    pub(crate) other_kernels: Vec<(String, String)>,
    /// How many entries there are in all.
    pub(crate) of: usize,
}

impl Baseline {
    /// Its text.
    pub(crate) fn text(&self) -> String {
        self.text.written()
    }

    /// Reads a file, for runs under these eras. If failures are to be written to it, it need not be there, and reasons and owners may be missing.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or is not a baseline.
    pub(crate) fn read(path: &Path, is_blessed: bool, eras: &[Era]) -> Result<Self, Failure> {
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
        let mut parsed = Text::parse(&text).map_err(|error| refuse(error.to_string()))?;
        let File { known: mut entries } = toml::from_str(&text).map_err(|error| refuse(error.to_string()))?;
        let made_of: BTreeMap<String, String> =
            eras.iter().filter_map(|era| Some((era.label(), kernel::made_of(era)?))).collect();
        for (at, entry) in entries.iter_mut().enumerate().filter(|(_, entry)| entry.made_of.is_none()) {
            let Some(made_of) = made_of.get(&entry.era) else { continue };
            if !is_blessed {
                return Err(refuse(format!(
                    "{} does not say what `{}` is, which is the name of an era file: add `made_of = \"{made_of}\"` if it is \
                     this one, or add `--bless`",
                    entry.run(),
                    entry.era
                )));
            }
            parsed.say_made_of(at, made_of);
            entry.made_of = Some(made_of.clone());
        }
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
        Ok(Self { path: path.to_owned(), entries, text: parsed, lock })
    }

    /// Notes what the file makes of a run.
    pub(crate) fn note(&self, report: &mut Report) {
        let found = Entry::of(report);
        let entry = self.entries.iter().find(|entry| entry.is_of(&found));
        let fails = exit_without_baseline(report) != Exit::Ok;
        let standing = match entry {
            None if fails => Standing::New,
            None => Standing::Passed,
            Some(entry) if fails && entry.result == found.result => Standing::Known,
            Some(_) if !tells(report) => Standing::Open,
            Some(_) if fails => Standing::Changed,
            Some(_) => Standing::Gone,
        };
        let known = entry.filter(|_| standing == Standing::Known);
        report.known =
            known.map(|Entry { reason, owner, .. }| Known { reason: reason.clone(), owner: owner.clone() });
        report.baseline = Some(ByBaseline { standing, named: entry.map(|entry| entry.result.clone()) });
    }

    /// What the file names that is none of these runs.
    pub(crate) fn unused(&self, reports: &[Report]) -> Unused {
        let runs: Vec<Entry> = reports.iter().map(Entry::of).collect();
        let mut unused = Unused { of: self.entries.len(), ..Unused::default() };
        for entry in self.entries.iter().filter(|entry| !runs.iter().any(|run| run.is_of(entry))) {
            let other = runs.iter().find(|run| run.is_by_name(entry)).and_then(|run| run.made_of.clone());
            unused.runs.push(entry.run());
            unused.other_kernels.extend(other.map(|made_of| (entry.run(), made_of)));
        }
        unused
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
        let (old, gone): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.entries).into_iter().enumerate().partition(|(_, entry)| stays(entry));
        let gone: Vec<usize> = gone.into_iter().map(|(at, _)| at).collect();
        let is_new = |new: &&Entry| !old.iter().any(|(_, entry)| entry.is_of(new));
        let new: Vec<&Entry> = found.iter().filter(is_new).collect();
        let name = self.path.display();
        let Some(all) = self.text.change(&new, &gone) else {
            return Err(Failure::usage(format!(
                "{name} is not a baseline: write each failure as `[[known]]`"
            )));
        };
        let has_reason = |entry: &Entry| !entry.reason.trim().is_empty() && !entry.owner.trim().is_empty();
        let with_reason = old.iter().filter(|(_, entry)| has_reason(entry)).count();
        let written = whole_file::write(&self.path, &self.text.written());
        written.map_err(|error| Failure::tool(format!("{name} cannot be written: {error}")))?;
        drop(self.lock);
        Ok(all - with_reason)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}
