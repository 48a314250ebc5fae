//! A story: a diagram with numbered rows, what happens in each, and what it comes to.

use std::fmt;

use unicode_width::UnicodeWidthStr as _;

use crate::Diagram;
use crate::overlap::MAIL;

/// A story, ready to be told.
#[derive(Clone, Debug, Default)]
pub struct Tale {
    /// What one must know before, beside the header of the diagram: lines.
    pub opening: Vec<String>,
    /// The diagram: a scenario, of which the rows get numbers.
    pub diagram: Diagram,
    /// What happens in each of its rows.
    pub rows: Vec<Told>,
    /// Told in the place of the rows, if it is not empty: every access.
    pub accesses: String,
    /// What it comes to: paragraphs.
    pub closing: Vec<String>,
}

/// What happens in one row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Who does what.
    pub heading: String,
    /// What happens, by the kernel function that does it.
    pub parts: Vec<Part>,
}

/// What one function does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// The function, where it stands; empty for what no kernel does.
    pub place: String,
    /// What changed, and why it went on as it did.
    pub lines: Vec<String>,
}

/// Ends a scenario: what follows is for people.
const END: &str = "--";

/// How rows are to be read.
const LEGEND: &str = "\
Row by row, what is different behind each. Accesses of user space go by the
page table (walk) or by the TLB.";

/// Columns that a paragraph may have.
const WIDTH: usize = 76;

impl fmt::Display for Tale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tell(f, true)
    }
}

/// A story without what happens in its rows.
#[derive(Clone, Copy, Debug)]
pub struct Brief<'t>(&'t Tale);

impl fmt::Display for Brief<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.tell(f, false)
    }
}

impl Tale {
    /// The diagram and the closing words alone.
    #[must_use]
    pub const fn brief(&self) -> Brief<'_> {
        Brief(self)
    }

    fn tell(&self, f: &mut fmt::Formatter<'_>, with_rows: bool) -> fmt::Result {
        let drawn = Diagram { header: Vec::new(), footer: Vec::new(), ..self.diagram.clone() }.to_string();
        let digits = self.rows.len().to_string().len();
        let margin = digits + 2;
        let header = without_remarks(&self.diagram.header);
        for block in [&header, &self.opening] {
            let text = block.join("\n");
            if !text.trim().is_empty() {
                writeln!(f, "{}", text.trim_matches('\n'))?;
            }
        }
        if !self.diagram.header.is_empty() || !self.opening.is_empty() {
            writeln!(f)?;
        }
        for (at, line) in drawn.lines().enumerate() {
            // Two lines of heads stand above the first row.
            match at.checked_sub(2) {
                Some(row) if row < self.rows.len() => writeln!(f, "{:>digits$}  {line}", row + 1)?,
                _ => writeln!(f, "{}", format!("{:margin$}{line}", "").trim_end())?,
            }
        }
        // Comments below a diagram say what the paragraphs say.
        let statements = self.diagram.footer.iter().filter(|line| !line.starts_with('#'));
        let statements = statements.map(String::as_str).collect::<Vec<_>>().join("\n");
        if !statements.trim().is_empty() {
            writeln!(f, "\n{}", statements.trim_matches('\n'))?;
        }
        writeln!(f, "\n{END}")?;
        match (with_rows, self.accesses.as_str()) {
            (false, _) => {}
            (true, "") => self.tell_rows(f, digits)?,
            (true, accesses) => write!(f, "\n{accesses}")?,
        }
        for paragraph in &self.closing {
            writeln!(f, "\n{}", wrap(paragraph))?;
        }
        Ok(())
    }

    fn tell_rows(&self, f: &mut fmt::Formatter<'_>, digits: usize) -> fmt::Result {
        let margin = digits + 2;
        writeln!(f, "\n{LEGEND}")?;
        for (at, told) in self.rows.iter().enumerate().filter(|(_, told)| !told.parts.is_empty()) {
            writeln!(f, "\n{:>digits$}  {}", at + 1, told.heading)?;
            for part in &told.parts {
                let mut deeper = margin;
                if !part.place.is_empty() {
                    writeln!(f, "{:margin$}{}", "", part.place)?;
                    deeper += 2;
                }
                for line in &part.lines {
                    writeln!(f, "{:deeper$}{line}", "")?;
                }
            }
        }
        Ok(())
    }
}

/// A header without the statements that say where to read about it, which is not what one wants to know in a story.
fn without_remarks(header: &[String]) -> Vec<String> {
    let is_remark = |line: &str| ["link", "from", "note"].contains(&line.split(' ').next().unwrap_or(line));
    let mut within = false;
    let mut kept = Vec::new();
    for line in header {
        // Indented lines go on with a statement.
        within = is_remark(line) || within && line.starts_with(' ');
        if !within {
            kept.push(line.clone());
        }
    }
    kept
}

/// A paragraph in lines that are short enough for a terminal.
#[must_use]
pub fn wrap(text: &str) -> String {
    wrap_at(text, WIDTH)
}

/// A line in lines that are narrow enough for a mail; those behind the first begin with `continued`.
#[must_use]
pub fn fold(line: &str, continued: &str) -> Vec<String> {
    if line.width() <= MAIL {
        return vec![line.to_owned()];
    }
    let folded = wrap_at(line, MAIL - continued.width());
    let begin = |at| if at == 0 { "" } else { continued };
    folded.lines().enumerate().map(|(at, line)| format!("{}{line}", begin(at))).collect()
}

/// A paragraph in lines of at most so many columns, where no word is wider.
fn wrap_at(text: &str, columns: usize) -> String {
    let mut out = String::new();
    let mut width = 0;
    for word in text.split_whitespace() {
        if width > 0 && width + 1 + word.width() > columns {
            out.push('\n');
            width = 0;
        }
        if width > 0 {
            out.push(' ');
            width += 1;
        }
        out.push_str(word);
        width += word.width();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Row;

    #[test]
    fn remarks_are_left_out_whole() {
        let header =
            ["race r", "note \"one\"", "     \"two\"", "title \"a\"", "      \"b\"", "", "mm A { a: anon }"];
        let header = header.map(str::to_owned);
        assert_eq!(
            without_remarks(&header),
            ["race r", "title \"a\"", "      \"b\"", "", "mm A { a: anon }"]
        );
    }

    #[test]
    fn a_line_is_folded_if_it_is_too_wide_for_a_mail() {
        assert_eq!(fold("# short  as it is", "#   "), ["# short  as it is"]);
        let lines = fold(&("# ".to_owned() + &"word ".repeat(20)), "#   ");
        assert!(lines.len() == 2 && lines.iter().all(|line| line.len() <= MAIL), "{lines:?}");
        assert!(lines[1].starts_with("#   word"), "{lines:?}");
    }

    #[test]
    fn rows_are_numbered_and_told() {
        let cell = |column: usize, text: &str| Row::Cells(vec![(column, text.to_owned())]);
        let told = |heading: &str, parts: Vec<Part>| Told { heading: heading.to_owned(), parts };
        let part = |place: &str, lines: &[&str]| Part {
            place: place.to_owned(),
            lines: lines.iter().map(|&line| line.to_owned()).collect(),
        };
        let tale = Tale {
            opening: vec!["mm A { buf: anon }".into()],
            diagram: Diagram {
                header: vec!["race r".into()],
                columns: vec!["a @A".into(), "b @A".into()],
                rows: vec![cell(0, "r = buf[0] {"), cell(1, "buf[0] = 1"), cell(0, "}")],
                ..Diagram::default()
            },
            rows: vec![
                told("a: r = buf[0] {", Vec::new()),
                told(
                    "b: buf[0] = 1",
                    vec![
                        part("do_wp_page, mm/memory.c, v5.10", &["page_count(X) == 2, so copy"]),
                        part("", &["X[0]: 0 -> 1"]),
                    ],
                ),
                told("a: r = buf[0]", Vec::new()),
            ],
            accesses: String::new(),
            closing: vec!["lost-write (wrong CoW): ".to_owned() + &"word ".repeat(16)],
        };
        insta::assert_snapshot!(tale, @r"
        race r
        mm A { buf: anon }

           a @A          b @A
           ============  ==========
        1  r = buf[0] {
        2                buf[0] = 1
        3  }

        --

        Row by row, what is different behind each. Accesses of user space go by the
        page table (walk) or by the TLB.

        2  b: buf[0] = 1
           do_wp_page, mm/memory.c, v5.10
             page_count(X) == 2, so copy
           X[0]: 0 -> 1

        lost-write (wrong CoW): word word word word word word word word word word
        word word word word word word
        ");
    }
}
