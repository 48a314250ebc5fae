//! A diagram can be cut into its columns again from the underlines alone.

use cowrace_render::{Diagram, Row};
use proptest::prelude::*;

/// A line that has these cells where their columns start, each two blanks or more from the next.
fn placed(cells: &[(usize, String)], starts: &[usize]) -> String {
    let mut line = String::new();
    for (column, text) in cells {
        assert!(
            line.is_empty() || line.len() + 2 <= starts[*column],
            "cells of one row touch: {line} {text}"
        );
        line = format!("{line:0$}{text}", starts[*column]);
    }
    line
}

fn text() -> impl Strategy<Value = String> {
    "[a-z(][a-z0-9 =(),\\[\\]]{0,24}[a-z)]"
}

proptest! {
    #[test]
    fn columns_read_back(
        heads in prop::collection::vec(text(), 1..5),
        rows in prop::collection::vec(prop::collection::vec(prop::option::of(text()), 5), 0..12),
    ) {
        let width = heads.len();
        let rows: Vec<Vec<String>> =
            rows.into_iter().map(|r| r.into_iter().take(width).map(Option::unwrap_or_default).collect()).collect();
        let filled = |row: &Vec<String>| -> Vec<(usize, String)> {
            row.iter().cloned().enumerate().filter(|(_, text)| !text.is_empty()).collect()
        };
        let diagram = Diagram {
            columns: heads.clone(),
            rows: rows.iter().map(|r| Row::Cells(filled(r))).collect(),
            ..Diagram::default()
        };
        let printed = diagram.to_string();
        let lines: Vec<&str> = printed.lines().collect();
        prop_assert_eq!(lines.len(), rows.len() + 2);
        prop_assert!(lines.iter().all(|l| !l.ends_with(' ')));
        let rules = lines[1];
        let starts: Vec<usize> = (0..rules.len())
            .filter(|&i| rules.as_bytes()[i] == b'=' && (i == 0 || rules.as_bytes()[i - 1] == b' '))
            .collect();
        let heads: Vec<(usize, String)> = heads.into_iter().enumerate().collect();
        prop_assert_eq!(lines[0], placed(&heads, &starts));
        for (line, row) in lines[2..].iter().zip(&rows) {
            prop_assert_eq!(*line, placed(&filled(row), &starts));
        }
    }
}
