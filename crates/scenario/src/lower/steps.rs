//! Lowers rows to the programs of the columns, and to what is drawn.

use cowrace_mm::syscall;
use cowrace_mm::world::{CallSpec, MAX_CALLS, MmId, Step};

use super::names::Names;
use super::scope::Scope;
use super::{Made, Read};
use crate::cell::Cell;
use crate::diagnostic::{Diagnostic, Report, Span};
use crate::diagram;
use crate::nearest::quote;
use crate::syntax::{File, Row, RowKind, Shape};
use crate::{anchors, unknown};

/// The largest `#n` after an anchor.
const MAX_NTH: usize = 99;

/// The largest number of barriers in a scenario; engines number them in a byte.
const MAX_BARRIERS: usize = 100;

/// The state of a column while its rows are lowered.
#[derive(Debug, Default)]
struct State {
    steps: Vec<Step>,
    /// The index of the call that is still open, if its cell could be read.
    open: Option<Option<usize>>,
    exited: bool,
    /// Calls that wait until a process exists, each with the mm of that process.
    waits: Vec<(MmId, Span)>,
}

type Lowered = (Vec<Made>, Vec<diagram::Cell>, Vec<Vec<usize>>, Vec<Vec<Step>>);

/// Lowers every row.
pub(super) fn lower(file: &File, cells: &[Read<'_>], names: &Names, report: &mut Report) -> Lowered {
    let mut states: Vec<State> = Vec::new();
    states.resize_with(names.columns.len(), State::default);
    let mut made = Vec::new();
    let mut drawn = Vec::new();
    let mut barriers = Vec::new();
    let mut cells = cells.iter().peekable();
    for (i, row) in file.grid.rows.iter().enumerate() {
        if let RowKind::Barrier(list) = &row.what {
            let members = match members(list, row, names, &states) {
                Ok(members) => members,
                Err(diagnostic) => {
                    report.push(diagnostic);
                    continue;
                }
            };
            let index = barriers.len();
            if index == MAX_BARRIERS {
                report.push(
                    Diagnostic::new(row.span.clone(), "too many barriers")
                        .help(format!("a scenario has at most {MAX_BARRIERS}")),
                );
                break;
            }
            for &member in &members {
                states[member].steps.push(Step::Barrier(index));
            }
            let words: Vec<&str> = list.iter().map(|n| n.text.as_str()).collect();
            drawn.push(diagram::Cell {
                row: i,
                line: row.line,
                span: row.span.clone(),
                column: members[0],
                kind: diagram::CellKind::Barrier(index),
                text: format!(
                    "=== {} ===",
                    if words.is_empty() { "all".to_owned() } else { words.join(" ") }
                ),
            });
            barriers.push(members);
            continue;
        }
        while let Some(read) = cells.next_if(|c| c.row == i) {
            match cell(read, names, &mut states[read.raw.column], &mut made) {
                Ok(Some(kind)) => drawn.push(diagram::Cell {
                    row: i,
                    line: read.line,
                    span: read.span(),
                    column: read.raw.column,
                    kind,
                    text: read.text.as_str().to_owned(),
                }),
                Ok(None) | Err(None) => {}
                Err(Some(diagnostic)) => report.push(diagnostic),
            }
        }
    }
    (made, drawn, barriers, states.into_iter().map(|s| s.steps).collect())
}

fn members(
    list: &[crate::lex::Name],
    row: &Row,
    names: &Names,
    states: &[State],
) -> Result<Vec<usize>, Diagnostic> {
    let members: Vec<usize> = if list.is_empty() {
        (0..names.columns.len()).collect()
    } else {
        list.iter().map(|n| names.column(n)).collect::<Result<_, _>>()?
    };
    let wrong = |message: String| Diagnostic::new(row.span.clone(), message);
    if members.len() < 2 {
        return Err(wrong("a barrier for one column has no effect".to_owned())
            .help("name all columns that meet there, or remove the barrier"));
    }
    if let Some(&member) = members.iter().find(|&&m| states[m].open.is_some()) {
        return Err(wrong(format!(
            "this barrier cannot be met: `{}` is within a call",
            names.columns[member].name
        ))
        .help("close the call with `}` above the barrier, or remove the column from the barrier"));
    }
    let mut sorted = members;
    sorted.sort_unstable();
    Ok(sorted)
}

fn cell(
    read: &Read<'_>,
    names: &Names,
    state: &mut State,
    made: &mut Vec<Made>,
) -> super::Found<Option<diagram::CellKind>> {
    match read.raw.shape {
        Shape::Close => {
            let open = state.open.take().flatten();
            return Ok(open.map(|i| diagram::CellKind::Close(made[i].spec.id)));
        }
        Shape::Remark => return Ok(Some(diagram::CellKind::Remark)),
        Shape::Anchor => return anchor(read, state, made),
        Shape::Open => state.open = Some(None),
        Shape::Call => {}
    }
    let Some(cell) = &read.cell else { return Err(None) };
    if state.exited {
        return Err(Some(
            Diagnostic::new(
                read.span(),
                format!("column `{}` has exited", names.columns[read.raw.column].name),
            )
            .help("`exit()` must be the last cell of a column"),
        ));
    }
    let (dest, call) = Scope { names, column: read.raw.column }.lower(cell)?;
    if let Some(child) = call.child()
        && let Some((_, at)) = state.waits.iter().find(|(mm, _)| *mm == child)
    {
        let child = &names.mms[child].name;
        let message = format!(
            "this waits for the process of {}, which the same column forks only further down",
            quote(child)
        );
        let help = format!(
            "write it below `{child} = fork()`, or in another column, where it waits until the fork has ended"
        );
        return Err(Some(Diagnostic::new(at.clone(), message).help(help)));
    }
    state.waits.extend(call.waits_for_process().map(|mm| (mm, read.span())));
    state.exited = call.exits();
    if made.len() == MAX_CALLS {
        return Err(Some(
            Diagnostic::new(read.span(), "too many calls")
                .help(format!("a scenario has at most {MAX_CALLS}")),
        ));
    }
    let id = made.len() as u16;
    let spec = CallSpec { id, dest, call };
    state.steps.push(Step::Call(spec.clone()));
    made.push(Made {
        spec,
        actor: read.raw.column,
        cell: cell.clone(),
        text: read.text.clone(),
        anchors: Vec::new(),
    });
    if read.raw.shape == Shape::Open {
        state.open = Some(Some(made.len() - 1));
        return Ok(Some(diagram::CellKind::Open(id)));
    }
    Ok(Some(diagram::CellKind::Call(id)))
}

fn anchor(read: &Read<'_>, state: &State, made: &mut [Made]) -> super::Found<Option<diagram::CellKind>> {
    let text = read.text.as_str();
    if text.contains('$') {
        return Err(None);
    }
    let (name, nth) = match text.split_once('#') {
        None => (text, 1),
        Some((name, nth)) => match nth.trim().parse() {
            Ok(nth @ 1..=MAX_NTH) => (name.trim_end(), nth),
            _ => {
                return Err(Some(
                    Diagnostic::new(read.span(), format!("expected a number from 1 to {MAX_NTH} after `#`"))
                        .help("for example, `page_count#2` is the second time since the row above"),
                ));
            }
        },
    };
    if syscall::find(name.split('(').next().unwrap_or_default().trim()).is_some()
        && name.ends_with(')')
        && !anchors::names().any(|n| n == name)
    {
        return Err(Some(
            Diagnostic::new(read.span(), "a call inside another call")
                .label("the call above is still open")
                .help(
                    "only steps of the call, such as `gup`, stand between `{` and `}`; close it with `}` \
                     before the next call",
                ),
        ));
    }
    let Some(open) = state.open.flatten() else { return Err(None) };
    let made = &mut made[open];
    let row = match &made.cell {
        Cell::Call { op, .. } => syscall::find(&op.text),
        _ => None,
    };
    unknown::check_anchor(name, read.span(), row)?;
    made.anchors.push(name.to_owned());
    Ok(Some(diagram::CellKind::Anchor { call: made.spec.id, name: name.to_owned(), nth }))
}
