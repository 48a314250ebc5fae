//! What each line of a file is, by its first word and the braces around it.

use crate::text::Line;

/// Statements above the columns.
pub(crate) const HEADER: [&str; 8] = ["race", "title", "subject", "link", "from", "note", "mm", "env"];
/// The statement above the columns on which they do not depend.
pub(crate) const VARIANT: &str = "variant";
/// Statements below the columns.
pub(crate) const FOOTER: [&str; 5] = ["always", "never", "promise", "window", "expect"];

/// What a line is, as far as this can be told without knowing where the diagram is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Blank, or a comment.
    Blank,
    /// A line of a statement of the header, the first or a later one.
    Statement,
    /// The first line of a statement of the footer.
    Footer,
    /// Anything else.
    Text,
}

/// What each line is.
pub(crate) fn kinds(lines: &[Line<'_>]) -> Vec<Kind> {
    let mut kinds = Vec::with_capacity(lines.len());
    let mut depth = 0_usize;
    // Whether an indented line would continue the statement above it.
    let mut open = false;
    for line in lines {
        let keyword = line.keyword();
        let kind = match keyword {
            _ if line.is_blank() || line.is_comment() => Kind::Blank,
            word if is_header(word) => {
                depth = 0;
                Kind::Statement
            }
            _ if depth > 0 => Kind::Statement,
            word if FOOTER.contains(&word) && !is_assignment(line) => Kind::Footer,
            "" if open => Kind::Statement,
            _ => Kind::Text,
        };
        open = match kind {
            Kind::Statement => {
                depth = braces(line.text, depth);
                // A statement with braces ends where they are closed.
                depth > 0 || !matches!(keyword, "mm" | VARIANT | "}") && (open || !keyword.is_empty())
            }
            _ => false,
        };
        kinds.push(kind);
    }
    kinds
}

/// `window = 1` in the first column is a cell.
pub(crate) fn is_assignment(line: &Line<'_>) -> bool {
    let rest = line.text[line.keyword().len()..].trim_start();
    rest.starts_with('=') && !rest.starts_with("==")
}

pub(crate) fn is_header(word: &str) -> bool {
    HEADER.contains(&word) || word == VARIANT
}

/// The number of braces that are open after a line.
pub(crate) fn braces(text: &str, mut depth: usize) -> usize {
    for c in text.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    depth
}
