//! One scenario under one era.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use cowrace_explore::{Coverage, Explorer, GuideError, Limits, Observer, Outcome, Purpose, Threads, guide};
use cowrace_machine::{Arch, Program};
use cowrace_mm::era::PRESETS;
use cowrace_mm::world::ActorId;
use cowrace_mm::{Consulted, Era, Judge};
use cowrace_render::limit;
use cowrace_report::{Class, Event, Finding, Report, Schedule, Step, Trace, Verdict};
use cowrace_scenario::{Expectation, Scenario, Variant, environment};
use cowrace_spec::{Promises, Unknown, shows_in_order};

use crate::aside::{Aside, Keeper, Noting, Unseeing};
use crate::bounds::Bounds;
use crate::{Checkpoint, Interrupt, Promised, coverage, directives, effects};

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
    /// Whether to tell where to go on if a limit ends the search. What nothing of ideal memory is known of then counts
    /// as not searched.
    pub resumable: bool,
    /// Where to go on.
    pub from: Option<&'t Checkpoint>,
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
    pub(crate) left: Option<Checkpoint>,
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

    /// What tells the program from others.
    pub(crate) fn fingerprint(&self) -> u32 {
        self.judged(None).0.fingerprint
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
        self.explored_keeping(how, observer, None)
    }

    /// As [`explored`](Self::explored), and has where the search could go on kept now and then.
    pub(crate) fn explored_keeping(
        &self,
        how: Exploration<'_>,
        observer: &mut (dyn Observer + Send),
        keeper: Option<&mut (dyn Keeper + Send)>,
    ) -> Explored {
        if let Some(report) = self.not_applicable("explore", "sc") {
            return Explored { report, consulted: Vec::new(), through: None, left: None };
        }
        let Exploration { limits, exhaustive, preemptions, coverage, threads, from, .. } = how;
        let started = Instant::now();
        let bounds = Bounds::new(limits, &Interrupt::default());
        // Those of a command hold for all of its searches, and were given before.
        self.promised.into_iter().for_each(|promised| promised.heed(&bounds));
        let aside = Aside::after(from.map(|from| &from.noted));
        let (program, consulted) = self.first(&aside);
        let world = self.variant.world();
        let unknown = self.promised.and_then(|promised| promised.unknown(world));
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
            return Explored { report, consulted: vec![consulted], through: None, left: from.cloned() };
        }
        let first = explorer(&program, bounds.limits(), threads).exhaustive(exhaustive);
        let first = first.preemptions(preemptions).coverage(coverage);
        let first = from.map_or(first.clone(), |from| first.resume(&from.frontier));
        let mut noting = Noting { aside: aside.clone(), observer: &mut *observer, keeper };
        let mut outcome = first.run(&mut noting);
        if outcome.finding.is_none()
            && let Some((finding, schedule)) = aside.cut_off()
        {
            // Nothing graver was seen, so this is the damage. A limit that ended the search does not hide what was
            // seen before.
            self.locate(&mut outcome, (finding, schedule), &bounds, &how, observer);
        }
        let left = outcome.frontier.take();
        let left = left.map(|frontier| Checkpoint::of(world, *frontier, aside.noted()));
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
            let hope = self.promised.and_then(|promised| promised.hope_unknown(world));
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
            false => (None, consulted.clone()),
        };
        let estimate = outcome.estimate.filter(|_| !outcome.complete);
        let report = Report {
            verdict,
            class,
            detail: finding.as_ref().map(|(finding, _)| finding.detail.clone()).or(detail),
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
        Explored { report, consulted: vec![consulted, counted], through, left }
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
        let judge = self.promised.and_then(|promised| promised.judge_of(self.variant.world(), &finding));
        let (program, _) = self.judged(judge);
        outcome.finding = Some((finding, schedule));
        if outcome.stopped.is_some() && how.from.is_some() {
            // What was seen long ago is far from where a search goes on.
            return;
        }
        let again = explorer(&program, bounds.limits(), how.threads).preemptions(how.preemptions);
        observer.anew(Purpose::Locate);
        let mut located = again.run(&mut Unseeing(observer));
        if located.finding.is_none() {
            return;
        }
        outcome.finding = located.finding.take();
        if !how.exhaustive {
            // Up to that execution, as where a finding ends a search.
            let frontier = outcome.frontier.take();
            *outcome = Outcome { frontier, finding: outcome.finding.take(), ..located };
        }
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
            direct_io: self.variant.world().files().into_iter().map(|kind| kind.word().to_owned()).collect(),
            verdict: Verdict::Inconclusive,
            class: None,
            detail: None,
            complete: false,
            stopped: None,
            executions: 0,
            estimate: None,
            estimate_within: None,
            requests: None,
            depth: None,
            outcomes: None,
            seconds: 0.0,
            same_as: None,
            expected: self.expectation().map(|e| e.to_string()),
            as_expected: None,
            base: None,
            as_drawn: None,
            ineffective: Vec::new(),
            limits: Vec::new(),
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
        self.one(|program| guide(program, &directives::of(self.variant))).map(|one| one.trace)
    }

    /// The program, judged by what the scenario asserts and what the model knows of itself: for whoever is not to wait
    /// for ideal memory.
    pub(crate) fn program_unjudged(&self) -> Program {
        self.judged(None).0
    }

    /// Runs one execution, and judges it. All of ideal memory is looked at only if it does not show the same when calls
    /// are made in the same order.
    ///
    /// # Errors
    ///
    /// What `run` says.
    pub(crate) fn one<E>(&self, run: impl Fn(&Program) -> Result<Trace, E>) -> Result<Judged, E> {
        let trace = run(&self.program_unjudged())?;
        let world = self.variant.world();
        let Some(promised) = self.promised else { return Ok(Judged { trace, unknown: None }) };
        if !promised.is_known() {
            let order = ends_of_calls(&trace);
            let differs = Arc::new(AtomicBool::new(false));
            let (asked, noted) = (world.clone(), Arc::clone(&differs));
            let judge: Judge = Box::new(move |kernel, memory| {
                if !shows_in_order(&asked, &Promises::default(), &order, (kernel, memory)) {
                    noted.store(true, Ordering::Relaxed);
                }
                None
            });
            let trace = run(&self.judged(Some(judge)).0)?;
            if !differs.load(Ordering::Relaxed) {
                return Ok(Judged { trace, unknown: None });
            }
        }
        if let Some(unknown) = promised.unknown(world) {
            return Ok(Judged { trace, unknown: Some(unknown) });
        }
        Ok(Judged { trace: run(&self.program())?, unknown: None })
    }

    /// What the file expects.
    #[must_use]
    pub fn expectation(&self) -> Option<Expectation> {
        self.scenario.expectation_on(self.arch, self.era, self.variant)
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

/// One execution.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) trace: Trace,
    /// Why it could not be compared with what user space was promised, if that is so. If nothing is wrong with it, it
    /// then need not be sound.
    pub(crate) unknown: Option<Unknown>,
}

/// The calls of an execution, each with its actor, in the order in which they ended.
fn ends_of_calls(trace: &Trace) -> Vec<(ActorId, u16)> {
    let ended = |event: &Event| event.call.filter(|&call| event.steps.contains(&Step::End(call)));
    let events = trace.events.iter();
    events.filter_map(|event| ended(event).map(|call| (usize::from(event.actor), call))).collect()
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
