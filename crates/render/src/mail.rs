//! A violation as a mail for a kernel list: the diagram, what is wrong with it, and the command that replays it. The mail is
//! itself a scenario.

use unicode_width::UnicodeWidthStr as _;

use crate::overlap::MAIL;
use crate::paragraph::{fold, wrap_at};
use crate::walkthrough::{END, below, statements, without_remarks};
use crate::{Execution, Walkthrough, diagnosis, row};

/// Statements that judge an execution or a search, and that a reader of a mail does not need.
const JUDGES: [&str; 3] = ["title", "expect", "window"];

/// What a file with the mail is called in the command.
const FILE: &str = "mail.txt";

/// The text of a mail. No line is wider than 72 columns, but for a cell, or a word, that is wider by itself.
///
/// `kernel` is the kernel with toggles, and `options` are those of `cowrace replay` that follow the name of the file.
#[must_use]
pub fn mail(walkthrough: &Walkthrough, kernel: &str, options: &[String]) -> String {
    let again = format!("With this mail in a file, {FILE}:\n{}", command(options));
    format!("{}\n{again}\n", account(walkthrough, kernel))
}

/// The same without the command: for documents that name the kernel and the file of the scenario.
#[must_use]
pub fn account(walkthrough: &Walkthrough, kernel: &str) -> String {
    let Execution { opening, diagram, .. } = &walkthrough.execution;
    let header = statements(&without_remarks(&diagram.header), &JUDGES);
    let opening = opening.iter().map(|known| format!("#   {}", row::known(known)));
    let header: Vec<String> = header.into_iter().chain(opening).flat_map(|line| folded(&line)).collect();
    let footer: Vec<String> = below(diagram, &JUDGES).iter().flat_map(|line| folded(line)).collect();
    let drawn = walkthrough.execution.numbered(MAIL);
    let wrong = walkthrough.diagnosis.as_ref().map_or_else(diagnosis::nothing, diagnosis::diagnosis);
    let words =
        [Some(format!("Under {kernel}: {wrong}")), walkthrough.nearest.as_ref().map(diagnosis::nearest)];
    let words = words.iter().flatten().map(|words| wrap_at(words, MAIL));
    let blocks = [block(&header), drawn.trim_end().to_owned(), block(&footer), END.to_owned()];
    let blocks = blocks.into_iter().chain(words).filter(|block| !block.is_empty());
    blocks.collect::<Vec<_>>().join("\n\n") + "\n"
}

fn block(lines: &[String]) -> String {
    lines.join("\n").trim_matches('\n').to_owned()
}

/// A statement in lines that are narrow enough; indented lines continue it. What stands in braces is continued behind a
/// semicolon only.
fn folded(line: &str) -> Vec<String> {
    if line.starts_with('#') {
        return fold(line, "#     ");
    }
    if !line.contains('{') {
        return fold(line, "    ");
    }
    let mut lines: Vec<String> = Vec::new();
    for piece in line.split_inclusive("; ").map(str::trim_end) {
        match lines.last_mut() {
            Some(last) if last.width() + 1 + piece.width() <= MAIL => {
                last.push(' ');
                last.push_str(piece);
            }
            Some(_) => lines.push(format!("    {piece}")),
            None => lines.push(piece.to_owned()),
        }
    }
    lines
}

/// The command, in lines that a shell joins.
fn command(options: &[String]) -> String {
    let first = format!("  cowrace replay {FILE} --as-written");
    let mut lines = vec![first];
    for option in options {
        match lines.last_mut() {
            Some(line) if line.width() + 1 + option.width() + 2 <= MAIL => {
                line.push(' ');
                line.push_str(option);
            }
            _ => lines.push(format!("      {option}")),
        }
    }
    lines.join(" \\\n")
}
