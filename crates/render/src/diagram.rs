//! The diagram of a race: a scenario as text.

use std::fmt;

use crate::Columns;
use crate::overlap::MAIL;

/// One row of a diagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// The cells, each with the index of its column.
    Cells(Vec<(usize, String)>),
    /// A barrier for the named columns, such as `all` or `a b`.
    Barrier(String),
}

/// A race diagram. Its text is in the scenario language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagram {
    /// Lines above the columns.
    pub header: Vec<String>,
    /// Headers of the columns.
    pub columns: Vec<String>,
    /// Rows, in order.
    pub rows: Vec<Row>,
    /// Lines below the columns.
    pub footer: Vec<String>,
    /// Comments below the footer ([`Comment`](crate::Comment)).
    pub comments: Vec<String>,
    /// Whether columns begin at tab stops of 8 and are separated by tabs, as in mails.
    pub tabs: bool,
}

impl fmt::Display for Diagram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [header, footer, comments] =
            [&self.header, &self.footer, &self.comments].map(|block| lines(block));
        let blocks = [header, self.drawn(MAIL), footer, comments];
        let blocks: Vec<&str> = blocks.iter().map(String::as_str).filter(|b| !b.is_empty()).collect();
        f.write_str(&blocks.join("\n"))
    }
}

impl Diagram {
    /// The columns alone, at most `limit` wide if possible.
    pub(crate) fn drawn(&self, limit: usize) -> String {
        let mut columns = Columns::new(&self.columns);
        for row in &self.rows {
            match row {
                Row::Cells(cells) => columns.row(cells.iter().map(|(c, t)| (*c, t))),
                Row::Barrier(who) => columns.across(&format!("=== {who} ===")),
            };
        }
        columns.overlapping(limit, self.tabs)
    }
}

/// The lines without blank lines at either end, so that blocks are separated by one blank line.
fn lines(lines: &[String]) -> String {
    let lines: Vec<&str> = lines.iter().map(|l| l.trim_end()).collect();
    let text = lines.join("\n");
    let text = text.trim_matches('\n');
    if text.is_empty() { String::new() } else { format!("{text}\n") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_stand_one_blank_line_apart() {
        let diagram = Diagram {
            header: vec!["race x".into(), String::new(), "mm A { buf: anon }   ".into(), String::new()],
            columns: vec!["t0 @A".into(), "t1 @A".into()],
            rows: vec![
                Row::Cells(vec![(0, "buf[0] = 1".into()), (1, "wait x".into())]),
                Row::Barrier("t0 t1".into()),
            ],
            footer: vec![String::new(), "always r == 1".into()],
            comments: vec!["# check: it holds".into()],
            tabs: false,
        };
        let text = "\
race x

mm A { buf: anon }

t0 @A       t1 @A
==========  ======
buf[0] = 1  wait x
=== t0 t1 ===

always r == 1

# check: it holds
";
        assert_eq!(diagram.to_string(), text);
    }

    #[test]
    fn missing_blocks_leave_no_blank_lines() {
        let diagram = Diagram { columns: vec!["a".into()], ..Diagram::default() };
        assert_eq!(diagram.to_string(), "a\n===\n");
    }
}
