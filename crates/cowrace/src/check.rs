//! One scenario under one era.

use std::time::Instant;

use cowrace_explore::{Coverage, Explorer, GuideError, Limits, Observer, Outcome, Threads, guide};
use cowrace_machine::{Arch, Program};
use cowrace_mm::era::PRESETS;
use cowrace_mm::{Consulted, Era, Judge};
use cowrace_scenario::{Expectation, Scenario, Variant, environment};
use cowrace_trace::frontier::Frontier;
use cowrace_trace::{Class, Report, Trace, Verdict};

use crate::promised::Aside;
use crate::{Promised, coverage, directives};

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
    /// Whether somebody may go on where it is stopped, who will not know what was noted until then: everything is
    /// judged at once.
    pub resumable: bool,
    /// Where to go on.
    pub frontier: Option<&'t Frontier>,
}

/// What came of a search.
#[derive(Debug)]
pub(crate) struct Explored {
    pub(crate) report: Report,
    /// What it has asked of the era, and the search for costs.
    pub(crate) consulted: Vec<Consulted>,
    /// What it went through, bad or not, if it came to its end and that was asked for.
    pub(crate) through: Option<Coverage>,
    /// Where to go on, if something ended it early.
    pub(crate) frontier: Option<Box<Frontier>>,
}

impl Exploration<'static> {
    /// With threads to use.
    pub(crate) const fn with(self, threads: &Threads) -> Exploration<'_> {
        Exploration { threads: Some(threads), ..self }
    }
}

/// One scenario, in one variant, under one era, on one architecture.
#[derive(Clone, Copy, Debug)]
pub struct Task<'s> {
    /// The scenario.
    pub scenario: &'s Scenario,
    /// Its variant.
    pub variant: &'s Variant,
    /// The era.
    pub era: &'s Era,
    /// The architecture.
    pub arch: Arch,
    /// What user space was promised; `None` if nobody asks.
    pub promised: Option<&'s Promised>,
}

impl Task<'_> {
    /// The program, judged by all that there is: for replays.
    #[must_use]
    pub fn program(&self) -> Program {
        self.at_once().0
    }

    /// The program, judged by what executions themselves have shown: what engines search first.
    #[must_use]
    pub fn program_without_probes(&self) -> Program {
        self.first(&Aside::default()).0
    }

    fn at_once(&self) -> (Program, Consulted) {
        self.judged(self.promised.and_then(|promised| promised.judge(self.variant.world())))
    }

    fn first(&self, aside: &Aside) -> (Program, Consulted) {
        self.judged(self.promised.and_then(|promised| promised.judge_first(self.variant.world(), aside)))
    }

    fn judged(&self, judge: Option<Judge>) -> (Program, Consulted) {
        cowrace_mm::program_and_consulted(self.variant.world(), self.era, self.arch, judge)
    }

    /// Explores every interleaving, and judges the result by what the file expects.
    pub fn check(&self, limits: Limits, observer: &mut (dyn Observer + Send)) -> Report {
        self.explore(Exploration { limits, ..Exploration::default() }, observer)
    }

    /// As [`check`](Self::check), in a way of one's own.
    pub fn explore(&self, how: Exploration<'_>, observer: &mut (dyn Observer + Send)) -> Report {
        self.explored(how, observer).report
    }

    /// As [`explore`](Self::explore), with all that comes of it.
    pub(crate) fn explored(&self, how: Exploration<'_>, observer: &mut (dyn Observer + Send)) -> Explored {
        if let Some(report) = self.not_applicable("explore", "sc") {
            return Explored { report, consulted: Vec::new(), through: None, frontier: None };
        }
        let Exploration { limits, exhaustive, preemptions, coverage, threads, resumable, frontier, .. } = how;
        let started = Instant::now();
        let aside = Aside::default();
        let (program, consulted) = if resumable { self.at_once() } else { self.first(&aside) };
        let search = |program, limits| {
            let how = explorer(program, limits, threads).exhaustive(exhaustive);
            how.preemptions(preemptions).coverage(coverage)
        };
        let first = search(&program, limits);
        let mut outcome = frontier.map_or(first.clone(), |frontier| first.resume(frontier)).run(observer);
        if outcome.finding.is_none() && aside.is_cut_off() {
            // Nothing graver was seen, so this is the damage; now up to the first execution that shows it, which comes
            // no later than it did. A limit that ended the search must not hide what was seen before.
            let limits = Limits { steps: limits.steps, ..Limits::default() };
            outcome = search(&self.program(), limits).run(observer);
        }
        let frontier = outcome.frontier.take();
        let (mut verdict, mut detail) = conclude(&program, &outcome, preemptions);
        if verdict == Verdict::Holds
            && let Some(error) = self.promised.and_then(|promised| promised.unknown(self.variant.world()))
        {
            (verdict, detail) = (Verdict::Inconclusive, Some(error.to_string()));
        }
        if verdict == Verdict::Holds {
            let both: Vec<String> = detail.into_iter().chain(aside.gap()).collect();
            detail = (!both.is_empty()).then(|| both.join("; "));
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
            true => self.costs(&how, observer),
            false => (None, consulted.clone()),
        };
        let report = Report {
            verdict,
            class,
            detail: finding.as_ref().map(|(finding, _)| finding.detail.clone()).or(detail),
            complete: outcome.complete,
            stopped: outcome.stopped,
            executions: outcome.executions + samples,
            estimate: outcome
                .estimate
                .filter(|_| !outcome.complete)
                .map(|estimate| estimate.executions.round()),
            requests: Some(outcome.events),
            depth: Some(outcome.depth),
            seconds: started.elapsed().as_secs_f64(),
            as_expected: self.as_expected(verdict, class),
            settings: preemptions.map(at_most),
            schedule: finding.map(|(_, schedule)| schedule),
            costs,
            coverage: seen.map(|seen| coverage::told(self.variant, seen)),
            ..self.report("explore", "sc")
        };
        Explored { report, consulted: vec![consulted, counted], through, frontier }
    }

    /// The report of a kernel that does not have what the scenario asks for; `None` if it has.
    pub(crate) fn not_applicable(&self, engine: &str, memory: &str) -> Option<Report> {
        let feature = self.era.lacks(self.variant.world())?;
        let verdict = Verdict::NotApplicable;
        let (name, since, commit) = (feature.name, feature.since, feature.commit);
        Some(Report {
            verdict,
            detail: Some(format!("{name} came with {since} ({commit})")),
            as_expected: self.as_expected(verdict, None),
            ..self.report(engine, memory)
        })
    }

    /// A report of nothing yet.
    pub(crate) fn report(&self, engine: &str, memory: &str) -> Report {
        Report {
            scenario: self.scenario.name().to_owned(),
            variant: self.variant.name().map(str::to_owned),
            era: self.era.label(),
            engine: engine.to_owned(),
            memory: memory.to_owned(),
            arch: self.arch.name().to_owned(),
            environment: self.environment(),
            verdict: Verdict::Inconclusive,
            class: None,
            detail: None,
            complete: false,
            stopped: None,
            executions: 0,
            estimate: None,
            requests: None,
            depth: None,
            outcomes: None,
            seconds: 0.0,
            same_as: None,
            expected: self.expectation().map(|e| e.to_string()),
            as_expected: None,
            beyond: None,
            disagreement: None,
            settings: None,
            schedule: None,
            costs: None,
            coverage: None,
        }
    }

    /// Runs the rows of the diagram in the order drawn. What the environment does comes after the last row.
    ///
    /// # Errors
    ///
    /// If a row is impossible where it stands.
    pub fn as_written(&self) -> Result<Trace, GuideError> {
        guide(&self.program(), &directives::of(self.variant))
    }

    /// What the file expects.
    #[must_use]
    pub fn expectation(&self) -> Option<Expectation> {
        self.scenario.expectation(self.era, self.variant)
    }

    /// Whether a result is what the file expects; `None` if the file need not say anything.
    #[must_use]
    pub fn as_expected(&self, verdict: Verdict, class: Option<Class>) -> Option<bool> {
        match self.expectation() {
            Some(expected) => expected
                .verdict()
                .map(|due| due == verdict && expected.class().is_none_or(|c| class == Some(c))),
            // A file need not say of a kernel what that does not have.
            None if verdict == Verdict::NotApplicable => Some(true),
            None if self.is_as_released() => Some(verdict == Verdict::Holds),
            None => None,
        }
    }

    /// What the environment may do, in the words of the language.
    #[must_use]
    pub fn environment(&self) -> Vec<String> {
        let words = environment(self.variant.world().environment);
        words.split(", ").filter(|w| !w.is_empty()).map(str::to_owned).collect()
    }

    /// Whether the era is one that files know, without toggles.
    fn is_as_released(&self) -> bool {
        self.era.toggles().is_empty() && PRESETS.iter().any(|p| p.name == self.era.name())
    }
}

/// A search with the limits and the threads that there are.
pub(crate) fn explorer<'p>(
    program: &'p Program,
    limits: Limits,
    threads: Option<&'p Threads>,
) -> Explorer<'p> {
    let search = Explorer::new(program).limits(limits);
    threads.map_or(search.clone(), |threads| search.threads(threads))
}

/// A bound on preemptions, in words.
pub(crate) fn at_most(preemptions: u32) -> String {
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
