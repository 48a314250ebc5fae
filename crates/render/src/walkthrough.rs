//! The explanation of an execution: a diagram with numbered rows, what happens in each row, and what is
//! wrong.

use std::fmt;

use cowrace_report::explanation::{Clue, Diagnosis, Known, Memory, Nearest, Row};

use crate::overlap::MAIL;
use crate::paint::{Paint, Tone};
use crate::paragraph::wrap;
use crate::{Diagram, diagnosis, row};

/// An execution as it is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Execution {
    /// The initial content of memory.
    pub opening: Vec<Known>,
    /// The diagram: a scenario, whose rows get numbers.
    pub diagram: Diagram,
    /// What happens in each of its rows.
    pub rows: Vec<Row>,
    /// The content of memory before the first row, and after each row.
    pub memory: Vec<Memory>,
}

/// An execution, explained.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Walkthrough {
    /// The execution.
    pub execution: Execution,
    /// Every access; if this is not empty, it is printed in place of the rows.
    pub accesses: String,
    /// What is wrong with the execution; `None` if nothing is wrong.
    pub diagnosis: Option<Diagnosis>,
    /// The nearest execution that holds, if it was searched for.
    pub nearest: Option<Nearest>,
    /// That execution, if there is one.
    pub holding: Option<Execution>,
}

/// The line that ends the scenario: the text after it is for the reader.
pub(crate) const END: &str = "--";

/// How to read the rows.
const LEGEND: &str = "\
The changes that each row makes. Accesses of user space go through the
page table (walk) or the TLB.";

impl fmt::Display for Walkthrough {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, true, Paint::Plain)
    }
}

/// A walkthrough in colours, or without.
#[derive(Clone, Copy, Debug)]
pub struct Painted<'w>(&'w Walkthrough, Paint);

impl fmt::Display for Painted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write(f, true, self.1)
    }
}

impl Execution {
    /// The columns of the diagram, at most `limit` wide if possible, with numbers before the rows.
    pub(crate) fn numbered(&self, limit: usize) -> String {
        let digits = self.rows.len().to_string().len();
        let margin = digits + 2;
        // Two lines of headers stand above the first row.
        let line = |(at, line): (usize, &str)| match at.checked_sub(2) {
            Some(row) if row < self.rows.len() => format!("{:>digits$}  {line}\n", row + 1),
            _ => format!("{:margin$}{line}", "").trim_end().to_owned() + "\n",
        };
        self.diagram.drawn(limit.saturating_sub(margin)).lines().enumerate().map(line).collect()
    }
}

/// A walkthrough without what happens in its rows.
#[derive(Clone, Copy, Debug)]
pub struct Brief<'w>(&'w Walkthrough);

impl fmt::Display for Brief<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write(f, false, Paint::Plain)
    }
}

impl Walkthrough {
    /// The walkthrough in colours, if it is to have any.
    #[must_use]
    pub const fn painted(&self, paint: Paint) -> Painted<'_> {
        Painted(self, paint)
    }

    /// Only the diagram and the diagnosis.
    #[must_use]
    pub const fn brief(&self) -> Brief<'_> {
        Brief(self)
    }

    /// The same whatever the release is in which kernel functions have the names that they have here: to see whether two
    /// kernels do the same.
    #[must_use]
    pub(crate) fn without_releases(&self) -> Self {
        let mut same = self.clone();
        let Self { execution, diagnosis, nearest, holding, .. } = &mut same;
        for execution in std::iter::once(execution).chain(holding) {
            // The schedule, which belongs to one kernel, stands there.
            execution.diagram.comments.clear();
            let parts = execution.rows.iter_mut().flat_map(|row| &mut row.parts);
            parts.filter_map(|part| part.function.as_mut()).for_each(|function| function.release.clear());
        }
        let clues = diagnosis.iter_mut().flat_map(|diagnosis| &mut diagnosis.clues);
        let of_clues = clues.filter_map(|clue| match clue {
            Clue::Wrote { why, .. } | Clue::Replaced { why, .. } => why.as_mut(),
            Clue::Copied { why, .. } => Some(why),
            Clue::Taken { .. } | Clue::Looked { .. } | Clue::Owns { .. } | Clue::Shows { .. } => None,
        });
        let of_nearest = nearest.iter_mut().flat_map(|nearest| match nearest {
            Nearest::Moved(moved) => moved.reasons.as_mut_slice(),
            Nearest::None | Nearest::TooLarge => &mut [],
        });
        let given = of_clues.chain(of_nearest).filter_map(|given| given.function.as_mut());
        given.for_each(|function| function.release.clear());
        same
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, with_rows: bool, paint: Paint) -> fmt::Result {
        let Execution { opening, diagram, rows, .. } = &self.execution;
        let digits = rows.len().to_string().len();
        let header = without_remarks(&diagram.header);
        // The whole text can be parsed as a scenario: everything else is a comment.
        let opening: Vec<String> = opening.iter().map(|known| format!("#   {}", row::known(known))).collect();
        for block in [&header, &opening] {
            let text = block.join("\n");
            if !text.trim().is_empty() {
                writeln!(f, "{}", text.trim_matches('\n'))?;
            }
        }
        if !diagram.header.is_empty() || !opening.is_empty() {
            writeln!(f)?;
        }
        // The comments below the diagram would repeat the paragraphs.
        f.write_str(&self.execution.numbered(MAIL + digits + 2))?;
        let statements = below(diagram, &[]).join("\n");
        if !statements.trim().is_empty() {
            writeln!(f, "\n{}", statements.trim_matches('\n'))?;
        }
        writeln!(f, "\n{END}")?;
        match (with_rows, self.accesses.as_str()) {
            (false, _) => {}
            (true, "") => self.write_rows(f, digits, paint)?,
            (true, accesses) => write!(f, "\n{accesses}")?,
        }
        let wrong = self.diagnosis.as_ref().map_or_else(diagnosis::nothing, diagnosis::diagnosis);
        // What is wrong is what a reader looks for first.
        let tone = if self.diagnosis.is_some() { Tone::Bad } else { Tone::Good };
        let wrong: Vec<String> = wrap(&wrong).lines().map(|line| paint.text(tone, line)).collect();
        writeln!(f, "\n{}", wrong.join("\n"))?;
        if let Some(nearest) = &self.nearest {
            writeln!(f, "\n{}", wrap(&diagnosis::nearest(nearest)))?;
        }
        Ok(())
    }

    fn write_rows(&self, f: &mut fmt::Formatter<'_>, digits: usize, paint: Paint) -> fmt::Result {
        let margin = digits + 2;
        writeln!(f, "\n{LEGEND}")?;
        for (at, Row { name, parts }) in self.execution.rows.iter().enumerate() {
            if parts.is_empty() {
                continue;
            }
            let heading = name.as_ref().map(row::heading).unwrap_or_default();
            let heading = format!("{:>digits$}  {heading}", at + 1);
            writeln!(f, "\n{}", paint.text(Tone::Heading, heading.trim_end()))?;
            for part in parts {
                let mut deeper = margin;
                if let Some(function) = &part.function {
                    writeln!(f, "{:margin$}{}", "", paint.text(Tone::Faint, &row::function(function)))?;
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
pub(crate) fn without_remarks(header: &[String]) -> Vec<String> {
    statements(header, &["subject", "link", "from", "note"])
}

/// The statements below a diagram but for those that begin with one of these words, and without comments.
pub(crate) fn below(diagram: &Diagram, without: &[&str]) -> Vec<String> {
    let lines: Vec<String> = diagram.footer.iter().filter(|line| !line.starts_with('#')).cloned().collect();
    statements(&lines, without)
}

/// Statements but for those that begin with one of these words.
pub(crate) fn statements(lines: &[String], without: &[&str]) -> Vec<String> {
    let is_left_out = |line: &str| without.contains(&line.split(' ').next().unwrap_or(line));
    let mut within = false;
    let mut kept = Vec::new();
    for line in lines {
        // Indented lines continue a statement.
        within = is_left_out(line) || within && line.starts_with(' ');
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
        let header = [
            "race r",
            "subject fork",
            "note \"one\"",
            "     \"two\"",
            "title \"a\"",
            "      \"b\"",
            "",
            "mm A { a: anon }",
        ];
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
            execution: Execution {
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
                ..Execution::default()
            },
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
