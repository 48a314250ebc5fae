//! Checkpoint files.

use std::fs;
use std::io;
use std::path::Path;

use cowrace_check::checkpoint::{Checkpoint, digest};
use serde::Deserialize;

use crate::locked_file::{LockedFile, beside};
use crate::{Failure, whole_file};

/// The version of the file format. It changes with the format.
const FORMAT: u32 = 2;

/// The content of the file: the checkpoint as text, and its digest. The digest does not protect against attacks,
/// but it detects changes by hand or by accident.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written<'t> {
    /// The first format had no version.
    #[serde(default = "first")]
    format: u32,
    digest: String,
    #[serde(borrow)]
    checkpoint: &'t serde_json::value::RawValue,
}

const fn first() -> u32 {
    1
}

/// A file for checkpoints, locked against other processes.
#[derive(Debug)]
pub(crate) struct CheckpointFile(LockedFile);

impl CheckpointFile {
    /// Locks a file, which need not exist, for as long as the value lives.
    ///
    /// # Errors
    ///
    /// If it is not a plain file, cannot be written, or is in use.
    pub(crate) fn take(path: &Path) -> Result<Self, Failure> {
        Ok(Self(LockedFile::take(path, "--resume")?))
    }

    /// The checkpoint in the file, if there is one, for a program with this fingerprint and this question.
    ///
    /// # Errors
    ///
    /// If it cannot be read, is not a checkpoint, or belongs to another search.
    pub(crate) fn read(&self, fingerprint: u32, question: &str) -> Result<Option<Checkpoint>, Failure> {
        let name = self.path().display();
        let hint = "name another file, or remove this one to start again";
        let refuse =
            |why: &str| Failure::usage(format!("{name} is not a file of `--resume` ({why}); {hint}"));
        let text = match fs::read_to_string(self.path()) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                return Err(refuse(&error.to_string()));
            }
            Err(error) => return Err(Failure::usage(format!("{name} cannot be read: {error}"))),
        };
        let written: Written<'_> = serde_json::from_str(&text).map_err(|e| refuse(&e.to_string()))?;
        if written.digest != digest(written.checkpoint.get()) {
            return Err(Failure::usage(format!("{name} was changed since it was written; {hint}")));
        }
        if written.format != FORMAT {
            let format = written.format;
            return Err(Failure::usage(format!(
                "{name} is a checkpoint of another version of cowrace: its format is {format}, and this version reads \
                 format {FORMAT}; {hint}"
            )));
        }
        let checkpoint: Checkpoint =
            serde_json::from_str(written.checkpoint.get()).map_err(|e| refuse(&e.to_string()))?;
        if checkpoint.search.fingerprint() != fingerprint || checkpoint.question != question {
            return Err(Failure::usage(format!(
                "{name} belongs to another search: to another scenario, era, architecture or version of \
                 cowrace; {hint}"
            )));
        }
        Ok(Some(checkpoint))
    }

    /// Writes a checkpoint atomically: at any time, either the old one or the new one is there as a whole.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub(crate) fn write(&self, checkpoint: &Checkpoint) -> Result<(), Failure> {
        let write = || -> io::Result<()> {
            let checkpoint = serde_json::to_string(checkpoint)?;
            let digest = digest(&checkpoint);
            let text =
                format!("{{\"format\":{FORMAT},\"digest\":\"{digest}\",\"checkpoint\":{checkpoint}}}\n");
            whole_file::write(self.path(), &text)
        };
        write()
            .map_err(|error| Failure::tool(format!("{} cannot be written: {error}", self.path().display())))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Removes the file, because the search is finished.
    ///
    /// # Errors
    ///
    /// If it is there and cannot be removed.
    pub(crate) fn remove(&self) -> Result<(), Failure> {
        match fs::remove_file(self.path()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Failure::tool(format!("{} cannot be removed: {error}", self.path().display())))
            }
            _ => Ok(()),
        }
    }

    /// Checks that the file can be written, before there is something to lose.
    ///
    /// # Errors
    ///
    /// If it could not.
    pub(crate) fn probe(&self) -> Result<(), Failure> {
        let new = beside(self.path(), "new");
        let tried = fs::write(&new, "").and_then(|()| fs::remove_file(&new));
        tried.map_err(|error| Failure::usage(format!("{} cannot be written: {error}", self.path().display())))
    }
}
