//! The table of a page that takes a kernel apart.

use cowrace_report::ablation::{Ablation, Changed, Need};

use super::table::{Cell, Item, Line, Table};
use crate::ablation::{kind, verdict};
use crate::report::with_variant;

/// The parts of a kernel, each with the kernel without it and the scenarios whose results then differ. `link` is where a
/// scenario under a kernel is explained.
pub(super) fn table<'a>(
    era: &str,
    parts: impl Iterator<Item = (&'a Ablation, &'a String)>,
    link: impl Fn(&str, &str) -> Option<String>,
) -> Table {
    let lines = parts.map(|(part, kernel)| {
        let item = |changed: &Changed| {
            let name = with_variant(&changed.scenario, changed.variant.as_deref());
            let link = link(&name, kernel);
            Item { text: name, link }
        };
        let need = Cell {
            look: match part.need {
                Need::Needed => "good",
                Need::Unjustified | Need::Bounded => "open",
            },
            word: verdict(part).to_owned(),
            ..Cell::plain(verdict(part))
        };
        let cells = vec![
            Cell::plain(kind(part.kind)),
            need,
            Cell::plain(&part.about),
            Cell::of(part.changes.iter().map(item)),
        ];
        Line { name: part.toggle.to_string(), cells }
    });
    Table {
        caption: format!("The parts of {era}"),
        heads: ["without", "kind", "need", "what it is", "scenarios that differ without it"]
            .map(str::to_owned)
            .to_vec(),
        lines: lines.collect(),
        ..Table::default()
    }
}
