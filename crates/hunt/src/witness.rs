//! Witnesses: the smallest scenario that tells two kernels from each other.

use cowrace_report::{Report, Verdict};

use crate::campaign::Find;
use crate::family::Size;
use crate::hunt::Hunt;
use crate::judge::Judge;

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
    pub fn witness(&self) -> (Option<Witness>, u64) {
        let Some(base) = self.base_judge() else { return (None, 0) };
        let judge = self.judge();
        let mut finds: Vec<(usize, Find)> = (self.campaigns().iter().enumerate())
            .flat_map(|(nth, campaign)| campaign.finds().map(move |find| (nth, find)))
            .collect();
        finds.sort_by_key(|(nth, find)| Size::of(self.campaigns()[*nth].stage(), &find.scenario));
        let mut unconfirmed = 0;
        for (nth, find) in finds {
            let scenario = find.scenario.text(self.campaigns()[nth].stage(), "witness");
            let (violated, holds) = if find.kernel == 0 { (&judge, &base) } else { (&base, &judge) };
            match confirmed(violated, holds, &scenario) {
                Some(report) => {
                    let (calls, under_second) = (find.scenario.calls(), find.kernel == 1);
                    return (Some(Witness { scenario, calls, under_second, report }), unconfirmed);
                }
                None => unconfirmed += 1,
            }
        }
        (None, unconfirmed)
    }
}

/// What `check` says under the kernel by which a scenario is violated, if it is, and holds under the other.
fn confirmed(violated: &Judge, holds: &Judge, text: &str) -> Option<Report> {
    let scenario = cowrace_scenario::parse(text).ok()?;
    let variant = scenario.variants().first()?;
    let report = violated.check(&scenario, variant);
    let is_told =
        report.verdict == Verdict::Violated && holds.check(&scenario, variant).verdict == Verdict::Holds;
    is_told.then_some(report)
}
