//! The parts of its scenario that a violation needs.

use cowrace_report::{Class, Detail, Page, Schedule, Subject};
use cowrace_scenario::{Cell, CellKind, Scenario, Span};
use tracing::{debug, info_span};

use cowrace_check::Specification;
use cowrace_check::{Bounds, Interruptible};
use cowrace_check::{Exploration, Task};

use crate::limits::{EXECUTIONS, is_small};

/// A scenario from which nothing more can be removed.
#[derive(Debug)]
pub struct Part {
    /// The scenario.
    pub scenario: Scenario,
    /// The same without assertions.
    pub bare: Scenario,
    /// The parts that were left out, in the order of the file.
    pub not_needed: Vec<String>,
    /// An execution that shows the damage.
    pub schedule: Schedule,
}

/// A part that may be left out.
#[derive(Clone, Debug)]
enum Candidate {
    /// Calls, by the spans of their cells; and their names, each with the place where it stands.
    Calls(Vec<Span>, Vec<(usize, String)>),
    Environment,
}

/// Leaves out columns, then single calls, as long as the same damage is there and shows in the same place. A call
/// stays if other calls or an assertion need its value. `None` if everything is needed, or if there is too much to
/// try.
///
/// An assertion may fail merely because a call that it relies on is missing. Parts are therefore judged by the
/// specification of *the part*; if the specification does not find the damage in the whole scenario, nothing is
/// left out.
pub fn part(task: Task<'_>, class: Class, bounds: &Bounds) -> Option<Part> {
    if !is_small(task) {
        return None;
    }
    let _span = info_span!("minimize").entered();
    let bare = task.scenario.without_assertions()?;
    let (due, schedule) = damage(task, &bare, class, bounds)?;
    let mut part = Part { scenario: task.scenario.clone(), bare, not_needed: Vec::new(), schedule };
    let mut gone: Vec<(usize, String)> = Vec::new();
    let mut candidates = candidates(task);
    loop {
        let before = candidates.len();
        candidates.retain(|candidate| {
            let without = |scenario: &Scenario| match candidate {
                Candidate::Calls(spans, _) => scenario.without_cells(spans),
                Candidate::Environment => scenario.without_environment(),
            };
            let less = without(&part.scenario).and_then(|less| Some((less.without_assertions()?, less)));
            let Some((bare, scenario)) = less else { return true };
            if bare == part.bare {
                // It went with a column.
                return false;
            }
            let Some((_, schedule)) = damage(task, &bare, class, bounds).filter(|(shows, _)| *shows == due)
            else {
                return true;
            };
            part = Part { scenario, bare, schedule, not_needed: Vec::new() };
            debug!(?candidate, "left out: the damage is there without it");
            match candidate {
                Candidate::Calls(_, names) => gone.extend(names.iter().cloned()),
                Candidate::Environment => gone.push((0, "the actions of the environment".to_owned())),
            }
            false
        });
        // A part that was needed only by a removed part can now be removed as well.
        if candidates.len() == before {
            break;
        }
    }
    gone.sort();
    gone.dedup();
    part.not_needed = gone.into_iter().map(|(_, name)| name).collect();
    (!part.not_needed.is_empty()).then_some(part)
}

/// Where damage shows.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Shows {
    /// In a value that user space looks at.
    In(Subject),
    /// In the behaviour of an actor, or because it cannot go on.
    By(String),
    /// In a page.
    Of(Page),
    /// Nowhere that has a name.
    Elsewhere,
}

impl From<Detail> for Shows {
    fn from(detail: Detail) -> Self {
        match detail {
            Detail::Promise(broken) => match broken.subject {
                // The numbers of calls differ in a part of a scenario.
                Subject::Call { actor, .. } => Self::By(actor),
                subject => Self::In(subject),
            },
            Detail::Fault { access: Some(access), .. } => Self::By(access.actor),
            Detail::Deadlock { waiting } => {
                waiting.into_iter().next().map_or(Self::Elsewhere, |waiting| Self::By(waiting.actor))
            }
            Detail::BadPage { page } | Detail::References { page, .. } | Detail::Exclusivity { page, .. } => {
                Self::Of(page)
            }
            Detail::Fault { access: None, .. } | Detail::Predicate { .. } | Detail::Text(_) => {
                Self::Elsewhere
            }
        }
    }
}

/// The damage of a scenario without assertions: where it shows, and an execution.
fn damage(task: Task<'_>, bare: &Scenario, class: Class, bounds: &Bounds) -> Option<(Shows, Schedule)> {
    if bounds.are_over() {
        return None;
    }
    let specification = Specification::of_part(bounds);
    let task = Task { specification: Some(&specification), ..task.of(bare) };
    let limits = bounds.limits_up_to(EXECUTIONS);
    let report = task.explore(Exploration { limits, ..Exploration::default() }, &mut Interruptible(bounds));
    let found = report.class == Some(class);
    report.finding.filter(|_| found).map(Shows::from).zip(report.schedule)
}

/// The parts that may be left out, the largest first. Of single calls, the last comes first: it may need the
/// others.
fn candidates(task: Task<'_>) -> Vec<Candidate> {
    let cells = task.variant.cells();
    let column =
        |column: usize| cells.iter().filter(move |cell| cell.column == column && call(cell).is_some());
    let columns = (0..task.scenario.columns().len()).map(|c| of(task, column(c)));
    let mut ids: Vec<u16> = cells.iter().filter_map(call).collect();
    ids.sort_unstable();
    ids.dedup();
    let calls = ids.iter().rev().map(|&id| of(task, cells.iter().filter(move |cell| call(cell) == Some(id))));
    std::iter::once(Candidate::Environment).chain(columns).chain(calls).collect()
}

fn of<'c>(task: Task<'_>, cells: impl Iterator<Item = &'c Cell>) -> Candidate {
    let (mut spans, mut names) = (Vec::new(), Vec::new());
    for cell in cells {
        spans.push(cell.span.clone());
        if let CellKind::Call(_) | CellKind::Open(_) = cell.kind {
            let column = task.scenario.columns().get(cell.column);
            let column = column.map(|column| column.name.as_str()).unwrap_or_default();
            names.push((cell.span.start, format!("{column}: {}", cell.text)));
        }
    }
    Candidate::Calls(spans, names)
}

/// The call that a cell belongs to.
const fn call(cell: &Cell) -> Option<u16> {
    match cell.kind {
        CellKind::Call(call)
        | CellKind::Open(call)
        | CellKind::Close(call)
        | CellKind::Anchor { call, .. } => Some(call),
        CellKind::Barrier(_) | CellKind::Remark => None,
    }
}
