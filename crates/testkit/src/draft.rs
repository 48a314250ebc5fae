//! Drafts: small scenarios as data.

use std::collections::BTreeMap;
use std::fmt;

/// A scenario that refers to columns, areas, variables and address spaces by number. References are by number; the
/// order of [`areas`](Self::areas) and [`columns`](Self::columns) is that of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The names of everything.
    pub names: Names,
    /// The areas of mm A.
    pub areas: Vec<Area>,
    /// Whether all areas are in one page table.
    pub adjacent: bool,
    /// Whether B, a child of A, exists from the start.
    pub has_child: bool,
    /// Words of the environment.
    pub environment: Vec<&'static str>,
    /// The columns.
    pub columns: Vec<Column>,
    /// Rows, each with the calls of some columns, or a barrier of all of them.
    pub rows: Vec<Row>,
}

/// Names, by number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// The names of address spaces, in the order of [`Mm`].
    pub mms: [String; 3],
    /// The names of areas.
    pub areas: Vec<String>,
    /// The names of columns.
    pub columns: Vec<String>,
    /// The names of variables.
    pub variables: Vec<String>,
}

/// An address space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mm {
    /// The one whose areas are declared.
    A,
    /// Its child, which exists from the start.
    B,
    /// The child that a `fork()` makes.
    C,
}

/// An area: its number, and how it is populated, in the words of the language. `{column}` stands for column 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    /// Its number.
    pub id: usize,
    /// Its state at the start.
    pub state: &'static str,
}

/// A column: its number, and where it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its number.
    pub id: usize,
    /// Its address space, if it has one.
    pub mm: Option<Mm>,
}

/// A row of the diagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// Calls, by number of the column.
    Calls(BTreeMap<usize, Call>),
    /// A barrier of all columns.
    Barrier,
}

/// A call in the words of the language. `{area}` stands for its area, `{result}` for the variable that gets its result,
/// `{handle}` for the variable from which it takes a handle, `{A}` and `{C}` for address spaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// The words.
    pub text: &'static str,
    /// Number of the area.
    pub area: usize,
    /// Number of the variable that gets the result.
    pub result: usize,
    /// Number of the variable that has the handle.
    pub handle: usize,
}

impl Names {
    /// Names for this many areas, columns and variables.
    #[must_use]
    pub fn plain(areas: usize, columns: usize, variables: usize) -> Self {
        let numbered = |word: &str, n: usize| (0..n).map(|i| format!("{word}{i}")).collect();
        Self {
            mms: ["A", "B", "C"].map(str::to_owned),
            areas: numbered("buf", areas),
            columns: numbered("cpu", columns),
            variables: numbered("v", variables),
        }
    }

    /// The name of an address space.
    #[must_use]
    pub fn mm(&self, mm: Mm) -> &str {
        &self.mms[mm as usize]
    }
}

impl Draft {
    /// The calls, with their columns.
    pub fn calls(&self) -> impl Iterator<Item = (usize, &Call)> {
        let calls = self.rows.iter().filter_map(|row| match row {
            Row::Calls(calls) => Some(calls.iter()),
            Row::Barrier => None,
        });
        calls.flatten().map(|(&column, call)| (column, call))
    }

    /// The text of a call in a cell.
    fn cell(&self, call: &Call) -> String {
        let Names { mms, areas, variables, .. } = &self.names;
        let text = call.text.replace("{area}", &areas[call.area]).replace("{A}", &mms[0]);
        let text = text.replace("{C}", &mms[2]).replace("{result}", &variables[call.result]);
        text.replace("{handle}", &variables[call.handle])
    }
}

impl fmt::Display for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = &self.names;
        writeln!(f, "race random\nmm {} {{", names.mm(Mm::A))?;
        for (at, area) in self.areas.iter().enumerate() {
            let adjacent = if self.adjacent && at > 0 { " adjacent" } else { "" };
            let state = area.state.replace("{column}", &names.columns[0]);
            // The next statement is the last one.
            let (state, contents) = state.split_at(state.find(" =").unwrap_or(state.len()));
            writeln!(f, "  {}: {state}{adjacent}{contents}", names.areas[area.id])?;
        }
        writeln!(f, "}}")?;
        if self.has_child {
            writeln!(f, "mm {} = fork({})", names.mm(Mm::B), names.mm(Mm::A))?;
        }
        if !self.environment.is_empty() {
            writeln!(f, "env {}", self.environment.join(", "))?;
        }
        let headings = self.columns.iter().map(|column| {
            let name = &names.columns[column.id];
            column.mm.map_or_else(|| name.clone(), |mm| format!("{name} @{}", names.mm(mm)))
        });
        let mut lines: Vec<Vec<String>> = vec![headings.collect()];
        lines.extend(self.rows.iter().map(|row| match row {
            Row::Calls(calls) => {
                let cell = |column: &Column| calls.get(&column.id).map(|call| self.cell(call));
                self.columns.iter().map(|column| cell(column).unwrap_or_default()).collect()
            }
            Row::Barrier => Vec::new(),
        }));
        let width = |at: usize| lines.iter().filter_map(|line| line.get(at)).map(String::len).max();
        let widths: Vec<usize> = (0..self.columns.len()).map(|at| width(at).unwrap_or_default()).collect();
        lines.insert(1, widths.iter().map(|&width| "=".repeat(width)).collect());
        writeln!(f)?;
        for line in lines {
            let cells = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}  "));
            let text: String = cells.collect();
            writeln!(f, "{}", if line.is_empty() { "=== all ===" } else { text.trim_end() })?;
        }
        Ok(())
    }
}
