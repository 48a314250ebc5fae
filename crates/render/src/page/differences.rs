//! The table of a page that compares two kernels.

use cowrace_report::difference::{Difference, NewLines, Side};

use super::table::{Cell, Line, Table};
use crate::diff::{changes, copies_of};
use crate::report::with_variant;

/// The scenarios whose results or page copies differ. `link` is where a scenario under a kernel is explained.
pub(super) fn table(
    differences: &[Difference],
    NewLines { from, to, .. }: &NewLines,
    link: impl Fn(&str, &str) -> Option<String>,
) -> Table {
    let told = differences.iter().filter_map(|difference| Some((difference, changes(difference)?)));
    let lines = told.map(|(difference, change)| {
        let name = with_variant(&difference.scenario, difference.variant.as_deref());
        let found = |side: &Side, kernel: &str| Cell::found(side.found, link(&name, kernel));
        let Difference { before, after, .. } = difference;
        let cells = vec![
            Cell::plain(change.how),
            found(before, from),
            found(after, to),
            Cell::plain(copies_of(before)),
            Cell::plain(copies_of(after)),
            Cell::plain(change.by),
        ];
        Line { name, cells }
    });
    let lines: Vec<Line> = lines.collect();
    let copies = |kernel: &str| format!("copies under {kernel}");
    let heads =
        ["scenario", "change", from, to, &copies(from), &copies(to), "by"].map(str::to_owned).to_vec();
    let caption = match lines.len() {
        0 => format!("No scenario differs between {from} and {to}"),
        _ => format!("Scenarios that differ between {from} and {to}"),
    };
    Table { caption, heads, lines, ..Table::default() }
}
