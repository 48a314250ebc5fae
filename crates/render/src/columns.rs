//! Text in columns, as kernel developers draw them into mails.

use std::fmt::{self, Write as _};

use unicode_width::UnicodeWidthStr as _;

/// Spaces between two columns.
const GAP: usize = 2;

/// A shorter underline would not be told from other text.
const NARROWEST: usize = 3;

/// One line below the underlines.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Line {
    /// Cells by column; columns without one stay empty.
    Cells(Vec<(usize, String)>),
    /// Text over the whole width.
    Across(String),
}

/// Text in columns: headers, `====` underlines, rows.
///
/// An underline is as wide as its column's widest cell, so that where columns start can be read back
/// from the underlines alone. No line ends in a space.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    heads: Vec<String>,
    lines: Vec<Line>,
}

impl Columns {
    /// Columns with these headers and no rows.
    pub fn new<S: AsRef<str>>(heads: impl IntoIterator<Item = S>) -> Self {
        Self { heads: heads.into_iter().map(|h| clean(h.as_ref())).collect(), lines: Vec::new() }
    }

    /// Adds a row. Cells name their column by index; those of columns that do not exist are dropped.
    pub fn row<S: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = (usize, S)>) -> &mut Self {
        let mut cells: Vec<_> = cells
            .into_iter()
            .filter(|(column, _)| *column < self.heads.len())
            .map(|(column, text)| (column, clean(text.as_ref())))
            .collect();
        cells.sort_by_key(|cell| cell.0);
        self.lines.push(Line::Cells(cells));
        self
    }

    /// Adds a line over the whole width.
    pub fn across(&mut self, text: &str) -> &mut Self {
        self.lines.push(Line::Across(clean(text)));
        self
    }

    /// The columns in bands that are at most `limit` wide, one below the other. The first column is
    /// repeated in each, since it says what the rows are. A single column wider than that stays whole.
    #[must_use]
    pub fn bands(&self, limit: usize) -> String {
        let widths = self.widths();
        let Some(first) = widths.first() else { return String::new() };
        let mut out = String::new();
        let mut from = 1;
        loop {
            let mut width = *first;
            let mut to = from;
            while to < widths.len() && (to == from || width + GAP + widths[to] <= limit) {
                width += GAP + widths[to];
                to += 1;
            }
            let shown: Vec<usize> = std::iter::once(0).chain(from..to).collect();
            self.draw(&mut out, &shown, &widths);
            from = to;
            if from >= widths.len() {
                return out;
            }
            out.push('\n');
        }
    }

    fn widths(&self) -> Vec<usize> {
        let mut widths: Vec<usize> = self.heads.iter().map(|h| h.width().max(NARROWEST)).collect();
        for line in &self.lines {
            let Line::Cells(cells) = line else { continue };
            for (column, text) in cells {
                widths[*column] = widths[*column].max(text.width());
            }
        }
        widths
    }

    /// Draws the columns of `shown`.
    fn draw(&self, out: &mut String, shown: &[usize], widths: &[usize]) {
        let heads = shown.iter().map(|&c| self.heads[c].as_str());
        draw_line(out, heads, shown, widths);
        let rules: Vec<String> = shown.iter().map(|&c| "=".repeat(widths[c])).collect();
        draw_line(out, rules.iter().map(String::as_str), shown, widths);
        for line in &self.lines {
            match line {
                Line::Across(text) => {
                    out.push_str(text);
                    out.push('\n');
                }
                Line::Cells(cells) => {
                    let text = |c: &usize| cells.iter().find(|cell| cell.0 == *c).map_or("", |cell| &cell.1);
                    draw_line(out, shown.iter().map(text), shown, widths);
                }
            }
        }
    }
}

impl fmt::Display for Columns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        let all: Vec<usize> = (0..self.heads.len()).collect();
        self.draw(&mut out, &all, &self.widths());
        f.write_str(&out)
    }
}

fn draw_line<'t>(out: &mut String, texts: impl Iterator<Item = &'t str>, shown: &[usize], widths: &[usize]) {
    let mut line = String::new();
    for (text, &column) in texts.zip(shown) {
        // Writing to a string cannot fail. Padding by `{:width$}` counts characters, not columns.
        let _ = write!(line, "{text}{:pad$}", "", pad = (widths[column] + GAP).saturating_sub(text.width()));
    }
    out.push_str(line.trim_end());
    out.push('\n');
}

/// A cell is one line: whatever would break the line or the layout becomes a space.
fn clean(text: &str) -> String {
    text.trim_end().chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn underlines_are_as_wide_as_the_widest_cell() {
        let mut columns = Columns::new(["a", "other process", "c"]);
        columns.row([(0, "buf[1] = 2"), (2, "x")]).across("=== all ===").row([(1, "wait C")]);
        assert_eq!(
            columns.to_string(),
            "\
a           other process  c
==========  =============  ===
buf[1] = 2                 x
=== all ===
            wait C
"
        );
    }

    #[test]
    fn wide_characters_count_by_their_columns() {
        let mut columns = Columns::new(["a", "b"]);
        columns.row([(0, "页页"), (1, "x")]);
        assert_eq!(columns.to_string(), "a     b\n====  ===\n页页  x\n");
    }

    #[test]
    fn cells_stay_on_their_line() {
        let mut columns = Columns::new(["a\tb", "c"]);
        columns.row([(0, "x\ny  "), (9, "nowhere")]).row::<&str>([]);
        assert_eq!(columns.to_string(), "a b  c\n===  ===\nx y\n\n");
    }

    #[test]
    fn bands_repeat_the_first_column() {
        let mut columns = Columns::new(["name", "one", "two", "three"]);
        columns.row([(0, "n"), (1, "1"), (2, "2"), (3, "3")]);
        assert_eq!(
            columns.bands(14),
            "\
name  one  two
====  ===  ===
n     1    2

name  three
====  =====
n     3
"
        );
        assert_eq!(columns.bands(100), columns.to_string());
    }

    #[test]
    fn a_column_wider_than_the_limit_stays_whole() {
        let mut columns = Columns::new(["name", "a-very-long-header", "b"]);
        columns.row([(0, "n"), (1, "1"), (2, "2")]);
        assert_eq!(columns.bands(10).matches("name").count(), 2);
        assert!(Columns::default().bands(10).is_empty());
    }
}
