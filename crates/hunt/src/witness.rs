//! Witnesses: the smallest scenario that tells two kernels from each other.

use cowrace_check::{Specification, Task};
use cowrace_mm::Era;
use cowrace_report::{Report, Verdict};

use crate::campaign::Find;
use crate::hunt::{Hunt, Quest};

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
        let mut finds: Vec<(usize, Find)> = (self.campaigns().iter().enumerate())
            .flat_map(|(nth, campaign)| campaign.finds().map(move |find| (nth, find)))
            .collect();
        finds.sort_by_key(|(_, find)| find.scenario.size());
        let mut unconfirmed = 0;
        for (nth, find) in finds {
            let scenario = find.scenario.text(self.campaigns()[nth].stage(), "witness");
            match confirmed(self.quest(), &scenario, find.kernel) {
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
fn confirmed(quest: &Quest, text: &str, kernel: usize) -> Option<Report> {
    let scenario = cowrace_scenario::parse(text).ok()?;
    let variant = scenario.variants().first()?;
    let (second, _) = quest.beside.as_ref()?;
    let check = |era: &Era| {
        let specification = Specification::default();
        let task =
            Task { scenario: &scenario, variant, era, arch: quest.arch, specification: Some(&specification) };
        task.check(quest.limits, &mut ())
    };
    let (violated, holds) = if kernel == 0 { (&quest.era, second) } else { (second, &quest.era) };
    let report = check(violated);
    (report.verdict == Verdict::Violated && check(holds).verdict == Verdict::Holds).then_some(report)
}
