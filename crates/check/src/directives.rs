//! The rows of a diagram as the engine follows them.

use cowrace_explore::{Directive, Until};
use cowrace_scenario::{self as scenario, CellKind, Variant};

/// The moves of a diagram. Who has no rows, as the environment, moves when all rows are done.
pub fn of(variant: &Variant) -> Vec<Directive> {
    let drawn =
        |actor: &usize| variant.cells().iter().any(|c| c.column == *actor && c.kind != CellKind::Remark);
    let rows = rows(variant).into_iter().map(|(_, directive)| directive);
    let rest = (0..variant.world().actors.len()).filter(|actor| !drawn(actor));
    rows.chain(rest.map(|actor| Directive { actor: actor as u8, until: Until::Finish })).collect()
}

/// The moves that stand in rows, each with the index of its cell.
fn rows(variant: &Variant) -> Vec<(usize, Directive)> {
    let moves = variant.as_written().into_iter().filter_map(|row| {
        let until = match row.until {
            scenario::Until::Begin(call) => Until::Begin(call),
            scenario::Until::End(call) => Until::End(call),
            scenario::Until::Step { name, nth, .. } => {
                Until::Step { name, nth: u32::try_from(nth).unwrap_or(u32::MAX) }
            }
            // Barriers are passed as soon as everybody is there, which all rows above see to.
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
