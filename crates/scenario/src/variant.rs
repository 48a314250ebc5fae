//! A scenario under one of its variants: the unit of checking.

use cowrace_mm::World;
use cowrace_mm::world::ActorId;

use crate::diagram::{self, AsWritten, Cell, CellKind};

/// A scenario with its words replaced. A file that declares no variants has one variant without a name.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    name: Option<String>,
    world: World,
    cells: Vec<Cell>,
    calls: Vec<String>,
}

impl Variant {
    pub(crate) const fn new(
        name: Option<String>,
        world: World,
        cells: Vec<Cell>,
        calls: Vec<String>,
    ) -> Self {
        Self { name, world, cells, calls }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// What it is lowered to.
    #[must_use]
    pub const fn world(&self) -> &World {
        &self.world
    }

    /// The cells of the diagram, row by row, from left to right.
    #[must_use]
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// The text of a call of the diagram or of the environment, with its words replaced. Empty if no call has this
    /// number.
    #[must_use]
    pub fn call_text(&self, id: u16) -> &str {
        self.calls.get(usize::from(id)).map_or("", String::as_str)
    }

    /// The remarks beside a call: those above it, if it is the first of its column, and those below it.
    #[must_use]
    pub fn remarks(&self, call: u16) -> (Vec<&str>, Vec<&str>) {
        let begins =
            |cell: &&Cell| matches!(cell.kind, CellKind::Call(id) | CellKind::Open(id) if id == call);
        let Some(column) = self.cells.iter().find(begins).map(|cell| cell.column) else {
            return Default::default();
        };
        let (mut above, mut below) = (Vec::new(), Vec::new());
        // The call above a remark, if there is one.
        let mut last = None;
        for cell in self.cells.iter().filter(|cell| cell.column == column) {
            match cell.kind {
                CellKind::Call(id) | CellKind::Open(id) => last = Some(id),
                CellKind::Remark if last == Some(call) => below.push(cell.text.as_str()),
                CellKind::Remark if last.is_none() => above.push(cell.text.as_str()),
                _ => {}
            }
        }
        let is_first = self
            .cells
            .iter()
            .find(|cell| cell.column == column && matches!(cell.kind, CellKind::Call(_) | CellKind::Open(_)));
        if !is_first.is_some_and(|cell| begins(&cell)) {
            above.clear();
        }
        (above, below)
    }

    /// The remarks in a column that has no call.
    #[must_use]
    pub fn remarks_alone(&self, column: ActorId) -> Vec<&str> {
        let own = || self.cells.iter().filter(move |cell| cell.column == column);
        if own().any(|cell| matches!(cell.kind, CellKind::Call(_) | CellKind::Open(_))) {
            return Vec::new();
        }
        own().filter(|cell| cell.kind == CellKind::Remark).map(|cell| cell.text.as_str()).collect()
    }

    /// The moves of a replay in the order of the rows.
    #[must_use]
    pub fn as_written(&self) -> Vec<AsWritten> {
        diagram::as_written(&self.cells)
    }
}
