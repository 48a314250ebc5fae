//! Standard output, which may be closed early.

use std::borrow::Cow;
use std::io::{self, Write};

use crate::Failure;

/// The output of results. A reader that closes its end (`| head`) has seen enough: this is not an error, and the
/// exit code still tells the result.
pub struct Out<'w> {
    to: Box<dyn Write + 'w>,
    closed: bool,
    columns: Option<usize>,
}

impl std::fmt::Debug for Out<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Out").field("closed", &self.closed).finish_non_exhaustive()
    }
}

impl<'w> Out<'w> {
    /// Output to a writer.
    pub fn new(to: impl Write + 'w) -> Self {
        Self { to: Box::new(to), closed: false, columns: None }
    }

    /// Output to standard output.
    #[must_use]
    pub fn stdout() -> Self {
        let columns = terminal_size::terminal_size_of(io::stdout()).map(|(columns, _)| columns.0.into());
        Self { columns, ..Self::new(io::stdout()) }
    }

    /// The width of the terminal, if the output is a terminal.
    #[must_use]
    pub const fn columns(&self) -> Option<usize> {
        self.columns
    }

    /// Prints text. Characters that a terminal would interpret as commands are replaced, because text may come from
    /// untrusted files.
    ///
    /// # Errors
    ///
    /// If it cannot be written, unless the reader has closed its end.
    pub fn text(&mut self, text: &str) -> Result<(), Failure> {
        if self.closed {
            return Ok(());
        }
        match self.to.write_all(harmless(text).as_bytes()).and_then(|()| self.to.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            other => other.map_err(|error| Failure::tool(format!("cannot write the output: {error}"))),
        }
    }

    /// Prints a line.
    ///
    /// # Errors
    ///
    /// As [`text`](Self::text).
    pub fn line(&mut self, line: &str) -> Result<(), Failure> {
        self.text(&format!("{line}\n"))
    }
}

/// Text without control characters, except for line ends and tabs.
fn harmless(text: &str) -> Cow<'_, str> {
    let is_command = |c: char| c.is_control() && c != '\n' && c != '\t';
    match text.contains(is_command) {
        true => Cow::Owned(text.replace(is_command, "\u{fffd}")),
        false => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A writer that fails in one way.
    struct Broken(io::ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_is_gone_is_no_error() {
        let mut out = Out::new(Broken(io::ErrorKind::BrokenPipe));
        assert_eq!(out.line("x"), Ok(()));
        assert_eq!(out.line("y"), Ok(()));
    }

    #[test]
    fn a_full_disk_is_one() {
        let failure =
            Out::new(Broken(io::ErrorKind::StorageFull)).line("x").expect_err("it cannot be written");
        assert_eq!(failure.exit, crate::Exit::Tool);
    }
}
