//! Every scenario of the corpus, in every variant, by all three engines: under two kernels by default, and under every
//! kernel in `just nightly`, which alone has those of `scenarios/cores`. Eras that agree in all that the exhaustive
//! search of one of them has read are one: their programs do the same.
//!
//! loom has to finish, but for what is too large for it: of that there is a small version in `scenarios/small`, which
//! has to fit, or it is listed here. How far loom comes with that is a test that is ignored by default, since it takes
//! minutes: `just nightly`.

use std::path::Path;

use cowrace_check::engine::{Loom, Shuttle, follow};
use cowrace_check::{Answer, Engine as _, Outcomes, Task};
use cowrace_explore as explore;
use cowrace_machine::{Arch, Program};
use cowrace_mm::{Era, RuleReads, program_and_rule_reads};
use cowrace_report::Verdict;
use cowrace_scenario::{Scenario, Variant, load, parse};
use cowrace_shuttle::Search;
use cowrace_testkit::repository;
use cowrace_thread_engine::Limits;
use libtest_mimic::{Arguments, Failed, Trial};

/// Executions after which a scenario does not fit loom.
const LOOM: u64 = 10_000;
/// Schedules that shuttle tries.
const SHUTTLE: u64 = 100;
/// The kernel under which engines are compared by default; under all of them in tests that are ignored by default.
const BY_DEFAULT: &str = "v6.12";
/// What does not fit loom, under which eras (`*`: nearly all), and why there is nothing smaller.
const UNFIT: &[(&str, &str, &str)] = &[
    (
        "active-first-swapin-small",
        "aa-cor active-inactive",
        "GUP-fast that counts references, against a fault on a swap entry",
    ),
    ("active-inactive-torn-read", "*", "GUP-fast against reclaim, and both sides of a fork mapped before"),
    ("batched-flag-lost-update", "*", "three threads, each within a call"),
    ("batched-flag-lost-update-core", "*", "three threads, each within a call"),
    (
        "clear-refs-stale-tlb-lost-write-small",
        "v5.12 v5.15 v5.18 unshare-v1",
        "two write faults that may both copy",
    ),
    ("foll-force-dirty-cow", "*", "GUP that faults again and again, against a discard and a fault"),
    ("fork-vs-per-vma-lock-fault", "*", "three threads, each within a call"),
    ("folio-split-vs-fork", "*", "a fork against the split of a folio, which both go page by page"),
    ("gup-fast-vs-folio-split", "*", "three threads, each within a call"),
    (
        "hugetlb-dontneed-vs-fault",
        "v5.18 v5.19 v6.1 v6.2 v6.4 v6.6 v6.12 v6.15 v6.18",
        "a fault that copies, against a discard",
    ),
    (
        "iouring-fixed-buffer-swap-small",
        "v6.12 v6.15 v6.18",
        "GUP-fast against reclaim, where the buffer is pinned so",
    ),
    ("lazyfree-batch-reference", "*", "a fault that copies, against reclaim"),
    ("lazyfree-batch-restore-writable", "*", "a folio that is split for MADV_FREE, and reclaim page by page"),
    ("lazyfree-batch-uffd-wp", "*", "a fault that waits for userfaultfd, against reclaim"),
    (
        "madv-free-odirect-zero-small",
        "v5.18 v5.19 v6.1 v6.2 v6.4 v6.6 v6.12 v6.15 v6.18",
        "GUP-fast against reclaim, and a fault behind it",
    ),
    (
        "madv-free-kept-by-reference",
        "*",
        "each of two drains in every order, which only explore can leave out",
    ),
    ("swapin-aba-page-lock", "*", "a fault that sleeps while six calls go by"),
    ("swapout-fork-vs-pinfast-core", "*", "a pin against reclaim, and a fork behind both"),
    ("swapout-fork-vs-pinfast-small", "*", "a pin against reclaim, and a fork behind both"),
    (
        "swapout-vs-pinfast",
        "*",
        "GUP-fast against reclaim; what is smaller is iouring-fixed-buffer-swap-small",
    ),
    ("swapout-vs-pinfast-core", "*", "GUP-fast against reclaim, and a fault behind both"),
    ("thp-cow-two-threads", "*", "two write faults that split the mapping, and a child"),
    ("thp-fault-vs-discard", "*", "a write fault that splits the mapping, against two calls that unmap"),
    (
        "thp-gup-fast-vs-fork",
        "*",
        "GUP-fast against a fork that write-protects a PMD, and both sides behind it",
    ),
    ("gup-fast-vs-thp-collapse", "*", "GUP-fast against a split and a copy, which both take all pages"),
    ("thp-collapse-twice", "*", "two copies of a range, each within a call"),
    ("thp-collapse-vs-pin", "*", "GUP-fast against a copy of both pages"),
    ("thp-collapse-vs-reclaim", "*", "a copy of both pages, against reclaim"),
    ("thp-collapse-vs-uffd-wp", "*", "three threads, each within a call"),
    ("thp-dontneed-vs-cow", "*", "a write fault that splits the mapping, against a discard"),
    ("thp-lazyfree-none-window", "*", "a store and a discard, against reclaim of a huge page"),
    ("thp-madv-free-vs-unmap", "*", "a split of the mapping, against MADV_FREE and reclaim"),
    ("thp-mapcount-split-leak", "*", "a write fault against a split, which both go page by page"),
    ("mremap-vs-reclaim", "*", "a move against reclaim, which both go from one page table to the other"),
    ("thp-mremap-vs-split", "*", "a move against a split of the folio"),
    ("thp-page-lock", "*", "three threads, each within a call"),
    ("thp-split-unlocks-freed", "*", "two discards of a huge page, of which one splits its mapping"),
    ("thp-transient-get", "*", "GUP-fast against munmap, and a write fault of the parent"),
    ("uffd-wp-parallel-flush", "*", "three threads, each within a call"),
    ("uffd-wp-stale-tlb-lost-write", "*", "three threads, each within a call"),
];

/// Scenarios with so many executions that only `just nightly` lists their ends.
const LONG: &[(&str, &str)] = &[
    ("gup-fast-vs-folio-split", "three threads, of which one splits a folio"),
    ("lazyfree-batch-reference", "a write fault that copies, and a folio that is reclaimed page by page"),
    ("lazyfree-batch-restore-writable", "a folio that is split, and reclaimed page by page"),
    ("lazyfree-batch-uffd-wp", "a fault that waits, and a folio that is reclaimed page by page"),
    ("mremap-vs-reclaim", "a move of two pages, against reclaim of one"),
    ("thp-collapse-vs-reclaim", "a copy of both pages, against reclaim of one"),
    ("thp-madv-free-vs-unmap", "a split of the mapping, MADV_FREE, and reclaim page by page"),
    ("thp-page-lock", "two write faults and a discard, of which each goes through a huge page"),
];

pub(crate) fn trials(_: &Arguments) -> Vec<Trial> {
    let corpus = repository("scenarios");
    // The package alone, without the repository around it, has no corpus.
    let sources = load(std::slice::from_ref(&corpus)).unwrap_or_default();
    let parsed = sources.iter().filter_map(|source| Some((source.path.as_path(), parse(&source.text).ok()?)));
    let scenarios: Vec<(&Path, Scenario)> = parsed.collect();
    let names: Vec<String> = scenarios.iter().map(|(_, scenario)| scenario.name().to_owned()).collect();
    let mut trials = Vec::new();
    for (path, scenario) in scenarios {
        // Every test has the scenario for its own, since it may run in a process of its own.
        let scenario: &'static Scenario = Box::leak(Box::new(scenario));
        let size = match UNFIT.iter().find(|(name, ..)| *name == scenario.name()) {
            _ if names.contains(&format!("{}-small", scenario.name())) => Size::Whole,
            Some((_, "*", _)) => Size::TooLarge,
            Some((_, eras, _)) => Size::TooLargeUnder(eras),
            None => Size::Fits,
        };
        for variant in scenario.variants() {
            let of = variant.name().map(|name| format!(":{name}")).unwrap_or_default();
            let name = format!("engines::{}{of}", scenario.name());
            if size != Size::Fits {
                let name = format!("{name}::loom");
                let test =
                    move || under_each(scenario, variant, Era::presets(), |case| case.loom_beyond(size));
                trials.push(Trial::test(name, test).with_ignored_flag(true));
            }
            let compare = move |eras: Vec<Era>| {
                under_each(scenario, variant, eras, |case| {
                    case.shuttle()?;
                    if case.fits(size) { case.loom() } else { Ok(()) }
                })
            };
            let by_default = || Era::preset(BY_DEFAULT).into_iter().collect();
            // A core is what is left of races that are compared: minutes for what has been seen.
            let is_core = path.parent().is_some_and(|directory| directory.ends_with("cores"));
            let is_left = is_core || LONG.iter().any(|(name, _)| *name == scenario.name());
            trials.push(Trial::test(name.clone(), move || compare(by_default())).with_ignored_flag(is_left));
            let at_length = Trial::test(format!("{name}::at_length"), move || compare(Era::presets()));
            trials.push(at_length.with_ignored_flag(true));
        }
    }
    trials
}

/// Whether a scenario fits loom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Size {
    Fits,
    /// There is a small version.
    Whole,
    TooLarge,
    TooLargeUnder(&'static str),
}

/// Does something under each era, of eras that agree under one.
fn under_each(
    scenario: &Scenario,
    variant: &Variant,
    eras: Vec<Era>,
    test: impl Fn(&Case<'_>) -> Result<(), Failed>,
) -> Result<(), Failed> {
    let mut known: Vec<RuleReads> = Vec::new();
    for era in eras {
        let is_known = known.iter().any(|rule_reads| rule_reads.agrees(&era));
        if is_known || era.lacks(variant.world()).is_some() {
            continue;
        }
        let task = Task { scenario, variant, era: &era, arch: Arch::default(), specification: None };
        let (program, rule_reads) = program_and_rule_reads(variant.world(), &era, Arch::default(), None);
        let case = Case { task, outcomes: Outcomes::of(&program), program };
        test(&case).map_err(|error| format!("{}: {}", era.label(), error.message().unwrap_or("")))?;
        known.push(rule_reads);
    }
    Ok(())
}

/// A variant of a scenario under an era.
struct Case<'t> {
    task: Task<'t>,
    program: Program,
    /// All of them, by explore.
    outcomes: Outcomes,
}

impl Case<'_> {
    fn fits(&self, size: Size) -> bool {
        match size {
            Size::Fits => true,
            Size::Whole | Size::TooLarge => false,
            Size::TooLargeUnder(eras) => eras.split(' ').all(|name| name != self.task.era.label()),
        }
    }

    /// What another engine has seen explore has seen as well.
    fn agrees(&self, answer: &Answer) -> Result<(), Failed> {
        let seen = answer.outcomes.as_ref();
        let against = || seen.and_then(|seen| self.outcomes.against(&self.program, seen));
        match (answer.report.disagreement.clone().or_else(against), answer.report.verdict) {
            (Some(wrong), _) => Err(format!("{}: {wrong}", answer.report.engine).into()),
            (_, Verdict::Violated) if self.outcomes.classes().is_empty() => {
                Err("explore has found nothing".into())
            }
            _ => Ok(()),
        }
    }

    fn shuttle(&self) -> Result<(), Failed> {
        let explored = self.task.check(explore::Limits::default(), &mut ());
        // What explore has found is bad under shuttle as well.
        if let Some(schedule) = &explored.schedule {
            let trace = explore::replay(&self.program, schedule)?;
            if let Some(wrong) = follow(&self.task, schedule, &trace) {
                return Err(format!("shuttle follows the schedule, and {wrong}").into());
            }
        }
        let shuttle = Shuttle { search: Search::Pct { seed: 0, depth: 3 }, limits: within(SHUTTLE) };
        self.agrees(&shuttle.answer(&self.task, true, &mut ()))
    }

    /// loom comes to its end, and sees the same.
    fn loom(&self) -> Result<(), Failed> {
        let answer = self.ask_loom()?;
        if !answer.report.complete {
            let why = answer.report.detail.unwrap_or_else(|| format!("{LOOM} executions are not enough"));
            return Err(format!("it does not fit loom, and has no small version: {why}").into());
        }
        if self.outcomes.classes().is_empty() == (answer.report.verdict == Verdict::Violated) {
            return Err("loom has come to its end, and is of another mind".into());
        }
        // Where something is bad loom goes no further, and explore does.
        let beyond = answer.outcomes.as_ref().map_or(0, |seen| self.outcomes.beyond(seen));
        if self.outcomes.classes().is_empty() && beyond > 0 {
            return Err(format!("loom has not seen {beyond} of {} outcomes", self.outcomes.len()).into());
        }
        Ok(())
    }

    /// What loom sees of what is too large for it is right; and it is too large.
    fn loom_beyond(&self, size: Size) -> Result<(), Failed> {
        if self.fits(size) {
            return Ok(());
        }
        let answer = self.ask_loom()?;
        match size {
            Size::TooLargeUnder(_) if answer.report.complete => {
                Err("it fits loom now: take the era off the list".into())
            }
            _ => Ok(()),
        }
    }

    fn ask_loom(&self) -> Result<Answer, Failed> {
        let answer = Loom { limits: within(LOOM), ..Loom::default() }.answer(&self.task, true, &mut ());
        self.agrees(&answer)?;
        Ok(answer)
    }
}

fn within(executions: u64) -> Limits {
    Limits { executions: Some(executions), ..Limits::default() }
}
