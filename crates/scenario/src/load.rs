//! Scenario files from disk.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The suffix of scenario files.
pub const SUFFIX: &str = "race";

/// The largest size of a scenario file, in bytes.
pub const MAX_BYTES: usize = 1 << 20;

/// The deepest nesting of directories; a deeper one is a mistake or a trap.
const MAX_DEPTH: usize = 32;

/// A scenario file as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Where it was found.
    pub path: PathBuf,
    /// Its content.
    pub text: String,
}

/// Why scenarios cannot be loaded from a path.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    Unreadable {
        /// The file or directory.
        path: PathBuf,
        /// The system's reason.
        #[source]
        error: io::Error,
    },
    /// A directory without scenarios would pass for a success.
    #[error("there is no file with the suffix `.{SUFFIX}` in {}", .0.display())]
    NoScenarios(PathBuf),
    /// It is not a text file.
    #[error("{} is not a text file: {reason}", path.display())]
    Binary {
        /// The file.
        path: PathBuf,
        /// What gave it away.
        reason: &'static str,
    },
    /// It is larger than any scenario.
    #[error("{} is larger than {MAX_BYTES} bytes, which is too large for a scenario", .0.display())]
    TooLarge(PathBuf),
    /// Directories are nested beyond reason.
    #[error("directories are nested more than {MAX_DEPTH} deep at {}", .0.display())]
    TooDeep(PathBuf),
}

/// Reads scenario files. A file is read whatever its suffix. In a directory, all files with the suffix `.race` are
/// read, at any depth: first those of the directory itself, by name, then those of its subdirectories.
///
/// # Errors
///
/// For the first path that cannot be loaded.
pub fn load(paths: &[PathBuf]) -> Result<Vec<Source>, LoadError> {
    let mut sources = Vec::new();
    for path in paths {
        if path.is_dir() {
            let mut found = Vec::new();
            collect(path, 0, &mut found)?;
            if found.is_empty() {
                return Err(LoadError::NoScenarios(path.clone()));
            }
            for file in found {
                sources.push(read(&file)?);
            }
        } else {
            sources.push(read(path)?);
        }
    }
    Ok(sources)
}

fn collect(directory: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), LoadError> {
    if depth > MAX_DEPTH {
        return Err(LoadError::TooDeep(directory.to_owned()));
    }
    let unreadable = |error| LoadError::Unreadable { path: directory.to_owned(), error };
    let (mut files, mut directories) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(directory).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let path = entry.path();
        // A link to a directory may lead back here, so only real ones are entered.
        if entry.file_type().map_err(unreadable)?.is_dir() {
            directories.push(path);
        } else if path.extension().is_some_and(|e| e == SUFFIX) && !path.is_dir() {
            files.push(path);
        }
    }
    files.sort();
    directories.sort();
    found.append(&mut files);
    directories.iter().try_for_each(|below| collect(below, depth + 1, found))
}

fn read(path: &Path) -> Result<Source, LoadError> {
    let unreadable = |error| LoadError::Unreadable { path: path.to_owned(), error };
    let mut bytes = Vec::new();
    let limit = MAX_BYTES as u64 + 1;
    File::open(path).map_err(unreadable)?.take(limit).read_to_end(&mut bytes).map_err(unreadable)?;
    let binary = |reason| LoadError::Binary { path: path.to_owned(), reason };
    if bytes.contains(&0) {
        return Err(binary("it contains NUL bytes"));
    }
    if bytes.len() > MAX_BYTES {
        return Err(LoadError::TooLarge(path.to_owned()));
    }
    let text = String::from_utf8(bytes).map_err(|_| binary("it is not UTF-8"))?;
    Ok(Source { path: path.to_owned(), text })
}
