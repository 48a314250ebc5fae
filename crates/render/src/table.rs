//! Scenarios by eras, as a table.

use std::fmt::Write as _;

use cowrace_trace::{Report, Verdict};

use crate::Columns;
use crate::report::{conditions, name};

/// How wide a table may be before its eras go into a second band.
const WIDTH: usize = 100;

/// What the words in the cells mean, beside the classes, which are called as everywhere.
const LEGEND: &[(&str, &str)] = &[
    ("holds", "complete, nothing bad"),
    ("bounded", "a limit ended the search"),
    ("vacuous", "no execution opened the window"),
    ("inconclusive", "could not be answered"),
    ("!", "not as the file expects"),
    ("?", "reported, not judged"),
    ("-", "not run"),
];

/// What may stand before the word of a cell.
const MARKS: [char; 2] = ['!', '?'];

/// A row for each scenario and variant, a column for each era, in the order in which they first appear,
/// and a legend of the words used. Every `holds` needs its conditions, so they stand below.
#[must_use]
pub fn table(reports: &[Report]) -> String {
    let mut names: Vec<String> = Vec::new();
    let mut eras: Vec<&str> = Vec::new();
    for report in reports {
        let name = name(report);
        if !names.contains(&name) {
            names.push(name);
        }
        if !eras.contains(&report.era.as_str()) {
            eras.push(&report.era);
        }
    }
    if names.is_empty() {
        return String::new();
    }
    let mut columns = Columns::new(std::iter::once("scenario").chain(eras.iter().copied()));
    let mut used: Vec<String> = Vec::new();
    for row in names {
        let words: Vec<String> = eras.iter().map(|era| cell(reports, &row, era)).collect();
        used.extend(words.iter().cloned());
        columns.row(std::iter::once((0, row)).chain(words.into_iter().enumerate().map(|(i, w)| (i + 1, w))));
    }
    let mut out = columns.bands(WIDTH);
    let shown = |word: &str| {
        used.iter()
            .any(|u| u.strip_prefix(MARKS).unwrap_or(u) == word || (word.len() == 1 && u.starts_with(word)))
    };
    let legend: Vec<String> = LEGEND
        .iter()
        .filter(|(word, _)| shown(word))
        .map(|(word, meaning)| format!("{word} {meaning}"))
        .collect();
    if !legend.is_empty() {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "\n{}", legend.join("; "));
    }
    if reports.iter().any(|r| r.verdict == Verdict::Holds) {
        out.push_str(&holds_under(reports));
    }
    out
}

/// What `holds` depends on: the same for all, but for the environment.
fn holds_under(reports: &[Report]) -> String {
    let mut common: Vec<String> = Vec::new();
    let mut special: Vec<String> = Vec::new();
    for report in reports {
        let bare = Report { environment: Vec::new(), ..report.clone() };
        let own = format!("  {}: env {}\n", name(report), report.environment.join(", "));
        if !common.contains(&conditions(&bare)) {
            common.push(conditions(&bare));
        }
        if !report.environment.is_empty() && !special.contains(&own) {
            special.push(own);
        }
    }
    let but = if special.is_empty() { "" } else { ", but for" };
    format!("holds under {}{but}\n{}", common.join("; "), special.concat())
}

fn cell(reports: &[Report], row: &str, era: &str) -> String {
    let Some(report) = reports.iter().find(|r| r.era == era && name(r) == row) else { return "-".to_owned() };
    let word = match (report.verdict, report.class) {
        (Verdict::Violated, Some(class)) => class.name(),
        (verdict, _) => verdict.name(),
    };
    let mark = match report.as_expected {
        Some(true) => "",
        Some(false) => "!",
        None => "?",
    };
    format!("{mark}{word}")
}

#[cfg(test)]
mod tests {
    use cowrace_trace::Class;

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
            table(&reports),
            "\
scenario  v5.8    v5.9       v5.10
========  ======  =========  =====
a         holds   lost-read  !leak
b:warm    ?holds  -          -

holds complete, nothing bad; ! not as the file expects; ? reported, not judged; - not run
holds under memory sc, arch generic, env none
"
        );
    }

    #[test]
    fn environments_stand_below() {
        let mut with = report("b", "v5.8", None, Some(true));
        with.environment = vec!["lru_drain".into(), "reclaim<=1".into()];
        let reports =
            [report("a", "v5.8", None, Some(true)), with.clone(), Report { era: "v5.9".into(), ..with }];
        let table = table(&reports);
        let end = "holds under memory sc, arch generic, env none, but for\n  b: env lru_drain, reclaim<=1\n";
        assert!(table.ends_with(end), "{table}");
    }

    #[test]
    fn many_eras_make_bands() {
        let reports: Vec<_> = (0..20)
            .map(|i| report("some-scenario", &format!("v5.{i}"), Some(Class::UseAfterFree), Some(true)))
            .collect();
        let table = table(&reports);
        assert!(table.lines().all(|l| l.len() <= WIDTH), "{table}");
        assert_eq!(table.matches("some-scenario").count(), 4, "{table}");
        assert_eq!(super::table(&[]), "");
    }
}
