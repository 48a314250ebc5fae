//! What a scenario costs under an era: a search of its own, which counts and goes on behind what is bad.
//!
//! Counting is requests, so schedules of such a search are no schedules of the scenario, and it judges nothing.

use std::ops::ControlFlow;

use cowrace_explore::{Execution, Observer, Progress, Purpose};
use cowrace_mm::RuleReads;
use cowrace_mm::costs::{Cost, counting};
use cowrace_report::{Costs, Span};
use tracing::debug_span;

use crate::exploration::{Exploration, explorer};
use crate::task::Task;

/// Keeps the extremes of what executions cost. Who watches is told how far the search is.
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
    /// What the scenario costs; `None` if a limit ended the search. With what the search has asked of the era.
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
