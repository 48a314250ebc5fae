//! The diagram as it is drawn, and as it is replayed.

use cowrace_mm::world::ActorId;

use crate::diagnostic::Span;

/// A column as it is drawn. Its index in [`crate::Scenario::columns`] is the index of its actor.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// The mm named after the `@`.
    pub mm: Option<String>,
    /// The display column at which it starts, from 0, tabs being 8 wide.
    pub start: usize,
    /// Where the name stands.
    pub span: Span,
}

/// Columns are equal if their texts are equal, wherever they stand.
impl PartialEq for Column {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.mm == other.mm
    }
}

impl Column {
    /// The head as it is written: `thread0 @A`.
    #[must_use]
    pub fn head(&self) -> String {
        match &self.mm {
            Some(mm) => format!("{} @{mm}", self.name),
            None => self.name.clone(),
        }
    }
}

/// A cell of a variant, with its words replaced.
#[derive(Clone, Debug)]
pub struct Cell {
    /// The row, from 0; rows that are blank or comments do not count.
    pub row: usize,
    /// The line of the file, from 1.
    pub line: usize,
    /// Where it stands.
    pub span: Span,
    /// Its column; for a barrier, the first column that takes part.
    pub column: ActorId,
    /// What it is.
    pub kind: CellKind,
    /// Its text with canonical blanks, without an opening brace.
    pub text: String,
}

/// Cells are equal if they have the same content in the same row, wherever the row stands in the file.
impl PartialEq for Cell {
    fn eq(&self, other: &Self) -> bool {
        (self.row, self.column, &self.kind, &self.text) == (other.row, other.column, &other.kind, &other.text)
    }
}

/// What a cell is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CellKind {
    /// A call in one cell.
    Call(u16),
    /// The first cell of a call that spans rows.
    Open(u16),
    /// A step within such a call.
    Anchor {
        /// The call.
        call: u16,
        /// The step: a mark, a primitive or a function of the model.
        name: String,
        /// Which occurrence since the previous row of the column, from 1.
        nth: usize,
    },
    /// The last cell of a call that spans rows.
    Close(u16),
    /// A barrier, as an index into [`cowrace_mm::World::barriers`].
    Barrier(usize),
    /// A remark: it does nothing.
    Remark,
}

/// One move of a replay in the order of the rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AsWritten {
    /// Its index among the cells of the variant.
    pub cell: usize,
    /// The line of the file, from 1.
    pub line: usize,
    /// The cell or the barrier.
    pub span: Span,
    /// The actor that moves; at a barrier, the first actor that takes part.
    pub actor: ActorId,
    /// How far.
    pub until: Until,
}

/// How far an actor goes in one move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Until {
    /// Past the first event of the call.
    Begin(u16),
    /// Past the `nth` event of that name, counted from where the actor stands.
    Step {
        /// The call in which it happens.
        call: u16,
        /// The step.
        name: String,
        /// Which occurrence, from 1.
        nth: usize,
    },
    /// Past the last event of the call.
    End(u16),
    /// All actors that take part have passed the barrier.
    Barrier(usize),
}

/// The moves of a diagram.
pub(crate) fn as_written(cells: &[Cell]) -> Vec<AsWritten> {
    let moves = cells.iter().enumerate().filter_map(|(place, cell)| {
        let until = match &cell.kind {
            CellKind::Call(call) | CellKind::Close(call) => Until::End(*call),
            CellKind::Open(call) => Until::Begin(*call),
            CellKind::Anchor { call, name, nth } => {
                Until::Step { call: *call, name: name.clone(), nth: *nth }
            }
            CellKind::Barrier(index) => Until::Barrier(*index),
            CellKind::Remark => return None,
        };
        Some(AsWritten { cell: place, line: cell.line, span: cell.span.clone(), actor: cell.column, until })
    });
    moves.collect()
}
