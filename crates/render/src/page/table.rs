//! Tables of pages.

use std::collections::BTreeMap;

use cowrace_report::{Class, Found, Report, Verdict};

use crate::gate::Status;
use crate::grid::{Grid, code};
use crate::table::meaning;

/// A table.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    /// What it is about.
    pub(super) caption: String,
    /// The headers of its columns; the first is that of the names of the rows.
    pub(super) heads: Vec<String>,
    /// Whether the headers are written from bottom to top: for many columns of short cells.
    pub(super) upright: bool,
    /// The rows.
    pub(super) lines: Vec<Line>,
    /// What the codes of its cells mean, and the word by which they can be chosen.
    pub(super) legend: Vec<(String, String)>,
    /// Lines below the table.
    pub(super) notes: Vec<String>,
}

/// A row of a table.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    /// What it is about.
    pub(super) name: String,
    /// Its cells.
    pub(super) cells: Vec<Cell>,
}

/// A text in a cell, and the explanation that it leads to: a fragment of the page.
#[derive(Clone, Debug, Default)]
pub(super) struct Item {
    /// The text.
    pub(super) text: String,
    /// The explanation, if there is one.
    pub(super) link: Option<String>,
}

/// A cell of a table.
#[derive(Clone, Debug, Default)]
pub(super) struct Cell {
    /// What stands in it.
    pub(super) items: Vec<Item>,
    /// What it says, in a word: the verdict, or the class of the damage.
    pub(super) word: String,
    /// How it looks: `bad`, `good`, `open` or `plain`.
    pub(super) look: &'static str,
    /// Whether it is not as expected.
    pub(super) unexpected: bool,
}

impl Cell {
    /// A cell with nothing but text.
    #[must_use]
    pub(super) fn plain(text: impl Into<String>) -> Self {
        Self::of([Item { text: text.into(), link: None }])
    }

    /// A cell with several texts.
    #[must_use]
    pub(super) fn of(items: impl IntoIterator<Item = Item>) -> Self {
        Self { items: items.into_iter().collect(), look: "plain", ..Self::default() }
    }

    /// A cell for a result, with an explanation if it is a violation that was explained.
    #[must_use]
    pub(super) fn found(found: Found, link: Option<String>) -> Self {
        let word = found.class.map_or(found.verdict.name(), Class::name).to_owned();
        let item = Item { text: word.clone(), link };
        Self { word, look: look(found.verdict), ..Self::of([item]) }
    }
}

/// How a result looks.
const fn look(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Holds => "good",
        Verdict::Violated => "bad",
        Verdict::NotApplicable => "plain",
        Verdict::Bounded | Verdict::Vacuous | Verdict::Inconclusive => "open",
    }
}

/// The results by scenario and era. `link` is where the violation of a report is explained; `status` says what is made of
/// it, if it is judged.
pub(super) fn of_reports(
    reports: &[Report],
    link: impl Fn(&Report) -> Option<String>,
    status: Option<fn(&Report) -> Status>,
) -> Table {
    let grid = Grid::new(reports);
    let heads = grid.heads();
    let cell = |report: Option<&Report>| match report {
        None => Cell::plain("-"),
        Some(report) => Cell {
            items: vec![Item { text: code(report).to_owned(), link: link(report) }],
            unexpected: status.is_some_and(|status| status(report).is_failed()),
            ..Cell::found(Found::from(report), None)
        },
    };
    let lines = grid
        .names
        .iter()
        .enumerate()
        .map(|(row, name)| Line { name: name.clone(), cells: grid.row(row).map(cell).collect() });
    let legend: BTreeMap<&str, String> =
        grid.cells().flatten().map(|report| (code(report), meaning(report))).collect();
    Table {
        caption: grid.toggles().map_or_else(
            || "Scenarios by kernel".to_owned(),
            |toggles| format!("Scenarios by kernel, {toggles}"),
        ),
        upright: heads.len() > 4,
        heads: std::iter::once("scenario".to_owned()).chain(heads.into_iter().map(str::to_owned)).collect(),
        lines: lines.collect(),
        legend: legend.into_iter().map(|(code, meaning)| (code.to_owned(), meaning)).collect(),
        notes: grid.holds_under().into_iter().chain(grid.bounded_after()).collect(),
    }
}
