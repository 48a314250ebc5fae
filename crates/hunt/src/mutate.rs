//! Mutants of scenarios: a call left out, exchanged or inserted; neighbours that change places, that are put side by side,
//! and columns that are put one after the other.

use cowrace_mm::world::MmId;
use fastrand::Rng;

use crate::choice::below;
use crate::draw::MOST_BESIDE;
use crate::plan::{Columns, Plan};
use crate::reduce::orders;

/// A part of a mutant.
#[derive(Clone, Debug)]
pub(crate) enum Item {
    /// These columns.
    Columns(Columns),
    /// What is drawn when it is known what can follow.
    Drawn,
}

/// How many changes a mutant has at most.
const CHANGES: usize = 3;

/// A mutant with one change to three: half of all have one, a quarter two.
pub(crate) fn mutant(plan: &Plan, columns: usize, rng: &mut Rng) -> Vec<Item> {
    let mut items: Vec<Item> = plan.parts.iter().cloned().map(Item::Columns).collect();
    change(&mut items, columns, rng);
    for _ in 1..CHANGES {
        if !rng.bool() {
            break;
        }
        change(&mut items, columns, rng);
    }
    items
}

/// The last parts of a scenario, of which there are one or more, to follow another one; half of them are made in other mms.
pub(crate) fn tail(plan: &Plan, mms: usize, rng: &mut Rng) -> Vec<Item> {
    let first = below(rng, plan.parts.len().max(1));
    let mut parts = plan.parts[first..].to_vec();
    if rng.bool() {
        let to: Vec<MmId> = (0..mms).map(|_| below(rng, mms)).collect();
        for column in parts.iter_mut().flatten() {
            column.own = column.own.map(|mm| to[mm]);
            for of in &mut column.moves {
                let arguments = &mut of.template.arguments;
                arguments.target.mm = to[arguments.target.mm];
                arguments.mm = to[arguments.mm];
            }
        }
    }
    parts.into_iter().map(Item::Columns).collect()
}

fn change(items: &mut Vec<Item>, columns: usize, rng: &mut Rng) {
    let at = below(rng, items.len().max(1));
    let next = at + 1;
    match (below(rng, 6), items.get(at), items.get(next)) {
        (0, Some(_), _) => drop_call(items, at, rng),
        (1, Some(_), _) => {
            drop_call(items, at, rng);
            items.insert(at.min(items.len()), Item::Drawn);
        }
        (2, Some(_), Some(_)) => items.swap(at, next),
        (3, Some(Item::Columns(of)), _) if of.len() > 1 => {
            let mut orders = orders(of);
            let order = orders.swap_remove(below(rng, orders.len()));
            items.splice(at..next, order.into_iter().map(Item::Columns));
        }
        (4, Some(Item::Columns(one)), Some(Item::Columns(other))) if fits(one, other, columns) => {
            let both = [one.as_slice(), other.as_slice()].concat();
            items.splice(at..=next, [Item::Columns(both)]);
        }
        _ => items.insert(below(rng, items.len() + 1), Item::Drawn),
    }
}

fn fits(one: &Columns, other: &Columns, columns: usize) -> bool {
    let calls: usize = one.iter().chain(other).map(|column| column.moves.len()).sum();
    one.len() + other.len() <= columns && calls <= MOST_BESIDE
}

/// Leaves out a call of a part, or the part if that is all.
fn drop_call(items: &mut Vec<Item>, at: usize, rng: &mut Rng) {
    let Item::Columns(of) = &mut items[at] else {
        items.remove(at);
        return;
    };
    let nth = below(rng, of.len());
    let call = below(rng, of[nth].moves.len());
    of[nth].moves.remove(call);
    of.retain(|column| !column.moves.is_empty());
    if of.is_empty() {
        items.remove(at);
    }
}
