//! Counts traces exactly, without exploring each of them.
//!
//! The number of traces below a state depends on the state alone, and follows from those of later states by inclusion
//! and exclusion: a trace begins with each of its initials, which are independent of each other. So the traces that
//! begin with *a* and those that begin with *b* are added; if *a* and *b* are independent, those that begin with both,
//! in either order, were counted twice and are subtracted (Cartier and Foata, 1969).

use cowrace_machine::{Footprint, Program};

use super::states::{FastMap, Local, Moves, State, States};

/// Counts the traces of a program, state by state.
pub struct Counter<'p> {
    states: States<'p>,
    memo: FastMap<State, u64>,
    most: usize,
}

impl<'p> Counter<'p> {
    /// The number of traces, and of states; `None` if there are more than `most` states. The count wraps at 64 bits, as
    /// do the intermediate sums and differences.
    pub fn count(program: &'p Program, most: usize) -> Option<(u64, usize)> {
        let mut counter =
            Self { states: States::new(program, Local::Answers), memo: FastMap::default(), most };
        let traces = counter.below()?;
        Some((traces, counter.memo.len()))
    }

    fn below(&mut self) -> Option<u64> {
        let able = match self.states.moves() {
            Moves::Alone(actor, None) => return self.after(actor, None),
            Moves::Alone(actor, Some(n)) => {
                return (0..n).try_fold(0u64, |sum, v| Some(sum.wrapping_add(self.after(actor, Some(v))?)));
            }
            Moves::Any(able) => able,
        };
        if able.is_empty() {
            return Some(1);
        }
        let state = self.states.state();
        if let Some(&known) = self.memo.get(&state) {
            return Some(known);
        }
        if self.memo.len() >= self.most {
            return None;
        }
        let able: Vec<_> = able.iter().map(|actor| (actor, self.states.footprint(actor))).collect();
        let traces = self.begun(&able, &mut Vec::new())?;
        self.memo.insert(state, traces);
        Some(traces)
    }

    fn after(&mut self, actor: u8, choice: Option<u32>) -> Option<u64> {
        let moved = self.states.go(actor, choice);
        let traces = self.below();
        self.states.back(&moved);
        traces
    }

    /// The number of traces below a state that begin with some of `able`, all of which are independent of `made`, the
    /// moves that were executed already.
    fn begun(&mut self, able: &[(u8, Footprint)], made: &mut Vec<Footprint>) -> Option<u64> {
        let mut traces = 0u64;
        for (at, (actor, footprint)) in able.iter().enumerate() {
            if made.iter().any(|other| other.conflicts(footprint)) {
                continue;
            }
            let moved = self.states.go(*actor, None);
            made.push(*footprint);
            let again = self.begun(&able[at + 1..], made)?;
            traces = traces.wrapping_add(self.below()?).wrapping_sub(again);
            made.pop();
            self.states.back(&moved);
        }
        Some(traces)
    }
}
