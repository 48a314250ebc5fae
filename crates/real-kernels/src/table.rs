//! The table, and how it is read.

use crate::kernel::{KERNELS, Kernel};
use crate::row::Row;
use crate::subject::Treatment;
use crate::verdict::{Observed, Verdict};

const DATA: &str = include_str!("../data/real-kernels.tsv");

/// Rows of observations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    rows: Vec<Row>,
}

/// Why a table cannot be read. Lines and columns count from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// There is no first line, or it does not name the kernels.
    #[error(
        "the first line must name the kernels: `scenario`, then {}, with tabs between",
        KERNELS.iter().map(|k| format!("`{}`", k.name)).collect::<Vec<_>>().join(", ")
    )]
    Head,
    /// A line has too few or too many cells.
    #[error("line {line} has {found} cells after its name, not {}", KERNELS.len())]
    Cells {
        /// The line.
        line: usize,
        /// The number of its cells.
        found: usize,
    },
    /// A cell is not a known observation.
    #[error(
        "line {line}, column {column}: `{cell}` is not an observation; write one of {}, followed by anything else that was seen in brackets",
        Verdict::ALL.map(Verdict::name).join(", ")
    )]
    Cell {
        /// The line.
        line: usize,
        /// The column.
        column: usize,
        /// Its text.
        cell: String,
    },
    /// A verdict that the row cannot have.
    #[error(
        "line {line}, column {column}: `{name}` cannot be {}, only {} or {}",
        .found.name(),
        .possible[0].name(),
        .possible[1].name()
    )]
    Verdict {
        /// The line.
        line: usize,
        /// The column.
        column: usize,
        /// The row.
        name: String,
        /// The verdict that is there.
        found: Verdict,
        /// The verdicts that may be there.
        possible: [Verdict; 2],
    },
    /// Two lines have the same name.
    #[error("line {line}: there is a row `{name}` already")]
    Twice {
        /// The second line.
        line: usize,
        /// Its name.
        name: String,
    },
}

/// The table of the project.
///
/// # Errors
///
/// If its file has been damaged.
pub fn table() -> Result<Table, TableError> {
    Table::parse(DATA)
}

impl Table {
    /// Reads a table: a line that names the kernels, then a line for each row, with tabs between cells.
    ///
    /// # Errors
    ///
    /// For the first line that is wrong.
    pub fn parse(text: &str) -> Result<Self, TableError> {
        let mut lines = text.lines().enumerate();
        let head = lines.next().map(|(_, head)| head).unwrap_or_default();
        if !head.split('\t').eq(std::iter::once("scenario").chain(KERNELS.iter().map(|k| k.name))) {
            return Err(TableError::Head);
        }
        let mut rows: Vec<Row> = Vec::new();
        for (index, text) in lines {
            let line = index + 1;
            let (name, rest) = text.split_once('\t').ok_or(TableError::Cells { line, found: 0 })?;
            if rows.iter().any(|row| row.name == name) {
                return Err(TableError::Twice { line, name: name.to_owned() });
            }
            let found = rest.split('\t').count();
            if found != KERNELS.len() {
                return Err(TableError::Cells { line, found });
            }
            let cells = rest.split('\t').enumerate().map(|(column, cell)| {
                let wrong = || TableError::Cell { line, column: column + 2, cell: cell.to_owned() };
                Observed::parse(cell).ok_or_else(wrong)
            });
            let row = Row { name: name.to_owned(), cells: cells.collect::<Result<_, _>>()? };
            plausible(&row, line)?;
            rows.push(row);
        }
        Ok(Self { rows })
    }

    /// The kernels, in the order of the cells of every row.
    pub fn kernels(&self) -> impl Iterator<Item = &'static Kernel> + use<> {
        KERNELS.iter()
    }

    /// The rows, in the order of the file.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// A row by its name, or by the name of its scenario.
    #[must_use]
    pub fn row(&self, name: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.name == name || row.slug() == name)
    }
}

/// Every verdict must be one that the row can have.
fn plausible(row: &Row, line: usize) -> Result<(), TableError> {
    let Treatment::Modelled(subject) = row.treatment() else { return Ok(()) };
    let wrong = row.cells.iter().position(|cell| subject.outcome(cell.verdict).is_none());
    match wrong {
        None => Ok(()),
        Some(column) => Err(TableError::Verdict {
            line,
            column: column + 2,
            name: row.name.clone(),
            found: row.cells[column].verdict,
            possible: subject.verdicts().map(|(verdict, _)| verdict),
        }),
    }
}
