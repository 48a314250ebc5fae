//! The table of known states, and what is to be done in each.

use cowrace_machine::ActorSet;

use crate::states::numbers::Full;
use crate::states::paths::Known;

/// The known states. For each it is known
///
/// * which actors slept whenever it was reached,
/// * which actors are to be moved there, apart from those that sleep, and
/// * which of them have not been moved yet.
#[derive(Debug, Default)]
pub(super) struct Table {
    known: Known,
    moves: Vec<Moves>,
    /// The states in which something is to be done, those reached last at the end.
    open: Vec<u32>,
}

/// What is known of a state. All are sets of actors.
#[derive(Clone, Copy, Debug)]
struct Moves {
    asleep: u32,
    wanted: u32,
    todo: u32,
}

/// What is to be done in a state.
#[derive(Clone, Copy, Debug)]
pub(super) struct Visit {
    pub(super) state: u32,
    /// The actors that sleep.
    pub(super) asleep: ActorSet,
    /// The actors to move.
    pub(super) todo: ActorSet,
}

impl Table {
    /// The states that are known.
    pub(super) const fn known(&self) -> &Known {
        &self.known
    }

    /// The number of a state, and whether it is new. A new state has to be [added](Self::add); it was reached from this
    /// state.
    ///
    /// # Errors
    ///
    /// If it is new and there is no room for it.
    pub(super) fn number(&mut self, name: &[u32], before: u32) -> Result<(u32, bool), Full> {
        self.known.number(name, before)
    }

    /// Adds what is to be done in a new state.
    pub(super) fn add(&mut self, Visit { state, asleep, todo: wanted }: Visit) {
        let todo = wanted.0 & !asleep.0;
        self.moves.push(Moves { asleep: asleep.0, wanted: wanted.0, todo });
        if todo != 0 {
            self.open.push(state);
        }
    }

    /// Notes that a known state has been reached while these actors slept. Those that slept before and are awake now are
    /// to be moved, even if the state was to be left by others alone: what these led to was left while they slept. If
    /// `all` says which actors can move, all of them are to be moved from now on.
    pub(super) fn reach(&mut self, state: u32, asleep: ActorSet, all: Option<ActorSet>) {
        let moves = &mut self.moves[state as usize];
        // Those that were wanted and awake at an earlier visit have been moved, or are to be.
        let known = moves.wanted & !moves.asleep;
        moves.wanted |= moves.asleep & !asleep.0 | all.unwrap_or_default().0;
        moves.asleep &= asleep.0;
        let new = moves.wanted & !moves.asleep & !known;
        if new != 0 {
            if moves.todo == 0 {
                self.open.push(state);
            }
            moves.todo |= new;
        }
    }

    /// Whether there would be nothing to [note](Self::reach).
    pub(super) fn tells_nothing(&self, state: u32, asleep: ActorSet, all: Option<ActorSet>) -> bool {
        let moves = &self.moves[state as usize];
        moves.asleep & !asleep.0 == 0 && all.unwrap_or_default().0 & !moves.wanted == 0
    }

    /// What was done in a state is to be done again, and these actors are to be moved there as well.
    pub(super) fn repeat(&mut self, state: u32, more: ActorSet) {
        let moves = &mut self.moves[state as usize];
        moves.wanted |= more.0;
        let todo = moves.wanted & !moves.asleep;
        if todo != 0 && moves.todo == 0 {
            self.open.push(state);
        }
        moves.todo = todo;
    }

    /// The actors that are moved in a state.
    pub(super) fn moved(&self, state: u32) -> ActorSet {
        let Moves { asleep, wanted, .. } = self.moves[state as usize];
        ActorSet(wanted & !asleep)
    }

    /// The next visit.
    pub(super) fn pop(&mut self) -> Option<Visit> {
        let state = self.open.pop()?;
        let moves = &mut self.moves[state as usize];
        let todo = ActorSet(std::mem::take(&mut moves.todo));
        Some(Visit { state, asleep: ActorSet(moves.asleep), todo })
    }

    /// The next visits, but not more than so many; that which would be the next one comes last, so that what it leads to
    /// is visited before what the others lead to.
    pub(super) fn pop_many(&mut self, most: usize) -> Vec<Visit> {
        let mut visits: Vec<Visit> = std::iter::from_fn(|| self.pop()).take(most).collect();
        visits.reverse();
        visits
    }

    /// The memory in bytes that this takes.
    pub(super) fn bytes(&self) -> usize {
        let (moves, open) = (self.moves.capacity(), self.open.capacity());
        self.known.bytes() + moves * size_of::<Moves>() + open * size_of::<u32>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::states::paths::NONE;

    /// A table with one state.
    fn table(asleep: u32, todo: u32) -> Table {
        let mut table = Table::default();
        assert_eq!(table.number(&[7], NONE), Ok((0, true)));
        table.add(Visit { state: 0, asleep: ActorSet(asleep), todo: ActorSet(todo) });
        table
    }

    /// What each visit is to do.
    fn visits(table: &mut Table) -> Vec<(u32, u32)> {
        std::iter::from_fn(|| table.pop()).map(|visit| (visit.asleep.0, visit.todo.0)).collect()
    }

    #[test]
    fn a_state_is_visited_again_for_what_slept_before() {
        let mut table = table(0b011, 0b111);
        assert_eq!(visits(&mut table), [(0b011, 0b100)]);
        table.reach(0, ActorSet(0b111), None);
        assert_eq!(visits(&mut table), []);
        table.reach(0, ActorSet(0b001), None);
        assert_eq!(visits(&mut table), [(0b001, 0b010)]);
        table.reach(0, ActorSet(0b010), None);
        assert_eq!(visits(&mut table), [(0b000, 0b001)]);
    }

    #[test]
    fn those_outside_a_set_are_moved_when_all_are_to_be() {
        let mut table = table(0b010, 0b001);
        assert_eq!(visits(&mut table), [(0b010, 0b001)]);
        table.reach(0, ActorSet(0b010), Some(ActorSet(0b111)));
        assert_eq!(visits(&mut table), [(0b010, 0b100)]);
        table.reach(0, ActorSet(0), None);
        assert_eq!(visits(&mut table), [(0, 0b010)]);
    }

    #[test]
    fn those_that_slept_outside_a_set_are_moved_when_they_are_awake() {
        let mut table = table(0b110, 0b001);
        assert_eq!(visits(&mut table), [(0b110, 0b001)]);
        table.reach(0, ActorSet(0b100), None);
        assert_eq!(visits(&mut table), [(0b100, 0b010)]);
        table.reach(0, ActorSet(0b110), None);
        assert_eq!(visits(&mut table), []);
    }

    #[test]
    fn what_was_done_in_a_state_is_repeated_but_for_those_that_sleep() {
        let mut table = table(0b001, 0b011);
        assert_eq!(visits(&mut table), [(0b001, 0b010)]);
        table.repeat(0, ActorSet(0b100));
        assert_eq!(visits(&mut table), [(0b001, 0b110)]);
        table.reach(0, ActorSet(0b000), None);
        assert_eq!(visits(&mut table), [(0b000, 0b001)]);
    }
}
