//! What costs more under one kernel than under another, without need.

use std::collections::{BTreeMap, BTreeSet};

use cowrace_check::{Exploration, Specification, Task};
use cowrace_explore::Limits;
use cowrace_mm::Era;
use cowrace_report::Costs;

use crate::campaign::Find;
use crate::confirm::{Confirmed, Until};
use crate::family::Size;
use crate::hunt::{Hunt, Quest};
use crate::kind::Kind;
use crate::outcome::Wanted;
use crate::side_by_side::side_by_side;
use crate::watch::Watch;

/// Scenarios with the same kinds of calls that cost more than they need, and more than under the base.
#[derive(Clone, Debug)]
pub struct Costlier {
    /// The kinds of their calls.
    pub kinds: BTreeSet<Kind>,
    /// How many scenarios belong to it that cannot do without any of their calls.
    pub minimal: u64,
    /// The smallest of them, in the language.
    pub scenario: String,
    /// What it costs.
    pub costs: Costs,
    /// What it costs under the base.
    pub base: Costs,
}

/// All that costs more than under the base.
#[derive(Clone, Debug, Default)]
pub struct AllCostlier {
    /// What does not need what it costs, by the kinds of calls.
    pub kinds: Vec<Costlier>,
    /// How many scenarios need it, or may need it.
    pub needed: u64,
    /// How many the watch has left unsorted.
    pub unsorted: u64,
}

impl Hunt {
    /// The scenarios that cost more than they need, and more than under the second kernel, by the kinds of their calls, as
    /// far as the watch lets it come.
    #[must_use]
    pub fn costlier(&self, threads: usize, watch: &dyn Watch) -> AllCostlier {
        let mut all: BTreeMap<BTreeSet<Kind>, Costlier> = BTreeMap::new();
        let mut told = AllCostlier::default();
        let Some((base, Wanted::Costlier)) = &self.quest().beside else { return told };
        for campaign in self.campaigns() {
            let mut finds: Vec<Find> = campaign.finds().collect();
            finds.sort_by_key(|find| Size::of(campaign.stage(), &find.scenario));
            let ask = |find: &Find| {
                if watch.stops() {
                    return Confirmed::NotKnown;
                }
                let scenario = find.scenario.text(campaign.stage(), "found");
                let costs = costs(self.quest(), base, &scenario, watch);
                costs.and_then(|costs| match campaign.is_minimal(find, watch) {
                    Some(is_minimal) => Confirmed::Yes(is_minimal.then_some((scenario, costs))),
                    None => Confirmed::NotKnown,
                })
            };
            for (find, asked) in finds.iter().zip(side_by_side(&finds, threads, ask)) {
                let minimal = match asked {
                    Confirmed::Yes(minimal) => minimal,
                    Confirmed::No => {
                        told.needed += 1;
                        continue;
                    }
                    Confirmed::NotKnown => {
                        told.unsorted += 1;
                        continue;
                    }
                };
                let Some((scenario, (costs, under_base))) = minimal else { continue };
                let kinds: BTreeSet<Kind> = find.scenario.moves().map(|of| Kind::of(&of.template)).collect();
                let family = all.entry(kinds.clone()).or_insert_with(|| Costlier {
                    kinds,
                    minimal: 0,
                    scenario,
                    costs,
                    base: under_base,
                });
                family.minimal += 1;
            }
        }
        told.kinds = all.into_values().collect();
        told
    }
}

/// What a scenario costs under both kernels, unless it needs what it costs more, or may need it.
fn costs(quest: &Quest, base: &Era, text: &str, watch: &dyn Watch) -> Confirmed<(Costs, Costs)> {
    // The watch knows how much time there is.
    let limits = Limits { time: None, ..quest.limits };
    let mut until = Until::new(watch, limits);
    let not_needed = not_needed(quest, base, text, (limits, &mut until));
    match not_needed {
        _ if until.is_ended() => Confirmed::NotKnown,
        Some(costs) => Confirmed::Yes(costs),
        None => Confirmed::No,
    }
}

fn not_needed(
    quest: &Quest,
    base: &Era,
    text: &str,
    (limits, until): (Limits, &mut Until<'_>),
) -> Option<(Costs, Costs)> {
    let scenario = cowrace_scenario::parse(text).ok()?;
    let variant = scenario.variants().first()?;
    let mut costs = |era: &Era| {
        let specification = Specification::default();
        let task =
            Task { scenario: &scenario, variant, era, arch: quest.arch, specification: Some(&specification) };
        let how = Exploration { limits, ..Exploration::default() };
        task.costs(&how, until).0
    };
    let (here, there) = (costs(&quest.era)?, costs(base)?);
    let needed = here.needed?;
    let copies = here.copies.most > there.copies.most.max(needed.copies);
    let faults =
        here.copies.most <= there.copies.most && here.faults.most > there.faults.most.max(needed.faults);
    (copies || faults).then_some((here, there))
}
