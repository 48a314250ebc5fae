//! The explanation of an execution: a diagram with numbered rows, what happens in each row, and what is
//! wrong.

use std::fmt;

use cowrace_report::explanation::{Diagnosis, Known, Nearest, Row};

use crate::paragraph::wrap;
use crate::{Diagram, diagnosis, row};

/// An execution, explained.
#[derive(Clone, Debug, Default)]
pub struct Walkthrough {
    /// The initial content of memory.
    pub opening: Vec<Known>,
    /// The diagram: a scenario, whose rows get numbers.
    pub diagram: Diagram,
    /// What happens in each of its rows.
    pub rows: Vec<Row>,
    /// Every access; if this is not empty, it is printed in place of the rows.
    pub accesses: String,
    /// What is wrong with the execution; `None` if nothing is wrong.
    pub diagnosis: Option<Diagnosis>,
    /// The nearest execution that holds, if it was searched for.
    pub nearest: Option<Nearest>,
}

/// The line that ends the scenario: the text after it is for the reader.
const END: &str = "--";

/// How to read the rows.
const LEGEND: &str = "\
The changes that each row makes. Accesses of user space go through the
page table (walk) or the TLB.";

impl fmt::Display for Walkthrough {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, true)
    }
}

/// A walkthrough without what happens in its rows.
#[derive(Clone, Copy, Debug)]
pub struct Brief<'w>(&'w Walkthrough);

impl fmt::Display for Brief<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write(f, false)
    }
}

impl Walkthrough {
    /// Only the diagram and the diagnosis.
    #[must_use]
    pub const fn brief(&self) -> Brief<'_> {
        Brief(self)
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, with_rows: bool) -> fmt::Result {
        // The comments below the diagram would repeat the paragraphs.
        let blank =
            Diagram { header: Vec::new(), footer: Vec::new(), comments: Vec::new(), ..self.diagram.clone() };
        let digits = self.rows.len().to_string().len();
        let margin = digits + 2;
        let header = without_remarks(&self.diagram.header);
        // The whole text can be parsed as a scenario: everything else is a comment.
        let opening: Vec<String> =
            self.opening.iter().map(|known| format!("#   {}", row::known(known))).collect();
        for block in [&header, &opening] {
            let text = block.join("\n");
            if !text.trim().is_empty() {
                writeln!(f, "{}", text.trim_matches('\n'))?;
            }
        }
        if !self.diagram.header.is_empty() || !opening.is_empty() {
            writeln!(f)?;
        }
        for (at, line) in blank.to_string().lines().enumerate() {
            // Two lines of headers stand above the first row.
            match at.checked_sub(2) {
                Some(row) if row < self.rows.len() => writeln!(f, "{:>digits$}  {line}", row + 1)?,
                _ => writeln!(f, "{}", format!("{:margin$}{line}", "").trim_end())?,
            }
        }
        let statements = self.diagram.footer.iter().filter(|line| !line.starts_with('#'));
        let statements = statements.map(String::as_str).collect::<Vec<_>>().join("\n");
        if !statements.trim().is_empty() {
            writeln!(f, "\n{}", statements.trim_matches('\n'))?;
        }
        writeln!(f, "\n{END}")?;
        match (with_rows, self.accesses.as_str()) {
            (false, _) => {}
            (true, "") => self.write_rows(f, digits)?,
            (true, accesses) => write!(f, "\n{accesses}")?,
        }
        let wrong = self.diagnosis.as_ref().map_or_else(diagnosis::nothing, diagnosis::diagnosis);
        for paragraph in std::iter::once(wrong).chain(self.nearest.as_ref().map(diagnosis::nearest)) {
            writeln!(f, "\n{}", wrap(&paragraph))?;
        }
        Ok(())
    }

    fn write_rows(&self, f: &mut fmt::Formatter<'_>, digits: usize) -> fmt::Result {
        let margin = digits + 2;
        writeln!(f, "\n{LEGEND}")?;
        for (at, Row { name, parts }) in self.rows.iter().enumerate() {
            if parts.is_empty() {
                continue;
            }
            let heading = name.as_ref().map(row::heading).unwrap_or_default();
            writeln!(f, "\n{}", format!("{:>digits$}  {heading}", at + 1).trim_end())?;
            for part in parts {
                let mut deeper = margin;
                if let Some(function) = &part.function {
                    writeln!(f, "{:margin$}{}", "", row::function(function))?;
                    deeper += 2;
                }
                for line in &part.lines {
                    writeln!(f, "{:deeper$}{}", "", row::line(line))?;
                }
            }
        }
        Ok(())
    }
}

/// A header without notes and links, which are not needed here.
fn without_remarks(header: &[String]) -> Vec<String> {
    let is_remark = |line: &str| ["link", "from", "note"].contains(&line.split(' ').next().unwrap_or(line));
    let mut within = false;
    let mut kept = Vec::new();
    for line in header {
        // Indented lines continue a statement.
        within = is_remark(line) || within && line.starts_with(' ');
        if !within {
            kept.push(line.clone());
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use cowrace_report::explanation::{Extent, Function, Line, Part, RowName};
    use cowrace_report::{
        Change, Class, Detail, Fact, Finding, Kind, Owner, Page, References, Then, Value, Word,
    };

    use super::*;
    use crate::Row as Cells;

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
    fn rows_are_numbered_and_told() {
        let cell = |column: usize, text: &str| Cells::Cells(vec![(column, text.to_owned())]);
        let x = || Page::Initial { area: None };
        let count = References { plain: 2, pins: 0 };
        let copies = Fact::PageCount { page: x(), count }.so(Then::Copy);
        let function = Function {
            name: "do_wp_page".to_owned(),
            file: "mm/memory.c".to_owned(),
            release: "v5.10".to_owned(),
        };
        let word = Word { of: Owner::Page(x()), field: "data".into(), nth: Some(0), kind: Kind::Content };
        let change = Change { word, from: Value::Number(0), to: Value::Number(1) };
        let name = RowName { actor: "b".to_owned(), call: "buf[0] = 1".to_owned(), extent: Extent::Whole };
        let detail = Detail::Text(("word ".repeat(15) + "word").into());
        let walkthrough = Walkthrough {
            diagram: Diagram {
                header: vec!["race r".into(), "mm A { buf: anon }".into()],
                columns: vec!["a @A".into(), "b @A".into()],
                rows: vec![cell(0, "r = buf[0] {"), cell(1, "buf[0] = 1"), cell(0, "}")],
                comments: vec!["# VIOLATED lost-write".into()],
                ..Diagram::default()
            },
            rows: vec![
                Row::default(),
                Row {
                    name: Some(name),
                    parts: vec![
                        Part { function: Some(function), lines: vec![Line::Reason(copies)] },
                        Part { function: None, lines: vec![Line::Change(change)] },
                    ],
                },
                Row::default(),
            ],
            diagnosis: Some(Diagnosis {
                finding: Finding { class: Class::LostWrite, detail },
                cow: Class::LostWrite.cow(),
                clues: Vec::new(),
            }),
            ..Walkthrough::default()
        };
        insta::assert_snapshot!(walkthrough, @r"
        race r
        mm A { buf: anon }

           a @A          b @A
           ============  ==========
        1  r = buf[0] {
        2                buf[0] = 1
        3  }

        --

        The changes that each row makes. Accesses of user space go through the
        page table (walk) or the TLB.

        2  b: buf[0] = 1
           do_wp_page, mm/memory.c, v5.10
             page_count(X) == 2, so copy
           X[0]: 0 -> 1

        lost-write (wrong CoW): word word word word word word word word word word
        word word word word word word.
        ");
    }
}
