//! The diagram of a scenario: columns of cells.

/// Blanks between two columns.
const GAP: usize = 2;

/// The diagram of a scenario.
#[derive(Clone, Debug)]
pub(crate) struct Diagram {
    heads: Vec<&'static str>,
    /// The column and the text of a cell; `None` is a line across all columns.
    rows: Vec<(Option<usize>, String)>,
}

impl Diagram {
    pub(crate) fn new(heads: impl Into<Vec<&'static str>>) -> Self {
        Self { heads: heads.into(), rows: Vec::new() }
    }

    /// Adds a cell in a row of its own.
    pub(crate) fn cell(&mut self, column: usize, text: impl Into<String>) -> &mut Self {
        self.rows.push((Some(column), text.into()));
        self
    }

    /// Adds a barrier of these columns, or of `all`.
    pub(crate) fn barrier(&mut self, columns: &str) -> &mut Self {
        self.rows.push((None, format!("=== {columns} ===")));
        self
    }

    /// The lines, from the names of the columns on.
    pub(crate) fn lines(&self) -> Vec<String> {
        let width = |column: usize| {
            let cells = self.rows.iter().filter(|(at, _)| *at == Some(column)).map(|(_, text)| text.len());
            cells.chain([self.heads[column].len()]).max().unwrap_or_default()
        };
        let widths: Vec<usize> = (0..self.heads.len()).map(width).collect();
        let start = |column: usize| widths[..column].iter().map(|width| width + GAP).sum::<usize>();
        let across = |texts: Vec<String>| {
            texts.iter().enumerate().fold(String::new(), |line, (column, text)| {
                format!("{line:<start$}{text}", start = start(column))
            })
        };
        let mut lines = vec![
            across(self.heads.iter().map(|head| (*head).to_owned()).collect()),
            across(widths.iter().map(|width| "=".repeat(*width)).collect()),
        ];
        lines.extend(self.rows.iter().map(|(column, text)| {
            let start = column.map_or(0, start);
            format!("{:start$}{text}", "")
        }));
        lines
    }
}
