//! The table of a page for what a hunt has found.

use cowrace_report::hunt::Family;
use cowrace_report::{Found, Verdict};

use super::table::{Cell, Line, Table};
use crate::find::{name, of_kinds, title};

/// A table without families.
pub(super) fn table() -> Table {
    Table {
        caption: "Families that were found".to_owned(),
        heads: ["family", "damage", "what led to it", "scenarios", "race of the corpus"]
            .map(str::to_owned)
            .to_vec(),
        ..Table::default()
    }
}

/// The line of a family, whose smallest scenario is explained where `link` says.
pub(super) fn line(nth: usize, family: &Family, link: Option<String>) -> Line {
    let found = Found { verdict: Verdict::Violated, class: Some(family.class) };
    let cells = vec![
        Cell::found(found, link),
        Cell::plain(title(family)),
        Cell::plain(of_kinds(family.scenarios, &family.kinds)),
        Cell::plain(family.named.as_ref().map(name).unwrap_or_default()),
    ];
    Line { name: format!("{}-{nth}", family.class), cells }
}
