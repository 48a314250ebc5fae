//! The costs of a scenario under an era, by a separate search that counts, and goes on after bad executions.
//!
//! The counters are requests of their own, so schedules of such a search do not apply to the scenario, and the
//! search judges nothing.

use std::ops::ControlFlow;

use cowrace_explore::{Execution, Observer, Progress, Purpose};
use cowrace_mm::RuleReads;
use cowrace_mm::costs::{Cost, counting};
use cowrace_report::{Costs, Span};
use tracing::debug_span;

use crate::exploration::{Exploration, explorer};
use crate::task::Task;

/// Keeps the lowest and highest costs of executions, and reports the progress of the search to the watcher.
struct Extremes<'o> {
    seen: Option<(Span, Span)>,
    observer: &'o mut (dyn Observer + Send),
}

impl Observer for Extremes<'_> {
    fn execution(&mut self, execution: &Execution<'_>) {
        let Cost { copies, faults } = Cost::of(execution.memory());
        let here = (Span::of(copies), Span::of(faults));
        self.seen = Some(self.seen.map_or(here, |seen| (seen.0.with(here.0), seen.1.with(here.1))));
    }

    fn anew(&mut self, purpose: Purpose) {
        self.observer.anew(purpose);
    }

    fn progress(&mut self, progress: &Progress) -> ControlFlow<()> {
        self.observer.progress(progress)
    }

    fn stops(&mut self) -> bool {
        self.observer.stops()
    }
}

impl Task<'_> {
    /// The costs of the scenario; `None` if a limit ended the search. The second value is the set of rules of the
    /// era that the search has read.
    pub fn costs(
        &self,
        how: &Exploration<'_>,
        observer: &mut (dyn Observer + Send),
    ) -> (Option<Costs>, RuleReads) {
        let (program, rule_reads) = counting(self.variant.world(), self.era, self.arch);
        observer.anew(Purpose::Costs);
        let mut extremes = Extremes { seen: None, observer };
        let search = explorer(&program, how.limits, how.threads).exhaustive(true).ends_only(true);
        let complete = debug_span!("costs").in_scope(|| search.run(&mut extremes).complete);
        let needed = self.specification.and_then(|specification| specification.needed(self.variant.world()));
        let costs =
            extremes.seen.filter(|_| complete).map(|(copies, faults)| Costs { copies, faults, needed });
        (costs, rule_reads)
    }
}
