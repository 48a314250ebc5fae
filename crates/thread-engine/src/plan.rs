//! Plans: what actors pick where the model has a choice.

use std::collections::BTreeMap;

/// A choice: the actor, and the number of the choice among its choices.
type Place = (u8, u32);

/// What each actor picks, the first time it chooses, the second time, and so on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    picks: BTreeMap<Place, u32>,
}

impl Plan {
    /// A plan from picks in the order in which they were made.
    pub fn of(picks: impl Iterator<Item = (u8, u32)>) -> Self {
        let mut made = BTreeMap::new();
        let mut plan = Self::default();
        for (actor, pick) in picks {
            let nth = made.entry(actor).or_insert(0);
            plan.picks.insert((actor, *nth), pick);
            *nth += 1;
        }
        plan
    }
}

/// The plans that are still to be tried, and the choices that the executions of the current plan have made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plans {
    now: Plan,
    later: Vec<Plan>,
    asked: BTreeMap<Place, u32>,
}

impl Plans {
    pub(crate) fn new(first: Plan) -> Self {
        Self { now: first, ..Self::default() }
    }

    /// What `actor` picks below `n` at its choice `nth`. A plan is made for one execution and followed in others, which
    /// may have fewer possibilities: in that case the last one is picked.
    pub(crate) fn pick(&mut self, actor: u8, nth: u32, n: u32) -> u32 {
        let asked = self.asked.entry((actor, nth)).or_insert(1);
        *asked = n.max(*asked);
        self.now.picks.get(&(actor, nth)).copied().unwrap_or(0).min(n.saturating_sub(1))
    }

    /// Advances to the next plan when everything has been tried with the current one; tells whether there is one.
    pub(crate) fn next(&mut self) -> bool {
        // Choices that are not in the plan were answered with 0. Each new plan is identified by the first place in
        // which it differs from that.
        let mut base = self.now.clone();
        for (place, n) in std::mem::take(&mut self.asked) {
            if self.now.picks.contains_key(&place) {
                continue;
            }
            for pick in 1..n {
                let mut plan = base.clone();
                plan.picks.insert(place, pick);
                self.later.push(plan);
            }
            base.picks.insert(place, 0);
        }
        match self.later.pop() {
            Some(plan) => {
                self.now = plan;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Runs `program`, which picks numbers and returns what it picked, under all plans.
    fn all(program: impl Fn(&mut dyn FnMut(u8, u32, u32) -> u32) -> Vec<u32>) -> (BTreeSet<Vec<u32>>, usize) {
        let mut plans = Plans::default();
        let mut ends = BTreeSet::new();
        for runs in 1.. {
            ends.insert(program(&mut |actor, nth, n| plans.pick(actor, nth, n)));
            if !plans.next() {
                return (ends, runs);
            }
        }
        unreachable!()
    }

    #[test]
    fn every_combination_is_tried_once() {
        let (ends, runs) = all(|pick| vec![pick(0, 0, 3), pick(0, 1, 2), pick(1, 0, 2)]);
        assert_eq!((ends.len(), runs), (12, 12));
    }

    #[test]
    fn choices_that_only_some_executions_have_are_found() {
        let (ends, runs) = all(|pick| match pick(0, 0, 2) {
            0 => vec![0],
            one => vec![one, pick(0, 1, 3)],
        });
        assert_eq!((ends.len(), runs), (4, 4));
    }

    #[test]
    fn nothing_to_choose_is_one_run() {
        assert_eq!(all(|_| Vec::new()).1, 1);
    }

    #[test]
    fn a_plan_is_made_from_the_picks_of_an_execution() {
        let mut plans = Plans::new(Plan::of([(1, 2), (0, 1), (1, 0)].into_iter()));
        assert_eq!([plans.pick(0, 0, 2), plans.pick(1, 0, 3), plans.pick(1, 1, 3)], [1, 2, 0]);
        assert_eq!(plans.pick(1, 0, 2), 1, "the last of fewer possibilities");
    }
}
