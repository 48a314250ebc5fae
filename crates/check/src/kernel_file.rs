//! Era files: custom kernels, as TOML.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read as _;
use std::path::Path;

use cowrace_mm::Era;
use serde::Deserialize;

use crate::toggles::Toggles;

/// The largest size of an era file, in bytes. With every commit and every rule, a file is a hundredth of that size.
const MOST: u64 = 1 << 20;

/// The contents of an era file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    /// The era's own name.
    name: String,
    /// The preset, release or version that it starts from.
    base: String,
    /// Additional commits.
    #[serde(default)]
    with: Vec<String>,
    /// Commits that are left out.
    #[serde(default)]
    without: Vec<String>,
    /// Rules that are set explicitly.
    #[serde(default)]
    set: BTreeMap<String, String>,
}

/// An era file that was read. Its base and its toggles have not been resolved yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelFile {
    /// The name of the era.
    pub name: String,
    /// The preset, release or version that it starts from.
    pub base: String,
    /// Its deviations from that.
    pub toggles: Toggles,
}

/// Why a file is not an era file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileError {
    /// It cannot be read, for this reason.
    Unreadable(String),
    /// It is larger than any era file.
    TooLarge,
    /// It is not TOML, or has keys that an era file does not have.
    Malformed(String),
    /// Its name has characters that a name cannot have.
    Name(String),
    /// Its name is the name of a known kernel.
    Taken(String),
}

impl FileError {
    /// The error in one sentence, for the file at a path.
    pub(crate) fn describe(&self, path: &Path, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = path.display();
        match self {
            Self::Unreadable(error) => write!(f, "cannot read the era file `{shown}`: {error}"),
            Self::TooLarge => write!(f, "`{shown}` is not an era file: it has more than {MOST} bytes"),
            Self::Malformed(error) => write!(f, "the era file `{shown}` cannot be parsed\n{error}"),
            Self::Name(name) => write!(
                f,
                "the era file `{shown}` has the name `{name}`; a name consists of letters, digits, `.`, `_` \
                 and `-`"
            ),
            Self::Taken(name) => {
                write!(f, "the era file `{shown}` has the name `{name}`, which is the name of a known kernel")
            }
        }
    }
}

impl KernelFile {
    /// Reads an era file.
    ///
    /// # Errors
    ///
    /// If it cannot be read, is not TOML, has unknown keys, or has an invalid name.
    pub fn read(path: &Path) -> Result<Self, FileError> {
        let unreadable = |error: std::io::Error| FileError::Unreadable(error.to_string());
        let mut text = String::new();
        let file = std::fs::File::open(path).map_err(unreadable)?;
        file.take(MOST + 1).read_to_string(&mut text).map_err(unreadable)?;
        if text.len() as u64 > MOST {
            return Err(FileError::TooLarge);
        }
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self, FileError> {
        let written: Written = toml::from_str(text)
            .map_err(|error| FileError::Malformed(brief(error.to_string().trim_end())))?;
        let Written { name, base, with, without, set } = written;
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if name.is_empty() || !name.chars().all(plain) {
            return Err(FileError::Name(name.escape_default().take(100).collect()));
        }
        if Era::version(&name).is_ok() {
            return Err(FileError::Taken(name));
        }
        Ok(Self { name, base, toggles: Toggles { with, without, set: set.into_iter().collect() } })
    }
}

/// Shortens an error of the parser, which quotes a line of the file however long it is.
fn brief(error: &str) -> String {
    const MOST: usize = 120;
    let line = |line: &str| match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line.to_owned(),
    };
    error.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_era_file_is_not_echoed() {
        for text in [format!("name = \"{}", "x".repeat(5_000_000)), "a".repeat(500_000)] {
            let Err(FileError::Malformed(error)) = KernelFile::parse(&text) else { panic!("it is none") };
            assert!(error.len() < 2000, "{} bytes", error.len());
        }
    }

    #[test]
    fn names_are_plain_and_not_those_of_kernels() {
        let named = |name: &str| KernelFile::parse(&format!("name = \"{name}\"\nbase = \"v5.9\"\n"));
        assert_eq!(named("my era"), Err(FileError::Name("my era".to_owned())));
        assert_eq!(named("v5.9"), Err(FileError::Taken("v5.9".to_owned())));
        assert_eq!(named("mine").map(|file| file.base), Ok("v5.9".to_owned()));
        assert!(
            matches!(KernelFile::parse("base = \"v5.9\"\n"), Err(FileError::Malformed(e)) if e.contains("name"))
        );
    }
}
