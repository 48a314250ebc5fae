//! A table of scenarios by eras: the report of each cell.

use std::collections::{BTreeSet, HashMap};

use cowrace_report::{Report, Verdict};

use crate::report::{conditions, explored, name};

/// A row for each scenario and variant, a column for each era, in the order in which they first appear.
#[derive(Debug)]
pub(crate) struct Grid<'r> {
    reports: &'r [Report],
    pub(crate) names: Vec<String>,
    eras: Vec<&'r str>,
    cells: HashMap<(usize, usize), &'r Report>,
}

impl<'r> Grid<'r> {
    pub(crate) fn new(reports: &'r [Report]) -> Self {
        let mut grid = Self { reports, names: Vec::new(), eras: Vec::new(), cells: HashMap::new() };
        let (mut rows, mut columns) = (HashMap::new(), HashMap::new());
        for report in reports {
            let row = *rows.entry(name(report)).or_insert_with_key(|name| {
                grid.names.push(name.clone());
                grid.names.len() - 1
            });
            let column = *columns.entry(report.era.as_str()).or_insert_with_key(|era| {
                grid.eras.push(era);
                grid.eras.len() - 1
            });
            grid.cells.entry((row, column)).or_insert(report);
        }
        grid
    }

    /// The headers of the columns: the eras, without the toggles that are common to all of several eras.
    pub(crate) fn heads(&self) -> Vec<&'r str> {
        match self.common() {
            Some(_) => self.eras.iter().map(|era| parts(era).0).collect(),
            None => self.eras.clone(),
        }
    }

    /// The toggles that are common to all of several eras, in one line, or nothing.
    pub(crate) fn toggles(&self) -> Option<String> {
        self.common().map(|toggles| format!("every era {toggles}"))
    }

    fn common(&self) -> Option<&'r str> {
        let [first, others @ ..] = self.eras.as_slice() else { return None };
        let (_, toggles) = parts(first);
        let all = !others.is_empty() && others.iter().all(|era| parts(era).1 == toggles);
        Some(toggles).filter(|toggles| all && !toggles.is_empty())
    }

    /// The reports of one row; `None` for cells that were not run.
    pub(crate) fn row(&self, row: usize) -> impl Iterator<Item = Option<&'r Report>> {
        (0..self.eras.len()).map(move |column| self.cells.get(&(row, column)).copied())
    }

    /// Every report, and `None` for each cell without one.
    pub(crate) fn cells(&self) -> impl Iterator<Item = Option<&'r Report>> {
        (0..self.names.len()).flat_map(|row| self.row(row))
    }

    /// The conditions of `holds`, in lines: they are the same for all reports except for the environment, and name
    /// the kinds of files of all. Empty if nothing holds.
    pub(crate) fn holds_under(&self) -> Vec<String> {
        if !self.reports.iter().any(|r| r.verdict == Verdict::Holds) {
            return Vec::new();
        }
        let files: BTreeSet<&String> = self.reports.iter().flat_map(|report| &report.direct_io).collect();
        let files: Vec<String> = files.into_iter().cloned().collect();
        let bare = |report: &Report| {
            conditions(&Report { environment: Vec::new(), direct_io: files.clone(), ..report.clone() })
        };
        let common: BTreeSet<String> = self.reports.iter().map(bare).collect();
        let mut special: Vec<String> = Vec::new();
        for report in self.reports.iter().filter(|r| !r.environment.is_empty()) {
            let own = format!("{}: env {}", name(report), report.environment.join(", "));
            if !special.contains(&own) {
                special.push(own);
            }
        }
        let but = if special.is_empty() { "" } else { ", except for" };
        let common = common.into_iter().collect::<Vec<_>>().join("; ");
        std::iter::once(format!("holds under {common}{but}")).chain(special).collect()
    }

    /// How far the unfinished searches got, in lines. Empty if no search is bounded.
    pub(crate) fn bounded_after(&self) -> Vec<String> {
        let bounded = self.cells().flatten().filter(|r| r.verdict == Verdict::Bounded);
        let mut lines: Vec<String> =
            bounded.map(|r| format!("{} {}: {}", name(r), r.era, explored(r))).collect();
        if !lines.is_empty() {
            lines.insert(0, "bounded after".to_owned());
        }
        lines
    }
}

/// The name of an era, and its toggles. No name contains a space.
fn parts(era: &str) -> (&str, &str) {
    era.split_once(' ').unwrap_or((era, ""))
}

/// The result in one word: the class of a violation, or else the verdict.
pub(crate) fn word(report: &Report) -> &'static str {
    match (report.verdict, report.class) {
        (Verdict::Violated, Some(class)) => class.name(),
        (verdict, _) => verdict.name(),
    }
}

/// The same in two letters. Bad results are in capitals; `.` means that the scenario holds.
pub(crate) fn code(report: &Report) -> &'static str {
    use cowrace_report::Class as C;
    match (report.verdict, report.class) {
        (Verdict::Holds, _) => ".",
        (Verdict::Bounded, _) => "bo",
        (Verdict::Vacuous, _) => "va",
        (Verdict::Inconclusive, _) => "in",
        (Verdict::NotApplicable, _) => "na",
        (Verdict::Violated, None) => "VI",
        (Verdict::Violated, Some(class)) => match class {
            C::Leak => "LK",
            C::LostRead => "LR",
            C::LostWrite => "LW",
            C::StalePin => "SP",
            C::UseAfterFree => "UF",
            C::LostDirty => "LD",
            C::LostSoftDirty => "LS",
            C::LostUffdWp => "LU",
            C::PrivateWrite => "PW",
            C::Refcount => "RC",
            C::Deadlock => "DL",
            C::SpuriousCopy => "SC",
            C::Assertion => "AS",
        },
    }
}
