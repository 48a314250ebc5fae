//! The costs of scenarios under each era, next to the costs of the specification.

use cowrace_report::{Costs, Needed, Report, Span, Verdict};

use crate::Columns;
use crate::grid::Grid;
use crate::markdown::{escaped, laid_out};
use crate::table::{CODED, WIDTH, wrapped};

/// The costs that are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Count {
    Copies,
    Faults,
}

impl Count {
    const ALL: [Self; 2] = [Self::Copies, Self::Faults];

    const fn name(self) -> &'static str {
        match self {
            Self::Copies => "page copies",
            Self::Faults => "page faults",
        }
    }

    const fn of(self, costs: &Costs) -> Span {
        match self {
            Self::Copies => costs.copies,
            Self::Faults => costs.faults,
        }
    }

    const fn needed(self, needed: &Needed) -> u64 {
        match self {
            Self::Copies => needed.copies,
            Self::Faults => needed.faults,
        }
    }
}

/// Two tables, for copies and for faults, each with a column for what is needed and with sums below, and a legend.
/// They are as wide as [`table`](crate::table) on a terminal of so many `columns`.
#[must_use]
pub fn costs(reports: &[Report], columns: Option<usize>) -> String {
    let at_most = |width: usize| columns.map_or(width, |columns| columns.min(width));
    all(reports, |rows| drawn(rows, at_most), |legend| wrapped(legend, at_most(WIDTH)))
}

/// The same as Markdown.
#[must_use]
pub fn costs_markdown(reports: &[Report]) -> String {
    let escaped_all = |row: Vec<String>| row.iter().map(|cell| escaped(cell)).collect();
    let table = |rows: Vec<Vec<String>>| laid_out(rows.into_iter().map(escaped_all).collect());
    all(reports, table, |legend| escaped(&legend.join("; ")))
}

fn all(
    reports: &[Report],
    table: impl Fn(Vec<Vec<String>>) -> String,
    text: impl Fn(&[String]) -> String,
) -> String {
    let grid = Grid::new(reports);
    if grid.names.is_empty() {
        return String::new();
    }
    let toggles = grid.toggles().map(|toggles| text(&[toggles]) + "\n");
    let mut parts: Vec<String> = toggles.into_iter().collect();
    parts.extend(Count::ALL.iter().map(|&count| table(rows(&grid, count))));
    let legend = legend(&grid);
    if !legend.is_empty() {
        parts.push(text(&legend) + "\n");
    }
    parts.join("\n")
}

/// Rows in columns. The names of eras that do not fit side by side stand upright.
fn drawn(rows: Vec<Vec<String>>, at_most: impl Fn(usize) -> usize) -> String {
    let filled = |mut columns: Columns| {
        for row in &rows[1..] {
            columns.row(row.iter().enumerate());
        }
        columns.repeat(1)
    };
    let flat = filled(Columns::new(&rows[0]));
    match flat.fits(at_most(WIDTH)) {
        true => flat.bands(at_most(WIDTH)),
        false => filled(Columns::new(&rows[0]).upright()).bands(at_most(CODED)),
    }
}

/// The headers, a row for each scenario, and the sums.
fn rows(grid: &Grid<'_>, count: Count) -> Vec<Vec<String>> {
    let heads = [count.name(), "needed"].into_iter().chain(grid.heads());
    let mut rows: Vec<Vec<String>> = vec![heads.map(str::to_owned).collect()];
    let mut sums = Sums::default();
    for (row, name) in grid.names.iter().enumerate() {
        let reports: Vec<Option<&Report>> = grid.row(row).collect();
        let needed = needed(&reports).map(|needed| count.needed(&needed));
        let first = [name.clone(), needed.map_or("?".to_owned(), |needed| needed.to_string())];
        rows.push(first.into_iter().chain(reports.iter().map(|report| cell(*report, count))).collect());
        let spans = reports.iter().map(|report| report.and_then(|r| r.costs).map(|costs| count.of(&costs)));
        if let (Some(needed), Some(spans)) = (needed, spans.collect::<Option<Vec<Span>>>()) {
            sums.add(needed, &spans);
        }
    }
    rows.extend(sums.rows(grid.names.len()));
    rows
}

/// The costs of the specification, which are the same under every era.
fn needed(reports: &[Option<&Report>]) -> Option<Needed> {
    reports.iter().flatten().find_map(|report| report.costs?.needed)
}

fn cell(report: Option<&Report>, count: Count) -> String {
    let Some(report) = report else { return "-".to_owned() };
    let mark = if report.verdict == Verdict::Violated { "*" } else { "" };
    report.costs.map_or("?".to_owned(), |costs| span(count.of(&costs)) + mark)
}

pub(crate) fn span(Span { fewest, most }: Span) -> String {
    if fewest == most { fewest.to_string() } else { format!("{fewest}..{most}") }
}

/// Sums over the scenarios for which everything is known.
#[derive(Default)]
struct Sums {
    scenarios: usize,
    needed: u64,
    spans: Vec<Span>,
}

impl Sums {
    fn add(&mut self, needed: u64, spans: &[Span]) {
        self.scenarios += 1;
        self.needed += needed;
        self.spans.resize(spans.len(), Span::of(0));
        for (sum, span) in self.spans.iter_mut().zip(spans) {
            (sum.fewest, sum.most) = (sum.fewest + span.fewest, sum.most + span.most);
        }
    }

    /// The fewest and the most in separate rows, so that columns stay narrow and eras can be compared at a glance.
    /// A single scenario needs no sum.
    fn rows(&self, all: usize) -> Vec<Vec<String>> {
        if self.scenarios < 2 {
            return Vec::new();
        }
        let of = if self.scenarios < all { format!(", {} of {all}", self.scenarios) } else { String::new() };
        let row = |name: &str, sum: fn(&Span) -> u64| {
            let sums = std::iter::once(self.needed).chain(self.spans.iter().map(sum));
            std::iter::once(format!("{name}{of}")).chain(sums.map(|sum| sum.to_string())).collect()
        };
        vec![row("all, fewest", |span| span.fewest), row("all, most", |span| span.most)]
    }
}

/// Explanations of the signs that the tables use.
fn legend(grid: &Grid<'_>) -> Vec<String> {
    let costs = || grid.cells().flatten().filter_map(|report| report.costs);
    let is_wide = |span: Span| span.fewest < span.most;
    let is_known = |report: &Report| report.costs.is_some_and(|costs| costs.needed.is_some());
    let words = [
        (costs().any(|c| is_wide(c.copies) || is_wide(c.faults)), "a..b fewest and most over all executions"),
        (grid.cells().flatten().any(|r| r.verdict == Verdict::Violated), "* violated"),
        (!grid.cells().flatten().all(is_known), "? a limit ended the search; sums do not include it"),
        (grid.cells().any(|cell| cell.is_none()), "- not run"),
    ];
    words.into_iter().filter(|(is_used, _)| *is_used).map(|(_, word)| word.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use cowrace_report::Class;

    use super::*;
    use crate::report::tests::report;

    fn costing(scenario: &str, era: &str, copies: (u64, u64), faults: (u64, u64)) -> Report {
        let span = |(fewest, most)| Span { fewest, most };
        let needed = Some(Needed { copies: 0, faults: 1 });
        let costs = Some(Costs { copies: span(copies), faults: span(faults), needed });
        Report { costs, ..report(scenario, era, None, None) }
    }

    #[test]
    fn fewest_and_most_beside_what_is_needed() {
        let mut violated = costing("a", "v5.9", (0, 2), (1, 1));
        (violated.verdict, violated.class) = (Verdict::Violated, Some(Class::LostRead));
        let reports = [
            costing("a", "v5.8", (0, 0), (1, 3)),
            violated,
            costing("b", "v5.8", (1, 1), (2, 2)),
            costing("b", "v5.9", (2, 3), (2, 2)),
        ];
        assert_eq!(
            costs(&reports, None),
            "\
page copies  needed  v5.8  v5.9
===========  ======  ====  =====
a            0       0     0..2*
b            0       1     2..3
all, fewest  0       1     2
all, most    0       1     5

page faults  needed  v5.8  v5.9
===========  ======  ====  ====
a            1       1..3  1*
b            1       2     2
all, fewest  2       3     3
all, most    2       5     3

a..b fewest and most over all executions; * violated
"
        );
        assert_eq!(
            costs_markdown(&reports[..2]),
            "\
| page copies | needed | v5.8 | v5.9   |
| ----------- | ------ | ---- | ------ |
| a           | 0      | 0    | 0..2\\* |

| page faults | needed | v5.8 | v5.9 |
| ----------- | ------ | ---- | ---- |
| a           | 1      | 1..3 | 1\\*  |

a..b fewest and most over all executions; \\* violated
"
        );
    }

    #[test]
    fn what_is_not_known_is_in_no_sum() {
        let mut reports: Vec<Report> = ["a", "b", "c", "d"]
            .iter()
            .flat_map(|name| ["v5.8", "v5.9"].map(|era| costing(name, era, (1, 1), (1, 1))))
            .collect();
        reports[1].costs = None;
        (reports[2].costs, reports[3].costs) = (None, None);
        let some = costs(&reports[..7], None);
        assert_eq!(
            some.split_once("\n\n").expect("two tables").0,
            "\
page copies  needed  v5.8  v5.9
===========  ======  ====  ====
a            0       1     ?
b            ?       ?     ?
c            0       1     1
d            0       1     -"
        );
        let all = costs(&reports, None);
        assert!(all.contains("\nall, fewest, 2 of 4  0       2     2\n"), "{all}");
        assert!(all.ends_with("\n\n? a limit ended the search; sums do not include it\n"), "{all}");
    }

    #[test]
    fn many_eras_are_bands_with_what_is_needed_in_each() {
        let eras: Vec<String> = (0..40).map(|i| format!("v5.{i}")).collect();
        let reports: Vec<Report> = eras.iter().map(|era| costing("a", era, (1, 2), (1, 1))).collect();
        let costs = costs(&reports, None);
        assert!(costs.lines().all(|line| line.len() <= CODED), "{costs}");
        assert_eq!(costs.matches("\na            0  1..2").count(), 2, "{costs}");
        assert_eq!(super::costs(&[], None), "");
        assert_eq!(costs_markdown(&[]), "");
    }
}
