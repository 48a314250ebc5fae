//! The lines of text in columns, and the least room that columns need.

/// Spaces between two columns.
pub(crate) const GAP: usize = 2;

/// A shorter underline would not be told from other text.
pub(crate) const NARROWEST: usize = 3;

/// One line below the underlines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// Cells by column; columns without one stay empty.
    Cells(Vec<(usize, String)>),
    /// Text over the whole width.
    Across(String),
}
