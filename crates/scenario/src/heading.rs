//! The heading of a diagram: which lines name the columns, and where the columns stand.

use unicode_width::UnicodeWidthChar;

use crate::diagnostic::{Diagnostic, Report, Span};
use crate::lex::{self, MAX_WORD, Name};
use crate::line_kind::Kind;
use crate::nearest::quote;
use crate::remark;
use crate::syntax::{Head, RawCell};
use crate::text::{Line, Text};

/// Width of a tab.
pub(crate) const TAB: usize = 8;

/// The signs that an underline may consist of.
const UNDERLINES: [char; 4] = ['=', '-', '~', '_'];

/// The largest number of lines of a heading.
const MAX_LINES: usize = 3;

/// The largest number of words in a name without an underline.
const MAX_WORDS: usize = 3;

/// Where a column stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// The lines of a heading, by their places among the lines of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Heading {
    /// Those with names, from top to bottom; none above an underline that stands alone.
    pub(crate) names: Span,
    pub(crate) underline: Option<usize>,
}

impl Heading {
    /// The first line of the heading.
    pub(crate) fn start(&self) -> usize {
        self.names.start
    }

    /// The first line below it.
    pub(crate) fn end(&self) -> usize {
        self.underline.map_or(self.names.end, |underline| underline + 1)
    }
}

/// The display column after a character.
pub(crate) fn advance(column: usize, c: char) -> usize {
    match c {
        '\t' => (column / TAB + 1) * TAB,
        c => column + c.width().unwrap_or(0),
    }
}

/// Finds the heading. A line of `=` is always an underline, whatever stands above it; other signs make one only
/// below names.
pub(crate) fn find(lines: &[Line<'_>], kinds: &[Kind]) -> Option<Heading> {
    let of = |sign: char| (0..lines.len()).filter(move |&at| is_underline(&lines[at], sign));
    let named = |sign: char| of(sign).find_map(|at| above(lines, kinds, at));
    if let Some(heading) = UNDERLINES.into_iter().find_map(named) {
        return Some(heading);
    }
    if let Some(underline) = of('=').next() {
        let names = underline.checked_sub(1).filter(|&at| !lines[at].is_blank() && !lines[at].is_comment());
        let names = names.map_or(underline..underline, |at| at..underline);
        return Some(Heading { names, underline: Some(underline) });
    }
    let footer = kinds.iter().position(|kind| *kind == Kind::Footer).unwrap_or(lines.len());
    let bare = (0..footer).find(|&at| kinds[at] == Kind::Text && is_bare(&lines[at]))?;
    Some(Heading { names: bare..bare + 1, underline: None })
}

/// Whether a line consists only of runs of a sign, at least one of them three signs long.
fn is_underline(line: &Line<'_>, sign: char) -> bool {
    let all = line.text.chars().all(|c| c == sign || c.is_whitespace());
    all && line.text.contains([sign; 3].iter().collect::<String>().as_str())
}

/// The heading over an underline, if each of its runs has a name.
fn above(lines: &[Line<'_>], kinds: &[Kind], underline: usize) -> Option<Heading> {
    let runs = runs(lines[underline].text);
    let mut first = underline;
    for lower in 0..MAX_LINES {
        first = first.checked_sub(1)?;
        let line = &lines[first];
        if line.is_blank() || line.is_comment() || lower > 0 && kinds[first] == Kind::Statement {
            return None;
        }
        let pieces = pieces(line);
        let names: Vec<&Piece<'_>> = pieces.iter().filter(|p| !remark::begins(p.text)).collect();
        let full = names.len() == runs.len()
            && names
                .iter()
                .zip(&runs)
                .all(|(name, run)| name.run.start < run.end && run.start < name.run.end)
            && names.iter().all(|name| is_head(name.text));
        if full {
            return Some(Heading { names: first..underline, underline: Some(underline) });
        }
        // A continuation of the names above stands over the same runs.
        let continues = |p: &Piece<'_>| runs.iter().any(|r| p.run.start < r.end && r.start < p.run.end);
        if !pieces.iter().all(|p| remark::begins(p.text) || continues(p) && is_name(bare_name(p.text).0)) {
            return None;
        }
    }
    None
}

/// Whether a line can only be names of columns, although there is no underline.
fn is_bare(line: &Line<'_>) -> bool {
    let pieces = pieces(line);
    let few = |text: &str| text.split_whitespace().filter(|word| !word.starts_with('@')).count() <= MAX_WORDS;
    let names: Vec<&Piece<'_>> = pieces.iter().filter(|p| !remark::begins(p.text)).collect();
    names.iter().all(|name| is_head(name.text) && few(name.text))
        && (names.len() > 1 || names.iter().any(|name| name.text.contains('@')))
}

/// The runs of an underline.
fn runs(text: &str) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut column = 0;
    let mut inside = false;
    for c in text.chars() {
        let next = advance(column, c);
        match runs.last_mut() {
            Some(run) if inside && !c.is_whitespace() => run.end = next,
            _ if !c.is_whitespace() => runs.push(Run { start: column, end: next }),
            _ => {}
        }
        inside = !c.is_whitespace();
        column = next;
    }
    runs
}

/// Words that are one blank apart.
#[derive(Debug)]
struct Piece<'s> {
    run: Run,
    span: Span,
    text: &'s str,
}

fn pieces<'s>(line: &Line<'s>) -> Vec<Piece<'s>> {
    let mut pieces: Vec<Piece<'s>> = Vec::new();
    let (mut column, mut blanks) = (0, 2);
    for (at, c) in line.text.char_indices() {
        let next = advance(column, c);
        if c.is_whitespace() {
            blanks += if c == '\t' { 2 } else { 1 };
        } else {
            let (start, end) = (line.start + at, line.start + at + c.len_utf8());
            match pieces.last_mut() {
                Some(last) if blanks < 2 => {
                    last.run.end = next;
                    last.span.end = end;
                }
                _ => pieces.push(Piece { run: Run { start: column, end: next }, span: start..end, text: "" }),
            }
            blanks = 0;
        }
        column = next;
    }
    for piece in &mut pieces {
        piece.text = &line.text[piece.span.start - line.start..piece.span.end - line.start];
    }
    pieces
}

/// A name without what mails add to it: a colon, and a remark after it. The second value is where the remark
/// begins.
fn bare_name(text: &str) -> (&str, Option<usize>) {
    let remark = text.match_indices(['(', '[', '<']).map(|(at, _)| at).find(|&at| {
        at > 0
            && text[at..].ends_with([')', ']', '>'])
            && remark::length(&text[at..]) == Some(text.len() - at)
    });
    let name = remark.map_or(text, |at| &text[..at]).trim_end();
    (without_colon(name), remark)
}

fn without_colon(name: &str) -> &str {
    let name = name.trim_end();
    name.strip_suffix(':').unwrap_or(name).trim_end()
}

fn is_head(text: &str) -> bool {
    let (text, _) = bare_name(text);
    match text.split_once('@') {
        Some((name, mm)) => is_name(without_colon(name)) && lex::is_word(mm.trim()),
        None => is_name(text),
    }
}

fn is_name(text: &str) -> bool {
    text.len() <= MAX_WORD
        && text.starts_with(char::is_alphabetic)
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | ' '))
}

/// The content of a heading.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    pub(crate) heads: Vec<Head>,
    pub(crate) runs: Vec<Run>,
    /// The remarks beside the names, as cells of a row of their own.
    pub(crate) remarks: Vec<RawCell>,
}

/// Where the columns of a heading stand.
pub(crate) fn columns_of(names: &[Line<'_>], underline: Option<&Line<'_>>) -> Vec<Run> {
    match (underline, names.first()) {
        (Some(underline), _) => runs(underline.text),
        (None, Some(names)) => {
            pieces(names).iter().filter(|p| !remark::begins(p.text)).map(|p| p.run).collect()
        }
        (None, None) => Vec::new(),
    }
}

/// Reads a heading whose columns stand at these places.
pub(crate) fn read(
    source: &str,
    names: &[Line<'_>],
    underlined: bool,
    runs: Vec<Run>,
    report: &mut Report,
) -> Columns {
    let before = report.len();
    let mut columns = Columns { runs, ..Columns::default() };
    let mut heads: Vec<Option<Head>> = vec![None; columns.runs.len()];
    for (depth, line) in names.iter().enumerate() {
        let pieces = pieces(line);
        // With as many names as underlines, each name belongs to the underline below it, wherever it begins.
        let pairs = pieces.len() == columns.runs.len()
            && pieces.iter().zip(&columns.runs).all(|(p, r)| p.run.start < r.end && r.start < p.run.end);
        for (place, piece) in pieces.into_iter().enumerate() {
            let over = columns.runs.iter().position(|r| piece.run.start < r.end && r.start < piece.run.end);
            let within =
                columns.runs.iter().position(|r| r.start <= piece.run.start && piece.run.start < r.end);
            let at = if pairs { Some(place) } else { within.or(over.filter(|_| depth > 0)) };
            if remark::begins(piece.text) {
                let nearest = columns.runs.iter().rposition(|r| r.start <= piece.run.start).unwrap_or(0);
                let column = at.unwrap_or(nearest);
                columns.remarks.extend(report.ok(remark::cell(source, piece.span, column)));
                continue;
            }
            let Some(column) = at else {
                report.push(
                    Diagnostic::new(piece.span, "this name is not above a column").help(
                        "every name stands above its run of `====`, where the cells of its column start",
                    ),
                );
                continue;
            };
            let (name, remark) = bare_name(piece.text);
            if let Some(at) = remark {
                let span = piece.span.start + at..piece.span.end;
                columns.remarks.extend(report.ok(remark::cell(source, span, column)));
            }
            if depth > 0 {
                if let Some(head) = &mut heads[column] {
                    head.name.text = format!("{} {name}", head.name.text);
                    if !is_name(&head.name.text) {
                        report.push(Diagnostic::new(piece.span, "the name of this column is too long"));
                    }
                }
                continue;
            }
            if heads[column].is_some() {
                report.push(
                    Diagnostic::new(piece.span, "two names above one column")
                        .help("words of one name are separated by single blanks"),
                );
                continue;
            }
            let span = piece.span.start..piece.span.start + name.len();
            let run = &mut columns.runs[column];
            if underlined {
                run.start = run.start.min(piece.run.start);
                run.end = run.end.max(piece.run.end);
            }
            heads[column] = report.ok(head(source, span, run.start));
        }
    }
    if report.len() == before {
        unnamed(names, &heads, report);
    }
    columns.heads = heads.into_iter().flatten().collect();
    for (i, head) in columns.heads.iter().enumerate() {
        if columns.heads[..i].iter().any(|h| key(&h.name.text) == key(&head.name.text)) {
            let message = format!("two columns are called {}", quote(&head.name.text));
            report.push(Diagnostic::new(head.name.at.clone(), message));
        }
    }
    columns.remarks.sort_by_key(|cell| (cell.column, cell.at.0.start));
    columns
}

fn unnamed(names: &[Line<'_>], heads: &[Option<Head>], report: &mut Report) {
    for (i, _) in heads.iter().enumerate().filter(|(_, head)| head.is_none()) {
        let at = names.first().map_or(0..0, Line::span);
        report.push(
            Diagnostic::new(at, format!("column {} has no name", i + 1))
                .help("write a name above the start of every run of `====`"),
        );
    }
}

fn head(source: &str, span: Span, start: usize) -> Result<Head, Diagnostic> {
    let text = Text::of(source, span.clone());
    let mut parts = text.split(&['@']).into_iter();
    let name = parts.next().unwrap_or_default();
    let name = name.trimmed(0..without_colon(name.as_str()).len());
    let mm = parts.next();
    if let Some(more) = parts.next() {
        return Err(Diagnostic::new(more.whole(), "a column runs in one mm"));
    }
    if !is_name(name.as_str()) {
        return Err(Diagnostic::new(span, format!("{} is not the name of a column", quote(name.as_str())))
            .help("a name consists of words of letters, digits, `_` and `-`, and starts with a letter"));
    }
    if key(name.as_str()) == "all" {
        return Err(Diagnostic::new(span, "`all` means every column").help("give this column another name"));
    }
    let mm = match mm {
        Some(mm) if lex::is_word(mm.as_str()) => Some(Name::new(mm.as_str(), mm.whole())),
        Some(_) => {
            return Err(Diagnostic::new(span, "expected the name of an mm after `@`")
                .help("for example, `thread0 @A`"));
        }
        None => None,
    };
    Ok(Head { name: Name::new(name.as_str(), name.whole()), mm, start })
}

/// The common form of all spellings of a column name: blanks may be written `_` or `-`.
pub(crate) fn key(name: &str) -> String {
    name.replace([' ', '-'], "_")
}
