//! Whether the rows of a scenario can happen as they are drawn.

use cowrace_explore::{FollowError, follow_any};
use cowrace_report::AsDrawn;
use cowrace_scenario::{CellKind, Variant};

use crate::directives;
use crate::task::Task;

impl Task<'_> {
    /// Replays the rows in the order drawn. This takes one execution, unless choices matter.
    pub fn as_drawn(&self) -> AsDrawn {
        let error = match follow_any(&self.program_unjudged(), &directives::of(self.variant)) {
            Ok(_) => return AsDrawn::Possible { remarks: remarks(self.variant) },
            Err(error) => error,
        };
        let cell = error.directive().and_then(|directive| directives::cell(self.variant, directive));
        let (row, cell) = match cell {
            Some(cell) => (cell.row + 1, cell.text.clone()),
            // A move of an actor without rows, such as the environment: it moves when all rows are done.
            None => return AsDrawn::TooShort { actors: error.actors().to_vec() },
        };
        match error {
            FollowError::Blocked { actor, waits, .. } => AsDrawn::Impossible { row, cell, actor, waits },
            FollowError::NoStep { actor, why: instead, .. } => {
                AsDrawn::NeverOccurs { row, cell, actor, instead }
            }
            other => {
                let (actor, instead) = (other.actors().join(" and "), other.to_string());
                AsDrawn::NeverOccurs { row, cell, actor, instead }
            }
        }
    }
}

/// The number of cells that are remarks with text.
fn remarks(variant: &Variant) -> usize {
    let says = |text: &str| !matches!(text, "..." | "\u{2026}");
    variant.cells().iter().filter(|cell| cell.kind == CellKind::Remark && says(&cell.text)).count()
}
