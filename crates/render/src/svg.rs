//! A diagram as a drawing, for documents and slides.

use askama::Template;
use unicode_width::UnicodeWidthStr as _;

use crate::diagram::Row;
use crate::paragraph::wrap_at;
use crate::{Walkthrough, diagnosis};

/// The width of a character, in units of the drawing.
const CHARACTER: usize = 8;
/// The height of a row.
const LINE: usize = 20;
/// Where text stands within a row.
const BASE: usize = 14;
/// The space around everything.
const MARGIN: usize = 12;
/// The space between a line of life and the text beside it.
const INDENT: usize = 10;
/// The space between columns.
const GAP: usize = 28;
/// The least number of characters in a line of the words below.
const NARROWEST: usize = 60;

/// What the template needs: everything at its place.
#[derive(Debug, Default, Template)]
#[template(path = "diagram.svg", escape = "html")]
struct Drawing {
    title: String,
    width: usize,
    height: usize,
    end: usize,
    line: usize,
    top: usize,
    bottom: usize,
    columns: Vec<Column>,
    /// The rows that the diagnosis names, by their upper ends.
    named: Vec<usize>,
    calls: Vec<Call>,
    texts: Vec<Text>,
    /// Barriers: where the lines after their texts begin.
    across: Vec<(usize, usize)>,
}

#[derive(Debug)]
struct Column {
    head: String,
    x: usize,
    y: usize,
    end: usize,
    life: usize,
}

/// A call that spans rows.
#[derive(Debug)]
struct Call {
    x: usize,
    from: usize,
    to: usize,
}

#[derive(Debug)]
struct Text {
    class: &'static str,
    x: usize,
    y: usize,
    text: String,
}

/// The diagram of an execution as SVG, with numbered rows. Those that the diagnosis names are marked, and the diagnosis
/// stands below.
#[must_use]
pub fn svg(title: &str, walkthrough: &Walkthrough) -> String {
    let diagram = &walkthrough.execution.diagram;
    let numbers = MARGIN + diagram.rows.len().to_string().len() * CHARACTER + INDENT;
    let mut drawing = Drawing { title: title.to_owned(), line: LINE, ..Drawing::default() };
    let mut x = numbers;
    for (column, head) in diagram.columns.iter().enumerate() {
        let of_row = |row: &Row| match row {
            Row::Cells(cells) => {
                cells.iter().filter(|(of, _)| *of == column).map(|(_, text)| text.width()).max()
            }
            Row::Barrier(_) => None,
        };
        let widest = diagram.rows.iter().filter_map(of_row).max().unwrap_or(0).max(head.width());
        let end = x + INDENT + widest * CHARACTER;
        drawing.columns.push(Column { head: head.clone(), x, y: MARGIN + BASE, end, life: x });
        x = end + GAP;
    }
    drawing.end = x - GAP;
    drawing.top = MARGIN + LINE + 2;
    rows(&mut drawing, diagram.rows.as_slice(), walkthrough);
    drawing.bottom = drawing.top + (diagram.rows.len() + 1) * LINE;
    let characters = ((drawing.end - MARGIN) / CHARACTER).max(NARROWEST);
    drawing.width = MARGIN + characters * CHARACTER + MARGIN;
    let words = walkthrough.diagnosis.as_ref().map(diagnosis::diagnosis);
    let lines = words
        .iter()
        .flat_map(|words| wrap_at(words, characters).lines().map(str::to_owned).collect::<Vec<_>>());
    let mut y = drawing.bottom + LINE / 2;
    for text in lines {
        drawing.texts.push(Text { class: "words", x: MARGIN, y: y + BASE, text });
        y += LINE;
    }
    drawing.height = y + MARGIN;
    // Writing to a string cannot fail.
    drawing.render().unwrap_or_default()
}

/// The rows: their numbers and cells, and bars for calls that span several.
fn rows(drawing: &mut Drawing, rows: &[Row], walkthrough: &Walkthrough) {
    let named = walkthrough.diagnosis.as_ref().map(diagnosis::rows).unwrap_or_default();
    let mut open: Vec<Option<usize>> = vec![None; drawing.columns.len()];
    for (place, row) in rows.iter().enumerate() {
        let upper = drawing.top + LINE / 2 + place * LINE;
        if named.contains(&(place + 1)) {
            drawing.named.push(upper);
        }
        let number = (place + 1).to_string();
        drawing.texts.push(Text { class: "faint", x: MARGIN, y: upper + BASE, text: number });
        let cells = match row {
            Row::Cells(cells) => cells,
            Row::Barrier(who) => {
                let text = format!("=== {who} ===");
                let x = drawing.columns.first().map_or(MARGIN, |column| column.x) + INDENT;
                drawing.across.push((x + (text.width() + 1) * CHARACTER, upper + LINE / 2));
                drawing.texts.push(Text { class: "faint", x, y: upper + BASE, text });
                continue;
            }
        };
        for (of, text) in cells {
            let (Some(column), Some(open)) = (drawing.columns.get(*of), open.get_mut(*of)) else { continue };
            if text.ends_with('{') {
                *open = Some(upper);
            } else if text.trim() == "}" {
                let from = open.take().unwrap_or(upper);
                drawing.calls.push(Call { x: column.life, from, to: upper + LINE });
            }
            let (x, y) = (column.x + INDENT, upper + BASE);
            drawing.texts.push(Text { class: "", x, y, text: text.clone() });
        }
    }
    // A call that never ends, as in a deadlock.
    let bottom = drawing.top + LINE / 2 + rows.len() * LINE;
    let still = drawing.columns.iter().zip(&open).filter_map(|(column, open)| Some((column.life, (*open)?)));
    let still: Vec<Call> = still.map(|(x, from)| Call { x, from, to: bottom }).collect();
    drawing.calls.extend(still);
}
