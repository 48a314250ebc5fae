//! The figures of every cell of the corpus, beside the corpus: a line for all kernels that have the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use cowrace_report::{Class, Report};
use cowrace_testkit::repository;
use libtest_mimic::Arguments;

/// Set by `cargo xtask`: what is found is written, and not compared.
pub(crate) const BLESS: &str = "COWRACE_BLESS";

const HEAD: &str = "\
# What the search of each scenario finds and how large it is: the verdict, or the class of a violation, with which a
# search ends; executions, requests, requests of the longest execution (`-` if states gave the answer), and states if
# they were merged; and the kernels under which it is so.
# Tests compare. `cargo xtask counts` writes this file.
";

/// A scenario, with its variant, and a kernel.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cell {
    pub(crate) scenario: String,
    pub(crate) kernel: String,
}

/// The figures of a report in words.
fn figures(report: &Report) -> String {
    let found = report.class.map_or(report.verdict.name(), Class::name);
    let states = report.states.map(|states| format!(" {states}")).unwrap_or_default();
    match (report.requests, report.depth) {
        (Some(requests), Some(depth)) => {
            format!("{found} {} {requests} {depth}{states}", report.executions)
        }
        _ if report.states.is_some() => format!("{found} {} - -{states}", report.executions),
        // Nothing was searched.
        _ => found.to_owned(),
    }
}

/// The file, what cells there are, and what is found of them now.
#[derive(Debug)]
pub(crate) struct Counts {
    recorded: BTreeMap<Cell, String>,
    blesses: bool,
    /// In the order of the corpus.
    cells: Mutex<Vec<Cell>>,
    found: Mutex<BTreeMap<Cell, String>>,
}

pub(crate) static COUNTS: LazyLock<Counts> = LazyLock::new(|| Counts {
    recorded: parse(&std::fs::read_to_string(file()).unwrap_or_default()),
    blesses: std::env::var_os(BLESS).is_some(),
    cells: Mutex::default(),
    found: Mutex::default(),
});

/// A test that panics leaves nothing half done here.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Counts {
    /// There is such a cell.
    pub(crate) fn has(&self, cell: Cell) {
        locked(&self.cells).push(cell);
    }

    /// Compares a report with what is recorded of its cell.
    pub(crate) fn compare(&self, cell: Cell, report: &Report) -> Result<(), String> {
        let found = figures(report);
        let recorded = self.recorded.get(&cell);
        let same = recorded == Some(&found);
        let told = format!(
            "verdict or class, executions, requests and depth are `{found}`, and {} in scenarios/counts.txt: if that \
             is meant, type `cargo xtask counts`",
            recorded.map_or_else(|| "nothing is".to_owned(), |recorded| format!("`{recorded}`"))
        );
        locked(&self.found).insert(cell, found);
        if same || self.blesses { Ok(()) } else { Err(told) }
    }

    /// Fails if something is recorded of a cell that there is not.
    pub(crate) fn are_of_cells(&self) -> Result<(), String> {
        let cells: BTreeSet<Cell> = locked(&self.cells).iter().cloned().collect();
        let other = self.recorded.keys().find(|&cell| !cells.contains(cell));
        match other.filter(|_| !self.blesses) {
            Some(cell) => Err(format!(
                "scenarios/counts.txt has {} under {}, which the corpus does not have: type `cargo xtask counts`",
                cell.scenario, cell.kernel
            )),
            None => Ok(()),
        }
    }
}

/// Writes what was found, if that is asked for. What was not searched stays as it is.
pub(crate) fn bless(arguments: &Arguments) -> std::io::Result<()> {
    if !COUNTS.blesses || arguments.list || arguments.exact {
        return Ok(());
    }
    let (cells, found) = (locked(&COUNTS.cells), locked(&COUNTS.found));
    let known = |cell: &Cell| found.get(cell).or_else(|| COUNTS.recorded.get(cell)).cloned();
    let all: Vec<_> = cells.iter().filter_map(|cell| Some((cell, known(cell)?))).collect();
    std::fs::write(file(), print(&all))
}

fn file() -> PathBuf {
    repository("scenarios/counts.txt")
}

fn parse(text: &str) -> BTreeMap<Cell, String> {
    let (mut scenario, mut all) = ("", BTreeMap::new());
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let Some(row) = line.strip_prefix("  ") else {
            scenario = line;
            continue;
        };
        let (figures, kernels) = row.split_once(": ").unwrap_or((row, ""));
        for kernel in kernels.split(", ") {
            let cell = Cell { scenario: scenario.to_owned(), kernel: kernel.to_owned() };
            all.insert(cell, figures.to_owned());
        }
    }
    all
}

/// Cells in the order of the corpus, those of a scenario together.
fn print(cells: &[(&Cell, String)]) -> String {
    let mut text = HEAD.to_owned();
    for of_scenario in cells.chunk_by(|(one, _), (other, _)| one.scenario == other.scenario) {
        let mut rows: Vec<(&str, Vec<&str>)> = Vec::new();
        for (cell, figures) in of_scenario {
            match rows.iter_mut().find(|(known, _)| known == figures) {
                Some((_, kernels)) => kernels.push(&cell.kernel),
                None => rows.push((figures, vec![&cell.kernel])),
            }
        }
        let name = of_scenario.first().map_or("", |(cell, _)| &cell.scenario);
        // Writing to a string cannot fail.
        let _ = writeln!(text, "\n{name}");
        for (figures, kernels) in rows {
            let _ = writeln!(text, "  {figures}: {}", kernels.join(", "));
        }
    }
    text
}
