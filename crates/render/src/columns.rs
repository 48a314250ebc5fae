//! Text in columns, as kernel developers draw them in mails.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::lines::{GAP, Line, NARROWEST};
use crate::overlap;
use crate::paint::{Paint, Tone};

/// Spaces between two columns whose headers stand upright.
const NARROW_GAP: usize = 1;

/// The shortest underline below upright headers, where columns of one and of two letters should have the same
/// width.
const NARROWEST_UPRIGHT: usize = 2;

/// Text in columns: headers, `====` underlines, rows.
///
/// An underline is as wide as the widest cell of its column, so that the starts of the columns can be read back
/// from the underlines alone. No line ends in a space.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    heads: Vec<String>,
    lines: Vec<Line>,
    /// All headers except the first are written from top to bottom, so that a column is as narrow as its
    /// cells.
    upright: bool,
    /// How many columns after the first describe their row, and are repeated in each band.
    repeated: usize,
    /// The colours of cells, by their lines and columns.
    tones: BTreeMap<(usize, usize), Tone>,
    paint: Paint,
}

impl Columns {
    /// Creates columns with these headers and no rows.
    pub fn new<S: AsRef<str>>(heads: impl IntoIterator<Item = S>) -> Self {
        let heads = heads.into_iter().map(|h| clean(h.as_ref())).collect();
        Self { heads, ..Self::default() }
    }

    /// Writes the headers of all columns except the first from top to bottom: for many columns of short
    /// cells.
    #[must_use]
    pub const fn upright(mut self) -> Self {
        self.upright = true;
        self
    }

    /// Repeats this many columns after the first in each of [`bands`](Self::bands).
    #[must_use]
    pub const fn repeat(mut self, columns: usize) -> Self {
        self.repeated = columns;
        self
    }

    /// Gives cells their colours, if they have any.
    #[must_use]
    pub const fn painted(mut self, paint: Paint) -> Self {
        self.paint = paint;
        self
    }

    /// Gives a cell of the row that was added last a colour.
    pub fn tone(&mut self, column: usize, tone: Tone) {
        if let Some(line) = self.lines.len().checked_sub(1) {
            self.tones.insert((line, column), tone);
        }
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

    /// The columns in bands that are at most `limit` wide, one below the other. The first column is repeated in
    /// each band, since it names the rows. A single column that is wider than the limit stays whole.
    #[must_use]
    pub fn bands(&self, limit: usize) -> String {
        let widths = self.widths();
        if widths.is_empty() {
            return String::new();
        }
        let first = self.repeated.min(widths.len() - 1);
        let width_of_first = widths[0] + (1..=first).map(|c| self.gap(c - 1) + widths[c]).sum::<usize>();
        let mut out = String::new();
        let mut from = first + 1;
        loop {
            let mut width = width_of_first;
            let mut to = from;
            while to < widths.len() && (to == from || width + self.gap(to - 1) + widths[to] <= limit) {
                width += self.gap(to - 1) + widths[to];
                to += 1;
            }
            let shown: Vec<usize> = (0..=first).chain(from..to).collect();
            self.draw(&mut out, &shown, &widths);
            from = to;
            if from >= widths.len() {
                return out;
            }
            out.push('\n');
        }
    }

    /// The columns in one band, at most `limit` wide if possible: where they would be wider, cells may run over the
    /// place of empty cells. With `tabs`, columns begin at tab stops of 8 and are separated by tabs.
    #[must_use]
    pub fn overlapping(&self, limit: usize, tabs: bool) -> String {
        overlap::draw(&self.heads, &self.lines, limit, tabs)
    }

    /// Whether all columns fit into one band of this width.
    #[must_use]
    pub fn fits(&self, limit: usize) -> bool {
        let widths = self.widths();
        let gaps: usize = (1..widths.len()).map(|c| self.gap(c - 1)).sum();
        widths.iter().sum::<usize>() + gaps <= limit
    }

    /// The number of spaces after a column.
    const fn gap(&self, column: usize) -> usize {
        if self.upright && column > 0 { NARROW_GAP } else { GAP }
    }

    fn widths(&self) -> Vec<usize> {
        let head = |(column, head): (usize, &String)| match self.upright && column > 0 {
            true => head.chars().filter_map(|c| c.width()).max().unwrap_or(0).max(NARROWEST_UPRIGHT),
            false => head.width().max(NARROWEST),
        };
        let mut widths: Vec<usize> = self.heads.iter().enumerate().map(head).collect();
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
        self.draw_heads(out, shown, widths);
        let rules: Vec<String> = shown.iter().map(|&c| "=".repeat(widths[c])).collect();
        self.draw_line(out, rules.iter().map(String::as_str), shown, widths, None);
        for (place, line) in self.lines.iter().enumerate() {
            match line {
                Line::Across(text) => {
                    out.push_str(text);
                    out.push('\n');
                }
                Line::Cells(cells) => {
                    let text = |c: &usize| cells.iter().find(|cell| cell.0 == *c).map_or("", |cell| &cell.1);
                    self.draw_line(out, shown.iter().map(text), shown, widths, Some(place));
                }
            }
        }
    }

    fn draw_heads(&self, out: &mut String, shown: &[usize], widths: &[usize]) {
        if !self.upright {
            return self.draw_line(out, shown.iter().map(|&c| self.heads[c].as_str()), shown, widths, None);
        }
        let height = |c: usize| if c == 0 { 1 } else { self.heads[c].chars().count() };
        let highest = shown.iter().map(|&c| height(c)).max().unwrap_or(0);
        for line in 0..highest {
            // All headers end right above the underline.
            let text = |&c: &usize| match (line + height(c)).checked_sub(highest) {
                None => String::new(),
                Some(_) if c == 0 => self.heads[c].clone(),
                Some(nth) => self.heads[c].chars().nth(nth).map(String::from).unwrap_or_default(),
            };
            let texts: Vec<String> = shown.iter().map(text).collect();
            self.draw_line(out, texts.iter().map(String::as_str), shown, widths, None);
        }
    }

    fn draw_line<'t>(
        &self,
        out: &mut String,
        texts: impl Iterator<Item = &'t str>,
        shown: &[usize],
        widths: &[usize],
        place: Option<usize>,
    ) {
        let mut line = String::new();
        for (text, &column) in texts.zip(shown) {
            let tone = place.and_then(|place| self.tones.get(&(place, column)));
            let painted = tone.map_or_else(|| text.to_owned(), |tone| self.paint.text(*tone, text));
            // Writing to a string cannot fail. Padding by `{:width$}` counts characters, not columns.
            let pad = (widths[column] + self.gap(column)).saturating_sub(text.width());
            let _ = write!(line, "{painted}{:pad$}", "");
        }
        out.push_str(line.trim_end());
        out.push('\n');
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

/// A cell is one line: a character that would break the line or the layout becomes a space.
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
        assert_eq!(
            columns.repeat(1).bands(14),
            "\
name  one  two
====  ===  ===
n     1    2

name  one  three
====  ===  =====
n     1    3
"
        );
    }

    #[test]
    fn upright_headers_make_room() {
        let mut columns = Columns::new(["name", "v5.9", "v6"]).upright();
        columns.row([(0, "n"), (1, "."), (2, "LR")]).row([(0, "longer"), (2, ".")]);
        assert_eq!(
            format!("\n{columns}"),
            "
        v
        5
        .  v
name    9  6
======  == ==
n       .  LR
longer     .
"
        );
        assert!(columns.fits(13) && !columns.fits(12));
        assert_eq!(columns.bands(12).matches("name").count(), 2);
    }

    #[test]
    fn a_column_wider_than_the_limit_stays_whole() {
        let mut columns = Columns::new(["name", "a-very-long-header", "b"]);
        columns.row([(0, "n"), (1, "1"), (2, "2")]);
        assert_eq!(columns.bands(10).matches("name").count(), 2);
        assert!(Columns::default().bands(10).is_empty());
    }
}
