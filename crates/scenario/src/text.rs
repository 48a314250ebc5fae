//! Lines, and text put together from pieces of a file.

use crate::diagnostic::Span;

/// A line of a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'s> {
    /// Its number, from 1.
    pub(crate) number: usize,
    /// Where it begins in the file.
    pub(crate) begin: usize,
    /// Where its text starts: after the `> ` of a quoted mail.
    pub(crate) start: usize,
    /// Its text, without quoting and without the end of the line.
    pub(crate) text: &'s str,
}

impl Line<'_> {
    pub(crate) fn span(&self) -> Span {
        self.start..self.start + self.text.len()
    }

    pub(crate) fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    pub(crate) fn is_comment(&self) -> bool {
        self.text.trim_start().starts_with('#')
    }

    /// The first word, up to a blank or a brace; empty on an indented line.
    pub(crate) fn keyword(&self) -> &str {
        self.text.split(|c: char| c.is_whitespace() || c == '{').next().unwrap_or_default()
    }

    /// The length without a comment after two blanks, and without trailing blanks.
    pub(crate) fn uncommented(&self) -> usize {
        let mut quoted = false;
        let mut escaped = false;
        let mut blanks = 0;
        for (at, c) in self.text.char_indices() {
            match c {
                '#' if !quoted && blanks >= 2 => return self.text[..at].trim_end().len(),
                '"' if !escaped => quoted = !quoted,
                _ => {}
            }
            escaped = quoted && c == '\\' && !escaped;
            blanks = match c {
                '\t' => 2,
                c if c.is_whitespace() => blanks + 1,
                _ => 0,
            };
        }
        self.text.trim_end().len()
    }
}

/// The line that ends a scenario.
const END: &str = "--";

/// The lines of a file, as they were before a mail quoted them: nothing in a scenario begins with `>`. A byte order
/// mark is not part of the first one.
pub(crate) fn lines(source: &str) -> Vec<Line<'_>> {
    let mut begin = if source.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut lines = Vec::new();
    for (i, whole) in source[begin..].split('\n').enumerate() {
        let text = unquoted(whole);
        // As in a mail, the text after it is not part of it.
        if text.trim_end() == END {
            break;
        }
        let start = begin + (whole.len() - text.len());
        lines.push(Line { number: i + 1, begin, start, text: text.strip_suffix('\r').unwrap_or(text) });
        begin += whole.len() + 1;
    }
    lines
}

/// A line without the quote marks at its start: `>`, each followed by a blank or not.
fn unquoted(line: &str) -> &str {
    let mut rest = line;
    while let Some(inner) = rest.strip_prefix('>') {
        rest = inner.strip_prefix(' ').unwrap_or(inner);
    }
    rest
}

/// A span without the blanks around it.
pub(crate) fn trim(source: &str, span: Span) -> Span {
    let text = &source[span.clone()];
    let start = span.start + (text.len() - text.trim_start().len());
    start..start + text.trim().len()
}

/// Text put together from pieces of a file, which knows where in the file its bytes come from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Text {
    text: String,
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug)]
struct Piece {
    at: usize,
    source: Span,
    /// The bytes are those of the file; otherwise they replace them.
    verbatim: bool,
}

/// Positions do not matter.
impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Text {
    /// A span of the file.
    pub(crate) fn of(source: &str, span: Span) -> Self {
        let mut text = Self::default();
        text.push_source(source, span);
        text
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Adds a span of the file.
    pub(crate) fn push_source(&mut self, source: &str, span: Span) {
        self.pieces.push(Piece { at: self.text.len(), source: span.clone(), verbatim: true });
        self.text.push_str(&source[span]);
    }

    /// Adds text that replaces a span of the file.
    pub(crate) fn push_instead(&mut self, text: &str, source: Span) {
        self.pieces.push(Piece { at: self.text.len(), source, verbatim: false });
        self.text.push_str(text);
    }

    /// Adds part of another text.
    pub(crate) fn push_text(&mut self, other: &Self, range: Span) {
        let first = other.pieces.partition_point(|p| p.at <= range.start).saturating_sub(1);
        for (i, piece) in other.pieces.iter().enumerate().skip(first) {
            let end = other.pieces.get(i + 1).map_or(other.text.len(), |p| p.at).min(range.end);
            let start = piece.at.max(range.start);
            if start >= end {
                if piece.at >= range.end {
                    break;
                }
                continue;
            }
            let source = if piece.verbatim {
                piece.source.start + (start - piece.at)..piece.source.start + (end - piece.at)
            } else {
                piece.source.clone()
            };
            self.pieces.push(Piece { at: self.text.len(), source, verbatim: piece.verbatim });
            self.text.push_str(&other.text[start..end]);
        }
    }

    /// The span in the file of a part of the text.
    pub(crate) fn span(&self, range: Span) -> Span {
        let Some(first) = self.piece(range.start) else { return 0..0 };
        let start = if first.verbatim {
            (first.source.start + (range.start - first.at)).min(first.source.end)
        } else {
            first.source.start
        };
        if range.end <= range.start {
            return start..start;
        }
        let Some(last) = self.piece(range.end - 1) else { return start..start };
        let end = if last.verbatim { last.source.start + (range.end - last.at) } else { last.source.end };
        start..end.max(start)
    }

    /// The span in the file of the whole text.
    pub(crate) fn whole(&self) -> Span {
        self.span(0..self.text.len())
    }

    fn piece(&self, at: usize) -> Option<&Piece> {
        self.pieces.get(self.pieces.partition_point(|p| p.at <= at).checked_sub(1)?)
    }

    /// A part without the blanks around it.
    pub(crate) fn trimmed(&self, range: Span) -> Self {
        let part = &self.text[range.clone()];
        let start = range.start + (part.len() - part.trim_start().len());
        let mut text = Self::default();
        text.push_text(self, start..start + part.trim().len());
        if text.pieces.is_empty() {
            let at = self.span(range);
            text.pieces.push(Piece { at: 0, source: at, verbatim: true });
        }
        text
    }

    /// The parts between separators, without the blanks around them.
    pub(crate) fn split(&self, separators: &[char]) -> Vec<Self> {
        let mut parts = Vec::new();
        let mut start = 0;
        for (at, found) in self.text.match_indices(separators) {
            parts.push(self.trimmed(start..at));
            start = at + found.len();
        }
        parts.push(self.trimmed(start..self.text.len()));
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_lead_back_into_the_file() {
        let source = "ab $x cd";
        let mut text = Text::of(source, 0..3);
        text.push_instead("long word", 3..5);
        text.push_source(source, 5..8);
        assert_eq!(text.as_str(), "ab long word cd");
        assert_eq!(text.span(0..2), 0..2);
        assert_eq!(text.span(5..7), 3..5);
        assert_eq!(text.span(13..15), 6..8);
        assert_eq!(text.span(0..15), 0..8);
        let mut part = Text::default();
        part.push_text(&text, 1..15);
        assert_eq!(part.as_str(), "b long word cd");
        assert_eq!(part.span(12..14), 6..8);
    }

    #[test]
    fn comments_need_two_blanks_and_no_quotes() {
        let line = |text| Line { number: 1, begin: 0, start: 0, text }.uncommented();
        assert_eq!(line("link a#b  # c"), "link a#b".len());
        assert_eq!(line("link a #b"), "link a #b".len());
        assert_eq!(line("title \"a  # b\"  # c"), "title \"a  # b\"".len());
        assert_eq!(line("x\t# c"), 1);
    }

    #[test]
    fn lines_of_every_system() {
        let all = lines("\u{feff}a\r\nb\n");
        let texts: Vec<_> = all.iter().map(|l| (l.number, l.start, l.text)).collect();
        assert_eq!(texts, [(1, 3, "a"), (2, 6, "b"), (3, 8, "")]);
    }

    #[test]
    fn a_line_of_two_dashes_ends_the_scenario() {
        let texts = |source| lines(source).iter().map(|l| l.text).collect::<Vec<_>>();
        assert_eq!(texts("a\n-- \nb"), ["a"]);
        assert_eq!(texts("> a\n> --\n> b"), ["a"]);
        assert_eq!(texts("a\n---\nb"), ["a", "---", "b"]);
    }

    #[test]
    fn quoting_is_taken_away() {
        let all = lines("> a\n>> b\n> >\n>\tc\n");
        let texts: Vec<_> = all.iter().map(|l| (l.begin, l.start, l.text)).collect();
        assert_eq!(texts, [(0, 2, "a"), (4, 7, "b"), (9, 12, ""), (13, 14, "\tc"), (17, 17, "")]);
    }
}
