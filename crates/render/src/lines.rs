//! The lines of text in columns, and the smallest width of columns.

/// The number of spaces between two columns.
pub(crate) const GAP: usize = 2;

/// The shortest underline: a shorter one could not be told from other text.
pub(crate) const NARROWEST: usize = 3;

/// One line below the underlines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// Cells by column; columns without a cell stay empty.
    Cells(Vec<(usize, String)>),
    /// Text over the whole width.
    Across(String),
}
