//! Lowers the parsed file to a [`World`] for each variant.

mod arguments;
mod calls;
mod environment;
mod flags;
mod names;
mod points;
mod predicates;
mod promises;
mod scope;
mod steps;
pub(crate) mod substitute;
mod windows;

use cowrace_mm::World;

use crate::area;
use crate::cell::{self, Cell};
use crate::diagnostic::{Diagnostic, Report, Span};
use crate::syntax::{AreaText, File, RawCell, RowKind, Shape, VariantDecl};
use crate::text::Text;
use crate::variant::Variant;

use self::names::Names;
use self::points::Finder;
use self::scope::Scope;

/// A failure, or nothing if its cause has been reported.
type Found<T> = Result<T, Option<Diagnostic>>;

/// A cell with its words replaced, and parsed unless it is an anchor or a brace.
#[derive(Debug)]
struct Read<'f> {
    row: usize,
    line: usize,
    raw: &'f RawCell,
    text: Text,
    cell: Option<Cell>,
}

impl Read<'_> {
    fn span(&self) -> Span {
        self.raw.at.0.clone()
    }
}

/// One call of the diagram, with its names resolved.
#[derive(Debug)]
struct Made {
    spec: cowrace_mm::world::CallSpec,
    actor: usize,
    cell: Cell,
    text: Text,
    /// The anchors drawn within it.
    anchors: Vec<String>,
}

/// Lowers every variant of a file.
pub(crate) fn lower(file: &File, report: &mut Report) -> Vec<Variant> {
    let none: [Option<&VariantDecl>; 1] = [None];
    let some: Vec<Option<&VariantDecl>> = file.header.variants.iter().map(Some).collect();
    let list = if some.is_empty() { &none[..] } else { &some[..] };
    list.iter()
        .filter_map(|decl| if report.is_full() { None } else { variant(file, *decl, report) })
        .collect()
}

fn variant(file: &File, decl: Option<&VariantDecl>, report: &mut Report) -> Option<Variant> {
    let before = report.len();
    let resolved = areas(file, decl, report);
    let file = resolved.as_ref().unwrap_or(file);
    let cells = read(file, decl, report);
    let names = Names::collect(file, &cells, report);
    let (made, diagram, barriers, steps) = steps::lower(file, &cells, &names, report);
    let mut actors: Vec<_> = (file.grid.columns.iter().zip(steps).zip(&names.columns))
        .map(|((head, steps), column)| cowrace_mm::world::ActorSpec {
            name: head.name.text.clone(),
            mm: column.mm,
            steps,
        })
        .collect();
    let areas = names.areas(file, report);
    let full = |m: &Made| Scope { names: &names, column: m.actor }.in_full(&m.cell, m.text.as_str());
    let mut texts: Vec<String> = made.iter().map(full).collect();
    environment::add(&file.header.env, &names, &areas, &mut actors, &mut texts, report);
    let predicates = predicates::lower(file, decl, &names, report);
    // A cell that could not be read may be the call that a point names.
    let (coherent, windows) = if report.len() == before && !file.grid.damaged {
        let finder = Finder::new(&names, &made, &actors, &texts);
        (promises::lower(file, decl, &finder, report), windows::lower(file, decl, &finder, report))
    } else {
        (Vec::new(), Vec::new())
    };
    if made.is_empty()
        && report.len() == before
        && let Some(remark) = cells.iter().find(|read| read.raw.shape == Shape::Remark)
    {
        report
            .push(Diagnostic::new(remark.span(), "every cell is a remark, so there is nothing to check").help(
            "write at least one operation, such as `buf[0] = 1`; `cowrace list --calls` prints all of them",
        ));
    }
    if report.len() > before {
        return None;
    }
    let world = World {
        name: file.header.name.as_ref().map(|n| n.text.clone()).unwrap_or_default(),
        mms: names.mms,
        areas,
        variables: names.variables.into_iter().map(|v| v.name).collect(),
        actors,
        barriers,
        predicates,
        coherent,
        windows,
        environment: file.header.env.environment,
    };
    Some(Variant::new(decl.map(|d| d.name.text.clone()), world, diagram, texts))
}

/// The file with the words in its areas replaced, if there are any.
fn areas(file: &File, decl: Option<&VariantDecl>, report: &mut Report) -> Option<File> {
    let has_words = |area: &AreaText| matches!(area, AreaText::Words(_));
    if !file.header.mms.iter().any(|mm| mm.areas.iter().any(has_words)) {
        return None;
    }
    let mut resolved = file.clone();
    let mut damaged = false;
    for area in resolved.header.mms.iter_mut().flat_map(|mm| &mut mm.areas) {
        if let AreaText::Words(text) = area {
            let read =
                substitute::replace(text, decl, &file.header.variants).and_then(|text| area::read(&text));
            match report.ok(read) {
                Some(read) => *area = AreaText::Read(read),
                None => damaged = true,
            }
        }
    }
    resolved.header.damaged |= damaged;
    Some(resolved)
}

/// Replaces words and reads every cell.
fn read<'f>(file: &'f File, decl: Option<&VariantDecl>, report: &mut Report) -> Vec<Read<'f>> {
    let mut cells = Vec::new();
    for (i, row) in file.grid.rows.iter().enumerate() {
        let RowKind::Cells(list) = &row.what else { continue };
        for raw in list {
            if report.is_full() {
                return cells;
            }
            let text = match substitute::replace(&raw.text, decl, &file.header.variants) {
                // A remark has no words to replace.
                _ if raw.shape == Shape::Remark => raw.text.clone(),
                Ok(text) => text,
                Err(diagnostic) => {
                    report.push(diagnostic);
                    raw.text.clone()
                }
            };
            let mut parsed = None;
            // A text that still has a `$` has been reported.
            if matches!(raw.shape, Shape::Call | Shape::Open) && !text.as_str().contains('$') {
                parsed = report.ok(cell::parse(&text));
            }
            cells.push(Read { row: i, line: row.line, raw, text, cell: parsed });
        }
    }
    cells
}
