//! Cuts a file into header statements, the diagram, and footer statements.

use crate::diagnostic::{Diagnostic, Report, Span};
use crate::heading;
use crate::lex::Name;
use crate::line_kind::{FOOTER, HEADER, Kind, VARIANT, braces, is_assignment, is_header, kinds};
use crate::mail;
use crate::nearest::{choose, quote};
use crate::text::{Line, Text, lines, trim};

/// A statement: a keyword and the rest, including continuation lines.
#[derive(Debug)]
pub(crate) struct Statement {
    pub(crate) keyword: Name,
    pub(crate) body: Text,
    /// From the keyword to the end of the last line, without a comment.
    pub(crate) span: Span,
}

/// The three parts of a file.
#[derive(Debug, Default)]
pub(crate) struct Parts<'s> {
    pub(crate) header: Vec<Statement>,
    /// The lines with the names of the columns.
    pub(crate) names: Vec<Line<'s>>,
    /// The line that underlines them, if there is one.
    pub(crate) underline: Option<Line<'s>>,
    pub(crate) rows: Vec<Line<'s>>,
    pub(crate) footer: Vec<Statement>,
    /// Where the diagram begins and ends in the file, the names of the columns included.
    pub(crate) diagram: Span,
    /// Where the scenario ends in the file.
    pub(crate) end: usize,
    /// The file is not a scenario, which has been reported: no more errors need to be searched for.
    pub(crate) refused: bool,
}

/// Cuts a file into its parts.
pub(crate) fn scan<'s>(source: &'s str, report: &mut Report) -> Parts<'s> {
    let lines = lines(source);
    let kinds = kinds(&lines);
    let heading = heading::find(&lines, &kinds);
    if let Some(diagnostic) = mail::around(source, &lines, &kinds, heading.as_ref()) {
        report.push(diagnostic);
        return Parts { refused: true, diagram: source.len()..source.len(), ..Parts::default() };
    }
    let Some(heading) = heading else { return without_heading(source, &lines, &kinds, report) };
    if let (true, Some(underline)) = (heading.names.is_empty(), heading.underline) {
        report.push(
            Diagnostic::new(trim(source, lines[underline].span()), "the columns have no names")
                .help("the line above the `====` names the columns; for example, `thread0 @A`"),
        );
    }
    let (above, rows) = (heading.start(), heading.end());
    let below = lines[rows..].iter().position(|l| FOOTER.contains(&l.keyword()) && !is_assignment(l));
    let end = below.map_or(lines.len(), |b| rows + b);
    let file_end = lines.last().map_or(0, |line| line.start + line.text.len());
    let file_end = source[file_end..].find('\n').map_or(source.len(), |newline| file_end + newline + 1);
    let begin = |at: usize| lines.get(at).map_or(file_end, |l| l.begin);
    Parts {
        header: statements(source, &lines[..above], true, report),
        names: lines[heading.names].to_vec(),
        underline: heading.underline.map(|at| lines[at]),
        rows: lines[rows..end].to_vec(),
        footer: statements(source, &lines[end..], false, report),
        diagram: begin(above)..begin(end),
        end: file_end,
        refused: false,
    }
}

/// Rows cannot be read without columns: only the header can.
fn without_heading<'s>(
    source: &'s str,
    lines: &[Line<'s>],
    kinds: &[Kind],
    report: &mut Report,
) -> Parts<'s> {
    let stranger = kinds.iter().position(|kind| *kind == Kind::Text);
    let help = "write the names of the columns in one line, at least two blanks apart, and `====` below \
         each name, where its cells start; for example, `thread0 @A  thread1 @A`";
    let diagnostic = match stranger {
        Some(i) => Diagnostic::new(trim(source, lines[i].span()), "these are not the names of columns")
            .label("are these the columns?"),
        None => Diagnostic::new(source.len()..source.len(), "the file has no columns"),
    };
    report.push(diagnostic.help(help));
    let footer = kinds.iter().position(|kind| *kind == Kind::Footer).unwrap_or(lines.len());
    let header = &lines[..stranger.unwrap_or(footer).min(footer)];
    Parts {
        header: statements(source, header, true, report),
        diagram: source.len()..source.len(),
        ..Parts::default()
    }
}

fn statements(source: &str, lines: &[Line<'_>], header: bool, report: &mut Report) -> Vec<Statement> {
    let mut statements: Vec<Statement> = Vec::new();
    let mut depth = 0;
    // The continuation of a refused line is refused with it.
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
                            "an indented line continues the statement above it, but there is no statement \
                             above",
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
            .help("header statements go above the columns");
    }
    if FOOTER.contains(&keyword) {
        return Diagnostic::new(at, format!("`{keyword}` above the columns"))
            .help("predicates, promises, windows and expectations go below the columns");
    }
    let words: Vec<&str> =
        if header { HEADER.iter().copied().chain([VARIANT]).collect() } else { FOOTER.to_vec() };
    let help = choose(keyword, if header { "header statements are" } else { "footer statements are" }, words);
    Diagnostic::new(at, format!("unknown statement {}", quote(keyword))).maybe_help(help)
}
