//! Scenarios by eras, as a table of text.

use cowrace_report::{Report, Verdict};

use crate::Columns;
use crate::grid::{Grid, code, word};
use crate::paint::Paint;
use crate::report::tone;

/// The largest width of a table; further eras go into a second band.
pub(crate) const WIDTH: usize = 110;

/// The largest width of a table of codes: it has room for the longest names of the corpus and every era.
pub(crate) const CODED: usize = 120;

/// The meanings of verdicts. The classes of violations have their usual names.
const MEANINGS: &[(Verdict, &str)] = &[
    (Verdict::Holds, "complete, no violation"),
    (Verdict::Bounded, "a limit ended the search"),
    (Verdict::Vacuous, "no execution opened the window"),
    (Verdict::Inconclusive, "there is no answer"),
    (Verdict::NotApplicable, "the kernel lacks a call"),
];

/// The style of the cells of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// Words.
    Words,
    /// Codes of two letters below upright headers, so that many eras fit side by side.
    Codes,
}

/// The results, each with a mark if it is not what the file expects.
///
/// Cells are words if all eras fit side by side in 110 columns, and codes of two letters otherwise. A legend
/// explains them. Every `holds` needs its conditions, so these stand below. On a terminal with fewer `columns`,
/// eras go into further bands.
#[must_use]
pub fn table(reports: &[Report], columns: Option<usize>, paint: Paint) -> String {
    draw(reports, mark, columns, paint)
}

/// The results, whatever the files expect, laid out as in [`table`]. Below the table stands how far the searches
/// got that a limit ended.
#[must_use]
pub fn matrix(reports: &[Report], columns: Option<usize>, paint: Paint) -> String {
    draw(reports, |_| "", columns, paint) + &listed(&Grid::new(reports).bounded_after())
}

/// A line and the lines that belong to it.
fn listed(lines: &[String]) -> String {
    let indent = |i| if i == 0 { "" } else { "  " };
    lines.iter().enumerate().map(|(i, line)| format!("{}{line}\n", indent(i))).collect()
}

fn draw(
    reports: &[Report],
    mark: fn(&Report) -> &'static str,
    columns: Option<usize>,
    paint: Paint,
) -> String {
    let at_most = |width: usize| columns.map_or(width, |columns| columns.min(width));
    let grid = Grid::new(reports);
    if grid.names.is_empty() {
        return String::new();
    }
    let words = laid_out(&grid, Style::Words, mark);
    let (laid_out, style) = match words.fits(at_most(WIDTH)) {
        true => (words, Style::Words),
        false => (laid_out(&grid, Style::Codes, mark), Style::Codes),
    };
    let mut out = grid.toggles().map(|toggles| format!("{toggles}\n\n")).unwrap_or_default();
    out.push_str(&laid_out.painted(paint).bands(match style {
        Style::Words => at_most(WIDTH),
        Style::Codes => at_most(CODED),
    }));
    let legend = legend(&grid, style, mark);
    if !legend.is_empty() {
        out.push_str(&format!("\n{}\n", wrapped(&legend, at_most(WIDTH))));
    }
    out.push_str(&listed(&grid.holds_under()));
    out
}

fn laid_out(grid: &Grid<'_>, style: Style, mark: fn(&Report) -> &'static str) -> Columns {
    let mut columns = Columns::new(std::iter::once("scenario").chain(grid.heads()));
    if style == Style::Codes {
        columns = columns.upright();
    }
    for (row, name) in grid.names.iter().enumerate() {
        let cells = grid.row(row).map(|cell| match cell {
            Some(report) => format!("{}{}", mark(report), shown(report, style)),
            None => "-".to_owned(),
        });
        columns.row(std::iter::once(name.clone()).chain(cells).enumerate());
        for (column, report) in grid.row(row).enumerate().filter_map(|(column, cell)| Some((column, cell?))) {
            columns.tone(column + 1, tone(report));
        }
    }
    columns
}

fn shown(report: &Report, style: Style) -> &'static str {
    match style {
        Style::Words => word(report),
        Style::Codes => code(report),
    }
}

/// The mark before a word.
const fn mark(report: &Report) -> &'static str {
    match report.as_expected {
        Some(true) => "",
        Some(false) => "!",
        None => "?",
    }
}

/// Items in one line, or in as many lines as this width requires.
pub(crate) fn wrapped(items: &[String], width: usize) -> String {
    let mut text = String::new();
    let mut line = 0;
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            let fits = line + 2 + item.len() < width;
            text.push_str(if fits { "; " } else { ";\n" });
            line = if fits { line + 2 } else { 0 };
        }
        text.push_str(item);
        line += item.len();
    }
    text
}

/// What the code of a result means.
pub(crate) fn meaning(report: &Report) -> String {
    match MEANINGS.iter().find(|(verdict, _)| *verdict == report.verdict) {
        Some((verdict, meaning)) => format!("{verdict}: {meaning}"),
        None => word(report).to_owned(),
    }
}

/// Explanations of the words and signs that the table uses.
fn legend(grid: &Grid<'_>, style: Style, mark: fn(&Report) -> &'static str) -> Vec<String> {
    let mut legend: Vec<String> = Vec::new();
    let reports: Vec<&Report> = grid.cells().flatten().collect();
    for (verdict, meaning) in MEANINGS {
        if let Some(report) = reports.iter().find(|r| r.verdict == *verdict) {
            legend.push(match style {
                Style::Words => format!("{verdict} {meaning}"),
                Style::Codes => format!("{} {}", code(report), self::meaning(report)),
            });
        }
    }
    if style == Style::Codes {
        let mut classes: Vec<&Report> =
            reports.iter().copied().filter(|r| r.verdict == Verdict::Violated).collect();
        classes.sort_by_key(|r| r.class);
        classes.dedup_by_key(|r| r.class);
        legend.extend(classes.iter().map(|r| format!("{} {}", code(r), word(r))));
    }
    let marked = |m: &str| reports.iter().any(|r| mark(r) == m);
    legend.extend(marked("!").then(|| "! differs from what the file expects".to_owned()));
    legend.extend(marked("?").then(|| "? reported, not judged".to_owned()));
    legend.extend(grid.cells().any(|c| c.is_none()).then(|| "- not run".to_owned()));
    legend
}

#[cfg(test)]
mod tests {
    use cowrace_report::Class;

    use super::*;
    use crate::report::tests::report;

    #[test]
    fn rows_are_scenarios_and_columns_eras() {
        let mut variant = report("b", "v5.8", None, None);
        variant.variant = Some("warm".into());
        let reports = [
            report("a", "v5.8", None, Some(true)),
            report("a", "v5.9", Some(Class::LostRead), Some(true)),
            variant,
            report("a", "v5.10", Some(Class::Leak), Some(false)),
        ];
        assert_eq!(
            table(&reports, None, Paint::Plain),
            "\
scenario  v5.8    v5.9       v5.10
========  ======  =========  =====
a         holds   lost-read  !leak
b:warm    ?holds  -          -

holds complete, no violation; ! differs from what the file expects; ? reported, not judged; - not run
holds under memory sc, arch generic, env none
"
        );
    }

    #[test]
    fn a_matrix_does_not_judge() {
        let reports = [report("a", "v5.8", None, None), report("a", "v5.10", Some(Class::Leak), Some(false))];
        assert_eq!(
            matrix(&reports, None, Paint::Plain),
            "\
scenario  v5.8   v5.10
========  =====  =====
a         holds  leak

holds complete, no violation
holds under memory sc, arch generic, env none
"
        );
    }

    #[test]
    fn a_matrix_says_how_far_searches_came() {
        let mut bounded = report("b", "v5.10", None, None);
        (bounded.verdict, bounded.estimate) = (Verdict::Bounded, Some(56_489.0));
        bounded.variant = Some("warm".into());
        let matrix = matrix(&[report("a", "v5.8", None, None), bounded], None, Paint::Plain);
        let end = "env none\nbounded after\n  b:warm v5.10: 1,234 executions of about 56,000 (a guess)\n";
        assert!(matrix.ends_with(end), "{matrix}");
    }

    #[test]
    fn environments_stand_below() {
        let mut with = report("b", "v5.8", None, Some(true));
        with.environment = vec!["lru_drain".into(), "reclaim<=1".into()];
        let reports =
            [report("a", "v5.8", None, Some(true)), with.clone(), Report { era: "v5.9".into(), ..with }];
        let table = table(&reports, None, Paint::Plain);
        let end =
            "holds under memory sc, arch generic, env none, except for\n  b: env lru_drain, reclaim<=1\n";
        assert!(table.ends_with(end), "{table}");
    }

    #[test]
    fn kinds_of_files_stand_below_together() {
        let with = |name: &str, kind: &str| {
            let direct_io = vec![kind.to_owned()];
            Report { direct_io, ..report(name, "v5.8", None, Some(true)) }
        };
        let reports = [with("a", "nfs"), report("b", "v5.8", None, Some(true)), with("c", "block")];
        let end = "\nholds under memory sc, arch generic, env none, O_DIRECT block/nfs\n";
        assert!(
            table(&reports, None, Paint::Plain).ends_with(end),
            "{}",
            table(&reports, None, Paint::Plain)
        );
    }

    #[test]
    fn many_eras_are_codes_below_upright_headers() {
        let class = |i: u8| [None, Some(Class::UseAfterFree), Some(Class::LostSoftDirty)][usize::from(i % 3)];
        let mut reports: Vec<_> =
            (1..=12).map(|i| report("some-scenario", &format!("v5.{i}"), class(i), Some(i != 4))).collect();
        (reports[0].verdict, reports[0].class) = (Verdict::Bounded, None);
        assert_eq!(
            format!("\n{}", table(&reports, None, Paint::Plain)),
            "
                                           v  v  v
               v  v  v  v   v  v  v  v  v  5  5  5
               5  5  5  5   5  5  5  5  5  .  .  .
               .  .  .  .   .  .  .  .  .  1  1  1
scenario       1  2  3  4   5  6  7  8  9  0  1  2
=============  == == == === == == == == == == == ==
some-scenario  bo LS .  !UF LS .  UF LS .  UF LS .

. holds: complete, no violation; bo bounded: a limit ended the search; UF use-after-free; LS lost-soft-dirty;
! differs from what the file expects
holds under memory sc, arch generic, env none
"
        );
    }

    /// The bands of a narrow terminal have the same content.
    #[test]
    fn every_line_fits_a_terminal() {
        let eras = || (0..23).map(|i| format!("v5.{i}"));
        let name = "vmsplice-child-munmap-leak-swapped:after";
        let reports: Vec<_> =
            eras().map(|era| report(name, &era, Some(Class::UseAfterFree), Some(true))).collect();
        let narrow = table(&reports, Some(80), Paint::Plain);
        assert!(narrow.lines().all(|line| line.len() <= 80), "{narrow}");
        let codes = |table: &str| table.matches(" UF").count();
        assert_eq!(codes(&narrow), codes(&table(&reports, None, Paint::Plain)));
        assert_eq!(narrow.matches(name).count(), 2, "{narrow}");
        assert!(matrix(&reports, Some(80), Paint::Plain).lines().all(|line| line.len() <= 80));
        assert_eq!(
            table(&reports, Some(500), Paint::Plain),
            table(&reports, None, Paint::Plain),
            "no wider than it need be"
        );
    }

    #[test]
    fn more_eras_still_make_bands() {
        let reports: Vec<_> = (0..50)
            .map(|i| report("some-scenario", &format!("v5.{i}"), Some(Class::UseAfterFree), Some(true)))
            .collect();
        let table = table(&reports, None, Paint::Plain);
        let (table, _) = table.split_once("\nUF use-after-free").expect("a legend");
        assert!(table.lines().all(|l| l.len() <= CODED), "{table}");
        assert_eq!(table.matches("some-scenario").count(), 2, "{table}");
        assert_eq!(super::table(&[], None, Paint::Plain), "");
    }

    #[test]
    fn every_class_has_a_code_of_its_own() {
        let mut codes: Vec<&str> =
            Class::ALL.iter().map(|&class| code(&report("a", "v5.8", Some(class), None))).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Class::ALL.len());
    }
}
