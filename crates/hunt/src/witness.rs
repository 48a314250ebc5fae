//! Witnesses: the smallest scenario that tells two kernels from each other.

use cowrace_report::Report;

use crate::campaign::Find;
use crate::confirm::Confirmed;
use crate::family::Size;
use crate::hunt::Hunt;
use crate::judge::Judge;
use crate::watch::Watch;

/// A scenario that is violated under one of two kernels, and holds under the other.
#[derive(Clone, Debug)]
pub struct Witness {
    /// The scenario, in the language.
    pub scenario: String,
    /// The number of its calls.
    pub calls: usize,
    /// Whether it is the second kernel under which it is violated.
    pub under_second: bool,
    /// What `check` says of it under that kernel.
    pub report: Report,
}

impl Hunt {
    /// The smallest of the scenarios that were found, if `check` says the same of it; and of how many it does not. Without
    /// a second kernel there is nothing to tell.
    #[must_use]
    pub fn witness(&self, watch: &dyn Watch) -> (Confirmed<Witness>, u64) {
        let Some(base) = self.base_judge() else { return (Confirmed::No, 0) };
        let judge = self.judge();
        let mut finds: Vec<(usize, Find)> = (self.campaigns().iter().enumerate())
            .flat_map(|(nth, campaign)| campaign.finds().map(move |find| (nth, find)))
            .collect();
        finds.sort_by_key(|(nth, find)| Size::of(self.campaigns()[*nth].stage(), &find.scenario));
        let mut unconfirmed = 0;
        for (nth, find) in finds {
            let scenario = find.scenario.text(self.campaigns()[nth].stage(), "witness");
            let (violated, holds) = if find.kernel == 0 { (&judge, &base) } else { (&base, &judge) };
            match confirmed((violated, holds), &scenario, watch) {
                Confirmed::Yes(report) => {
                    let (calls, under_second) = (find.scenario.calls(), find.kernel == 1);
                    let witness = Witness { scenario, calls, under_second, report };
                    return (Confirmed::Yes(witness), unconfirmed);
                }
                Confirmed::No => unconfirmed += 1,
                // It may be the smallest.
                Confirmed::NotKnown => return (Confirmed::NotKnown, unconfirmed),
            }
        }
        (Confirmed::No, unconfirmed)
    }
}

/// What `check` says under the kernel by which a scenario is violated, if it is, and holds under the other.
fn confirmed((violated, holds): (&Judge, &Judge), text: &str, watch: &dyn Watch) -> Confirmed<Report> {
    let Ok(scenario) = cowrace_scenario::parse(text) else { return Confirmed::No };
    let Some(variant) = scenario.variants().first() else { return Confirmed::No };
    violated
        .confirm(&scenario, variant, watch)
        .and_then(|(report, _)| holds.holds(&scenario, variant, watch).and_then(|()| Confirmed::Yes(report)))
}
