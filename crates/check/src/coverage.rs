//! The coverage of a complete search, by calls of the scenario and by lines of the model.

use std::collections::BTreeSet;

use cowrace_mm::world::Step;
use cowrace_mm::{place, source};
use cowrace_report::{Called, Coverage, Functions, Order, Pair, Unreached};
use cowrace_scenario::Variant;

/// The orders of every two calls of a scenario, and the lines of the model that were never reached.
pub fn told(variant: &Variant, seen: &cowrace_explore::Coverage) -> Coverage {
    let (unreached, functions) = lines(seen).unzip();
    Coverage { orders: orders(variant, seen), unreached, functions }
}

fn orders(variant: &Variant, seen: &cowrace_explore::Coverage) -> Vec<Pair> {
    let actors = &variant.world().actors;
    let ids = |actor: usize| {
        actors[actor].steps.iter().filter_map(move |step| match step {
            Step::Call(call) => Some((actor, call.id)),
            Step::Barrier(_) => None,
        })
    };
    let called = |(actor, id): (usize, u16)| Called {
        actor: actors[actor].name.clone(),
        call: variant.call_text(id).to_owned(),
    };
    let all: Vec<_> = (0..actors.len()).flat_map(ids).collect();
    let pairs = all.iter().flat_map(|&a| all.iter().filter(move |b| b.0 > a.0).map(move |&b| (a, b)));
    let pair = |(a, b): ((usize, u16), (usize, u16))| {
        let (first, second, order) = match (seen.in_order(a.1, b.1), seen.in_order(b.1, a.1)) {
            (true, true) => (a, b, Order::Both),
            (true, false) => (a, b, Order::One),
            (false, true) => (b, a, Order::One),
            (false, false) => (a, b, Order::Never),
        };
        Pair { first: called(first), second: called(second), seen: order }
    };
    pairs.map(pair).collect()
}

fn lines(seen: &cowrace_explore::Coverage) -> Option<(Vec<Unreached>, Functions)> {
    let reached: BTreeSet<_> = seen.sites().iter().filter_map(|site| place(site)).collect();
    let is_reached = |file: &str, line: u32| reached.contains(&(file.to_owned(), line));
    let all = source::functions()?;
    // Functions that make no requests themselves are not counted.
    let entered: Vec<_> = source::entered(is_reached)?.into_iter().filter(|f| f.lines().len() > 0).collect();
    let missing = |function: &source::Function| -> Vec<u32> {
        function.lines().filter(|&line| !is_reached(function.file, line)).collect()
    };
    let unreached = entered.iter().map(|function| Unreached {
        function: function.name.to_owned(),
        file: function.file.to_owned(),
        lines: missing(function),
    });
    let unreached = unreached.filter(|unreached| !unreached.lines.is_empty()).collect();
    Some((unreached, Functions { entered: entered.len() as u32, all: all.len() as u32 }))
}
