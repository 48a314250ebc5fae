//! The diagram: columns, rows, cells.

use cowrace_mm::world::MAX_ACTORS;
use unicode_width::UnicodeWidthChar;

use crate::diagnostic::{Diagnostic, Report, Span};
use crate::lex::{self, MAX_WORD, Name};
use crate::nearest::quote;
use crate::scan::Parts;
use crate::syntax::{At, Grid, Head, RawCell, Row, RowKind, Shape};
use crate::text::{Line, Text};

/// Width of a tab.
const TAB: usize = 8;

/// Blanks that a cell may stand in from the start of its column if it runs over the next.
const INDENT: usize = 4;

/// Rows that a diagram may have: far above what can be explored, low enough for numbers of calls.
const MAX_ROWS: usize = 500;

/// A run of `=`.
#[derive(Clone, Copy, Debug)]
struct Run {
    start: usize,
    end: usize,
}

/// Text between blanks that belongs together.
#[derive(Debug)]
struct Chunk {
    start: usize,
    end: usize,
    span: Span,
    /// It begins as a comment does.
    comment: bool,
}

/// Reads the diagram.
pub(crate) fn read(source: &str, parts: &Parts<'_>, report: &mut Report) -> Grid {
    let mut grid = Grid::default();
    let (Some(names), Some(underline)) = (parts.names, parts.underline) else { return grid };
    let runs = runs(underline.text);
    if runs.len() > MAX_ACTORS {
        report.push(
            Diagnostic::new(underline.span(), format!("{} columns are too many", runs.len()))
                .help(format!("a scenario has at most {MAX_ACTORS}")),
        );
        return grid;
    }
    // A full report hides what goes wrong from here on.
    if report.is_full() {
        return grid;
    }
    let sound = report.len();
    let heads = heads(source, names, &runs, report);
    if report.len() > sound {
        return grid;
    }
    grid.columns = heads;
    let mut open: Vec<Option<Span>> = vec![None; runs.len()];
    for line in &parts.rows {
        if report.is_full() {
            return grid;
        }
        if line.is_blank() || line.is_comment() {
            continue;
        }
        if grid.rows.len() == MAX_ROWS {
            report.push(
                Diagnostic::new(line.span(), "the diagram is too long")
                    .help(format!("a scenario has at most {MAX_ROWS} rows")),
            );
            return grid;
        }
        let what = if line.text.trim_start().starts_with("===") {
            barrier(source, line, report).map(RowKind::Barrier)
        } else {
            cells(source, line, &runs, &grid.columns, &mut open, report).map(RowKind::Cells)
        };
        if let Some(what) = what {
            let start = line.start + (line.text.len() - line.text.trim_start().len());
            grid.rows.push(Row { line: line.number, span: start..start + line.text.trim().len(), what });
        }
    }
    grid.damaged = report.len() > sound;
    for at in open.into_iter().flatten() {
        report.push(
            Diagnostic::new(at, "this call is never closed")
                .label("opened here")
                .help("a cell `}` further down in the same column closes it"),
        );
    }
    grid
}

fn runs(text: &str) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut column = 0;
    let mut inside = false;
    for c in text.chars() {
        let next = advance(column, c);
        if c == '=' {
            match runs.last_mut() {
                Some(run) if inside => run.end = next,
                _ => runs.push(Run { start: column, end: next }),
            }
        }
        inside = c == '=';
        column = next;
    }
    runs
}

fn advance(column: usize, c: char) -> usize {
    match c {
        '\t' => (column / TAB + 1) * TAB,
        c => column + c.width().unwrap_or(0),
    }
}

/// Cuts a line at two blanks, at tabs, and where a column starts.
fn chunks(line: &Line<'_>, runs: &[Run]) -> Vec<Chunk> {
    let mut chunks: Vec<Chunk> = Vec::new();
    let mut column = 0;
    // Blanks since the last character; a tab is as good as two.
    let mut blanks = 2;
    let mut parens = 0_i32;
    for (at, c) in line.text.char_indices() {
        let next = advance(column, c);
        if c.is_whitespace() {
            blanks += if c == '\t' { 2 } else { 1 };
        } else {
            // Within parentheses nothing ends a cell but the start of a column behind two blanks: what is too
            // wide stays in one piece, and can be called too wide. So does a `{`, which begins no cell.
            let border = runs.iter().any(|r| r.start == column);
            let begins = match blanks {
                0 => false,
                1 => border && parens <= 0 && c != '{',
                _ => border || parens <= 0,
            };
            if begins || chunks.is_empty() {
                let start = line.start + at;
                chunks.push(Chunk { start: column, end: column, span: start..start, comment: c == '#' });
                parens = 0;
            }
            if let Some(last) = chunks.last_mut() {
                last.end = next;
                last.span.end = line.start + at + c.len_utf8();
            }
            blanks = 0;
            parens += match c {
                '(' | '[' => 1,
                ')' | ']' => -1,
                _ => 0,
            };
        }
        column = next;
    }
    chunks
}

/// The column in which a chunk starts.
fn column_of(chunk: &Chunk, runs: &[Run]) -> Option<usize> {
    runs.iter().rposition(|r| r.start <= chunk.start)
}

/// The column that a chunk belongs to, if it keeps within it. From its start it may run over the place of columns
/// that have no cell in the row; `behind` is the column of the chunk behind it.
fn within(
    chunk: &Chunk,
    runs: &[Run],
    behind: Option<usize>,
    name: impl Fn(usize) -> String,
) -> Result<usize, Diagnostic> {
    let wrong = |message: String| Diagnostic::new(chunk.span.clone(), message);
    if chunk.comment {
        return Err(
            wrong("a comment beside cells".to_owned()).help("a comment in a diagram has a line of its own")
        );
    }
    let Some(column) = column_of(chunk, runs) else {
        return Err(wrong("text left of the columns".to_owned())
            .help("a column begins where its `====` begins; tabs are 8 wide"));
    };
    let next = runs.get(column + 1);
    if chunk.start >= runs[column].end {
        let place = match next {
            Some(_) => format!("text between {} and {}", name(column), name(column + 1)),
            None => format!("text right of {}", name(column)),
        };
        return Err(wrong(place).help("cells start under the `====` of their column"));
    }
    if next.is_some_and(|n| chunk.end > n.start) {
        let covered = runs.iter().rposition(|run| run.start < chunk.end).unwrap_or(column);
        let is_free = behind.is_none_or(|behind| behind > covered);
        // Further in it may well be a cell of the next column that is out of place.
        if !is_free || chunk.start > runs[column].start + INDENT {
            return Err(wrong(format!("this runs from {} into {}", name(column), name(column + 1))).help(
                "widen the column by moving everything right of it, `====` included; two blanks separate \
                 cells; what begins where its column does may run over the place of columns that are empty \
                 in its row",
            ));
        }
    }
    Ok(column)
}

fn heads(source: &str, names: Line<'_>, runs: &[Run], report: &mut Report) -> Vec<Head> {
    let mut heads: Vec<Option<Head>> = vec![None; runs.len()];
    let before = report.len();
    let ordinal = |i: usize| format!("column {}", i + 1);
    for chunk in chunks(&names, runs) {
        let column = match within(&chunk, runs, Some(0), ordinal) {
            Ok(column) => column,
            Err(diagnostic) => {
                report.push(diagnostic);
                continue;
            }
        };
        if heads[column].is_some() {
            report.push(
                Diagnostic::new(chunk.span, "two names over one column")
                    .help("within a name, single blanks separate the words"),
            );
            continue;
        }
        heads[column] = report.ok(head(source, chunk.span, runs[column].start));
    }
    if report.len() > before {
        return heads.into_iter().flatten().collect();
    }
    for (i, head) in heads.iter().enumerate() {
        if head.is_none() {
            report.push(
                Diagnostic::new(names.span(), format!("{} has no name", ordinal(i)))
                    .help("every run of `====` needs a name above its start"),
            );
        }
    }
    let heads: Vec<Head> = heads.into_iter().flatten().collect();
    for (i, head) in heads.iter().enumerate() {
        if heads[..i].iter().any(|h| key(&h.name.text) == key(&head.name.text)) {
            let message = format!("two columns are called {}", quote(&head.name.text));
            report.push(Diagnostic::new(head.name.at.clone(), message));
        }
    }
    heads
}

fn head(source: &str, span: Span, start: usize) -> Result<Head, Diagnostic> {
    let text = Text::of(source, span.clone());
    let mut parts = text.split(&['@']).into_iter();
    let name = parts.next().unwrap_or_default();
    let mm = parts.next();
    if let Some(more) = parts.next() {
        return Err(Diagnostic::new(more.whole(), "a column runs in one mm"));
    }
    if !is_name(name.as_str()) {
        return Err(Diagnostic::new(span, format!("{} is not the name of a column", quote(name.as_str())))
            .help("a name is words of letters, digits, `_` and `-`, and starts with a letter"));
    }
    if key(name.as_str()) == "all" {
        return Err(Diagnostic::new(span, "`all` is every column").help("give this one another name"));
    }
    let mm = match mm {
        Some(mm) if lex::is_word(mm.as_str()) => Some(Name::new(mm.as_str(), mm.whole())),
        Some(_) => {
            return Err(
                Diagnostic::new(span, "expected the name of an mm behind `@`").help("as `thread0 @A`")
            );
        }
        None => None,
    };
    Ok(Head { name: Name::new(name.as_str(), name.whole()), mm, start })
}

fn is_name(text: &str) -> bool {
    text.len() <= MAX_WORD
        && text.starts_with(char::is_alphabetic)
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | ' '))
}

/// What two spellings of the same column name share: blanks may be written `_` or `-`.
pub(crate) fn key(name: &str) -> String {
    name.replace([' ', '-'], "_")
}

/// The names of a barrier, none for all.
fn barrier(source: &str, line: &Line<'_>, report: &mut Report) -> Option<Vec<Name>> {
    let start = line.start + (line.text.len() - line.text.trim_start().len());
    let span = start..start + line.text.trim().len();
    let inner = line.text.trim().trim_start_matches('=');
    let from = span.end - inner.len();
    let names = inner.trim_end_matches('=');
    let help = "`=== all ===` is a barrier for every column, `=== a b ===` for some";
    if names.len() + 3 > inner.len() || names.trim().is_empty() {
        report.push(Diagnostic::new(span, "this is neither a barrier nor a cell").help(help));
        return None;
    }
    let mut list: Vec<Name> = Vec::new();
    for word in names.split_whitespace() {
        // The words are slices of `names`, so that their distance is their place.
        let at = from + (word.as_ptr() as usize - names.as_ptr() as usize);
        let name = Name::new(&source[at..at + word.len()], at..at + word.len());
        if list.iter().any(|n| key(&n.text) == key(word)) {
            let message = format!("{} is named twice", quote(word));
            report.push(Diagnostic::new(name.at, message));
            return None;
        }
        list.push(name);
        if list.len() > MAX_ACTORS {
            report.push(Diagnostic::new(span, "more names than there are columns").help(help));
            return None;
        }
    }
    if list.iter().any(|n| n.text == "all") {
        if list.len() > 1 {
            report.push(Diagnostic::new(span, "`all` stands alone").help(help));
            return None;
        }
        list.clear();
    }
    Some(list)
}

fn cells(
    source: &str,
    line: &Line<'_>,
    runs: &[Run],
    heads: &[Head],
    open: &mut [Option<Span>],
    report: &mut Report,
) -> Option<Vec<RawCell>> {
    let mut row: Vec<RawCell> = Vec::new();
    let mut last = None;
    let name = |i: usize| format!("column `{}`", heads[i].name.text);
    let chunks = chunks(line, runs);
    for (place, chunk) in chunks.iter().enumerate() {
        let behind = chunks.get(place + 1).and_then(|behind| column_of(behind, runs));
        let result = within(chunk, runs, behind, name).and_then(|column| {
            if last.replace(column) == Some(column) {
                return Err(Diagnostic::new(chunk.span.clone(), format!("a second cell in {}", name(column)))
                    .help("a cell is one operation: the next has a row of its own; within a cell, words are one blank apart"));
            }
            cell(source, &chunk.span, column, &mut open[column])
        });
        match result {
            Ok(cell) => row.push(cell),
            Err(diagnostic) => {
                report.push(diagnostic);
                // What follows is within the call, wherever that stands.
                if let Some(column) = column_of(chunk, runs)
                    && source[chunk.span.clone()].ends_with('{')
                {
                    open[column] = Some(chunk.span.clone());
                }
            }
        }
    }
    (!row.is_empty()).then_some(row)
}

fn cell(source: &str, span: &Span, column: usize, open: &mut Option<Span>) -> Result<RawCell, Diagnostic> {
    let text = &source[span.clone()];
    let raw = |shape, span: Span| -> Result<RawCell, Diagnostic> {
        let text = Text::of(source, span.clone());
        let text = text.trimmed(0..text.as_str().len()).tidy()?;
        Ok(RawCell { column, shape, text, at: At(span) })
    };
    let wrong = |message: &str| Diagnostic::new(span.clone(), message);
    if text == "}" {
        if open.take().is_none() {
            return Err(wrong("`}` closes nothing")
                .help("a call that spans rows opens with `{` at the end of its cell, in the same column"));
        }
        return raw(Shape::Close, span.clone());
    }
    if let Some(call) = text.strip_suffix('{') {
        if open.is_some() {
            return Err(wrong("a call within a call")
                .label("the one above is still open")
                .help("close it with `}` first"));
        }
        *open = Some(span.clone());
        let mut cell = raw(Shape::Open, span.start..span.start + call.trim_end().len())?;
        cell.at = At(span.clone());
        if cell.text.as_str().is_empty() {
            return Err(wrong("`{` opens no call").help("it stands behind the call, in the same cell"));
        }
        return Ok(cell);
    }
    if text.contains(['{', '}']) {
        return Err(
            wrong("a brace within a cell").help("`{` ends the cell of a call, `}` is a cell of its own")
        );
    }
    if open.is_some() {
        if text.contains(['=', '[']) {
            return Err(wrong("a call within a call").label("the one above is still open").help(
                "between `{` and `}` stand steps of the call, as `gup`; close it with `}` before the next one",
            ));
        }
        return raw(Shape::Anchor, span.clone());
    }
    raw(Shape::Call, span.clone())
}
