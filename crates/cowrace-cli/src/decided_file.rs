//! Files of what hunts have decided: a hunt is resumed from its own, and put together from those of its shards.
//!
//! A file has a line for each unit ([`cowrace_hunt::decided`]), and one before for the build that has written it. Lines are
//! appended, so a hunt that is killed loses only what it was deciding.

use std::env;
use std::fs::{self, File};
use std::hash::BuildHasher as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use cowrace_check::checkpoint::digest;
use cowrace_hunt::decided::{Decided, Known, Name};
use foldhash::quality::FixedState;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::Failure;
use crate::batch;
use crate::locked_file::LockedFile;

/// The version of the file format. It changes with the format.
const FORMAT: u32 = 1;

/// The first line of a file.
#[derive(PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    format: u32,
    /// A digest of the program: what one has decided, another might decide otherwise.
    build: String,
}

/// Another line: a unit as text, and its digest, which detects what was changed by accident.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'t> {
    digest: String,
    #[serde(borrow)]
    unit: &'t RawValue,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Unit {
    name: Name,
    decided: Decided,
}

/// The file in which a hunt writes what it decides.
#[derive(Debug)]
pub(crate) struct DecidedFile {
    locked: LockedFile,
    file: Mutex<Result<File, io::Error>>,
}

impl DecidedFile {
    /// Opens a file, which need not exist. What is in it is added to what is known, and what is known to it.
    ///
    /// # Errors
    ///
    /// If it is in use, cannot be read or written, or was not written by this program.
    pub(crate) fn open(path: &Path, known: &mut Known) -> Result<Self, Failure> {
        let locked = LockedFile::take(path, "--resume")?;
        let build = build()?;
        let is_empty = match fs::metadata(path) {
            Ok(what) => what.len() == 0,
            Err(_) => true,
        };
        let mut own = Known::default();
        let is_begun = !is_empty && add(path, &build, &mut own)?;
        let open = || -> io::Result<File> {
            if !is_begun {
                let head = serde_json::to_string(&Head { format: FORMAT, build })?;
                fs::write(path, format!("{head}\n"))?;
            }
            let mut file = File::options().append(true).open(path)?;
            if is_begun {
                // What was written last may lack its end.
                file.write_all(b"\n")?;
            }
            Ok(file)
        };
        let file = open()
            .map_err(|error| Failure::usage(format!("{} cannot be written: {error}", path.display())))?;
        let opened = Self { locked, file: Mutex::new(Ok(file)) };
        // What others have decided is not lost with their files.
        let others = known.iter().filter(|(name, _)| !own.contains_key(*name));
        others.for_each(|(name, decided)| opened.add(*name, decided));
        known.extend(own);
        Ok(opened)
    }

    /// Writes what was decided. Nothing more is written once that has failed.
    pub(crate) fn add(&self, name: Name, decided: &Decided) {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let Ok(open) = file.as_mut() else { return };
        let unit = Unit { name, decided: decided.clone() };
        let write = |open: &mut File| -> io::Result<()> {
            let unit = serde_json::value::to_raw_value(&unit)?;
            let digest = digest(unit.get());
            let line = serde_json::to_string(&Line { digest, unit: &unit })?;
            open.write_all(format!("{line}\n").as_bytes())
        };
        if let Err(error) = write(open) {
            *file = Err(error);
        }
    }

    /// Whether something could not be written.
    pub(crate) fn has_failed(&self) -> bool {
        self.file.lock().unwrap_or_else(PoisonError::into_inner).is_err()
    }

    /// Tells whether something could not be written.
    ///
    /// # Errors
    ///
    /// If so.
    pub(crate) fn end(&self) -> Result<(), Failure> {
        match &*self.file.lock().unwrap_or_else(PoisonError::into_inner) {
            Ok(_) => Ok(()),
            Err(error) => {
                let name = self.locked.path().display();
                Err(Failure::tool(format!("{name} cannot be written: {error}; the hunt was ended")))
            }
        }
    }
}

/// What is in some files.
///
/// # Errors
///
/// If one cannot be read, or was not written by this program.
pub(crate) fn read(paths: &[PathBuf]) -> Result<Known, Failure> {
    let mut known = Known::default();
    if paths.is_empty() {
        return Ok(known);
    }
    let build = build()?;
    for path in paths {
        add(path, &build, &mut known)?;
    }
    Ok(known)
}

/// Adds what is in a file to what is known. Lines that are damaged are told and left out. False if the file holds nothing,
/// not even a whole first line.
fn add(path: &Path, build: &str, known: &mut Known) -> Result<bool, Failure> {
    let name = path.display();
    if fs::metadata(path).is_ok_and(|what| !what.is_file()) {
        return Err(Failure::usage(format!("{name} is not a plain file")));
    }
    let bytes = fs::read(path).map_err(|error| Failure::usage(format!("{name} cannot be read: {error}")))?;
    let text = String::from_utf8_lossy(&bytes);
    let mut lines = text.lines();
    let hint = "name another file, or remove this one to start again";
    let head = lines.next().and_then(|line| serde_json::from_str::<Head>(line).ok());
    match head {
        None if is_cut_off(&text) => {
            batch::print_notes(&[format!("{name} is cut off within its first line, and holds nothing")]);
            return Ok(false);
        }
        None => {
            return Err(Failure::usage(format!("{name} was not written by a hunt with `--resume`; {hint}")));
        }
        Some(head) if head.format != FORMAT || head.build != build => {
            return Err(Failure::usage(format!("{name} was written by another build of cowrace; {hint}")));
        }
        Some(_) => {}
    }
    let mut damaged = 0_u64;
    for line in lines.filter(|line| !line.is_empty()) {
        let unit = serde_json::from_str::<Line<'_>>(line)
            .ok()
            .filter(|line| line.digest == digest(line.unit.get()))
            .and_then(|line| serde_json::from_str::<Unit>(line.unit.get()).ok());
        match unit {
            Some(Unit { name, decided }) => drop(known.insert(name, decided)),
            None => damaged += 1,
        }
    }
    if damaged > 0 {
        let damaged = match damaged {
            1 => "a line is damaged, and what it says".to_owned(),
            n => format!("{n} lines are damaged, and what they say"),
        };
        batch::print_notes(&[format!("{name}: {damaged} is decided again")]);
    }
    Ok(true)
}

/// Whether a file ends within its first line, as when a hunt is killed that begins it. All that comes before the digest of
/// the program must be there: less might be a file of somebody else.
fn is_cut_off(text: &str) -> bool {
    let head = format!("{{\"format\":{FORMAT},\"build\":\"");
    text.strip_prefix(&head).is_some_and(|build| build.chars().all(|c| c.is_ascii_hexdigit() || c == '"'))
}

/// A digest of this program.
fn build() -> Result<String, Failure> {
    let read = env::current_exe().and_then(fs::read);
    let program =
        read.map_err(|error| Failure::tool(format!("the file of this program cannot be read: {error}")))?;
    // It is large, so it is read by more than a byte at a time.
    Ok(format!("{:016x}", FixedState::default().hash_one(program)))
}
