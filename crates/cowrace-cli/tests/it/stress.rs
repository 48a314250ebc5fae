//! Many searches at once, with several threads each, on fewer processors than that: what comes of a search is what one
//! thread comes to, in every field but times. On a machine that is idle threads hardly ever meet in another order than
//! the usual one; here they do.
//!
//! CI runs a share. `just nightly` runs the large searches of the corpus at length, `just soak MINUTES` random
//! scenarios: these two are ignored by default, and run for as many seconds as `COWRACE_SECONDS` says.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use cowrace_mm::Era;
use cowrace_testkit::{at_length, drafts, repository, runner};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use serde_json::Value;

/// So many at once.
const AT_ONCE: usize = 6;

/// No search goes on for longer; one that does is not compared.
const MOST: &str = "300000";

/// Searches of so many executions are large: they take other threads on.
const LARGE: u64 = 2000;

/// A scenario, and the era under which it is searched; all eras if there is none.
#[derive(Clone, Debug, PartialEq)]
struct Search {
    file: PathBuf,
    era: Option<String>,
}

/// What came of one variant under one era, without the times.
type Reports = BTreeMap<(String, String), Value>;

impl Search {
    fn of_corpus(scenario: &str, era: &str) -> Self {
        let file = corpus().join(scenario).with_extension("race");
        Self { file, era: Some(era.to_owned()) }
    }

    fn run(&self, jobs: usize) -> Reports {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cowrace"));
        command.args(["check", "--format", "json", "--jobs", &jobs.to_string(), "--max-executions", MOST]);
        command.args(self.era.iter().flat_map(|era| ["--era", era]));
        let output = command.arg(&self.file).output().expect("it starts");
        let (text, errors) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let mut reports = Reports::new();
        for line in text.lines() {
            let mut report: Value =
                serde_json::from_str(line).unwrap_or_else(|_| panic!("{self:?}: {line}\n{errors}"));
            let fields = report.as_object_mut().expect("an object");
            if !fields.contains_key("era") {
                continue;
            }
            fields.remove("seconds");
            let name = |field: &str| report[field].as_str().unwrap_or_default().to_owned();
            reports.insert((name("era"), name("variant")), report);
        }
        assert!(!reports.is_empty(), "{self:?}: {text}{errors}");
        reports
    }

    /// Compares six runs at once with that of one thread. Gives how many reports were compared, and those that differ.
    fn compare(&self, alone: &Reports, jobs: usize) -> (usize, Vec<String>) {
        let runs = thread::scope(|scope| {
            let runs: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(|| self.run(jobs))).collect();
            runs.into_iter().map(|run| run.join().expect("it runs")).collect::<Vec<_>>()
        });
        let differs = |run: &Reports| {
            let differ = run.iter().filter(|(name, report)| alone.get(name) != Some(report));
            let told = differ.map(|(name, report)| {
                format!("{self:?} {jobs} jobs: {report}\ninstead of {:?}", alone.get(name))
            });
            told.collect::<Vec<_>>()
        };
        let missing = runs.iter().filter(|run| run.len() != alone.len());
        let missing = missing.map(|run| format!("{self:?} {jobs} jobs: {} reports", run.len()));
        let differ = runs.iter().flat_map(differs).chain(missing).collect();
        (runs.iter().map(BTreeMap::len).sum(), differ)
    }
}

fn corpus() -> PathBuf {
    repository("scenarios")
}

/// What has been compared so far.
#[derive(Default)]
struct Tally {
    searches: usize,
    runs: usize,
    reports: usize,
    differ: Vec<String>,
}

impl Tally {
    fn add(&mut self, search: &Search, alone: &Reports, jobs: &[usize]) {
        self.searches += 1;
        for &jobs in jobs {
            let (reports, differ) = search.compare(alone, jobs);
            self.runs += AT_ONCE;
            self.reports += reports;
            differ.iter().for_each(|each| eprintln!("{each}"));
            self.differ.extend(differ);
        }
    }

    fn judge(self) {
        let Self { searches, runs, reports, differ } = self;
        eprintln!("{searches} searches, {runs} runs, {reports} reports, {} differ", differ.len());
        assert!(differ.is_empty(), "{} reports differ: {}", differ.len(), differ[0]);
    }
}

/// The scenarios of a directory.
fn files(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).expect("it is there") {
        let path = entry.expect("it can be read").path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else if path.extension().is_some_and(|extension| extension == "race") {
            files.push(path);
        }
    }
    files.sort_unstable();
    files
}

/// The large searches of the corpus: a scenario and an era each. What eras have in common is searched once.
fn large() -> Vec<Search> {
    let mut large = Vec::new();
    for file in files(&corpus()) {
        let whole = Search { file, era: None };
        for ((era, _), report) in whole.run(2) {
            let search = Search { era: Some(era), ..whole.clone() };
            let is_large = report["executions"].as_u64() >= Some(LARGE) && report["same_as"].is_null();
            if is_large && !large.contains(&search) {
                large.push(search);
            }
        }
    }
    large
}

/// The share of CI: a search that begins anew, since a count comes near zero.
#[test]
fn six_at_once() {
    let mut tally = Tally::default();
    let search = Search::of_corpus("swapin-aba-page-lock", "v5.11");
    let alone = search.run(1);
    let executions = alone.values().map(|report| report["executions"].as_u64());
    assert!(executions.max().flatten() >= Some(LARGE), "it takes no other thread on: {alone:?}");
    tally.add(&search, &alone, &[8]);
    tally.judge();
}

/// Every large search of the corpus with 1, 2, 4 and 8 jobs, again and again.
#[test]
#[ignore = "takes as long as it is told to: `just nightly`"]
fn corpus_at_length() {
    let large = large();
    let mut tally = Tally::default();
    at_length(|seed| {
        let search = &large[seed as usize % large.len()];
        let alone = search.run(1);
        tally.add(search, &alone, &[1, 2, 4, 8]);
    });
    tally.judge();
}

/// Random scenarios, each under a random era.
#[test]
#[ignore = "takes as long as it is told to: `just soak`"]
fn soak() {
    let eras: Vec<String> = Era::presets().iter().map(|era| era.name().to_owned()).collect();
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("soak.race");
    let (mut tally, mut left_out) = (Tally::default(), 0);
    at_length(|seed| {
        let (draft, era) = (drafts(), prop::sample::select(eras.clone()))
            .new_tree(&mut runner(seed, 1))
            .expect("a scenario and an era")
            .current();
        fs::write(&file, draft.to_string()).expect("it can be written");
        let search = Search { file: file.clone(), era: Some(era) };
        let alone = search.run(1);
        // Those that a limit ends have no answer to compare, and the small ones are searched by one thread anyway.
        let is_whole = alone.values().all(|report| report["stopped"].is_null());
        if is_whole && alone.values().any(|report| report["executions"].as_u64() > Some(1000)) {
            let before = tally.differ.len();
            tally.add(&search, &alone, &[2, 8]);
            if tally.differ.len() > before {
                eprintln!("seed {seed}:\n{draft}");
            }
        } else {
            left_out += 1;
        }
    });
    eprintln!("{left_out} scenarios left out, as small or too large");
    tally.judge();
}
