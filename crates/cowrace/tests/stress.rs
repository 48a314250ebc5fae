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
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use cowrace::mm::Era;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
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
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios")
}

/// How long a test that is ignored by default is to run.
fn duration() -> Duration {
    let seconds = std::env::var("COWRACE_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(
        seconds.expect("COWRACE_SECONDS says for how long, as `just nightly` and `just soak` do"),
    )
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
    let (started, duration) = (Instant::now(), duration());
    let large = large();
    let mut tally = Tally::default();
    'all: loop {
        for search in &large {
            if started.elapsed() >= duration {
                break 'all;
            }
            let alone = search.run(1);
            tally.add(search, &alone, &[1, 2, 4, 8]);
        }
    }
    tally.judge();
}

/// Operations that any column of an mm with `buf` can do; `$` is a name that stands only there.
const CALLS: &[&str] = &[
    "buf[0] = 1",
    "$ = buf[0]",
    "buf[1] = 2",
    "read(O_DIRECT, buf[0], 3)",
    "$ = get_user_pages_fast(buf, FOLL_WRITE)",
    "$ = pin_user_pages_fast(buf, FOLL_WRITE)",
    "$ = pin_user_pages(buf, FOLL_LONGTERM)",
    "$ = io_uring_register(buf)",
    "madvise(buf, MADV_DONTNEED)",
    "madvise(buf, MADV_PAGEOUT)",
    "mprotect(buf, PROT_READ)",
    "munmap(buf)",
    "clear_refs(A)",
    "reclaim(A.buf)",
    "lru_add_drain_all()",
];

const AREAS: &[&str] = &["anon", "anon prevshared", "swapped", "swapcached", "anon lru_batch(c0)", "zero"];

const ENVIRONMENTS: &[&str] = &["", "env spec_ref\n", "env lru_drain\n", "env tlb_evict\n"];

/// A small scenario: three columns, of the mm and of a child that it has or gets, with a barrier now and then.
fn scenario(random: &mut TestRunner) -> String {
    let mut pick = |most: usize| (0..most).new_tree(random).expect("a number").current();
    let area = AREAS[pick(AREAS.len())];
    let environment = ENVIRONMENTS[pick(ENVIRONMENTS.len())];
    let mut text = format!("race soak\nmm A {{ buf: {area} }}\nmm B = fork(A)\n{environment}\n");
    let names = ["c0 @A", "c1 @A", "c2 @B"];
    let line = |cells: &[String]| {
        let line: String = cells.iter().map(|cell| format!("{cell:<48}")).collect();
        line.trim_end().to_owned() + "\n"
    };
    text += &line(&names.map(str::to_owned));
    text += &line(&names.map(|_| "=".repeat(46)));
    let (rows, fork) = (2 + pick(2), pick(6));
    for row in 0..rows {
        if row > 0 && pick(3) == 0 {
            text += "=== all ===\n";
        }
        let column = pick(3);
        let mut cells = vec![String::new(); 3];
        for (at, cell) in cells.iter_mut().enumerate() {
            // Not more than two calls in a row, so that there is an end to it.
            if at != column {
                let call = CALLS[pick(CALLS.len())].replace('$', &format!("v{row}{at}"));
                *cell = if (row, at) == (fork, 0) { "C = fork()".to_owned() } else { call };
            }
        }
        text += &line(&cells);
    }
    text
}

/// Random scenarios, each under a random era.
#[test]
#[ignore = "takes as long as it is told to: `just soak`"]
fn soak() {
    let (started, duration) = (Instant::now(), duration());
    let seed = std::env::var("COWRACE_SEED").ok().and_then(|text| text.parse().ok());
    let seed: u64 = seed.unwrap_or_else(|| started_at().as_secs());
    eprintln!("COWRACE_SEED={seed}");
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let mut random =
        TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let eras: Vec<String> = Era::presets().iter().map(|era| era.name().to_owned()).collect();
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("soak.race");
    let (mut tally, mut left_out) = (Tally::default(), 0);
    while started.elapsed() < duration {
        let era = prop::sample::select(eras.clone()).new_tree(&mut random).expect("an era").current();
        let text = scenario(&mut random);
        fs::write(&file, &text).expect("it can be written");
        let search = Search { file: file.clone(), era: Some(era) };
        let alone = search.run(1);
        // Those that a limit ends have no answer to compare, and the small ones are searched by one thread anyway.
        let is_whole = alone.values().all(|report| report["stopped"].is_null());
        if is_whole && alone.values().any(|report| report["executions"].as_u64() > Some(1000)) {
            let before = tally.differ.len();
            tally.add(&search, &alone, &[2, 8]);
            if tally.differ.len() > before {
                eprintln!("{text}");
            }
        } else {
            left_out += 1;
        }
    }
    eprintln!("{left_out} scenarios left out, as small or too large");
    tally.judge();
}

fn started_at() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
