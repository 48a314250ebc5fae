//! What is wrong with a scenario, and where.

use std::fmt;
use std::ops::Range;

/// A range of bytes of a file.
pub type Span = Range<usize>;

/// One error in a scenario. It is rendered by the caller, which knows the name of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What is wrong, as a fragment: "unknown column `thred0`".
    pub message: String,
    /// The cell or word with the error. It is always within the text, on character boundaries.
    pub span: Span,
    /// A few words to print below the span; may be empty.
    pub label: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error at a span.
    pub(crate) fn new(span: Span, message: impl Into<String>) -> Self {
        Self { message: message.into(), span, label: String::new(), help: None }
    }

    /// Adds words to print below the span.
    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Adds advice.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds advice, if there is any.
    pub(crate) fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Diagnostic {}

/// Errors that are collected before they are reported together.
///
/// A hostile file can have hundreds of thousands of errors, and each of them costs a search for the nearest word.
/// All readers therefore give up after [`Report::LIMIT`] errors.
#[derive(Debug, Default)]
pub(crate) struct Report {
    list: Vec<Diagnostic>,
}

impl Report {
    /// The largest number of errors that are kept.
    const LIMIT: usize = 50;

    /// Adds an error, unless an equal one has been added: variants share most of the text.
    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        if !self.is_full() && !self.list.contains(&diagnostic) {
            self.list.push(diagnostic);
        }
    }

    /// The value, or `None` after adding the error.
    pub(crate) fn ok<T>(&mut self, result: Result<T, Diagnostic>) -> Option<T> {
        result.map_err(|d| self.push(d)).ok()
    }

    /// Whether the limit is reached, so that no more errors need to be searched for.
    pub(crate) fn is_full(&self) -> bool {
        self.list.len() >= Self::LIMIT
    }

    /// Whether nothing was wrong.
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many errors there are.
    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// The errors in the order of the file.
    pub(crate) fn into_sorted(mut self) -> Vec<Diagnostic> {
        self.list.sort_by_key(|d| (d.span.start, d.span.end));
        self.list
    }
}
