//! What a violation needs of its scenario.

use cowrace_report::{Class, Detail, Page, Schedule, Subject};
use cowrace_scenario::{Cell, CellKind, Scenario, Span};
use tracing::{debug, info_span};

use cowrace_check::Specification;
use cowrace_check::{Bounds, Interruptible};
use cowrace_check::{Exploration, Task};

use crate::limits::{EXECUTIONS, is_small};

/// A scenario from which nothing more can be left out.
#[derive(Debug)]
pub struct Part {
    /// The scenario.
    pub scenario: Scenario,
    /// The same without assertions.
    pub bare: Scenario,
    /// What was left out, in the order of the file.
    pub not_needed: Vec<String>,
    /// An execution that shows the damage.
    pub schedule: Schedule,
}

/// One thing that may be left out.
#[derive(Clone, Debug)]
enum Candidate {
    /// Calls, by the places of their cells; and what to call them, each with the place where it stands.
    Calls(Vec<Span>, Vec<(usize, String)>),
    Environment,
}

/// Leaves out columns, then single calls, as long as the same damage is there and shows in the same place. What keeps
/// a value that others need, or that an assertion speaks of, stays. `None` if everything is needed, or
/// if there is too much to try.
///
/// An assertion may fail for the mere reason that a call is missing which it counts on. So parts are judged by what
/// user space was promised of *them*; if that does not see the damage in the whole scenario, nothing is left out.
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
                Candidate::Environment => gone.push((0, "what the environment may do".to_owned())),
            }
            false
        });
        // What was needed by something that is gone may go as well.
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
    /// In something that user space looks at.
    In(Subject),
    /// In what an actor does, or in that it cannot go on.
    By(String),
    /// In a page.
    Of(Page),
    /// In nothing that has a name.
    Elsewhere,
}

impl From<Detail> for Shows {
    fn from(detail: Detail) -> Self {
        match detail {
            Detail::Promise(broken) => match broken.subject {
                // Calls have other numbers in a part of a scenario.
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

/// The damage that a scenario without assertions does: where it shows, and an execution.
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

/// What may be left out, the largest first. Of single calls the last first: it may be what needs the others.
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
