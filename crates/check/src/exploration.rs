//! The exhaustive search of one scenario under one kernel, and the report on it.

use std::time::Instant;

use cowrace_explore::{Coverage, Explorer, Limits, Observer, Outcome, Purpose, Threads};
use cowrace_machine::Program;
use cowrace_mm::RuleReads;
use cowrace_render::limit;
use cowrace_report::{Finding, Report, Schedule, Verdict};
use cowrace_spec::Unknown;
use tracing::debug_span;

use crate::bounds::Bounds;
use crate::checkpoint::Checkpoint;
use crate::interrupt::Interrupt;
use crate::logs::answered;
use crate::side_findings::{Keeper, Noting, SideFindings, Unseeing};
use crate::task::Task;
use crate::{coverage, effects};

/// How the exhaustive engine is to search.
#[derive(Clone, Copy, Debug, Default)]
pub struct Exploration<'t> {
    /// What may end the search early.
    pub limits: Limits,
    /// Whether to go on after a bad execution.
    pub exhaustive: bool,
    /// Explores only executions in which actors that could go on are stopped at most so often, all together. What
    /// finds nothing is then `bounded`.
    pub preemptions: Option<u32>,
    /// Whether to tell what a search went through that comes to its end and finds nothing.
    pub coverage: bool,
    /// Whether to count page copies and faults as well, over all executions, in a search of its own.
    pub costs: bool,
    /// Threads that the search may use beside its own, while nobody else does.
    pub threads: Option<&'t Threads>,
    /// Whether to tell where to go on if a limit ends the search. What nothing of the specification is known of then counts
    /// as not searched.
    pub resumable: bool,
    /// Where to go on.
    pub from: Option<&'t Checkpoint>,
}

/// What came of a search.
#[derive(Debug)]
pub struct Explored {
    /// The report.
    pub report: Report,
    /// What it has asked of the era, and the search for costs.
    pub rule_reads: Vec<RuleReads>,
    /// What it went through, bad or not, if it came to its end and that was asked for.
    pub through: Option<Coverage>,
    /// Where to go on, if something ended it early.
    pub left: Option<Checkpoint>,
}

impl Exploration<'static> {
    /// With threads to use.
    pub const fn with(self, threads: &Threads) -> Exploration<'_> {
        Exploration { threads: Some(threads), ..self }
    }
}

impl Task<'_> {
    /// Explores every interleaving, and judges the result by what the file expects.
    pub fn check(&self, limits: Limits, observer: &mut (dyn Observer + Send)) -> Report {
        self.explore(Exploration { limits, ..Exploration::default() }, observer)
    }

    /// As [`check`](Self::check), in a way of one's own.
    pub fn explore(&self, how: Exploration<'_>, observer: &mut (dyn Observer + Send)) -> Report {
        self.explored(how, observer).report
    }

    /// As [`explore`](Self::explore), with all that comes of it.
    pub fn explored(&self, how: Exploration<'_>, observer: &mut (dyn Observer + Send)) -> Explored {
        self.explored_keeping(how, observer, None)
    }

    /// As [`explored`](Self::explored), and has where the search could go on kept now and then.
    pub fn explored_keeping(
        &self,
        how: Exploration<'_>,
        observer: &mut (dyn Observer + Send),
        keeper: Option<&mut (dyn Keeper + Send)>,
    ) -> Explored {
        if let Some(report) = self.not_applicable("explore", "sc") {
            return Explored { report, rule_reads: Vec::new(), through: None, left: None };
        }
        let Exploration { limits, exhaustive, preemptions, coverage, threads, from, .. } = how;
        let _span = self.span("explore").entered();
        let started = Instant::now();
        let bounds = Bounds::new(limits, &Interrupt::default());
        // Those of a command hold for all of its searches, and were given before.
        self.specification.into_iter().for_each(|specification| specification.heed(&bounds));
        let aside = SideFindings::after(from.map(|from| &from.noted));
        let (program, rule_reads) = self.first(&aside);
        let world = self.variant.world();
        let unknown = self.specification.and_then(|specification| specification.unknown(world));
        if how.resumable
            && let Some(Unknown::Stopped(stop)) = &unknown
        {
            // What is searched now would count as judged for those who go on.
            let report = Report {
                verdict: Verdict::Bounded,
                detail: unknown.as_ref().map(Unknown::to_string),
                stopped: Some(stop.clone()),
                seconds: started.elapsed().as_secs_f64(),
                as_expected: self.as_expected(Verdict::Bounded, None),
                ..self.report("explore", "sc")
            };
            return Explored { report, rule_reads: vec![rule_reads], through: None, left: from.cloned() };
        }
        let first = explorer(&program, bounds.limits(), threads).exhaustive(exhaustive);
        let first = first.preemptions(preemptions).coverage(coverage);
        let first = from.map_or(first.clone(), |from| first.resume(&from.search));
        let mut noting = Noting { aside: aside.clone(), observer: &mut *observer, keeper };
        let mut outcome = debug_span!("search").in_scope(|| first.run(&mut noting));
        if outcome.finding.is_none()
            && let Some((finding, schedule)) = aside.cut_off()
        {
            // Nothing graver was seen, so this is the damage. A limit that ended the search does not hide what was
            // seen before.
            self.locate(&mut outcome, (finding, schedule), &bounds, &how, observer);
        }
        let left = outcome.checkpoint.take();
        let left = left.map(|search| Checkpoint::of(world, *search, aside.noted()));
        let (mut verdict, mut detail) = conclude(&program, &outcome, preemptions);
        let is_clean = matches!(verdict, Verdict::Holds | Verdict::Vacuous);
        if is_clean && let Some(unknown) = &unknown {
            // Interleavings were all looked at, but not by all that user space was promised.
            outcome.complete = false;
            (verdict, detail) = (Verdict::Inconclusive, Some(unknown.to_string()));
            if let Unknown::Stopped(stop) = unknown {
                (verdict, outcome.stopped) = (Verdict::Bounded, Some(stop.clone()));
            }
        }
        if verdict == Verdict::Bounded {
            detail = detail.or_else(|| unknown.as_ref().map(Unknown::to_string));
        }
        if verdict == Verdict::Holds {
            let hope = self.specification.and_then(|specification| specification.hope_unknown(world));
            let hope = hope.map(|unknown| format!("contract gaps were not looked for: {unknown}"));
            let all: Vec<String> = detail.into_iter().chain(aside.gap()).chain(hope).collect();
            detail = (!all.is_empty()).then(|| all.join("; "));
        }
        let limits = effects::limits(&outcome.shown);
        if matches!(verdict, Verdict::Holds | Verdict::Vacuous) && !limits.is_empty() {
            // Kernels go on otherwise from there, so not all that they do has been looked at.
            let reached: Vec<_> = limits.iter().map(|&reached| limit(reached)).collect();
            (verdict, detail) = (Verdict::Inconclusive, Some(reached.join("; ")));
        }
        // Samples count for what they have found; for what holds they say nothing.
        let samples = if outcome.finding.is_some() { outcome.samples } else { 0 };
        let is_clean = matches!(verdict, Verdict::Holds | Verdict::Vacuous);
        let through = outcome.coverage.filter(|_| outcome.complete);
        let seen = through.as_ref().filter(|_| is_clean);
        let finding = outcome.finding;
        let class = finding.as_ref().map(|(finding, _)| finding.class);
        // What a limit has ended is not begun again to count.
        let (costs, counted) = match how.costs && outcome.stopped.is_none() {
            true => self.costs(&Exploration { limits: bounds.limits(), ..how }, observer),
            false => (None, rule_reads.clone()),
        };
        let estimate = outcome.estimate.filter(|_| !outcome.complete);
        let report = Report {
            verdict,
            class,
            detail: finding.as_ref().map(|(finding, _)| cowrace_render::finding(finding)).or(detail),
            finding: finding.as_ref().map(|(finding, _)| finding.detail.clone()),
            complete: outcome.complete,
            stopped: outcome.stopped,
            executions: outcome.executions + samples,
            estimate: estimate.map(|estimate| estimate.executions.round()),
            estimate_within: estimate.map(|estimate| estimate.within).filter(|within| within.is_finite()),
            requests: Some(outcome.events),
            depth: Some(outcome.depth),
            seconds: started.elapsed().as_secs_f64(),
            as_expected: self.as_expected(verdict, class),
            settings: preemptions.map(at_most),
            schedule: finding.map(|(_, schedule)| schedule),
            costs,
            coverage: seen.map(|seen| coverage::told(self.variant, seen)),
            ineffective: match is_clean {
                true => effects::ineffective(self.variant, &outcome.shown),
                false => Vec::new(),
            },
            limits,
            ..self.report("explore", "sc")
        };
        answered(&report);
        Explored { report, rule_reads: vec![rule_reads, counted], through, left }
    }

    /// Makes a handle that was cut off the finding of a search that has found nothing graver. Unless a limit comes
    /// before, with the first execution that shows it, as for every other finding: which that is does not depend on
    /// how many threads there are.
    fn locate(
        &self,
        outcome: &mut Outcome,
        (finding, schedule): (Finding, Schedule),
        bounds: &Bounds,
        how: &Exploration<'_>,
        observer: &mut (dyn Observer + Send),
    ) {
        let judge = self
            .specification
            .and_then(|specification| specification.judge_of(self.variant.world(), &finding));
        let (program, _) = self.judged(judge);
        outcome.finding = Some((finding, schedule));
        if outcome.stopped.is_some() && how.from.is_some() {
            // What was seen long ago is far from where a search goes on.
            return;
        }
        let again = explorer(&program, bounds.limits(), how.threads).preemptions(how.preemptions);
        observer.anew(Purpose::Locate);
        let mut located = debug_span!("locate").in_scope(|| again.run(&mut Unseeing(observer)));
        if located.finding.is_none() {
            return;
        }
        outcome.finding = located.finding.take();
        if !how.exhaustive {
            // Up to that execution, as where a finding ends a search.
            let checkpoint = outcome.checkpoint.take();
            *outcome = Outcome { checkpoint, finding: outcome.finding.take(), ..located };
        }
    }
}

/// A search with the limits and the threads that there are.
pub fn explorer<'p>(program: &'p Program, limits: Limits, threads: Option<&'p Threads>) -> Explorer<'p> {
    let search = Explorer::new(program).limits(limits);
    threads.map_or(search.clone(), |threads| search.threads(threads))
}

/// A bound on preemptions, in words.
pub fn at_most(preemptions: u32) -> String {
    format!("at most {preemptions} preemption{}", if preemptions == 1 { "" } else { "s" })
}

fn conclude(program: &Program, outcome: &Outcome, preemptions: Option<u32>) -> (Verdict, Option<String>) {
    if outcome.finding.is_some() {
        return (Verdict::Violated, None);
    }
    let bound = preemptions.map(|most| format!("{} in an execution", at_most(most)));
    if outcome.stopped.is_some() || bound.is_some() {
        return (Verdict::Bounded, bound);
    }
    if !outcome.complete {
        return (Verdict::Inconclusive, Some("the search ended without saying why".to_owned()));
    }
    let closed = |occurred: bool| {
        let windows = program.windows.iter().enumerate();
        let closed = windows.filter(|&(i, _)| !outcome.opened[i] && outcome.occurred[i] == occurred);
        closed.map(|(_, window)| format!("`{}`", window.text)).collect::<Vec<_>>().join(", ")
    };
    let (never, inapplicable) = (closed(true), closed(false));
    if !never.is_empty() {
        return (Verdict::Vacuous, Some(format!("no execution opens the window {never}")));
    }
    let detail = (!inapplicable.is_empty())
        .then(|| format!("this kernel has not all steps of the window {inapplicable}"));
    (Verdict::Holds, detail)
}
