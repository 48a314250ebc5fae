//! Finds with as few calls and columns as possible.

use crate::part::Part;
use crate::plan::{Columns, Plan, one_by_one};
use crate::setting::Setting;
use crate::step::Situations;

/// Of up to so many calls, each choice of them is tried; of more, only to leave out one.
const EACH_CHOICE: usize = 8;

/// A violated scenario without calls and columns that it can do without: leaving out any one of its calls, or any
/// number of them if they are few, it holds. `parts` are those of the scenario as it is run.
pub(crate) fn reduce(setting: &Setting, begin: &Situations, parts: Vec<Part>) -> Vec<Part> {
    let mut best = Reduced { setting, begin, plan: Plan::of(&setting.runner.stage, &parts), parts };
    while best.leave_out_one() || best.leave_out_several() || best.put_one_after_the_other() {}
    best.parts
}

struct Reduced<'s> {
    setting: &'s Setting,
    begin: &'s Situations,
    plan: Plan,
    parts: Vec<Part>,
}

impl Reduced<'_> {
    /// Takes another scenario if it is violated.
    fn take(&mut self, plan: Plan) -> bool {
        let Some(parts) = plan.violated(self.setting, self.begin) else { return false };
        self.plan = plan;
        self.plan.parts.truncate(parts.len());
        self.parts = parts;
        true
    }

    fn leave_out_one(&mut self) -> bool {
        let calls = self.plan.calls();
        (0..calls).rev().any(|left_out| self.take(self.plan.only(|nth| nth != left_out)))
    }

    fn leave_out_several(&mut self) -> bool {
        let calls = self.plan.calls();
        if calls > EACH_CHOICE {
            return false;
        }
        let mut choices: Vec<u32> = (1..(1 << calls) - 1).collect();
        choices.sort_by_key(|choice| choice.count_ones());
        choices.into_iter().any(|kept| self.take(self.plan.only(|nth| kept & 1 << nth != 0)))
    }

    /// Columns side by side as calls one after the other.
    fn put_one_after_the_other(&mut self) -> bool {
        (0..self.plan.parts.len()).any(|nth| {
            let columns = self.plan.parts[nth].clone();
            orders(&columns).into_iter().any(|order| {
                let mut plan = self.plan.clone();
                plan.parts.splice(nth..=nth, order);
                self.take(plan)
            })
        })
    }
}

/// Columns one after the other, in every order; nothing if there is only one.
pub(crate) fn orders(columns: &Columns) -> Vec<Vec<Columns>> {
    let mut orders: Vec<Vec<usize>> = vec![Vec::new()];
    for nth in 0..columns.len() {
        let more = |order: Vec<usize>| {
            (0..=nth).map(move |at| {
                let mut order = order.clone();
                order.insert(at, nth);
                order
            })
        };
        orders = orders.into_iter().flat_map(more).collect();
    }
    if columns.len() < 2 {
        return Vec::new();
    }
    let apart = |order: Vec<usize>| order.into_iter().flat_map(|nth| one_by_one(&columns[nth])).collect();
    orders.into_iter().map(apart).collect()
}
