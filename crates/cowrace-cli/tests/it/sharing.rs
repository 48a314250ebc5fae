//! Eras that differ in nothing that a search depends on have it in common.

use std::path::{Path, PathBuf};
use std::process::Command;

use cowrace_check::{Exploration, Specification, Task};
use cowrace_explore::{Explorer, Outcome, replay};
use cowrace_machine::Arch;
use cowrace_mm::era::settings;
use cowrace_mm::{Era, RuleReads, program_and_rule_reads};
use cowrace_report::{Report, Verdict};
use cowrace_scenario::{Scenario, parse};
use cowrace_testkit::repository;

fn fixtures() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    ["tiny", "lost", "silent", "vacuous", "surroundings"]
        .map(|name| directory.join(name).with_extension("race"))
        .to_vec()
}

/// The small scenarios of the corpus, and one of a swapped page. The package alone has none.
fn corpus() -> Vec<PathBuf> {
    let directory = repository("scenarios");
    let names = [
        "small/odirect-clear-refs-lost-read-small",
        "small/fork-vs-gup-fast-seqcount-small",
        "small/vmsplice-child-munmap-leak-swapped-small",
        "small/stale-tlb-equals-pin-small",
        "small/swapout-fork-vs-pinfast-small",
        "fork-swap-exclusive-bit",
        "madv-free-store-survives",
    ];
    let paths = names.map(|name| directory.join(format!("{name}.race")));
    paths.into_iter().filter(|path| path.exists()).collect()
}

fn scenario(path: &Path) -> Scenario {
    let text = std::fs::read_to_string(path).expect("the file is there");
    parse(&text).unwrap_or_else(|errors| panic!("{}: {errors:?}", path.display()))
}

/// What the command line says of a file under all presets.
fn shared(command: &[&str], path: &Path, jobs: &str) -> Vec<Report> {
    let output = Command::new(env!("CARGO_BIN_EXE_cowrace"))
        .args(command)
        .arg(path)
        .args(["--format", "json", "--jobs", jobs])
        .output()
        .expect("the tool runs");
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines().map(|line| serde_json::from_str(line).expect("a report")).collect()
}

#[test]
fn what_is_shared_is_what_each_era_would_have_found() {
    let mut count = 0;
    for path in fixtures().into_iter().chain(corpus()) {
        let scenario = scenario(&path);
        let eras = Era::presets();
        let specification = vec![Specification::default(); scenario.variants().len()];
        let tasks = scenario.variants().iter().zip(&specification).flat_map(|(variant, specification)| {
            eras.iter().map(|era| Task {
                scenario: &scenario,
                variant,
                era,
                arch: Arch::Generic,
                specification: Some(specification),
            })
        });
        let tasks: Vec<Task<'_>> = tasks.collect();
        // Costs are nothing that changes anything else.
        let how = Exploration { costs: true, ..Exploration::default() };
        let alone: Vec<Report> = tasks.iter().map(|t| t.explore(how, &mut ())).collect();
        for (command, jobs) in [
            (&["check"][..], "1"),
            (&["matrix"], "1"),
            (&["matrix"], "3"),
            (&["matrix", "--costs"], "1"),
            (&["matrix", "--costs"], "3"),
        ] {
            let reports = shared(command, &path, jobs);
            assert_eq!(reports.len(), tasks.len());
            for ((task, alone), report) in tasks.iter().zip(&alone).zip(reports) {
                if let Some(schedule) = &report.schedule {
                    let trace = replay(&task.program(), schedule).expect("it is a schedule of this era");
                    let finding = trace.finding.expect("it is bad under this era");
                    assert_eq!(
                        (Some(finding.class), Some(&cowrace_render::finding(&finding))),
                        (report.class, report.detail.as_ref())
                    );
                }
                count += usize::from(report.same_as.is_some());
                assert!(report.same_as.is_none() || report.seconds == 0.0);
                // Times differ, and here nothing is shared.
                let mut report = Report {
                    seconds: alone.seconds,
                    same_as: None,
                    as_drawn: alone.as_drawn.clone(),
                    ..report
                };
                if !command.contains(&"--costs") {
                    assert_eq!(std::mem::replace(&mut report.costs, alone.costs), None);
                }
                assert_eq!(&report, alone, "{command:?} --jobs {jobs}");
            }
        }
    }
    assert!(count > 100, "only {count} are shared");
}

#[test]
fn what_a_limit_has_ended_is_not_shared() {
    let output = Command::new(env!("CARGO_BIN_EXE_cowrace"))
        .args(["matrix", "--format", "json", "--max-executions", "1"])
        .args(fixtures())
        .output()
        .expect("the tool runs");
    let text = String::from_utf8(output.stdout).expect("text");
    let reports = text.lines().map(|line| serde_json::from_str::<Report>(line).expect("a report"));
    let (bounded, others): (Vec<Report>, _) = reports.partition(|r| r.verdict == Verdict::Bounded);
    assert!(!bounded.is_empty() && bounded.iter().all(|report| report.same_as.is_none()));
    assert!(others.iter().any(|report: &Report| report.same_as.is_some()));
}

#[test]
fn second_opinions_are_asked_for_every_era() {
    let path = &fixtures()[0];
    let output = Command::new(env!("CARGO_BIN_EXE_cowrace"))
        .args(["check", "--engine", "all", "--format", "json", "--era", "v6.12", "--era", "v6.15"])
        .arg(path)
        .output()
        .expect("the tool runs");
    let text = String::from_utf8(output.stdout).expect("text");
    let reports = text.lines().map(|line| serde_json::from_str::<Report>(line).expect("a report"));
    let reports: Vec<Report> = reports.collect();
    assert_eq!(reports.len(), 6);
    assert!(reports.iter().all(|report| report.same_as.is_none()));
}

/// A search, without what the schedule was recorded for.
fn search(scenario: &Scenario, variant: usize, era: &Era) -> (Outcome, RuleReads) {
    let world = scenario.variants()[variant].world();
    let (program, rule_reads) = program_and_rule_reads(world, era, Arch::Generic, None);
    let mut outcome = Explorer::new(&program).run(&mut ());
    if let Some((_, schedule)) = &mut outcome.finding {
        schedule.fingerprint = 0;
    }
    (outcome, rule_reads)
}

#[test]
fn a_rule_that_was_not_read_changes_nothing() {
    let mut flipped = 0;
    for path in fixtures().into_iter().chain(corpus()) {
        let scenario = scenario(&path);
        for (variant, base) in
            (0..scenario.variants().len()).flat_map(|v| ["v5.7", "v5.12", "v6.12"].map(|base| (v, base)))
        {
            let base = Era::preset(base).expect("a preset");
            let (outcome, rule_reads) = search(&scenario, variant, &base);
            assert!(rule_reads.agrees(&base));
            let read = rule_reads.keys();
            for (key, value) in settings().iter().flat_map(|(key, all)| all.iter().map(move |v| (key, v))) {
                let other = base.clone().set(key, value).expect("there is such a value");
                if !rule_reads.agrees(&other) {
                    assert!(read.contains(key), "{key}={value}");
                    continue;
                }
                flipped += usize::from(other.rules() != base.rules());
                let (same, _) = search(&scenario, variant, &other);
                assert_eq!(same, outcome, "{} under {}", scenario.name(), other.label());
            }
        }
    }
    assert!(flipped > 500, "only {flipped} were flipped");
}
