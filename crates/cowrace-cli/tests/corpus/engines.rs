//! Every scenario of the corpus, in every variant, under every era, by all three engines. Eras that agree in all that
//! the exhaustive search of one of them has read are one: their programs do the same.
//!
//! loom has to finish, but for what is too large for it: of that there is a small version in
//! `scenarios/small`, which has to fit, and the whole is run by explore and shuttle alone. A test that is
//! ignored says so.

use cowrace_check::engine::{Loom, Shuttle, follow};
use cowrace_check::{Answer, Engine as _, Outcomes, Task};
use cowrace_explore as explore;
use cowrace_machine::Arch;
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
const SHUTTLE: u64 = 200;
/// What does not fit loom, under which eras (`*`: all but a few), and why there is nothing smaller.
const UNFIT: &[(&str, &str, &str)] = &[
    (
        "active-first-swapin-small",
        "aa-cor active-inactive",
        "GUP-fast that counts references, against a fault on a swap entry",
    ),
    ("active-inactive-torn-read", "*", "GUP-fast against reclaim, and both sides of a fork mapped before"),
    ("batched-flag-lost-update", "*", "three threads, each within a call"),
    (
        "clear-refs-stale-tlb-lost-write-small",
        "v5.12 v5.15 v5.18 unshare-v1",
        "two write faults that may both copy",
    ),
    ("foll-force-dirty-cow", "*", "GUP that faults again and again, against a discard and a fault"),
    ("fork-vs-per-vma-lock-fault", "*", "three threads, each within a call"),
    (
        "iouring-fixed-buffer-swap-small",
        "v6.12 v6.15 v6.18",
        "GUP-fast against reclaim, where the buffer is pinned so",
    ),
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
    ("swapout-fork-vs-pinfast-small", "*", "a pin against reclaim, and a fork behind both"),
    (
        "swapout-vs-pinfast",
        "*",
        "GUP-fast against reclaim; what is smaller is iouring-fixed-buffer-swap-small",
    ),
    ("uffd-wp-stale-tlb-lost-write", "*", "three threads, each within a call"),
];

pub(crate) fn trials(_: &Arguments) -> Vec<Trial> {
    let corpus = repository("scenarios");
    // The package alone, without the repository around it, has no corpus.
    let sources = load(std::slice::from_ref(&corpus)).unwrap_or_default();
    let scenarios: Vec<Scenario> = sources.iter().filter_map(|source| parse(&source.text).ok()).collect();
    let names: Vec<String> = scenarios.iter().map(|s| s.name().to_owned()).collect();
    let mut trials = Vec::new();
    for scenario in scenarios {
        let small = format!("{}-small", scenario.name());
        let is_whole = names.contains(&small);
        if is_whole {
            let name = format!("engines::{}::loom::too-large-see-{small}", scenario.name());
            trials.push(Trial::test(name, || Ok(())).with_ignored_flag(true));
        }
        if let Some((name, _, why)) = UNFIT.iter().find(|(name, ..)| *name == scenario.name()) {
            let name = format!("engines::{name}::loom::too-large-{}", why.replace([' ', ',', ';'], "-"));
            trials.push(Trial::test(name, || Ok(())).with_ignored_flag(true));
        }
        trials.extend(of_scenario(scenario, !is_whole));
    }
    trials
}

fn of_scenario(scenario: Scenario, fits: bool) -> Vec<Trial> {
    let mut trials = Vec::new();
    // Every test has the scenario for its own, since it may run in a process of its own.
    let scenario: &'static Scenario = Box::leak(Box::new(scenario));
    for variant in scenario.variants() {
        let variant_name = variant.name().map(|name| format!(":{name}")).unwrap_or_default();
        let name = format!("engines::{}{variant_name}", scenario.name());
        trials.push(Trial::test(name, move || all(scenario, variant, fits)));
    }
    trials
}

fn all(scenario: &Scenario, variant: &Variant, fits: bool) -> Result<(), Failed> {
    let mut known: Vec<RuleReads> = Vec::new();
    for era in Era::presets() {
        let is_known = known.iter().any(|rule_reads| rule_reads.agrees(&era));
        if is_known || era.lacks(variant.world()).is_some() {
            continue;
        }
        let rule_reads = one(scenario, variant, &era, fits);
        known
            .push(rule_reads.map_err(|error| format!("{}: {}", era.label(), error.message().unwrap_or("")))?);
    }
    Ok(())
}

fn one(scenario: &Scenario, variant: &Variant, era: &Era, fits: bool) -> Result<RuleReads, Failed> {
    let task = Task { scenario, variant, era, arch: Arch::default(), specification: None };
    let (program, rule_reads) = program_and_rule_reads(variant.world(), era, Arch::default(), None);
    let outcomes = Outcomes::of(&program);
    let explored = task.check(explore::Limits::default(), &mut ());
    let agree = |answer: &Answer| -> Result<(), Failed> {
        let seen = answer.outcomes.as_ref();
        let against = || seen.and_then(|seen| outcomes.against(&program, seen));
        let wrong = answer.report.disagreement.clone().or_else(against);
        match (wrong, answer.report.verdict, explored.verdict) {
            (Some(wrong), ..) => Err(format!("{}: {wrong}", answer.report.engine).into()),
            (_, Verdict::Violated, Verdict::Holds) => Err("explore has found nothing".into()),
            _ => Ok(()),
        }
    };
    // What explore has found is bad under shuttle as well.
    if let Some(schedule) = &explored.schedule {
        let trace = explore::replay(&program, schedule)?;
        if let Some(wrong) = follow(&task, schedule, &trace) {
            return Err(format!("shuttle follows the schedule, and {wrong}").into());
        }
    }
    let shuttle = Shuttle { search: Search::Pct { seed: 0, depth: 3 }, limits: within(SHUTTLE) };
    agree(&shuttle.answer(&task, true, &mut ()))?;
    if !fits {
        return Ok(rule_reads);
    }
    let answer = Loom { limits: within(LOOM), ..Loom::default() }.answer(&task, true, &mut ());
    agree(&answer)?;
    let unfit = UNFIT.iter().find(|(name, ..)| *name == scenario.name()).map_or("", |(_, eras, _)| *eras);
    let named = unfit.split(' ').any(|name| name == era.label());
    match (answer.report.complete, named || unfit == "*") {
        (false, false) => {
            let why = answer.report.detail.unwrap_or_else(|| format!("{LOOM} executions are not enough"));
            return Err(format!("it does not fit loom, and has no small version: {why}").into());
        }
        (true, true) if named => return Err("it fits loom now: take the era off the list".into()),
        _ => {}
    }
    if answer.report.complete && outcomes.classes().is_empty() == (answer.report.verdict == Verdict::Violated)
    {
        return Err("loom has come to its end, and is of another mind".into());
    }
    // Where something is bad loom goes no further, and explore does.
    let is_sound = answer.report.complete && outcomes.classes().is_empty();
    let beyond = answer.outcomes.as_ref().map_or(0, |seen| outcomes.beyond(seen));
    if is_sound && beyond > 0 {
        return Err(format!("loom has not seen {beyond} of {} outcomes", outcomes.len()).into());
    }
    Ok(rule_reads)
}

fn within(executions: u64) -> Limits {
    Limits { executions: Some(executions), ..Limits::default() }
}
