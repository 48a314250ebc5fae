//! What the program printed on real kernels.

use super::case::Case;
use super::page::Page;

const DATA: &str = include_str!("../../data/cow.tsv");

/// A kernel that the program was run on: a column of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Release {
    /// Its name in the table.
    pub name: &'static str,
    /// The era that represents it.
    pub era: &'static str,
}

/// Every kernel of the table, oldest first.
pub const RELEASES: &[Release] = &[
    Release { name: "5.10.262", era: "v5.10.262" },
    Release { name: "6.1.176", era: "v6.1.176" },
    Release { name: "6.12.118", era: "v6.12.118" },
    Release { name: "6.18.44", era: "v6.18.44" },
];

/// What the program printed of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// `ok`.
    Pass,
    /// `not ok`.
    Fail,
    /// `ok` with `XFAIL`: it fails, as whoever wrote the program knew.
    ExpectedFailure,
    /// `ok` with `SKIP`: it was not tried.
    Skip,
    /// One thing in one run, and another in the next.
    Varies,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 5] = [Self::Pass, Self::Fail, Self::ExpectedFailure, Self::Skip, Self::Varies];

    /// Whether it tells what the kernel does.
    #[must_use]
    pub const fn is_decided(self) -> bool {
        !matches!(self, Self::Skip | Self::Varies)
    }

    /// Its name in the table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::ExpectedFailure => "xfail",
            Self::Skip => "skip",
            Self::Varies => "varies",
        }
    }
}

/// Why the table cannot be read. Lines count from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CowError {
    /// The first line does not name the kernels.
    #[error(
        "the first line must be `case`, `page`, then {}, with tabs between",
        RELEASES.iter().map(|release| format!("`{}`", release.name)).collect::<Vec<_>>().join(", ")
    )]
    Head,
    /// A line has too few or too many cells.
    #[error("line {line} has {found} cells, not {}", RELEASES.len() + 2)]
    Cells {
        /// The line.
        line: usize,
        /// The number of its cells.
        found: usize,
    },
    /// A line names no case of the program, or no page that the case is run with.
    #[error("line {line}: `{case}` with `{page}` is no case of cow.c")]
    Case {
        /// The line.
        line: usize,
        /// The case.
        case: String,
        /// The page.
        page: String,
    },
    /// A cell is not an outcome.
    #[error(
        "line {line}: `{cell}` is not an outcome; write {}, or - where the kernel has no such page",
        Outcome::ALL.map(Outcome::name).join(", ")
    )]
    Outcome {
        /// The line.
        line: usize,
        /// The text of the cell.
        cell: String,
    },
    /// A kernel did one thing with one size of pages and another with another.
    #[error("line {line}: {kernel} did otherwise with another size of this page, and the model has one size")]
    Sizes {
        /// The line.
        line: usize,
        /// The kernel.
        kernel: &'static str,
    },
}

/// The table: for each case and page of the program, what it printed on each kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Results {
    rows: Vec<Row>,
}

/// A line of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    case: Case,
    page: Page,
    outcomes: Vec<Option<Outcome>>,
}

/// The table of the project.
///
/// # Errors
///
/// If its file has been damaged.
pub fn results() -> Result<Results, CowError> {
    Results::parse(DATA)
}

impl Results {
    /// Reads a table: a line that names the kernels, then a line for each case, page and size, with tabs between cells.
    ///
    /// # Errors
    ///
    /// For the first line that is wrong.
    pub fn parse(text: &str) -> Result<Self, CowError> {
        let mut lines = text.lines().zip(1..);
        let (head, _) = lines.next().unwrap_or_default();
        if !head
            .split('\t')
            .eq(["case", "page"].into_iter().chain(RELEASES.iter().map(|release| release.name)))
        {
            return Err(CowError::Head);
        }
        let mut results = Self { rows: Vec::new() };
        for (text, line) in lines {
            let row = row(text, line)?;
            for (release, outcome) in RELEASES.iter().zip(&row.outcomes) {
                let before =
                    results.outcome(release, row.case, row.page).filter(|before| before.is_decided());
                let differs = |outcome: Outcome| outcome.is_decided() && Some(outcome) != before;
                if before.is_some() && outcome.is_some_and(differs) {
                    return Err(CowError::Sizes { line, kernel: release.name });
                }
            }
            results.rows.push(row);
        }
        Ok(results)
    }

    /// What a kernel did in a case with a page, of any size; `None` if it has no such page, or the program no such case there.
    #[must_use]
    pub fn outcome(&self, release: &Release, case: Case, page: Page) -> Option<Outcome> {
        let column = RELEASES.iter().position(|other| other.name == release.name)?;
        let rows = self.rows.iter().filter(|row| (row.case, row.page) == (case, page));
        let mut outcomes = rows.filter_map(|row| row.outcomes[column]).collect::<Vec<_>>();
        outcomes.sort_by_key(|outcome| !outcome.is_decided());
        outcomes.first().copied()
    }
}

fn row(text: &str, line: usize) -> Result<Row, CowError> {
    let cells: Vec<&str> = text.split('\t').collect();
    let ([title, page, ..], true) = (&cells[..], cells.len() == RELEASES.len() + 2) else {
        return Err(CowError::Cells { line, found: cells.len() });
    };
    let kind = page.split_once(" (").map_or(*page, |(kind, _)| kind);
    let case = Case::ALL.into_iter().find(|case| case.title() == *title);
    let page_of = |case: Case| case.pages().iter().copied().find(|page| page.title() == kind);
    let Some((case, page)) = case.and_then(|case| Some((case, page_of(case)?))) else {
        return Err(CowError::Case { line, case: (*title).to_owned(), page: (*page).to_owned() });
    };
    let outcome = |cell: &&str| match Outcome::ALL.into_iter().find(|outcome| outcome.name() == *cell) {
        None if *cell != "-" => Err(CowError::Outcome { line, cell: (*cell).to_owned() }),
        outcome => Ok(outcome),
    };
    Ok(Row { case, page, outcomes: cells[2..].iter().map(outcome).collect::<Result<_, _>>()? })
}
