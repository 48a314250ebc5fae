//! The way to a state: the turns that lead there from the beginning.

use cowrace_machine::ActorSet;
use cowrace_report::Turn;

use crate::states::configuration::Configuration;
use crate::states::settle::{go, settle};
use crate::states::table::Table;

/// The turns that lead to a state. The configuration is then anywhere.
pub(super) fn path(here: &mut Configuration<'_>, table: &Table, to: u32) -> Vec<Turn> {
    let mut parts = Vec::new();
    let mut last = Some(to);
    while let Some(to) = last {
        let (before, actor) = table.before(to);
        parts.push(part(here, table, (before, actor), to));
        last = before;
    }
    parts.into_iter().rev().flatten().collect()
}

/// The turns from a state, or from the beginning, to a state that was first reached from there by the move of an actor.
/// Whatever was executed at once then still is, since the search begins again if that was wrong.
fn part(here: &mut Configuration<'_>, table: &Table, (from, actor): (Option<u32>, u8), to: u32) -> Vec<Turn> {
    let mut found = None;
    let mut name = Vec::new();
    let mut arrive = |here: &mut Configuration<'_>, _: bool| {
        if found.is_none() {
            here.name(&mut name)?;
            if name == table.name(to) {
                found = Some(here.turns().collect());
            }
        }
        Ok(())
    };
    let nothing = ActorSet::default();
    let all = usize::MAX;
    let done = match from {
        Some(from) => {
            here.restore(table.name(from));
            go(here, actor, nothing, all, &mut arrive)
        }
        None => {
            here.begin();
            settle(here, nothing, true, all, &mut arrive)
        }
    };
    debug_assert!(done.is_ok(), "what was right before is still right");
    found.unwrap_or_default()
}
