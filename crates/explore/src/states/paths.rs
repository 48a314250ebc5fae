//! The known states, and the way to each: the turns that lead there from the beginning.

use cowrace_report::Turn;

use crate::states::End;
use crate::states::configuration::Configuration;
use crate::states::numbers::{Full, Numbers};
use crate::states::settle::Arrive;

/// No state.
pub(super) const NONE: u32 = u32::MAX;

/// The known states: for each its name, and from which state and by whose move it was first reached.
#[derive(Debug)]
pub(super) struct Known {
    names: Numbers,
    before: Vec<(u32, u8)>,
}

/// Executes what a search executes at once: the move of an actor, or what comes at the beginning, and what follows
/// without a choice between actors. Calls `Arrive` where this leads.
pub(super) type Advance<'p> = fn(&mut Configuration<'p>, Option<u8>, Arrive<'_, 'p>) -> Result<(), End>;

impl Known {
    pub(super) const fn new() -> Self {
        Self { names: Numbers::new(), before: Vec::new() }
    }

    /// The number of states.
    pub(super) const fn len(&self) -> usize {
        self.names.len()
    }

    /// The name of a state.
    pub(super) fn name(&self, state: u32) -> &[u32] {
        self.names.get(state)
    }

    /// The number of a state, and whether it is new: then it was reached from this state by the move of this actor.
    ///
    /// # Errors
    ///
    /// If it is new and there is no room for it.
    pub(super) fn number(&mut self, name: &[u32], before: (u32, u8)) -> Result<(u32, bool), Full> {
        let (state, is_new) = self.names.number(name)?;
        if is_new {
            self.before.push(before);
        }
        Ok((state, is_new))
    }

    /// The memory in bytes that this takes.
    pub(super) fn bytes(&self) -> usize {
        self.names.bytes() + self.before.capacity() * size_of::<(u32, u8)>()
    }

    /// The turns that lead to a state, or none if it is [`NONE`]. The configuration is then anywhere. Whatever was
    /// executed at once still is, since the search begins again if that was wrong.
    pub(super) fn path<'p>(&self, here: &mut Configuration<'p>, to: u32, advance: Advance<'p>) -> Vec<Turn> {
        let mut parts = Vec::new();
        let mut last = to;
        while last != NONE {
            let (before, _) = self.before[last as usize];
            parts.push(self.part(here, last, advance));
            last = before;
        }
        parts.into_iter().rev().flatten().collect()
    }

    /// The turns from the state before.
    fn part<'p>(&self, here: &mut Configuration<'p>, to: u32, advance: Advance<'p>) -> Vec<Turn> {
        let (from, actor) = self.before[to as usize];
        let mut found = None;
        let mut name = Vec::new();
        let mut arrive = |here: &mut Configuration<'p>, _: bool| {
            if found.is_none() {
                here.name(&mut name)?;
                if name == self.name(to) {
                    found = Some(here.turns().collect());
                }
            }
            Ok(())
        };
        let actor = if from == NONE {
            here.begin();
            None
        } else {
            here.restore(self.name(from));
            Some(actor)
        };
        let done = advance(here, actor, &mut arrive);
        debug_assert!(done.is_ok(), "what was right before is still right");
        found.unwrap_or_default()
    }
}
