//! Standard output, which may be closed early.

use std::borrow::Cow;
use std::io::{self, Write};

use cowrace_render::Paint;

use crate::Failure;
use crate::args::ColourName;

/// The output of results. A reader that closes its end (`| head`) has seen enough: this is not an error, and the
/// exit code still tells the result.
pub struct Out<'w> {
    to: Box<dyn Write + 'w>,
    closed: bool,
    columns: Option<usize>,
    paint: Paint,
}

impl std::fmt::Debug for Out<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Out").field("closed", &self.closed).finish_non_exhaustive()
    }
}

impl<'w> Out<'w> {
    /// Output to a writer.
    pub fn new(to: impl Write + 'w) -> Self {
        Self { to: Box::new(to), closed: false, columns: None, paint: Paint::Plain }
    }

    /// Output to standard output, with colours if they are wanted.
    #[must_use]
    pub fn stdout(colour: ColourName) -> Self {
        let columns = terminal_size::terminal_size_of(io::stdout()).map(|(columns, _)| columns.0.into());
        let paint = if colour.is_wanted(&io::stdout()) { Paint::Colours } else { Paint::Plain };
        Self { columns, paint, ..Self::new(io::stdout()) }
    }

    /// Whether text gets colours.
    #[must_use]
    pub const fn paint(&self) -> Paint {
        self.paint
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
        match self.to.write_all(harmless(text, self.paint).as_bytes()).and_then(|()| self.to.flush()) {
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

/// The character that begins a command to a terminal.
const ESCAPE: char = '\u{1b}';

/// Text without control characters, except for line ends, tabs, and colours if there are any.
fn harmless(text: &str, paint: Paint) -> Cow<'_, str> {
    let is_command = |c: char| c.is_control() && c != '\n' && c != '\t';
    if !text.contains(is_command) {
        return Cow::Borrowed(text);
    }
    if paint == Paint::Plain {
        return Cow::Owned(text.replace(is_command, "\u{fffd}"));
    }
    let mut pieces = text.split(ESCAPE);
    let mut out = pieces.next().unwrap_or_default().replace(is_command, "\u{fffd}");
    for piece in pieces {
        out.push(if is_colour(piece) { ESCAPE } else { '\u{fffd}' });
        out.push_str(&piece.replace(is_command, "\u{fffd}"));
    }
    Cow::Owned(out)
}

/// Whether text after an escape character sets a colour, and nothing else.
fn is_colour(text: &str) -> bool {
    let parameters =
        text.strip_prefix('[').map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';'));
    parameters.is_some_and(|rest| rest.starts_with('m'))
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
    fn of_commands_to_a_terminal_only_colours_are_left() {
        let text = "a\u{1b}[1m\u{1b}[31mb\u{1b}[0m\u{1b}[2Jc\u{7}\u{1b}";
        assert_eq!(
            harmless(text, Paint::Plain),
            "a\u{fffd}[1m\u{fffd}[31mb\u{fffd}[0m\u{fffd}[2Jc\u{fffd}\u{fffd}"
        );
        assert_eq!(
            harmless(text, Paint::Colours),
            "a\u{1b}[1m\u{1b}[31mb\u{1b}[0m\u{fffd}[2Jc\u{fffd}\u{fffd}"
        );
    }

    #[test]
    fn a_full_disk_is_one() {
        let failure =
            Out::new(Broken(io::ErrorKind::StorageFull)).line("x").expect_err("it cannot be written");
        assert_eq!(failure.exit, crate::Exit::Tool);
    }
}
