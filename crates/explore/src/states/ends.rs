//! States in which no actor can move.

use std::cell::RefCell;

use cowrace_report::Schedule;

use crate::observer::{Execution, Order};
use crate::search::shared::Shared;
use crate::states::End;
use crate::states::configuration::Configuration;
use crate::states::numbers::Numbers;
use crate::states::paths::Known;
use crate::sync::Primitives;

/// Judges a state in which no actor can move. `ends` has the contents of memory with which executions have ended before.
///
/// # Errors
///
/// If something is wrong with it and that ends the search, or there are too many.
pub(super) fn end<P: Primitives>(
    shared: &Shared<'_, P>,
    here: &mut Configuration<'_>,
    known: &Known,
    ends: &mut Numbers,
    state: u32,
) -> Result<(), End> {
    here.restore(known.name(state));
    here.end();
    match here.judge(ends)? {
        None => return Ok(()),
        Some(true) => return here.note_wrong(),
        Some(false) => {}
    }
    let memory = here.memory.clone();
    let here = RefCell::new(here);
    let schedule = || {
        let turns = known.path(&mut here.borrow_mut(), state);
        Schedule { fingerprint: shared.program.fingerprint, turns: turns.unwrap_or_default() }
    };
    let (program, order) = (shared.program, Order::Path(&schedule));
    shared.watch.execution(&Execution { program, memory: &memory, order, found: None, is_complete: true });
    Ok(())
}
