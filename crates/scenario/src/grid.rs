//! The diagram: rows and cells.

use cowrace_mm::world::MAX_ACTORS;

use crate::cell::{self, Cell};
use crate::diagnostic::{Diagnostic, Report, Span};
use crate::heading::{self, Run, TAB, advance, key};
use crate::lex::{self, Name};
use crate::nearest::quote;
use crate::phrases;
use crate::remark;
use crate::scan::Parts;
use crate::syntax::{At, Grid, Head, RawCell, Row, RowKind, Shape};
use crate::text::{Line, Text};

/// The largest number of blanks between the start of a column and a cell in it that runs over the next column,
/// wherever that starts.
const INDENT: usize = 4;

/// The largest number of rows of a diagram: far above what can be explored, and low enough for the numbers of
/// calls.
const MAX_ROWS: usize = 500;

/// Text between blanks that belongs together.
#[derive(Debug)]
struct Chunk {
    start: usize,
    end: usize,
    span: Span,
    /// It begins like a comment.
    comment: bool,
    /// It is not an operation but a remark.
    remark: bool,
}

/// Reads the diagram.
pub(crate) fn read(source: &str, parts: &Parts<'_>, report: &mut Report) -> Grid {
    let mut grid = Grid::default();
    let runs = heading::columns_of(&parts.names, parts.underline.as_ref());
    if parts.names.is_empty() {
        return grid;
    }
    if runs.len() > MAX_ACTORS {
        let at = parts.underline.or_else(|| parts.names.first().copied()).map_or(0..0, |line| line.span());
        report.push(
            Diagnostic::new(at, format!("too many columns: {}", runs.len()))
                .help(format!("a scenario has at most {MAX_ACTORS}")),
        );
        return grid;
    }
    // A full report hides what goes wrong from here on.
    if report.is_full() {
        return grid;
    }
    let sound = report.len();
    let heading::Columns { heads, runs, remarks } =
        heading::read(source, &parts.names, parts.underline.is_some(), runs, report);
    if report.len() > sound {
        return grid;
    }
    grid.columns = heads;
    if let Some(first) = remarks.first() {
        let span = first.at.0.clone();
        let line = parts.names.iter().rfind(|line| line.start <= span.start).map_or(0, |line| line.number);
        // A column has one cell in a row.
        for row in one_in_a_column(remarks) {
            grid.rows.push(Row { line, span: span.clone(), what: RowKind::Cells(row) });
        }
    }
    let mut open: Vec<Option<Span>> = vec![None; runs.len()];
    for line in &parts.rows {
        if report.is_full() {
            return grid;
        }
        if line.is_blank() || line.is_comment() {
            continue;
        }
        if grid.rows.len() >= MAX_ROWS {
            report.push(
                Diagnostic::new(line.span(), "the diagram is too long")
                    .help(format!("a scenario has at most {MAX_ROWS} rows")),
            );
            return grid;
        }
        let start = line.start + (line.text.len() - line.text.trim_start().len());
        let span = start..start + line.text.trim().len();
        let mut push = |what| grid.rows.push(Row { line: line.number, span: span.clone(), what });
        let unnumbered = unnumbered(line, &runs);
        let text = unnumbered.text.trim_start();
        if text.starts_with("===") && !remark::is_arrow(text) {
            barrier(source, &unnumbered, report).map(RowKind::Barrier).map(&mut push);
            continue;
        }
        let (row, remarks) = cells(source, line, &runs, &grid.columns, &mut open, report);
        // A remark beside an operation gets a row of its own.
        let rows = std::iter::once(row).chain(one_in_a_column(remarks));
        rows.filter(|row| !row.is_empty()).map(RowKind::Cells).for_each(&mut push);
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

/// Distributes cells over rows, so that no row has two cells of one column.
fn one_in_a_column(cells: Vec<RawCell>) -> Vec<Vec<RawCell>> {
    let mut rows: Vec<Vec<RawCell>> = Vec::new();
    // How many rows have a cell of each column: the first so many.
    let mut filled = [0; MAX_ACTORS];
    for cell in cells {
        let row = filled[cell.column];
        filled[cell.column] += 1;
        match rows.get_mut(row) {
            Some(row) => row.push(cell),
            None => rows.push(vec![cell]),
        }
    }
    rows.iter_mut().for_each(|row| row.sort_by_key(|cell| cell.column));
    rows
}

/// Cuts a line at two blanks, at tabs, and where a column starts.
fn chunks(line: &Line<'_>, runs: &[Run]) -> Vec<Chunk> {
    let mut chunks: Vec<Chunk> = Vec::new();
    let mut column = 0;
    // Blanks since the last character; a tab counts as two.
    let mut blanks = 2;
    let mut parens = 0_i32;
    // The end of a remark that is enclosed in brackets.
    let mut enclosed = 0;
    for (at, c) in line.text.char_indices() {
        let next = advance(column, c);
        if c.is_whitespace() {
            blanks += if c == '\t' { 2 } else { 1 };
        } else {
            // Within parentheses only the start of a column after two blanks ends a cell: a text that is too wide
            // stays in one piece, so that the error can say so. The same holds for a `{`, which begins no cell, and
            // for a remark.
            let border = runs.iter().any(|r| r.start == column);
            let remark = chunks.last().is_some_and(|chunk| chunk.remark);
            let begins = match blanks {
                _ if at < enclosed => false,
                0 => false,
                // A remark in brackets has ended with them.
                1 => border && parens <= 0 && c != '{' && (!remark || enclosed > 0),
                _ => border || parens <= 0,
            };
            if begins || chunks.is_empty() {
                let start = line.start + at;
                let rest = &line.text[at..];
                let remark = remark::begins(rest);
                enclosed = remark::length(rest).filter(|_| remark).map_or(0, |length| at + length);
                chunks.push(Chunk {
                    start: column,
                    end: column,
                    span: start..start,
                    comment: c == '#',
                    remark,
                });
                parens = 0;
            }
            if let Some(last) = chunks.last_mut() {
                last.end = next;
                last.span.end = line.start + at + c.len_utf8();
                if !last.remark {
                    parens += match c {
                        '(' | '[' => 1,
                        ')' | ']' => -1,
                        _ => 0,
                    };
                }
            }
            blanks = 0;
        }
        column = next;
    }
    chunks
}

/// The column in which a chunk starts; a chunk left of all columns belongs to the first. A name that grew by ` @A`
/// moves the next name by a tab at most, and the cells below stay where they were.
fn column_of(chunk: &Chunk, runs: &[Run]) -> usize {
    let column = runs.iter().rposition(|r| r.start <= chunk.start).unwrap_or(0);
    let Some(next) = runs.get(column + 1) else { return column };
    let (into, ahead) =
        (chunk.start.saturating_sub(runs[column].start), next.start.saturating_sub(chunk.start));
    let is_next = chunk.start >= runs[column].end && ahead <= TAB && into >= 2 * ahead;
    if is_next { column + 1 } else { column }
}

/// The column that a chunk belongs to, if that can be told. Cells start under the name of their column, or nearer
/// to it than to the next. They may run over the place of columns that have no cell in the row; `following` is the
/// column of the next chunk.
fn within(
    chunk: &Chunk,
    runs: &[Run],
    following: Option<usize>,
    name: impl Fn(usize) -> String,
) -> Result<usize, Diagnostic> {
    let wrong = |message: String| Diagnostic::new(chunk.span.clone(), message);
    if chunk.comment {
        return Err(wrong("a comment beside cells".to_owned()).help(
            "a comment in a diagram needs a line of its own; a remark beside cells is written `// remark`",
        ));
    }
    let column = column_of(chunk, runs);
    let Some(next) = runs.get(column + 1) else { return Ok(column) };
    let into = chunk.start.saturating_sub(runs[column].start);
    let is_near = into <= INDENT || into * 2 <= next.start - runs[column].start;
    if chunk.start >= runs[column].end && !is_near && !chunk.remark {
        return Err(wrong(format!("text between {} and {}", name(column), name(column + 1))).help(
            "a cell starts under the name of its column, or nearer to it than to the next: move this to the \
             start of its column; tabs are 8 wide",
        ));
    }
    if chunk.end > next.start {
        let covered = runs.iter().rposition(|run| run.start < chunk.end).unwrap_or(column);
        let is_free = following.is_none_or(|following| following > covered);
        // A chunk further to the right may well be a misplaced cell of the next column.
        if !is_free || !is_near && !chunk.remark {
            return Err(wrong(format!("this runs from {} into {}", name(column), name(column + 1))).help(
                "widen the column by moving everything right of it, `====` included; two blanks separate \
                 cells; what begins where its column does may run over the place of columns that are empty \
                 in its row",
            ));
        }
    }
    Ok(column)
}

/// The names of the columns of a barrier; none for all.
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
        // The words are slices of `names`, so that the distance of their pointers is their place.
        let at = from + (word.as_ptr() as usize - names.as_ptr() as usize);
        let name = Name::new(&source[at..at + word.len()], at..at + word.len());
        if list.iter().any(|n| key(&n.text) == key(word)) {
            let message = format!("{} is named twice", quote(word));
            report.push(Diagnostic::new(name.at, message));
            return None;
        }
        list.push(name);
        if list.len() > MAX_ACTORS {
            report.push(Diagnostic::new(span, "this names more columns than there are").help(help));
            return None;
        }
    }
    if list.iter().any(|n| n.text == "all") {
        if list.len() > 1 {
            report.push(Diagnostic::new(span, "`all` cannot be combined with names").help(help));
            return None;
        }
        list.clear();
    }
    Some(list)
}

/// The cells of a line, and the remarks after operations in the same columns.
fn cells(
    source: &str,
    line: &Line<'_>,
    runs: &[Run],
    heads: &[Head],
    open: &mut [Option<Span>],
    report: &mut Report,
) -> (Vec<RawCell>, Vec<RawCell>) {
    let (mut row, mut aside): (Vec<RawCell>, Vec<RawCell>) = Default::default();
    let mut last = None;
    let name = |i: usize| format!("column `{}`", heads[i].name.text);
    let mut chunks = chunks(line, runs);
    // `explain` numbers the rows, and some mails do.
    if chunks.first().is_some_and(|first| first.end < runs[0].start && is_number(&source[first.span.clone()]))
    {
        chunks.remove(0);
    }
    for (place, chunk) in chunks.iter().enumerate() {
        let following = chunks.get(place + 1).map(|next| column_of(next, runs));
        let column = match within(chunk, runs, following, name) {
            Ok(column) => column,
            Err(diagnostic) => {
                report.push(diagnostic);
                // The steps that follow belong to the call, wherever it stands.
                if source[chunk.span.clone()].ends_with('{') {
                    open[column_of(chunk, runs)] = Some(chunk.span.clone());
                }
                continue;
            }
        };
        let is_second = last.replace(column) == Some(column);
        if is_second && !chunk.remark {
            let message = format!("a second cell in {}", name(column));
            report.push(Diagnostic::new(chunk.span.clone(), message).help(
                "a cell is one operation: the next has a row of its own; within a cell, words are one blank \
                 apart; a remark is written `// remark`",
            ));
            continue;
        }
        let (operation, remark) = if chunk.remark {
            (None, Some(chunk.span.clone()))
        } else {
            let (start, text) = (chunk.span.start, &source[chunk.span.clone()]);
            match remark::after_operation(text) {
                Some(at) => {
                    (Some(start..start + text[..at].trim_end().len()), Some(start + at..chunk.span.end))
                }
                None => (Some(chunk.span.clone()), None),
            }
        };
        if let Some(span) = &remark
            && let Some((column, at)) = swallowed(source, chunk, span, runs, open)
        {
            let message = format!("this looks like an operation of {} in a remark", name(column));
            report.push(Diagnostic::new(at, message).help(
                "two blanks separate a remark from the cell of the next column; if this is a part of the \
                 remark, move it away from the start of the column, or into the brackets",
            ));
        }
        row.extend(operation.and_then(|span| report.ok(raw_cell(source, &span, column, &mut open[column]))));
        if let Some(remark) = remark.and_then(|span| report.ok(remark::cell(source, span, column))) {
            if chunk.remark && !is_second { row.push(remark) } else { aside.push(remark) }
        }
    }
    (row, aside)
}

/// What would be an operation if it were not in a remark: behind the brackets of a remark, or where a column starts. It
/// must not silently have no effect.
fn swallowed(
    source: &str,
    chunk: &Chunk,
    remark: &Span,
    runs: &[Run],
    open: &[Option<Span>],
) -> Option<(usize, Span)> {
    let text = &source[remark.clone()];
    let behind = remark::length(text).map(|length| remark.start + length);
    let mut at = chunk.start;
    source[chunk.span.clone()].char_indices().find_map(|(byte, c)| {
        let (start, place) = (chunk.span.start + byte, at);
        at = advance(at, c);
        if start <= remark.start || c.is_whitespace() {
            return None;
        }
        let is_behind = behind
            .is_some_and(|behind| start >= behind && source[behind..start].chars().all(char::is_whitespace));
        let starts = runs.iter().position(|run| run.start == place);
        let is_word = source[..start].ends_with(char::is_whitespace);
        let column = starts
            .filter(|_| is_word)
            .or_else(|| is_behind.then(|| runs.iter().rposition(|run| run.start <= place).unwrap_or(0)))?;
        let span = start..remark.end;
        is_operation(source, &span, open[column].is_some()).then_some((column, span))
    })
}

/// Whether a text is an operation, or within a call the name of a step or its end.
fn is_operation(source: &str, span: &Span, is_open: bool) -> bool {
    let text = &source[span.clone()];
    if is_open {
        return text == "}" || !text.contains(char::is_whitespace);
    }
    let end = span.start + text.strip_suffix('{').unwrap_or(text).trim_end().len();
    let text = Text::of(source, span.start..end);
    lex::canonical(&text).ok().and_then(|text| cell::parse(&text).ok()).is_some_and(|cell| match cell {
        // A word of English reads like a load of an area.
        Cell::Load { dest: None, place } => place.word.is_some(),
        _ => true,
    })
}

/// A line without the number of its row, which may stand in any column.
fn unnumbered<'s>(line: &Line<'s>, runs: &[Run]) -> Line<'s> {
    let indent = line.text.len() - line.text.trim_start().len();
    let word = line.text[indent..].split(char::is_whitespace).next().unwrap_or_default();
    let end = line.text[..indent + word.len()].chars().fold(0, advance);
    if end < runs[0].start && is_number(word) {
        let after = indent + word.len();
        return Line { start: line.start + after, text: &line.text[after..], ..*line };
    }
    *line
}

/// `1`, `1.`, `(1)`.
fn is_number(text: &str) -> bool {
    let digits = text.trim_start_matches('(').trim_end_matches(['.', ':', ')']);
    !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit())
}

fn raw_cell(
    source: &str,
    span: &Span,
    column: usize,
    open: &mut Option<Span>,
) -> Result<RawCell, Diagnostic> {
    let text = &source[span.clone()];
    let raw = |shape, span: Span| -> Result<RawCell, Diagnostic> {
        let text = Text::of(source, span.clone());
        let text = text.trimmed(0..text.as_str().len());
        let text = lex::canonical(&text).map_err(|wrong| phrases::or(text.as_str(), text.whole(), wrong))?;
        Ok(RawCell { column, shape, text, at: At(span) })
    };
    let wrong = |message: &str| Diagnostic::new(span.clone(), message);
    if text == "}" {
        if open.take().is_none() {
            return Err(wrong("`}` closes nothing")
                .help("a call that spans rows is opened by `{` at the end of its cell, in the same column"));
        }
        return raw(Shape::Close, span.clone());
    }
    if let Some(call) = text.strip_suffix('{') {
        if open.is_some() {
            return Err(wrong("a call inside another call")
                .label("the call above is still open")
                .help("close it with `}` first"));
        }
        *open = Some(span.clone());
        let mut cell = raw(Shape::Open, span.start..span.start + call.trim_end().len())?;
        cell.at = At(span.clone());
        if cell.text.as_str().is_empty() {
            return Err(wrong("`{` opens no call").help("it comes after a call, in the same cell"));
        }
        return Ok(cell);
    }
    if text.contains(['{', '}']) {
        return Err(wrong("a brace in the middle of a cell")
            .help("`{` ends the cell of a call, `}` is a cell of its own"));
    }
    if open.is_some() {
        if text.contains("==") {
            return Err(wrong("a step is written without its result")
                .help(format!("for example, `page_count`; `({text})` is a remark")));
        }
        if text.contains(['=', '[']) {
            return Err(wrong("a call inside another call").label("the call above is still open").help(
                "only steps of the call, such as `gup`, stand between `{` and `}`; close it with `}` before \
                 the next call",
            ));
        }
        return raw(Shape::Anchor, span.clone());
    }
    raw(Shape::Call, span.clone())
}
