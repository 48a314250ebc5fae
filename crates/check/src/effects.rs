//! What a complete search has shown about calls, in terms of the scenario.

use std::collections::{BTreeMap, BTreeSet};

use cowrace_mm::world::Step;
use cowrace_report::{Called, Ineffective, Limit, NoEffect, Shown};
use cowrace_scenario::Variant;

/// The calls that do not have their intended effect in any execution, column by column.
pub fn ineffective(variant: &Variant, shown: &BTreeSet<Shown>) -> Vec<Ineffective> {
    let mut found = Vec::new();
    for actor in &variant.world().actors {
        for step in &actor.steps {
            let Step::Call(call) = step else { continue };
            let id = call.id;
            if shown.contains(&Shown::Effect(id)) {
                continue;
            }
            let kept = shown.iter().filter_map(|shown| match *shown {
                Shown::NoEffect(call, NoEffect { aim, why }) if call == id => Some((aim, why)),
                _ => None,
            });
            let mut aims: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
            kept.for_each(|(aim, why)| {
                aims.entry(aim).or_default().insert(why);
            });
            let (actor, call) = (actor.name.clone(), variant.call_text(id).to_owned());
            let called = Called { actor, call };
            found.extend(aims.into_iter().map(|(aim, reasons)| {
                let called = called.clone();
                Ineffective { called, aim, reasons }
            }));
        }
    }
    found
}

/// The limits of the model that were reached.
pub fn limits(shown: &BTreeSet<Shown>) -> Vec<Limit> {
    let limit = |shown: &Shown| match *shown {
        Shown::Limit(limit) => Some(limit),
        Shown::Effect(_) | Shown::NoEffect(..) => None,
    };
    shown.iter().filter_map(limit).collect()
}
