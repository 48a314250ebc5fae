//! The rows of a diagram as directives for the engine.

use cowrace_explore::{Directive, Until};
use cowrace_scenario::{self as scenario, CellKind, Variant};

/// The moves of a diagram. Actors without rows, such as the environment, move when all rows are done.
pub fn of(variant: &Variant) -> Vec<Directive> {
    let drawn =
        |actor: &usize| variant.cells().iter().any(|c| c.column == *actor && c.kind != CellKind::Remark);
    let rows = rows(variant).into_iter().map(|(_, directive)| directive);
    let rest = (0..variant.world().actors.len()).filter(|actor| !drawn(actor));
    rows.chain(rest.map(|actor| Directive { actor: actor as u8, until: Until::Finish })).collect()
}

/// The moves in rows, each with the index of its cell.
fn rows(variant: &Variant) -> Vec<(usize, Directive)> {
    let moves = variant.as_written().into_iter().filter_map(|row| {
        let until = match row.until {
            scenario::Until::Begin(call) => Until::Begin(call),
            scenario::Until::End(call) => Until::End(call),
            scenario::Until::Step { name, nth, .. } => {
                Until::Step { name, nth: u32::try_from(nth).unwrap_or(u32::MAX) }
            }
            // A barrier is passed as soon as all its actors have reached it, and the rows above make them reach it.
            scenario::Until::Barrier(_) => return None,
        };
        Some((row.cell, Directive { actor: row.actor as u8, until }))
    });
    moves.collect()
}

/// The cell that a directive comes from.
pub fn cell(variant: &Variant, directive: usize) -> Option<&scenario::Cell> {
    let (cell, _) = rows(variant).into_iter().nth(directive)?;
    variant.cells().get(cell)
}
