//! Families as they are told: named, traced to commits, and written to files.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use cowrace_check::{Bounds, Exploration, Specification};
use cowrace_compare::lifetime::lifetime;
use cowrace_explain::command::Replay;
use cowrace_explain::{Counterexample, Drawing, narrate, walkthrough};
use cowrace_explore::{self as explore, Observer, Purpose};
use cowrace_hunt::corpus::Corpus;
use cowrace_hunt::family;
use cowrace_hunt::judge::Judge;
use cowrace_hunt::signature;
use cowrace_hunt::watch::Watch;
use cowrace_machine::Arch;
use cowrace_mm::Era;
use cowrace_render as render;
use cowrace_render::page::Explained;
use cowrace_report::explanation::Given;
use cowrace_report::hunt::{Cause, Family, Kinds, Lifetime};
use cowrace_scenario::{Scenario, parse};

use crate::cmd::pages;
use crate::progress::{self, Progress};
use crate::{Failure, Interrupt};

/// What is to be told of families.
pub(super) struct Finds<'f> {
    pub(super) judge: &'f Judge,
    pub(super) corpus: Option<&'f Corpus>,
    /// Whether to say which commits opened and closed them.
    pub(super) why: bool,
    /// Where to write them.
    pub(super) dir: Option<&'f Path>,
    pub(super) interrupt: &'f Interrupt,
    /// What ends naming and asking.
    pub(super) watch: &'f dyn Watch,
}

impl Finds<'_> {
    /// A family as it is told, once its smallest scenario has been written to a file.
    pub(super) fn told(&self, family: &family::Family, nth: usize) -> Result<Family, Failure> {
        let family::Family { damage, minimal, exemplar, .. } = family;
        let name = format!("{}-{nth}", damage.class);
        let scenario = named(&exemplar.scenario, &name);
        let parsed = read(&scenario)?;
        let mut told = Family {
            era: self.judge.era.label(),
            class: damage.class,
            whose: damage.whose,
            held: damage.held.map(|kind| kind.name().to_owned()),
            cause: damage.cause.as_ref().map(|cause| self.cause(cause)),
            scenarios: *minimal,
            kinds: kinds(family, &name),
            scenario,
            finding: exemplar.report.finding.clone(),
            detail: exemplar.report.detail.clone(),
            named: self.corpus.filter(|_| !self.watch.stops()).map(|corpus| corpus.name(family)),
            lifetime: if self.why && !self.watch.stops() { self.lifetime(&parsed) } else { None },
            file: None,
        };
        if let Some(dir) = self.dir {
            let path = dir.join(format!("{name}.race"));
            self.write(&told, &path)?;
            told.file = Some(path.display().to_string());
        }
        Ok(told)
    }

    fn cause(&self, cause: &signature::Cause) -> Cause {
        let why = cause.why.as_ref().map(|(reason, function)| Given {
            reason: reason.clone(),
            function: narrate::function(&self.judge.era, function),
        });
        Cause { deed: cause.deed, call: cause.call.name().to_owned(), why }
    }

    /// Which mainline kernels have a scenario.
    fn lifetime(&self, scenario: &Scenario) -> Option<Lifetime> {
        let specification = Specification::default();
        let task = self.judge.task(scenario, scenario.variants().first()?, &specification);
        // What was found by then is asked even if Ctrl-C has ended the search.
        let progress = Progress::new(1, Interrupt::default());
        let how = Exploration { limits: self.judge.limits, ..Exploration::default() };
        let mut until = Until { line: progress::Watch::new(&progress), watch: self.watch };
        let lifetime = lifetime(&task, how, &mut until);
        progress.finish();
        lifetime
    }

    /// Writes a family's scenario, with a title, what is expected of it, and its explanation.
    fn write(&self, family: &Family, path: &Path) -> Result<(), Failure> {
        let title = format!("title \"{}\"\n", render::family_title(family));
        let era = &self.judge.era;
        // A file cannot name a kernel that is a file itself.
        let expected = Era::preset(era.name()).ok().map_or_else(String::new, |_| {
            format!("\nexpect {} {}\n", kernel_in_words(era, self.judge.arch), family.class)
        });
        let text = family.scenario.replacen('\n', &format!("\n{title}"), 1) + &expected;
        let explained = self.explained(&read(&text)?, path)?;
        let comment = |line: &str| match line.starts_with('#') {
            true => format!("{line}\n"),
            false => format!("# {line}").trim_end().to_owned() + "\n",
        };
        let comments: String = explained.lines().map(comment).collect();
        fs::write(path, format!("{text}\n{comments}"))
            .map_err(|error| Failure::tool(format!("{}: {error}", path.display())))
    }

    /// The explanation of the smallest scenario of a family, for a page.
    pub(super) fn page(&self, family: &Family) -> Result<Option<Explained>, Failure> {
        let scenario = read(&family.scenario)?;
        let specification = Specification::default();
        let Some(variant) = scenario.variants().first() else { return Ok(None) };
        let task = self.judge.task(&scenario, variant, &specification);
        let report = task.check(self.judge.limits, &mut ());
        let bounds = Bounds::new(self.judge.limits, self.interrupt);
        let path = family.file.as_deref().map_or_else(|| format!("{}.race", scenario.name()), str::to_owned);
        let explained = pages::explained(task, Path::new(&path), &report, &bounds)?;
        Ok(explained.map(|explained| Explained { headline: render::family_title(family), ..explained }))
    }

    /// The explanation of a scenario as `explain` gives it, without what the file says itself.
    fn explained(&self, scenario: &Scenario, path: &Path) -> Result<String, Failure> {
        let specification = Specification::default();
        let Some(variant) = scenario.variants().first() else { return Ok(String::new()) };
        let task = self.judge.task(scenario, variant, &specification);
        let report = task.check(self.judge.limits, &mut ());
        let (Some(class), Some(schedule)) = (report.class, &report.schedule) else {
            return Ok(String::new());
        };
        let bounds = Bounds::new(self.judge.limits, self.interrupt);
        let counterexample = Counterexample::within(task, class, schedule, &bounds)?;
        let part = counterexample.task(task);
        let mut told = walkthrough(part, &counterexample.trace, Drawing::default(), &bounds);
        told.execution.diagram.header.clear();
        told.execution.diagram.footer.clear();
        let command = Replay::of(task, &counterexample.schedule);
        let command = command.map(|command| format!("\n{}\n", command.of_file(path))).unwrap_or_default();
        Ok(format!("{told}{command}"))
    }
}

/// Shows how far a search is, until a hunt is to end.
struct Until<'w> {
    line: progress::Watch<'w>,
    watch: &'w dyn Watch,
}

impl Observer for Until<'_> {
    fn anew(&mut self, purpose: Purpose) {
        self.line.anew(purpose);
    }

    fn progress(&mut self, now: &explore::Progress) -> ControlFlow<()> {
        let flow = self.line.progress(now);
        if self.watch.stops() { ControlFlow::Break(()) } else { flow }
    }

    fn stops(&mut self) -> bool {
        self.watch.stops()
    }
}

/// A scenario that the hunt has made.
fn read(text: &str) -> Result<Scenario, Failure> {
    parse(text).map_err(|errors| {
        let reason = errors.first().map(ToString::to_string).unwrap_or_default();
        Failure::tool(format!("a scenario of the hunt cannot be read: {reason}"))
    })
}

/// A scenario under the name by which it is told: the hunt calls them all the same.
fn named(scenario: &str, name: &str) -> String {
    scenario.replacen("race found", &format!("race {name}"), 1)
}

/// The kinds of a family's calls: those of its exemplar, which has the name of the family, then the most frequent.
fn kinds(family: &family::Family, name: &str) -> Vec<Kinds> {
    let mut all: Vec<_> = family.kinds.iter().collect();
    all.sort_by_key(|(calls, alike)| (**calls != family.exemplar.calls, u64::MAX - alike.minimal));
    let told = all.into_iter().zip(1..).map(|((calls, alike), nth)| Kinds {
        calls: calls.iter().map(|kind| kind.name().to_owned()).collect(),
        scenarios: alike.minimal,
        scenario: match nth {
            1 => named(&alike.smallest, name),
            _ => named(&alike.smallest, &format!("{name}-{nth}")),
        },
    });
    told.collect()
}

/// A kernel as an expectation names it.
fn kernel_in_words(era: &Era, arch: Arch) -> String {
    let arch = if arch == Arch::default() { String::new() } else { format!("arch {}: ", arch.name()) };
    arch + &era.label().replace(" --", " ")
}
