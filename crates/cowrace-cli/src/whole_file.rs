//! Files that are read and written as a whole.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use crate::locked_file::beside;

/// The text of a plain file. A pipe, which may have no end, is none.
///
/// # Errors
///
/// If it is no plain file, or cannot be read.
pub(crate) fn read(path: &Path) -> io::Result<String> {
    match fs::metadata(path)?.is_file() {
        true => fs::read_to_string(path),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a plain file")),
    }
}

/// Writes a file atomically: at any time, either the old content or the new one is there as a whole. Who may read and
/// write it stays as it is.
///
/// # Errors
///
/// If it cannot be written.
pub(crate) fn write(path: &Path, text: &str) -> io::Result<()> {
    let new = beside(path, "new");
    fs::write(&new, text)?;
    // The content of the file must reach the disk before its name.
    File::open(&new)?.sync_all()?;
    if let Ok(old) = fs::metadata(path) {
        fs::set_permissions(&new, old.permissions())?;
    }
    fs::rename(&new, path)
}
