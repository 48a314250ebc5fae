//! Files that only one process uses at a time.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::Failure;

/// A file that is locked against other processes for as long as the value lives.
#[derive(Debug)]
pub(crate) struct LockedFile {
    path: PathBuf,
    /// Held as long as the file is used.
    lock: File,
}

impl LockedFile {
    /// Locks a file that an option names, which need not exist.
    ///
    /// # Errors
    ///
    /// If it is not a plain file, cannot be written, or is in use.
    pub(crate) fn take(path: &Path, option: &str) -> Result<Self, Failure> {
        let name = path.display();
        match fs::metadata(path) {
            Ok(what) if !what.is_file() => {
                return Err(Failure::usage(format!("{name} is not a plain file: name one for `{option}`")));
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(Failure::usage(format!("{name} cannot be read: {error}"))),
        }
        let unwritable = |error: io::Error| Failure::usage(format!("{name} cannot be written: {error}"));
        let locked = beside(path, "lock");
        // The previous user of the file may have removed the lock file between the two steps.
        loop {
            let lock = File::options().write(true).create(true).truncate(false).open(&locked);
            let lock = lock.map_err(unwritable)?;
            match lock.try_lock() {
                Ok(()) if is_at(&lock, &locked) => return Ok(Self { path: path.to_owned(), lock }),
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    return Err(Failure::usage(format!(
                        "{name} is in use by another process: wait for its end, or name another file"
                    )));
                }
                Err(TryLockError::Error(error)) => return Err(unwritable(error)),
            }
        }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for LockedFile {
    fn drop(&mut self) {
        // The lock is still held; a process that waits for it sees that the file is gone and makes another
        // one.
        let _ = fs::remove_file(beside(&self.path, "lock"));
        let _ = self.lock.unlock();
    }
}

/// A file next to a file.
pub(crate) fn beside(file: &Path, what: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(what);
    name.into()
}

/// Whether an open file is still the file at its path.
#[cfg(unix)]
fn is_at(open: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let place = |of: fs::Metadata| (of.dev(), of.ino());
    open.metadata().is_ok_and(|open| fs::metadata(path).is_ok_and(|there| place(there) == place(open)))
}

/// Whether an open file is still the file at its path. On other systems, an open file cannot be removed.
#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> bool {
    true
}
