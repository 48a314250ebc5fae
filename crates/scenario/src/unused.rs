//! Words that variants replace and that stand nowhere in the file.

use std::collections::HashSet;

use crate::diagnostic::{Diagnostic, Report};
use crate::lower::substitute;
use crate::nearest::{did_you_mean, quote};
use crate::syntax::{AreaText, File, RowKind, Shape};

/// Reports an error for each.
pub(crate) fn check(file: &File, report: &mut Report) {
    // A part that could not be read may contain the word.
    if file.header.variants.is_empty() || !report.is_empty() {
        return;
    }
    let areas = file.header.mms.iter().flat_map(|mm| &mm.areas).filter_map(|area| match area {
        AreaText::Words(text) => Some(text),
        AreaText::Read(_) => None,
    });
    let cells = file.grid.rows.iter().flat_map(|row| match &row.what {
        RowKind::Cells(cells) => cells.as_slice(),
        RowKind::Barrier(_) => &[],
    });
    let cells = cells.filter(|cell| cell.shape != Shape::Remark).map(|cell| &cell.text);
    let footer = &file.footer;
    let predicates = footer.predicates.iter().map(|predicate| &predicate.text);
    let texts = areas.chain(cells).chain(predicates).chain(&footer.promises).chain(&footer.windows);
    let used: HashSet<&str> =
        texts.flat_map(|text| substitute::words(text.as_str())).map(|(_, word)| word).collect();
    for (word, _) in file.header.variants.iter().flat_map(|variant| &variant.words) {
        if !used.contains(word.text.as_str()) {
            let message = format!("{} is not used", quote(&format!("${}", word.text)));
            let help = did_you_mean(&word.text, used.iter().copied());
            report.push(
                Diagnostic::new(word.at.clone(), message)
                    .help("remove it, or use it in a cell, an area, a predicate or a window")
                    .maybe_help(help),
            );
        }
    }
}
