//! Remarks: what mails write beside the operations of a diagram. They are kept, and have no effect.

use crate::diagnostic::{Diagnostic, Span};
use crate::syntax::{At, RawCell, Shape};
use crate::text::Text;

/// The brackets that enclose a remark.
const ENCLOSED: [(&str, &str); 4] = [("[", "]"), ("<", ">"), ("(", ")"), ("/*", "*/")];

/// Other beginnings of a remark.
const BEGINNINGS: [&str; 5] = ["//", "...", "\u{2026}", "<-", "<="];

/// Whether a cell is a remark. No operation begins like a remark.
pub(crate) fn begins(text: &str) -> bool {
    is_arrow(text)
        || BEGINNINGS.iter().any(|begin| text.starts_with(begin))
        || ENCLOSED.iter().any(|(open, _)| text.starts_with(open))
}

/// `==>`, `-->`, `->`.
pub(crate) fn is_arrow(text: &str) -> bool {
    let shaft = text.trim_start_matches(['=', '-']);
    shaft.len() < text.len() && shaft.starts_with('>')
}

fn enclosed(text: &str) -> Option<(&'static str, &'static str)> {
    if BEGINNINGS.iter().any(|begin| text.starts_with(begin)) {
        return None;
    }
    ENCLOSED.into_iter().find(|(open, _)| text.starts_with(open))
}

/// The number of bytes of a remark in brackets, if it is closed in this text.
pub(crate) fn length(text: &str) -> Option<usize> {
    let (open, close) = enclosed(text)?;
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        if rest.starts_with(open) {
            depth += 1;
            at += open.len();
        } else if rest.starts_with(close) {
            depth = depth.saturating_sub(1);
            at += close.len();
            if depth == 0 {
                return Some(at);
            }
        } else {
            at += c.len_utf8();
        }
    }
    None
}

/// Where a remark after an operation begins, in the same cell.
pub(crate) fn after_operation(cell: &str) -> Option<usize> {
    cell.match_indices(char::is_whitespace).map(|(at, blank)| at + blank.len()).find(|&at| {
        let rest = &cell[at..];
        // `buf [0]` is a word of memory, and `read (..)` a call.
        let index = rest.strip_prefix('[').and_then(|r| r.split(']').next());
        let is_index = index.is_some_and(|i| i.trim().chars().all(|c| c.is_alphanumeric()));
        begins(rest) && !is_index && !rest.starts_with('(')
    })
}

/// The cell of a remark.
///
/// # Errors
///
/// If it is not closed: it would be unclear whether the text that follows is part of it.
pub(crate) fn cell(source: &str, span: Span, column: usize) -> Result<RawCell, Diagnostic> {
    let kept = read(&source[span.clone()], span.clone())?;
    let mut text = Text::default();
    text.push_instead(&kept, span.clone());
    Ok(RawCell { column, shape: Shape::Remark, text, at: At(span) })
}

/// The text of a remark with single blanks.
fn read(text: &str, at: Span) -> Result<String, Diagnostic> {
    if let (Some((open, close)), None) = (enclosed(text), length(text)) {
        return Err(Diagnostic::new(at, "this remark is not closed").help(format!(
            "it must end with `{close}` in the same row; a remark of several rows has `{open}` and \
             `{close}` in each"
        )));
    }
    Ok(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remarks_are_told_from_operations() {
        for remark in
            ["[x]", "<x>", "(x)", "/* x */", "// x", "==> f()", "-->", "->", "===> f()", "...", "<- here"]
        {
            assert!(begins(remark), "{remark}");
        }
        for other in ["buf[0] = 1", "=== all ===", "}", "f = 1", "-", "=", "gup"] {
            assert!(!begins(other), "{other}");
        }
    }

    #[test]
    fn remarks_after_operations_are_found() {
        let split = |cell: &'static str| after_operation(cell).map(|at| (cell[..at].trim_end(), &cell[at..]));
        assert_eq!(split("buf[0] = 1 // why"), Some(("buf[0] = 1", "// why")));
        assert_eq!(split("buf[0] = 1 [why not]"), Some(("buf[0] = 1", "[why not]")));
        assert_eq!(split("clear_refs(A) ==> pte_wrprotect"), Some(("clear_refs(A)", "==> pte_wrprotect")));
        assert_eq!(split("x = buf [0]"), None);
        assert_eq!(split("read (O_DIRECT, buf[0], 1)"), None);
        assert_eq!(split("f = 1"), None);
    }

    #[test]
    fn what_is_enclosed_ends_where_it_is_closed() {
        assert_eq!(length("[a [b]] c"), Some("[a [b]]".len()));
        assert_eq!(length("[a"), None);
        assert_eq!(length("// a"), None);
        assert!(read("<a", 0..2).is_err());
        assert_eq!(read("[a \t b]", 0..2), Ok("[a b]".to_owned()));
    }
}
