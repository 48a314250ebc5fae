//! The canonical form.

use std::fmt::{self, Write};

use cowrace_mm::era::{Release, Toggle};
use cowrace_mm::world::{Environment, Modality};
use cowrace_report::Class;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::scenario::Scenario;
use crate::syntax::{
    AreaDecl, AreaText, Case, EraSet, ExpectDecl, Footer, Grid, Header, MmDecl, RowKind, Shape,
};

/// The number of blanks between columns.
const GAP: usize = 2;

/// The width of a line of a mail.
pub(crate) const WIDTH: usize = 72;

/// Writes a scenario in the canonical form, without comments. Reading it gives an equal scenario.
#[must_use]
pub fn print(scenario: &Scenario) -> String {
    let mut out = String::new();
    let file = &scenario.file;
    // Writing to a string does not fail.
    let _ = header(&mut out, &file.header)
        .and_then(|()| grid(&mut out, &file.grid))
        .and_then(|()| footer(&mut out, &file.footer));
    out
}

fn header(out: &mut String, header: &Header) -> fmt::Result {
    if let Some(name) = &header.name {
        writeln!(out, "race {}", name.text)?;
    }
    if let Some(title) = &header.title {
        writeln!(out, "{}", folded("title", title))?;
    }
    if let Some(subject) = header.subject {
        writeln!(out, "subject {subject}")?;
    }
    for link in &header.links {
        writeln!(out, "link {link}")?;
    }
    for from in &header.from {
        writeln!(out, "{}", folded("from", from))?;
    }
    for note in &header.notes {
        writeln!(out, "{}", folded("note", note))?;
    }
    out.push('\n');
    for decl in &header.mms {
        mm(out, decl)?;
    }
    let environment = environment(header.env.environment);
    if !environment.is_empty() {
        writeln!(out, "env {}", environment.join(", "))?;
    }
    for variant in &header.variants {
        let words: Vec<String> =
            variant.words.iter().map(|(word, text)| format!("${} = {}", word.text, text.as_str())).collect();
        writeln!(out, "variant {} {{ {} }}", variant.name.text, words.join("; "))?;
    }
    out.push('\n');
    Ok(())
}

/// A statement that is a text, in lines no wider than those of a mail where possible: each line has its own quotes.
pub(crate) fn folded(keyword: &str, text: &str) -> String {
    // Blanks next to each other, or at an end of the text, could not be told from the blank that joins two parts.
    let mut units: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match units.last_mut() {
            Some(last) if word.is_empty() || last.is_empty() || last.ends_with(' ') => {
                last.push(' ');
                last.push_str(word);
            }
            _ => units.push(word.to_owned()),
        }
    }
    let mut lines: Vec<String> = Vec::new();
    for unit in units {
        let longer = lines.last().map(|line| format!("{line} {unit}"));
        let longer = longer.filter(|line| keyword.width() + 1 + quoted(line).width() <= WIDTH);
        match (longer, lines.last_mut()) {
            (Some(longer), Some(last)) => *last = longer,
            _ => lines.push(unit),
        }
    }
    let indent = " ".repeat(keyword.width() + 1);
    let lines: Vec<String> = lines.iter().map(|line| quoted(line)).collect();
    format!("{keyword} {}", lines.join(&format!("\n{indent}")))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn mm(out: &mut String, decl: &MmDecl) -> fmt::Result {
    let name = &decl.name.text;
    if let Some(parent) = &decl.parent {
        return writeln!(out, "mm {name} = fork({})", parent.text);
    }
    match decl.areas.as_slice() {
        [] => writeln!(out, "mm {name} {{ }}"),
        [one] => writeln!(out, "mm {name} {{ {} }}", area_text(one)),
        several => {
            writeln!(out, "mm {name} {{")?;
            for one in several {
                writeln!(out, "  {}", area_text(one))?;
            }
            writeln!(out, "}}")
        }
    }
}

fn area_text(text: &AreaText) -> String {
    match text {
        AreaText::Read(decl) => area(decl),
        AreaText::Words(text) => text.as_str().to_owned(),
    }
}

fn area(area: &AreaDecl) -> String {
    let mut text = format!("{}: {}", area.name.text, area.kind.text);
    for attr in &area.attrs {
        text.push(' ');
        text.push_str(&attr.name.text);
        if let Some(columns) = &attr.columns {
            let names: Vec<&str> = columns.iter().map(|c| c.text.as_str()).collect();
            text.push_str(&format!("({})", names.join(", ")));
        }
    }
    if area.words != [0, 0] {
        text.push_str(&format!(" = {}, {}", area.words[0], area.words[1]));
    }
    text
}

/// The words after `env`, as they are written in a file; none if the environment does nothing.
#[must_use]
pub fn environment(environment: Environment) -> Vec<String> {
    let words = [
        (environment.lru_drain, "lru_drain".to_owned()),
        (environment.spec_ref, "spec_ref".to_owned()),
        (environment.tlb_evict, "tlb_evict".to_owned()),
        (environment.reclaim > 0, format!("reclaim<={}", environment.reclaim)),
        (environment.page_reuse, "page_reuse".to_owned()),
    ];
    words.into_iter().filter(|(may, _)| *may).map(|(_, word)| word).collect()
}

fn grid(out: &mut String, grid: &Grid) -> fmt::Result {
    let heads: Vec<String> = grid
        .columns
        .iter()
        .map(|head| match &head.mm {
            Some(mm) => format!("{} @{}", head.name.text, mm.text),
            None => head.name.text.clone(),
        })
        .collect();
    // An underline is at least three signs long.
    let mut widths: Vec<usize> = heads.iter().map(|h| h.width().max(3)).collect();
    let mut rows: Vec<Result<Vec<(usize, String)>, String>> = Vec::new();
    for row in &grid.rows {
        rows.push(match &row.what {
            RowKind::Barrier(names) if names.is_empty() => Err("all".to_owned()),
            RowKind::Barrier(names) => {
                Err(names.iter().map(|n| n.text.as_str()).collect::<Vec<_>>().join(" "))
            }
            RowKind::Cells(cells) => Ok(cells
                .iter()
                .enumerate()
                .map(|(place, cell)| {
                    let text = cell.text.as_str();
                    let text = match cell.shape {
                        Shape::Call | Shape::Remark => text.to_owned(),
                        Shape::Open => format!("{text} {{"),
                        Shape::Anchor => format!("  {text}"),
                        Shape::Close => "}".to_owned(),
                    };
                    // A remark with nothing after it may run over the columns to its right.
                    if cell.shape != Shape::Remark || place + 1 < cells.len() {
                        widths[cell.column] = widths[cell.column].max(text.width());
                    }
                    (cell.column, text)
                })
                .collect()),
        });
    }
    let start = |widths: &[usize], column: usize| widths[..column].iter().map(|w| w + GAP).sum::<usize>();
    for column in 1..widths.len() {
        let cells = || rows.iter().flatten().flatten().filter(|cell| cell.0 < column);
        while cells().any(|(of, text)| word_begins(text, start(&widths, column) - start(&widths, *of))) {
            widths[column - 1] += 1;
        }
    }
    let line = |cells: &mut dyn Iterator<Item = (usize, String)>| {
        let mut line = String::new();
        let mut at = 0;
        for (column, text) in cells {
            let start = start(&widths, column);
            line.extend(std::iter::repeat_n(' ', start - at));
            at = start + text.width();
            line.push_str(&text);
        }
        line
    };
    writeln!(out, "{}", line(&mut heads.iter().cloned().enumerate()))?;
    writeln!(out, "{}", line(&mut widths.iter().map(|w| "=".repeat(*w)).enumerate()))?;
    for row in rows {
        match row {
            Ok(cells) => writeln!(out, "{}", line(&mut cells.into_iter()))?,
            Err(names) => writeln!(out, "=== {names} ===")?,
        }
    }
    Ok(())
}

/// Whether a word of a text that runs over further columns begins at this place, where it would be taken for a cell.
fn word_begins(text: &str, place: usize) -> bool {
    let (mut at, mut blank) = (0, false);
    text.chars().any(|c| {
        let begins = at == place && blank && c != ' ';
        (blank, at) = (c == ' ', at + c.width().unwrap_or(0));
        begins
    })
}

fn footer(out: &mut String, footer: &Footer) -> fmt::Result {
    if *footer != Footer::default() {
        out.push('\n');
    }
    for predicate in &footer.predicates {
        let word = match predicate.modality {
            Modality::Always => "always",
            Modality::Never => "never",
        };
        write!(out, "{word} {}", predicate.text.as_str())?;
        if predicate.class != Class::Assertion {
            write!(out, " else {}", predicate.class)?;
        }
        out.push('\n');
    }
    for promise in &footer.promises {
        writeln!(out, "promise {}", promise.as_str())?;
    }
    for window in &footer.windows {
        writeln!(out, "window {}", window.as_str())?;
    }
    for expects in &footer.expects {
        expect(out, expects)?;
    }
    Ok(())
}

fn expect(out: &mut String, expect: &ExpectDecl) -> fmt::Result {
    out.push_str("expect ");
    let variant = expect.variant.as_ref().map(|variant| format!("variant {}", variant.text));
    let of: Vec<String> = variant.into_iter().chain(expect.arch.map(|arch| format!("arch {arch}"))).collect();
    if !of.is_empty() {
        write!(out, "{}: ", of.join(" "))?;
    }
    let mut parts: Vec<String> = expect.cases.iter().map(case).collect();
    parts.extend(expect.otherwise.map(|outcome| format!("else {outcome}")));
    writeln!(out, "{}", parts.join("; "))
}

fn case(case: &Case) -> String {
    let eras: Vec<String> = case
        .eras
        .iter()
        .map(|set| match set {
            EraSet::Kernel(name) => name.clone(),
            EraSet::Own(name) => format!("\"{name}\""),
            EraSet::Range(first, last) => {
                let bound = |bound: &Option<Release>| bound.map(|tag| tag.to_string()).unwrap_or_default();
                format!("{}..{}", bound(first), bound(last))
            }
        })
        .collect();
    let mut text = eras.join(", ");
    for toggle in &case.toggles {
        match toggle {
            Toggle::With(id) => text.push_str(&format!(" with {id}")),
            Toggle::Without(id) => text.push_str(&format!(" without {id}")),
            Toggle::Set(key, value) => text.push_str(&format!(" set {key}={value}")),
        }
    }
    format!("{text} {}", case.outcome)
}
