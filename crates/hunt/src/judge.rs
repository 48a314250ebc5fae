//! What `check` says of a scenario under the kernel of a hunt, and what went wrong there.

use cowrace_check::{Specification, Task};
use cowrace_explore::Limits;
use cowrace_machine::Arch;
use cowrace_mm::Era;
use cowrace_report::{Report, Verdict};
use cowrace_scenario::{Scenario, Variant};

use crate::confirm::{Confirmed, Until};
use crate::signature::Damage;
use crate::watch::Watch;

/// A kernel, and how long it may be searched.
#[derive(Clone, Debug)]
pub struct Judge {
    /// The kernel.
    pub era: Era,
    /// The architecture.
    pub arch: Arch,
    /// The limits of each search.
    pub limits: Limits,
}

impl Judge {
    /// The report on a scenario.
    #[must_use]
    pub fn check(&self, scenario: &Scenario, variant: &Variant) -> Report {
        let specification = Specification::default();
        self.task(scenario, variant, &specification).check(self.limits, &mut ())
    }

    /// The report on a scenario that is violated, and what went wrong; `None` if it is not known to be violated.
    #[must_use]
    pub fn violated(&self, scenario: &Scenario, variant: &Variant) -> Option<(Report, Damage)> {
        let specification = Specification::default();
        let task = self.task(scenario, variant, &specification);
        let report = task.check(self.limits, &mut ());
        let damage = (report.verdict == Verdict::Violated).then(|| Damage::of(task, &report))??;
        Some((report, damage))
    }

    /// The report on a scenario that is violated, and what went wrong, unless the watch ends the search.
    #[must_use]
    pub fn confirm(
        &self,
        scenario: &Scenario,
        variant: &Variant,
        watch: &dyn Watch,
    ) -> Confirmed<(Report, Damage)> {
        let specification = Specification::default();
        let task = self.task(scenario, variant, &specification);
        self.report(task, watch).and_then(|report| {
            let damage = (report.verdict == Verdict::Violated).then(|| Damage::of(task, &report)).flatten();
            damage.map_or(Confirmed::No, |damage| Confirmed::Yes((report, damage)))
        })
    }

    /// Whether a scenario holds, unless the watch ends the search.
    #[must_use]
    pub fn holds(&self, scenario: &Scenario, variant: &Variant, watch: &dyn Watch) -> Confirmed<()> {
        let specification = Specification::default();
        let report = self.report(self.task(scenario, variant, &specification), watch);
        report.and_then(|report| match report.verdict {
            Verdict::Holds => Confirmed::Yes(()),
            _ => Confirmed::No,
        })
    }

    /// The report of a search that nothing has ended.
    fn report(&self, task: Task<'_>, watch: &dyn Watch) -> Confirmed<Report> {
        let mut until = Until::new(watch, self.limits);
        let report = task.check(self.limits, &mut until);
        if until.has_ended(&report) { Confirmed::NotKnown } else { Confirmed::Yes(report) }
    }

    /// A scenario under this kernel.
    #[must_use]
    pub const fn task<'s>(
        &'s self,
        scenario: &'s Scenario,
        variant: &'s Variant,
        specification: &'s Specification,
    ) -> Task<'s> {
        Task { scenario, variant, era: &self.era, arch: self.arch, specification: Some(specification) }
    }
}
