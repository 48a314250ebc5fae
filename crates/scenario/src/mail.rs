//! The text around a diagram in a mail.

use crate::diagnostic::Diagnostic;
use crate::heading::Heading;
use crate::line_kind::{FOOTER, HEADER, Kind};
use crate::nearest::did_you_mean;
use crate::text::{Line, trim};

/// The largest number of lines above the columns that are neither statements nor misspelt statements: more are
/// prose.
const MOST_STRAY: usize = 3;

/// The smallest number of words in a line that can be a sentence.
const SENTENCE: usize = 4;

/// A line this long is prose, not a remark in a diagram.
const LONG: usize = 40;

/// One error for prose around the diagram, instead of one for each of its lines.
pub(crate) fn around(
    source: &str,
    lines: &[Line<'_>],
    kinds: &[Kind],
    heading: Option<&Heading>,
) -> Option<Diagnostic> {
    let above = heading.map_or(lines.len(), Heading::start);
    let stray = |at: &usize| kinds[*at] == Kind::Text && !is_misspelt(&lines[*at]);
    let strays: Vec<usize> = (0..above).filter(stray).collect();
    let sentence = strays.iter().copied().find(|&at| is_sentence(&lines[at]));
    let first = sentence.or_else(|| strays.get(MOST_STRAY).and(strays.first().copied()));
    let Some(heading) = heading else {
        return first.map(|at| {
            Diagnostic::new(trim(source, lines[at].span()), "this text has no diagram").help(
                "a diagram has a line with the names of the columns, two blanks or tabs apart, and below it \
                 rows of cells; `cowrace list --calls` prints what a cell can be",
            )
        });
    };
    let below = (heading.end()..lines.len()).take_while(|&at| kinds[at] != Kind::Footer).find(|&at| {
        let paragraph =
            kinds[at] != Kind::Blank && at.checked_sub(1).is_some_and(|before| lines[before].is_blank());
        paragraph && lines[at].text.trim_end().len() > LONG && is_sentence(&lines[at])
    });
    let at = first.or(below)?;
    let last = (heading.end()..below.unwrap_or(lines.len())).rev().find(|&at| !lines[at].is_blank());
    let rows = match last.map(|last| lines[last].number) {
        Some(last) if below.is_some() => format!("up to line {last}"),
        _ => "with its rows".to_owned(),
    };
    Some(Diagnostic::new(trim(source, lines[at].span()), "this is the text of a mail, not a scenario").help(
        format!(
            "cut the diagram out, from line {} {rows}; put `race NAME` and memory, as \
             `mm A {{ buf: anon }}`, above it, and what must be true, as `always r == 1`, below it",
            lines[heading.start()].number
        ),
    ))
}

/// Whether a line begins with what may be a misspelt statement.
fn is_misspelt(line: &Line<'_>) -> bool {
    did_you_mean(line.keyword(), HEADER.into_iter().chain(FOOTER).chain(["variant"])).is_some()
}

/// Whether a line is prose: several words that are one blank apart, and hardly anything else.
fn is_sentence(line: &Line<'_>) -> bool {
    let text = line.text.trim();
    let at_margin = !line.text.starts_with(char::is_whitespace);
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_word = |word: &&&str| {
        let word = word.trim_matches(|c: char| c.is_ascii_punctuation());
        !word.is_empty() && word.chars().all(|c| c.is_alphabetic() || matches!(c, '\'' | '-' | '\u{2019}'))
    };
    // Cells in columns are further apart.
    let apart = text.contains('\t') || text.replace(['.', ':', ',', '!', '?'], "").contains("   ");
    at_margin
        && !apart
        && words.len() >= SENTENCE
        && words.iter().filter(is_word).count() * 10 >= words.len() * 7
}
