//! The exhaustive search of one scenario under one kernel, and the report on it.

use std::time::Instant;

use cowrace_explore::{Coverage, Explorer, Limits, Observer, Outcome, Purpose, Threads};
use cowrace_machine::{Program, Window};
use cowrace_mm::RuleReads;
use cowrace_render::limit;
use cowrace_report::{Finding, Report, Schedule, Verdict};
use cowrace_spec::Unknown;
use tracing::debug_span;

use crate::bounds::Bounds;
use crate::checkpoint::Checkpoint;
use crate::interrupt::Interrupt;
use crate::logs::answered;
use crate::shards::ShardResults;
use crate::side_findings::{Keeper, Noting, SideFindings, Unseeing};
use crate::task::Task;
use crate::{coverage, effects};

/// How the exhaustive engine searches.
#[derive(Clone, Copy, Debug, Default)]
pub struct Exploration<'t> {
    /// The bounds of the search.
    pub limits: Limits,
    /// Whether to go on after a bad execution.
    pub exhaustive: bool,
    /// Explores only executions with at most this many preemptions of actors that could go on. A search that finds
    /// nothing is then `bounded`.
    pub preemptions: Option<u32>,
    /// Whether to report the coverage of a search that is complete and finds nothing.
    pub coverage: bool,
    /// Whether to count page copies and faults as well, over all executions, in a separate search.
    pub costs: bool,
    /// Threads that the search may use in addition to its own, while no other search uses them.
    pub threads: Option<&'t Threads>,
    /// Whether to return a checkpoint if a limit ends the search. Executions for which the specification is not
    /// known then count as not searched.
    pub resumable: bool,
    /// The checkpoint to go on from.
    pub from: Option<&'t Checkpoint>,
    /// What is known of parts of what the checkpoint has left.
    pub parts: Option<&'t ShardResults>,
}

/// The result of a search.
#[derive(Debug)]
pub struct Explored {
    /// The report.
    pub report: Report,
    /// The rules of the era that it and the search for costs have read.
    pub rule_reads: Vec<RuleReads>,
    /// Its coverage, whatever it found, if it is complete and coverage was requested.
    pub through: Option<Coverage>,
    /// The checkpoint to go on from, if it was ended early.
    pub left: Option<Checkpoint>,
}

impl Exploration<'static> {
    /// Adds threads that the search may use.
    pub const fn with(self, threads: &Threads) -> Exploration<'_> {
        Exploration { threads: Some(threads), ..self }
    }
}

impl Task<'_> {
    /// Explores every interleaving, and judges the result by the expectation of the file.
    pub fn check(&self, limits: Limits, observer: &mut (dyn Observer + Send)) -> Report {
        self.explore(Exploration { limits, ..Exploration::default() }, observer)
    }

    /// As [`check`](Self::check), with options.
    pub fn explore(&self, how: Exploration<'_>, observer: &mut (dyn Observer + Send)) -> Report {
        self.explored(how, observer).report
    }

    /// As [`explore`](Self::explore), with all results.
    pub fn explored(&self, how: Exploration<'_>, observer: &mut (dyn Observer + Send)) -> Explored {
        self.explored_keeping(how, observer, None)
    }

    /// As [`explored`](Self::explored), and saves a checkpoint now and then.
    pub fn explored_keeping(
        &self,
        how: Exploration<'_>,
        observer: &mut (dyn Observer + Send),
        keeper: Option<&mut (dyn Keeper + Send)>,
    ) -> Explored {
        if let Some(report) = self.not_applicable("explore", "sc") {
            return Explored { report, rule_reads: Vec::new(), through: None, left: None };
        }
        let Exploration { limits, exhaustive, preemptions, coverage, threads, from, parts, .. } = how;
        let _span = self.span("explore").entered();
        let started = Instant::now();
        let bounds = Bounds::new(limits, &Interrupt::default());
        // The bounds of a command hold for all of its searches, and were set before.
        self.specification.into_iter().for_each(|specification| specification.heed(&bounds));
        let mut noted = from.map(|from| from.noted.clone()).unwrap_or_default();
        parts.into_iter().for_each(|parts| noted.add(parts.noted().clone()));
        let aside = SideFindings::after(Some(&noted));
        let (program, rule_reads) = self.first(&aside);
        let world = self.variant.world();
        let unknown = self.specification.and_then(|specification| specification.unknown(world));
        if how.resumable
            && let Some(Unknown::Stopped(stop)) = &unknown
        {
            // Executions searched now would count as judged when the search is resumed.
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
        let first = parts.map_or(first.clone(), |parts| first.merge(parts.results()));
        let mut noting = Noting { aside: aside.clone(), observer: &mut *observer, keeper };
        let mut outcome = debug_span!("search").in_scope(|| first.run(&mut noting));
        if outcome.finding.is_none()
            && let Some((finding, schedule)) = aside.cut_off()
        {
            // No graver damage was seen, so this is the finding. A limit that ended the search does not hide what
            // was seen before.
            self.locate(&mut outcome, (finding, schedule), &bounds, &how, observer);
        }
        let left = outcome.checkpoint.take();
        let left = left.map(|search| Checkpoint::of(world, *search, aside.noted()));
        let (mut verdict, mut detail) = conclude(&program, &outcome, preemptions);
        let is_clean = matches!(verdict, Verdict::Holds | Verdict::Vacuous);
        if is_clean && let Some(unknown) = &unknown {
            // All interleavings were explored, but not checked against the whole specification.
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
            let hope = hope.map(|unknown| format!("contract gaps were not searched for: {unknown}"));
            let all: Vec<String> = detail.into_iter().chain(aside.gap()).chain(hope).collect();
            detail = (!all.is_empty()).then(|| all.join("; "));
        }
        let limits = effects::limits(&outcome.shown);
        if matches!(verdict, Verdict::Holds | Verdict::Vacuous) && !limits.is_empty() {
            // Real kernels behave differently from there on, so not all of their behaviour has been explored.
            let reached: Vec<_> = limits.iter().map(|&reached| limit(reached)).collect();
            (verdict, detail) = (Verdict::Inconclusive, Some(reached.join("; ")));
        }
        // Samples count for what they have found; they cannot show that a scenario holds.
        let samples = if outcome.finding.is_some() { outcome.samples } else { 0 };
        let is_clean = matches!(verdict, Verdict::Holds | Verdict::Vacuous);
        let through = outcome.coverage.filter(|_| outcome.complete);
        let seen = through.as_ref().filter(|_| is_clean);
        let finding = outcome.finding;
        let class = finding.as_ref().map(|(finding, _)| finding.class);
        // If a limit ended the search, the search for costs does not begin.
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
            states: (outcome.states > 0).then_some(outcome.states),
            preemptions: outcome.bound.filter(|_| verdict == Verdict::Bounded && unknown.is_none()),
            state_bytes: (outcome.states > 0).then_some(outcome.state_bytes),
            states_given_up: outcome.states_given_up,
            estimate: estimate.map(|estimate| estimate.executions.round()),
            estimate_within: estimate.map(|estimate| estimate.within).filter(|within| within.is_finite()),
            // A search of states counts no requests.
            requests: (!outcome.is_answered_by_states).then_some(outcome.events),
            depth: (!outcome.is_answered_by_states).then_some(outcome.depth),
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

    /// Makes a handle that was cut off the finding of a search that has found nothing graver. Unless a limit is
    /// reached before, the execution is the first one that shows it, as for every other finding: it does not depend
    /// on the number of threads.
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
            // An execution seen long before is far from where the search goes on.
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
            // The counts include everything up to that execution, as when a finding ends a search.
            let checkpoint = outcome.checkpoint.take();
            *outcome = Outcome { checkpoint, finding: outcome.finding.take(), ..located };
        }
    }
}

/// A search with these limits and threads.
pub fn explorer<'p>(program: &'p Program, limits: Limits, threads: Option<&'p Threads>) -> Explorer<'p> {
    let search = Explorer::new(program).limits(limits);
    threads.map_or(search.clone(), |threads| search.threads(threads))
}

/// A bound on preemptions, as text.
pub fn at_most(preemptions: u32) -> String {
    format!("at most {preemptions} preemption{}", if preemptions == 1 { "" } else { "s" })
}

fn conclude(program: &Program, outcome: &Outcome, preemptions: Option<u32>) -> (Verdict, Option<String>) {
    if outcome.finding.is_some() {
        return (Verdict::Violated, None);
    }
    if outcome.stopped.is_some() || preemptions.is_some() {
        return (Verdict::Bounded, None);
    }
    if !outcome.complete {
        return (Verdict::Inconclusive, Some("the search ended without a reason".to_owned()));
    }
    let closed = program.windows.iter().zip(&outcome.reached).zip(&outcome.opened);
    let closed = closed.filter(|&(_, &is_open)| !is_open).map(|(window, _)| window);
    let (mut never, mut remarks) = (Vec::new(), Vec::new());
    for (window, reached) in closed {
        let missed = window.points.iter().zip(reached).filter(|&(_, &is_reached)| !is_reached);
        let missed = missed.filter_map(|(point, _)| point.step.as_deref());
        match missed.map(|step| format!("`{step}`")).collect::<Vec<_>>().as_slice() {
            [] => never.push(format!("`{}`", window.text)),
            missed => remarks.push(does_not_apply(window, missed)),
        }
    }
    if !never.is_empty() {
        return (Verdict::Vacuous, Some(format!("no execution opens the window {}", never.join(", "))));
    }
    (Verdict::Holds, (!remarks.is_empty()).then(|| remarks.join("; ")))
}

/// The remark on a window whose steps are not all taken. A kernel that does not have the race often goes another way
/// before them, so this is no reason to call the scenario vacuous.
fn does_not_apply(window: &Window, missed: &[String]) -> String {
    let are = if missed.len() == 1 { "a step" } else { "steps" };
    format!("no execution reaches {}, {are} of the window `{}`", missed.join(" or "), window.text)
}
