//! The known states, and the way to each: the turns that lead there from the beginning.

use std::collections::VecDeque;

use cowrace_report::Turn;

use crate::states::End;
use crate::states::configuration::Configuration;
use crate::states::numbers::{Full, Numbers};

/// No state.
pub(super) const NONE: u32 = u32::MAX;

/// The known states: for each its name, and from which state it was first reached.
#[derive(Debug, Default)]
pub(super) struct Known {
    names: Numbers,
    before: Vec<u32>,
}

impl Known {
    /// The number of states.
    pub(super) const fn len(&self) -> usize {
        self.names.len()
    }

    /// The name of a state.
    pub(super) fn name(&self, state: u32) -> &[u32] {
        self.names.get(state)
    }

    /// The number of a state, if it is known.
    pub(super) fn find(&self, name: &[u32]) -> Option<u32> {
        self.names.find(name)
    }

    /// The number of a state, and whether it is new: then it was reached from this state.
    ///
    /// # Errors
    ///
    /// If it is new and there is no room for it.
    pub(super) fn number(&mut self, name: &[u32], before: u32) -> Result<(u32, bool), Full> {
        let (state, is_new) = self.names.number(name)?;
        if is_new {
            self.before.push(before);
        }
        Ok((state, is_new))
    }

    /// The memory in bytes that this takes.
    pub(super) fn bytes(&self) -> usize {
        self.names.bytes() + self.before.capacity() * size_of::<u32>()
    }

    /// The turns that lead to a state, or none if it is [`NONE`]. The configuration is then anywhere.
    ///
    /// # Errors
    ///
    /// If nothing can be learned now.
    pub(super) fn path(&self, here: &mut Configuration<'_>, to: u32) -> Result<Vec<Turn>, End> {
        let mut parts = Vec::new();
        let mut last = to;
        while last != NONE {
            let before = self.before[last as usize];
            if before == NONE {
                here.begin()
            } else {
                here.restore(self.name(before))
            }
            parts.push(turns_to(here, self.name(last))?);
            last = before;
        }
        Ok(parts.into_iter().rev().flatten().collect())
    }
}

/// The turns that lead from the state at hand to another one that can be reached from it. What the search executes at
/// once may be less by now than it was then, so the way is searched: moves of actors that are not yet where they are to
/// be come first, since a search executes nothing at once that leads in a circle.
fn turns_to(here: &mut Configuration<'_>, to: &[u32]) -> Result<Vec<Turn>, End> {
    let mut names = Numbers::default();
    let mut reached: Vec<(usize, Option<Turn>)> = vec![(0, None)];
    let mut open = VecDeque::from([0]);
    let mut name = Vec::new();
    let mut note = |here: &mut Configuration<'_>, names: &mut Numbers| {
        here.name(&mut name)?;
        let (_, is_new) = names.number(&name)?;
        Ok::<_, End>((is_new, name == to))
    };
    let (_, mut is_there) = note(here, &mut names)?;
    let mut at = 0;
    while !is_there && let Some(from) = open.pop_front() {
        at = from;
        here.restore(names.get(from as u32));
        for actor in here.enabled().iter() {
            let is_on_the_way = here.place(actor) != here.place_in(to, actor);
            let values = here.values(actor);
            for value in 0..values.max(1) {
                let turn = Turn { actor, choice: (values > 0).then_some(value) };
                let is_wrong = here.make(turn)?.is_wrong;
                if !is_wrong && let (true, is_it) = note(here, &mut names)? {
                    let next = reached.len();
                    reached.push((from, Some(turn)));
                    if is_it {
                        (at, is_there) = (next, true);
                    }
                    if is_on_the_way { open.push_front(next) } else { open.push_back(next) }
                }
                here.rewind(0);
            }
        }
    }
    assert!(is_there, "a known state can be reached from the one before");
    let mut turns = Vec::new();
    while let (before, Some(turn)) = reached[at] {
        turns.push(turn);
        at = before;
    }
    turns.reverse();
    Ok(turns)
}
