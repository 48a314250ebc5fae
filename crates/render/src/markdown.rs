//! Scenarios by eras, as a Markdown table.

use cowrace_report::Report;
use unicode_width::UnicodeWidthStr as _;

use crate::grid::{Grid, word};

/// The results as a Markdown table, a list of the conditions of `holds`, and a list of how far the searches got
/// that a limit ended. Cells are words. The text is laid out in columns, so that it can be read as it is.
#[must_use]
pub fn markdown(reports: &[Report]) -> String {
    let grid = Grid::new(reports);
    if grid.names.is_empty() {
        return String::new();
    }
    let head = std::iter::once("scenario").chain(grid.heads()).map(escaped).collect();
    let row = |row: usize| -> Vec<String> {
        let cells = grid.row(row).map(|cell| cell.map_or("-", word).to_owned());
        std::iter::once(escaped(&grid.names[row])).chain(cells).collect()
    };
    let mut lines: Vec<Vec<String>> = vec![head];
    lines.extend((0..grid.names.len()).map(row));
    let mut out = grid.toggles().map(|toggles| format!("{}\n\n", escaped(&toggles))).unwrap_or_default();
    out.push_str(&laid_out(lines));
    out.push_str(&listed(&grid.holds_under()));
    out.push_str(&listed(&grid.bounded_after()));
    out
}

/// A table of cells, the headers first; each column is as wide as its widest cell.
pub(crate) fn laid_out(mut lines: Vec<Vec<String>>) -> String {
    let widths: Vec<usize> = (0..lines[0].len())
        .map(|column| lines.iter().map(|line| line[column].width()).max().unwrap_or(0).max(3))
        .collect();
    let rule = widths.iter().map(|w| "-".repeat(*w)).collect();
    lines.insert(1, rule);
    lines.iter().map(|line| joined(line, &widths)).collect()
}

/// A line and the lines that belong to it, as a list.
fn listed(lines: &[String]) -> String {
    let [first, items @ ..] = lines else { return String::new() };
    let gap = if items.is_empty() { "" } else { "\n" };
    let items = items.iter().map(|line| format!("- {}\n", escaped(line)));
    format!("\n{}\n{gap}{}", escaped(first), items.collect::<String>())
}

fn joined(cells: &[String], widths: &[usize]) -> String {
    let padded = cells.iter().zip(widths).map(|(cell, width)| {
        let pad = width.saturating_sub(cell.width());
        format!(" {cell}{:pad$} |", "")
    });
    format!("|{}\n", padded.collect::<String>())
}

/// Text that Markdown shows as it is. An underscore within a word needs no escape.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    let mut within = false;
    while let Some(c) = chars.next() {
        let plain = within && chars.peek().is_some_and(|next| next.is_alphanumeric());
        if "|\\`*<[]".contains(c) || c == '_' && !plain {
            out.push('\\');
        }
        out.push(if c.is_control() { ' ' } else { c });
        within = c.is_alphanumeric();
    }
    out
}

#[cfg(test)]
mod tests {
    use cowrace_report::{Class, Verdict};

    use super::*;
    use crate::report::tests::report;

    #[test]
    fn toggles_that_all_have_are_said_once() {
        let with = |era, class| report("a", era, class, None);
        let eras = ["v5.8 --set wp_reuse=count", "v5.9 --set wp_reuse=count"];
        let reports = [with(eras[0], Some(Class::LostRead)), with(eras[1], Some(Class::LostRead))];
        let text = markdown(&reports);
        assert!(text.starts_with("every era --set wp_reuse=count\n\n| scenario | v5.8 "), "{text}");
        // The toggles stay with the era if there is only one era, or if only one era has them.
        assert!(markdown(&reports[..1]).starts_with("| scenario | v5.8 --set wp_reuse=count |"));
        let differ = [with(eras[0], None), with("v5.9", None)];
        assert!(markdown(&differ).starts_with("| scenario | v5.8 --set wp_reuse=count | v5.9 "));
    }

    #[test]
    fn a_table_with_its_conditions() {
        let mut with = report("b", "v5.8 --set wp_reuse=mapcount", None, None);
        with.variant = Some("load_first".into());
        with.environment = vec!["reclaim<=1".into()];
        let reports = [report("a", "v5.9", Some(Class::LostRead), Some(false)), with];
        assert_eq!(
            markdown(&reports),
            "\
| scenario     | v5.9      | v5.8 --set wp_reuse=mapcount |
| ------------ | --------- | ---------------------------- |
| a            | lost-read | -                            |
| b:load_first | -         | holds                        |

holds under memory sc, arch generic, env none, except for

- b:load_first: env reclaim\\<=1
"
        );
        let mut bounded = report("a", "v5.9", None, None);
        bounded.verdict = Verdict::Bounded;
        let end = "\nbounded after\n\n- a v5.9: 1,234 executions\n";
        assert!(markdown(&[bounded]).ends_with(end));
        assert_eq!(markdown(&[]), "");
        assert_eq!(escaped("_a_b* | <i>"), "\\_a_b\\* \\| \\<i>");
    }
}
