//! A diagram can be cut into its columns again from the underlines alone.

use cowrace_render::{Diagram, Row};
use proptest::prelude::*;

/// The cells of a line, by where the columns start.
fn cut(line: &str, starts: &[usize]) -> Vec<String> {
    let cell = |i: usize| {
        let from = starts[i].min(line.len());
        let to = starts.get(i + 1).map_or(line.len(), |&to| to.min(line.len()));
        line[from..to].trim_end().to_owned()
    };
    (0..starts.len()).map(cell).collect()
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
        prop_assert_eq!(cut(lines[0], &starts), heads);
        for (line, row) in lines[2..].iter().zip(&rows) {
            prop_assert_eq!(&cut(line, &starts), row);
        }
    }
}
