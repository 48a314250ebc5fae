//! Cuts a file into header statements, the diagram, and footer statements.

use crate::diagnostic::{Diagnostic, Report, Span};
use crate::lex::Name;
use crate::nearest::{choose, quote};
use crate::text::{Line, Text, lines};

/// Statements above the columns.
pub(crate) const HEADER: [&str; 7] = ["race", "title", "link", "from", "note", "mm", "env"];
/// And the one that the columns depend on least.
const VARIANT: &str = "variant";
/// Statements below the columns.
pub(crate) const FOOTER: [&str; 5] = ["always", "never", "promise", "window", "expect"];

/// A statement: a keyword and what follows, continuation lines included.
#[derive(Debug)]
pub(crate) struct Statement {
    pub(crate) keyword: Name,
    pub(crate) body: Text,
    /// From the keyword to the end of the last line, without a comment.
    pub(crate) span: Span,
}

/// The three parts of a file.
#[derive(Debug)]
pub(crate) struct Parts<'s> {
    pub(crate) header: Vec<Statement>,
    /// The line with the names of the columns.
    pub(crate) names: Option<Line<'s>>,
    /// The line below it.
    pub(crate) underline: Option<Line<'s>>,
    pub(crate) rows: Vec<Line<'s>>,
    pub(crate) footer: Vec<Statement>,
    /// Where the diagram begins and ends in the file, the names of the columns included.
    pub(crate) diagram: Span,
}

/// Cuts a file into its parts.
pub(crate) fn scan<'s>(source: &'s str, report: &mut Report) -> Parts<'s> {
    let lines = lines(source);
    let Some(underline) = lines.iter().position(is_underline) else {
        return without_underline(source, &lines, report);
    };
    let names = underline.checked_sub(1).map(|i| lines[i]).filter(|l| !l.is_blank() && !l.is_comment());
    let above = if names.is_some() { underline - 1 } else { underline };
    if names.is_none() {
        let at = lines[underline].span();
        report.push(
            Diagnostic::new(trim(source, at), "the columns have no names")
                .help("the line above the `====` names the columns, as `thread0 @A`"),
        );
    }
    let below =
        lines[underline + 1..].iter().position(|l| FOOTER.contains(&l.keyword()) && !is_assignment(l));
    let end = below.map_or(lines.len(), |b| underline + 1 + b);
    let file_end = source.len();
    Parts {
        header: statements(source, &lines[..above], true, report),
        names,
        underline: Some(lines[underline]),
        rows: lines[underline + 1..end].to_vec(),
        footer: statements(source, &lines[end..], false, report),
        diagram: lines.get(above).map_or(file_end, |l| l.start)..lines.get(end).map_or(file_end, |l| l.start),
    }
}

/// The underline is what the columns hang on. Without it, the header can be read and no more.
fn without_underline<'s>(source: &'s str, lines: &[Line<'s>], report: &mut Report) -> Parts<'s> {
    let known = |l: &Line<'_>| is_header(l.keyword()) || FOOTER.contains(&l.keyword());
    let mut depth = 0_usize;
    let stranger = lines.iter().position(|l| {
        let inside = depth > 0;
        depth = braces(l.text, depth);
        !l.is_blank() && !l.is_comment() && !inside && !known(l) && !l.text.starts_with(char::is_whitespace)
    });
    let help = "under the names of the columns stands a line of `====`, one run for each column, at which its cells start";
    let diagnostic = match stranger {
        Some(i) => Diagnostic::new(trim(source, lines[i].span()), "no `====` underline follows")
            .label("are these the columns?"),
        None => Diagnostic::new(source.len()..source.len(), "the file has no columns"),
    };
    report.push(diagnostic.help(help));
    let footer = lines.iter().position(|l| FOOTER.contains(&l.keyword())).unwrap_or(lines.len());
    let header = &lines[..stranger.unwrap_or(footer).min(footer)];
    Parts {
        header: statements(source, header, true, report),
        names: None,
        underline: None,
        rows: Vec::new(),
        footer: Vec::new(),
        diagram: source.len()..source.len(),
    }
}

/// Whether a line is nothing but runs of `=`, at least one of them three long.
fn is_underline(line: &Line<'_>) -> bool {
    line.text.contains("===") && line.text.chars().all(|c| c == '=' || c.is_whitespace())
}

/// `window = 1` in the first column is a cell.
fn is_assignment(line: &Line<'_>) -> bool {
    let rest = line.text[line.keyword().len()..].trim_start();
    rest.starts_with('=') && !rest.starts_with("==")
}

fn is_header(word: &str) -> bool {
    HEADER.contains(&word) || word == VARIANT
}

/// A span without the blanks around it.
fn trim(source: &str, span: Span) -> Span {
    let text = &source[span.clone()];
    let start = span.start + (text.len() - text.trim_start().len());
    start..start + text.trim().len()
}

/// Braces that are open behind a line.
fn braces(text: &str, mut depth: usize) -> usize {
    for c in text.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    depth
}

fn statements(source: &str, lines: &[Line<'_>], header: bool, report: &mut Report) -> Vec<Statement> {
    let mut statements: Vec<Statement> = Vec::new();
    let mut depth = 0;
    // What continues a line that was refused is refused with it.
    let mut lost = false;
    for line in lines {
        if report.is_full() {
            break;
        }
        if line.is_blank() || line.is_comment() {
            continue;
        }
        let keyword = line.keyword();
        let known = is_header(keyword) || FOOTER.contains(&keyword);
        let continues = keyword.is_empty() || (depth > 0 && !known);
        let end = line.start + line.uncommented();
        if continues {
            match statements.last_mut() {
                _ if lost => {}
                Some(last) => {
                    last.body.push_instead("\n", end..end);
                    last.body.push_source(source, line.start..end);
                    last.span.end = end;
                    depth = braces(&source[line.start..end], depth);
                }
                None => {
                    let at = trim(source, line.start..end);
                    report.push(
                        Diagnostic::new(
                            at,
                            "an indented line continues the statement above it, and there is none",
                        )
                        .help("statements start at the left margin"),
                    );
                    lost = true;
                }
            }
            continue;
        }
        let at = line.start..line.start + keyword.len();
        let here = if header { is_header(keyword) } else { FOOTER.contains(&keyword) };
        lost = !here;
        depth = 0;
        if here {
            depth = braces(&source[line.start..end], 0);
            statements.push(Statement {
                keyword: Name::new(keyword, at.clone()),
                body: Text::of(source, at.end..end.max(at.end)),
                span: at.start..end,
            });
        } else {
            report.push(misplaced(keyword, at, header));
        }
    }
    statements
}

fn misplaced(keyword: &str, at: Span, header: bool) -> Diagnostic {
    if is_header(keyword) {
        return Diagnostic::new(at, format!("`{keyword}` below the columns"))
            .help("statements of the header stand above the columns");
    }
    if FOOTER.contains(&keyword) {
        return Diagnostic::new(at, format!("`{keyword}` above the columns"))
            .help("predicates, promises, windows and expectations stand below the columns");
    }
    let words: Vec<&str> =
        if header { HEADER.iter().copied().chain([VARIANT]).collect() } else { FOOTER.to_vec() };
    let help = choose(keyword, if header { "the header has" } else { "below the columns stand" }, words);
    Diagnostic::new(at, format!("unknown statement {}", quote(keyword))).maybe_help(help)
}
